"""Formulas of the normalisations: y = γ·(x − μ)/√(σ² + ε) + β, and which values share a mean."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnncalc.explanation.generic import Explainer, counted, kept
from cnncalc.explanation.words import number, product, prose
from cnncalc.net import Layer
from cnncalc.ops.base import shape_text


def _shape(layer: Layer) -> Iterator[str]:
    yield from kept(layer)
    yield "y = γ·(x − μ)/√(σ² + ε) + β"


def _pairs(layer: Layer) -> Iterator[str]:
    learned = layer.facts.trainable
    if not learned:
        yield "affine: false, so there are no γ and β"
        return
    each = learned // 2
    pairs = "value" if each != layer.ins[0][0] else "channel"
    yield f"γ and β, one of each for each {pairs}: 2·{number(each)} = {number(learned)}"


def _batch_params(layer: Layer) -> Iterator[str]:
    yield from _pairs(layer)
    channels, buffers = layer.ins[0][0], layer.facts.buffers
    yield (
        f"μ and σ² of the training data, buffers counted apart: 2·{number(channels)} "
        f"= {number(buffers)}"
    )


def _params(layer: Layer) -> Iterator[str]:
    yield from _pairs(layer)


def _set_work(layer: Layer) -> Iterator[str]:
    """Yield the sums over all sets of values that share a mean and a variance."""
    work, values = layer.work, prod(layer.out)
    sets = work.exp
    learned = values if layer.node.op.args()["affine"] else 0
    yield from prose(layer.node.op.notes)
    yield (
        f"{number(sets)} {'set' if sets == 1 else 'sets'} of m = {number(values)}/{number(sets)} "
        f"= {number(values // sets)} values of {shape_text(layer.out)}"
    )
    more = f" + {number(learned)}" if learned else ""
    yield f"additions: 3·{number(values)} − {number(sets)}{more} = {number(work.add)}"
    yield f"products: 2·{number(values)}{more} = {number(work.mul)}"
    yield f"divisions: {product((3, sets))} = {number(work.div)}"
    yield f"roots: {number(work.exp)}"


BATCH = Explainer(_shape, _batch_params, counted)
SETS = Explainer(_shape, _params, _set_work)
