"""Formulas of the fully connected layer and of the learned factor a channel."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnncalc.explanation.generic import Explainer, arrays
from cnncalc.explanation.words import number, product
from cnncalc.net import Layer


def _shape(layer: Layer) -> Iterator[str]:
    shape = layer.ins[0]
    if len(shape) > 1:
        yield f"the map is read as one row of {product(shape)} = {number(prod(shape))} values"
    yield f"n = {number(layer.out[0])} outputs"


def _params(layer: Layer) -> Iterator[str]:
    bias = any(param.name == "bias" for param in layer.params)
    inputs, out = prod(layer.ins[0]), layer.out[0]
    one = " + 1" if bias else ""
    yield f"n × (inputs{one}) = {number(out)} × ({number(inputs)}{one}) = " + number(
        out * (inputs + bias)
    )
    yield from arrays(layer)


def _work(layer: Layer) -> Iterator[str]:
    inputs, out = prod(layer.ins[0]), layer.out[0]
    yield f"MACs = n × inputs = {number(out)} × {number(inputs)} = {number(layer.work.mac)}"
    if layer.work.add:
        yield f"bias: one addition for each of n = {number(out)} outputs"


LINEAR = Explainer(_shape, _params, _work)
