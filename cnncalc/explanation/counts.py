"""What the sections of every layer share: parameters, FLOPs by a convention, memory."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnncalc.analyses import DTYPE_BYTES
from cnncalc.analyses.work import CONVENTIONS
from cnncalc.analyses.work import convention as find_convention
from cnncalc.explanation.generic import LEDGER
from cnncalc.explanation.table import explainer
from cnncalc.explanation.words import number, product
from cnncalc.net import Layer
from cnncalc.units import iec

DTYPE = "float32"


def params(layer: Layer) -> Iterator[str]:
    """Yield the parameters of one part; those of a shared layer count where they are first."""
    yield from explainer(layer.node.op.name).params(layer)
    if layer.node.shares is not None:
        yield f"shared with {layer.node.shares.path}, where they are counted: 0 here"


def flops(layer: Layer, convention: str) -> Iterator[str]:
    """Yield the FLOPs of one part by a convention, which is named, with its weights."""
    rule = find_convention(convention)
    terms = rule.terms(layer)
    if not any(layer.work) and not terms:
        yield "0: there is no work to count"
        return
    counted = [term for term in terms if term.weight]
    if not counted:
        yield f"0: {_uncounted(layer, convention)}"
        return
    words = " + ".join(f"{weight}·{phrase(measure)}" for measure, weight, _ in counted)
    numbers = " + ".join(f"{weight}·{number(count)}" for _, weight, count in counted)
    yield f"{words} = {numbers} = {number(rule.count(layer))}"
    left = [phrase(measure) for measure, weight, _ in terms if not weight]
    if left:
        yield f"{', '.join(left)} count 0"


def phrase(measure: str) -> str:
    """Return what a measure counts, in words."""
    if measure in LEDGER:
        return LEDGER[measure]
    if measure == "bias":
        return LEDGER["add"]
    from cnncalc.analyses.measures import MEASURES

    return MEASURES[measure][0]


def _uncounted(layer: Layer, convention: str) -> str:
    if convention not in CONVENTIONS:
        return f"{convention} counts nothing of {layer.node.op.name}"
    if layer.work.mac:
        return "this convention counts none of it"
    return "only convolutions and fully connected layers count in this convention"


def memory(layer: Layer) -> Iterator[str]:
    """Yield the size of the output for one image."""
    values = prod(layer.out)
    size = values * DTYPE_BYTES[DTYPE]
    if len(layer.out) > 1:
        yield f"{product(layer.out)} = {number(values)} values"
    each = DTYPE_BYTES[DTYPE]
    short = f" ({iec(size)})" if size >= 1024 else ""
    yield f"{each}·{number(values)} = {number(size)} bytes as {DTYPE}{short}"
