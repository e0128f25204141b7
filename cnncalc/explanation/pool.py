"""Formulas of the pools: sliding, adaptive and global."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, prod

from cnncalc.explanation.generic import LEDGER, Explainer, arrays, counted, ledger
from cnncalc.explanation.sizes import axes_of, sliding
from cnncalc.explanation.words import by_axis, number, product, prose
from cnncalc.net import Layer


def _shape(layer: Layer) -> Iterator[str]:
    yield from sliding(layer)
    yield f"channels: n = c = {number(layer.out[0])}"


def _work(layer: Layer) -> Iterator[str]:
    kernel = [axis.window.kernel for axis in axes_of(layer)]
    taps, values = prod(kernel), prod(layer.out)
    yield from prose(layer.node.op.notes)
    yield f"K = {product(kernel)} = {taps}"
    for key, count in layer.work._asdict().items():
        if count == values * (taps - 1) and key in ("add", "cmp"):
            yield f"{LEDGER[key]}: (K − 1)·values = ({taps} − 1)·{number(values)} = {number(count)}"
        elif count and count % values == 0:
            yield f"{LEDGER[key]}: {count // values}·{number(values)} = {number(count)}"
        elif count:
            yield f"{LEDGER[key]}: {number(count)}"


def _adaptive_shape(layer: Layer) -> Iterator[str]:
    yield "output i of m reads the positions ⌊i·n/m⌋ up to, and without, ⌈(i + 1)·n/m⌉"
    rows = list(zip(layer.ins[0][1:], layer.out[1:], strict=True))
    for names, index in by_axis(rows):
        size, out = rows[index]
        period = out // gcd(size, out)
        lengths = {-(-(i + 1) * size // out) - i * size // out for i in range(period)}
        shown = " or ".join(map(str, sorted(lengths)))
        yield f"{names}: n = {size}, m = {out} as written: windows of {shown}"
    yield f"channels: n = c = {number(layer.out[0])}"


def _global_shape(layer: Layer) -> Iterator[str]:
    yield "one value for each channel, over all positions: every axis becomes 1"
    yield f"channels: n = c = {number(layer.out[0])}"


def _global_work(layer: Layer) -> Iterator[str]:
    channels, positions = layer.out[0], prod(layer.ins[0][1:])
    yield from prose(layer.node.op.notes)
    yield f"K = {product(layer.ins[0][1:])} = {number(positions)}"
    key = "add" if layer.work.add else "cmp"
    total = number(channels * (positions - 1))
    yield f"{LEDGER[key]}: n·(K − 1) = {number(channels)}·({number(positions)} − 1) = {total}"
    yield from ledger(layer.work._replace(add=0, cmp=0), channels)


SLIDING = Explainer(_shape, arrays, _work)
ADAPTIVE = Explainer(_adaptive_shape, arrays, counted)
GLOBAL = Explainer(_global_shape, arrays, _global_work)
