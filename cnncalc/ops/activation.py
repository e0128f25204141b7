"""Activation functions. All keep the shape; softmax alone reads more than one value."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from cnncalc.geometry import Shape
from cnncalc.ops.base import Elementwise, Param, Work, arg


class _Activation(Elementwise):
    """A function of one value; `each` is its work for one value, the same for every value.

    Where a function has branches, the longer one is counted. Constants are folded beforehand, and
    a change of sign is free.
    """

    each: ClassVar[Work | None] = None

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the work of one value for each value."""
        if self.each is None:
            raise NotImplementedError(f"{self.name}: work")
        return self.each.times(prod(out))


class Sigmoid(_Activation):
    """1 / (1 + e^-x)."""

    name = "sigmoid"
    each = Work(exp=1, add=1, div=1)
    notes = "An exponential, an addition and a division a value."


class Tanh(_Activation):
    """Hyperbolic tangent."""

    name = "tanh"
    each = Work(exp=1)
    notes = "One tanh a value, counted with the exponentials."


class Relu(_Activation):
    """max(x, 0)."""

    name = "relu"
    each = Work(cmp=1)
    notes = "A comparison a value."


class LeakyRelu(_Activation):
    """x, or slope·x where x < 0; Maas, Hannun, Ng 2013."""

    name = "leaky_relu"
    each = Work(cmp=1, mul=1)
    notes = "A comparison and a product a value."

    slope: float = arg("num", "factor of negative values", default=0.01)


class Prelu(_Activation):
    """Leaky relu with a learned slope; He et al. 2015, PyTorch's PReLU."""

    name = "prelu"
    each = Work(cmp=1, mul=1)
    notes = "A comparison and a product a value."

    per_channel: bool = arg("bool", "a slope for each channel, not one for all", default=False)

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight, (C,) or (1,)."""
        return (Param("weight", ins[0][:1] if self.per_channel else (1,)),)


class Relu6(_Activation):
    """min(max(x, 0), 6)."""

    name = "relu6"
    each = Work(cmp=2)
    notes = "Two comparisons a value."


class Elu(_Activation):
    """x, or α·(e^x - 1) where x < 0; Clevert, Unterthiner, Hochreiter 2016."""

    name = "elu"
    each = Work(cmp=1, exp=1, add=1, mul=1)
    notes = "A comparison, an exponential, an addition and a product a value."

    alpha: float = arg("num", "factor of the negative branch", default=1.0)


class Selu(_Activation):
    """Elu with the two fixed factors of Klambauer et al. 2017."""

    name = "selu"
    each = Work(cmp=1, exp=1, add=1, mul=1)
    notes = "A comparison, an exponential, an addition and a product a value."


class Softplus(_Activation):
    """log(1 + e^x)."""

    name = "softplus"
    each = Work(exp=2, add=1)
    notes = "An exponential, an addition and a logarithm a value."


class Silu(_Activation):
    """x / (1 + e^-x), also called swish."""

    name = "silu"
    each = Work(exp=1, add=1, div=1)
    notes = "An exponential, an addition and a division a value."


class Gelu(_Activation):
    """x/2 · (1 + erf(x/√2)), exact; Hendrycks, Gimpel 2016."""

    name = "gelu"
    each = Work(exp=1, add=1, mul=3)
    notes = "An error function, an addition and three products a value."


class Mish(_Activation):
    """x · tanh(log(1 + e^x)); Misra 2019."""

    name = "mish"
    each = Work(exp=3, add=1, mul=1)
    notes = "An exponential, a logarithm, a tanh, an addition and a product a value."


class HardSigmoid(_Activation):
    """min(max(x + 3, 0), 6) / 6; Howard et al. 2019, as in PyTorch."""

    name = "hard_sigmoid"
    each = Work(add=1, cmp=2, div=1)
    notes = "An addition, two comparisons and a division a value."


class HardSwish(_Activation):
    """x · min(max(x + 3, 0), 6) / 6; Howard et al. 2019."""

    name = "hard_swish"
    each = Work(add=1, cmp=2, mul=1, div=1)
    notes = "An addition, two comparisons, a product and a division a value."


class Softmax(Elementwise):
    """e^x / Σ e^x over the channels (a vector's features) at each position."""

    name = "softmax"
    notes = (
        "For C channels at a position: C - 1 comparisons for the largest, C differences from it, "
        "C exponentials, C - 1 additions, C divisions."
    )

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the work of one softmax at each position."""
        c = out[0]
        return Work(cmp=c - 1, add=2 * c - 1, exp=c, div=c).times(prod(out[1:]))
