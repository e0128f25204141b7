"""Formulas of the layers that move values, and of upsampling."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod

from cnncalc.explanation.generic import Explainer
from cnncalc.explanation.words import by_axis, number, product
from cnncalc.net import Layer
from cnncalc.ops.base import per_axis, shape_text


def _flatten(layer: Layer) -> Iterator[str]:
    yield f"{product(layer.ins[0])} = {number(layer.out[0])} values in one row, channels first"


def _reshape(layer: Layer) -> Iterator[str]:
    written = layer.node.op.args()["to"]
    values = prod(layer.ins[0])
    yield f"{product(layer.ins[0])} = {number(values)} values"
    if -1 in written:
        rest = [size for size in written if size != -1]
        found = layer.out[written.index(-1)]
        divisor = f"({product(rest)})" if len(rest) > 1 else product(rest)
        yield f"what is left for −1: {number(values)}/{divisor} = {number(found)}"
    yield f"new shape {shape_text(layer.out)}, in row-major order"


def _pad(layer: Layer) -> Iterator[str]:
    windows = layer.windows[0] or ()
    rows = list(zip(layer.ins[0][1:], layer.out[1:], windows, strict=True))
    for names, index in by_axis(rows):
        size, out, window = rows[index]
        yield f"{names}: {size} + {window.pad[0]} + {window.pad[1]} = {out}"


def _crop(layer: Layer) -> Iterator[str]:
    rows = list(zip(layer.ins[0][1:], layer.out[1:], strict=True))
    for names, index in by_axis(rows):
        size, out = rows[index]
        low = (size - out) // 2
        yield f"{names}: {size} − {low} in front − {size - out - low} behind: {out} as written"


def _chunk(layer: Layer) -> Iterator[str]:
    args = layer.node.op.args()
    channels = layer.ins[0][0]
    yield f"channels: {channels}/{args['n']} = {layer.out[0]}, part {args['index']} (from 0)"


def _shuffle(layer: Layer) -> Iterator[str]:
    r, rank = layer.node.op.args()["r"], len(layer.out) - 1
    yield f"channels: c/r^{rank} = {layer.ins[0][0]}/{r**rank} = {layer.out[0]}"
    yield from _scaled(layer, f"·{r}")


def _unshuffle(layer: Layer) -> Iterator[str]:
    r, rank = layer.node.op.args()["r"], len(layer.out) - 1
    yield f"channels: c·r^{rank} = {layer.ins[0][0]}·{r**rank} = {layer.out[0]}"
    yield from _scaled(layer, f"/{r}")


def _scaled(layer: Layer, factor: str) -> Iterator[str]:
    rows = list(zip(layer.ins[0][1:], layer.out[1:], strict=True))
    for names, index in by_axis(rows):
        size, out = rows[index]
        yield f"{names}: {size}{factor} = {out}"


def _upsample(layer: Layer) -> Iterator[str]:
    op = layer.node.op
    args = op.args()
    sizes, outs = layer.ins[0][1:], layer.out[1:]
    if args["size"] is not None:
        yield f"the size is given: {shape_text(outs)}"
    else:
        yield "n_out = ⌊n_in·scale⌋"
        scales = per_axis(op, "scale", args["scale"], len(sizes))
        ratios = [Fraction(scale).limit_denominator(1024) for scale in scales]
        rows = list(zip(sizes, outs, ratios, strict=True))
        for names, index in by_axis(rows):
            size, out, ratio = rows[index]
            yield f"{names}: ⌊{size}·{ratio}⌋ = {out}"
    yield f"channels: n = c = {number(layer.out[0])}"


FLATTEN = Explainer(_flatten)
RESHAPE = Explainer(_reshape)
PAD = Explainer(_pad)
CROP = Explainer(_crop)
CHUNK = Explainer(_chunk)
SHUFFLE = Explainer(_shuffle)
UNSHUFFLE = Explainer(_unshuffle)
UPSAMPLE = Explainer(_upsample)
