"""Formulas of the joins."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnncalc.explanation.generic import Explainer, arrays, counted
from cnncalc.explanation.words import number, prose
from cnncalc.net import Layer
from cnncalc.ops.base import shape_text


def branches(layer: Layer) -> tuple[str, ...]:
    """Return the names of a join's branches; numbers where they have none."""
    names = layer.node.branches
    return names or tuple(f"branch {number}" for number in range(1, len(layer.ins) + 1))


def _branch_shapes(layer: Layer) -> str:
    pairs = zip(branches(layer), layer.ins, strict=True)
    return ", ".join(f"{name} {shape_text(shape)}" for name, shape in pairs)


def _equal_shape(layer: Layer) -> Iterator[str]:
    yield f"{_branch_shapes(layer)}: all equal, and kept"


def _mul_shape(layer: Layer) -> Iterator[str]:
    yield _branch_shapes(layer)
    if any(shape != layer.out for shape in layer.ins):
        yield f"axes of size 1 are repeated, as a gate needs it: {shape_text(layer.out)}"
    else:
        yield "all equal, and kept"


def _concat_shape(layer: Layer) -> Iterator[str]:
    yield _branch_shapes(layer)
    channels = " + ".join(number(shape[0]) for shape in layer.ins)
    yield f"channels: {channels} = {number(layer.out[0])}"
    if len(layer.out) > 1:
        yield f"positions: {shape_text(layer.out[1:])}, equal in all branches"


def _joined_work(layer: Layer) -> Iterator[str]:
    count, values = len(layer.ins), prod(layer.out)
    yield from prose(layer.node.op.notes)
    for key, word in (("add", "additions"), ("cmp", "comparisons")):
        found = getattr(layer.work, key)
        if found:
            yield f"{word}: (n − 1)·values = ({count} − 1)·{number(values)} = {number(found)}"
    if layer.work.div:
        yield f"divisions: 1·{number(values)} = {number(layer.work.div)}"


EQUAL = Explainer(_equal_shape, arrays, _joined_work)
MUL = Explainer(_mul_shape, arrays, counted)
CONCAT = Explainer(_concat_shape, arrays, counted)
