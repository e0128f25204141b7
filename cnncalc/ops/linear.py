"""Learned linear maps: the fully connected layer, and one factor a channel."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.geometry import Shape
from cnncalc.ops.base import Elementwise, Op, Param, Windows, Work, arg


class Linear(Op):
    """Fully connected: every output reads every value of the input. Any shape -> (out,).

    A map is read flattened, channels first, as PyTorch's Flatten and Linear do.
    """

    name = "linear"
    aliases = ("fc",)
    notes = (
        "One multiply-add for each weight, one addition an output for the bias. Weight norm is "
        "folded into the weights before inference: no work."
    )

    out: int = arg("int", "output features", low=1)
    bias: bool = arg("bool", "add a learned value to each output", default=True)
    norm: Any = arg("norm", "normalisation behind this layer", default=None)
    act: Any = arg("act", "activation behind this layer", default=None)
    weight_norm: bool = arg(
        "bool", "learn length and direction of the weights apart", default=False
    )

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return None for a map: its outputs have no place on it."""
        return (None if len(ins[0]) > 1 else (),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (out,)."""
        return (self.out,)

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight (out, values of the input), bias (out,), and weight_g (out, 1)."""
        params = [Param("weight", (self.out, prod(ins[0])))]
        if self.bias:
            params.append(Param("bias", (self.out,)))
        if self.weight_norm:
            params.append(Param("weight_g", (self.out, 1)))
        return tuple(params)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return a multiply-add for each weight, and the bias as additions."""
        return Work(mac=self.out * prod(ins[0]), add=self.out if self.bias else 0)


class Scale(Elementwise):
    """A learned factor for each channel, such as LayerScale (Touvron et al. 2021). Shape kept."""

    name = "scale"
    notes = "A product a value."

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight (C,)."""
        return (Param("weight", ins[0][:1]),)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return a product for each value."""
        return Work(mul=prod(out))
