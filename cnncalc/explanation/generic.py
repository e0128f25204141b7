"""What can be said of any layer from its facts alone; the families add formulas of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import prod

from cnncalc.explanation.words import number, product, prose
from cnncalc.net import Layer
from cnncalc.ops.base import Work, shape_text
from cnncalc.records import Record

LEDGER = {
    "mac": "multiply-adds",
    "add": "additions",
    "mul": "products",
    "div": "divisions",
    "cmp": "comparisons",
    "exp": "exponentials, roots, powers",
}
"""Names of the ledger's entries in words."""

Lines = Callable[[Layer], Iterable[str]]


def kept(layer: Layer) -> Iterator[str]:
    """Yield that the shape stays, or what it becomes."""
    if layer.out == layer.ins[0]:
        yield "the input's shape is kept"
    else:
        yield f"{shape_text(layer.ins[0])} becomes {shape_text(layer.out)}"


def arrays(layer: Layer) -> Iterator[str]:
    """Yield each learned array and each buffer with its size: weight 64·3·7·7 = 9,408."""
    for param in layer.params:
        kind = "" if param.trainable else " (a buffer, counted apart)"
        if len(param.shape) == 1:
            yield f"{param.name}: {number(param.size)}{kind}"
        else:
            yield f"{param.name}: {product(param.shape)} = {number(param.size)}{kind}"
    learned = [param.size for param in layer.params if param.trainable]
    if len(learned) > 1:
        yield f"total {' + '.join(map(number, learned))} = {number(sum(learned))}"
    if not layer.params:
        yield "none: there is nothing to learn"


def counted(layer: Layer) -> Iterator[str]:
    """Yield how the work is counted, then each entry of the ledger, a value at a time."""
    op = layer.node.op
    if op.notes:
        yield from prose(op.notes)
    yield from ledger(layer.work, prod(layer.out))


def ledger(work: Work, values: int) -> Iterator[str]:
    """Yield each entry of a ledger, as a multiple of the output's values where it is one."""
    for key, count in work._asdict().items():
        if count and count % values == 0:
            yield f"{LEDGER[key]}: {count // values}·{number(values)} = {number(count)}"
        elif count:
            yield f"{LEDGER[key]}: {number(count)}"


class Explainer(Record):
    """How one layer type explains its output shape, its parameters, and its work."""

    shape: Lines = kept
    params: Lines = arrays
    work: Lines = counted


GENERIC = Explainer()
