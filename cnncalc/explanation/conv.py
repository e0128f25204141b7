"""Formulas of conv, depthwise and conv_transpose, in the letters of the course notes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnncalc.explanation.generic import Explainer, arrays
from cnncalc.explanation.sizes import grown, sliding
from cnncalc.explanation.words import KERNEL_LETTERS, OUTPUT_LETTERS, letters, number, product
from cnncalc.net import Layer


class _Counts:
    """The numbers of the notes' formula n × (h·w·c + 1), and its letters."""

    def __init__(self, layer: Layer) -> None:
        shapes = {param.name: param.shape for param in layer.params}
        weight = shapes["weight"]
        rank = len(weight) - 2
        self.bias = "bias" in shapes
        self.kernel = weight[2:]
        self.kernel_letters = KERNEL_LETTERS[rank]
        self.map_letters = OUTPUT_LETTERS[rank]
        self.channels = layer.ins[0][0]
        self.out = layer.out[0]
        self.groups = self._groups(layer)
        self.each = self.channels // self.groups

    def _groups(self, layer: Layer) -> int:
        if layer.node.op.name == "depthwise":
            return self.channels
        groups: int = layer.node.op.args()["groups"]
        return groups

    @property
    def taps(self) -> str:
        """The taps of one output channel in letters: h·w·c."""
        return letters((*self.kernel_letters, "c" if self.groups == 1 else "c/g"))

    @property
    def numbers(self) -> str:
        """The same in numbers: 3·3·64."""
        return product((*self.kernel, self.each))

    @property
    def size(self) -> int:
        """The same multiplied out."""
        return prod(self.kernel) * self.each


def _shape(layer: Layer) -> Iterator[str]:
    yield from sliding(layer)
    yield from _channels(layer)


def _channels(layer: Layer) -> Iterator[str]:
    channels, out = layer.ins[0][0], layer.out[0]
    if layer.node.op.name == "depthwise":
        yield f"channels: c·multiplier = {number(channels)}·{out // channels} = {number(out)}"
    else:
        yield f"channels: n = {number(out)}"


def _params(layer: Layer) -> Iterator[str]:
    counts = _Counts(layer)
    yield from _letters(counts)
    one = " + 1" if counts.bias else ""
    total = counts.out * (counts.size + counts.bias)
    yield (
        f"n × ({counts.taps}{one}) = {number(counts.out)} × ({counts.numbers}{one}) "
        f"= {number(counts.out)} × {number(counts.size + counts.bias)} = {number(total)}"
    )
    if not counts.bias:
        yield "there is no bias, so the notes' + 1 falls away"
    yield from arrays(layer)


def _letters(counts: _Counts) -> Iterator[str]:
    kernel = " × ".join(counts.kernel_letters)
    yield (
        f"n = {number(counts.out)} output channels, c = {number(counts.channels)} input channels, "
        f"kernel {kernel}: {'×'.join(map(str, counts.kernel))}"
    )
    if counts.groups > 1:
        yield (
            f"g = {number(counts.groups)} groups: a kernel sees c/g = "
            f"{number(counts.channels)}/{number(counts.groups)} = {number(counts.each)} channels"
        )


def _work(layer: Layer) -> Iterator[str]:
    counts = _Counts(layer)
    places = letters((*counts.map_letters, "n"))
    values, sizes = prod(layer.out), product((*layer.out[1:], layer.out[0]))
    yield (
        f"MACs = ({places}) × ({counts.taps}) = ({sizes}) × ({counts.numbers}) "
        f"= {number(values)} × {number(counts.size)} = {number(layer.work.mac)}"
    )
    if counts.bias:
        yield f"bias: one addition for each of {places} = {sizes} = {number(values)} values"
        together = number(values * (counts.size + 1))
        yield (
            f"together ({places}) × ({counts.taps} + 1) = {number(values)} × "
            f"{number(counts.size + 1)} = {together}, the notes' formula"
        )


def _grown_shape(layer: Layer) -> Iterator[str]:
    yield from grown(layer)
    yield from _channels(layer)


def _grown_work(layer: Layer) -> Iterator[str]:
    counts = _Counts(layer)
    outs = counts.out // counts.groups
    each = letters((*counts.kernel_letters, "n" if counts.groups == 1 else "n/g"))
    yield "each of the input's values is multiplied by every tap of its output channels"
    yield (
        f"MACs = (input values) × ({each}) = ({product(layer.ins[0])}) × "
        f"({product((*counts.kernel, outs))}) = {number(layer.work.mac)}"
    )
    if counts.bias:
        yield f"bias: one addition for each of {product(layer.out)} = {number(prod(layer.out))}"


SLIDING = Explainer(_shape, _params, _work)


def _grown_params(layer: Layer) -> Iterator[str]:
    counts = _Counts(layer)
    yield from _letters(counts)
    weight = counts.out * counts.size
    out, size = number(counts.out), number(weight)
    yield f"weight: n × ({counts.taps}) = {out} × ({counts.numbers}) = {size}"
    if counts.bias:
        yield f"bias: n = {out}"
        yield f"total {size} + {out} = {number(weight + counts.out)}"
    else:
        yield "there is no bias"


TRANSPOSED = Explainer(_grown_shape, _grown_params, _grown_work)
