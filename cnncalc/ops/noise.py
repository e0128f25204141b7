"""Noise that acts in training only; at inference each of these layers is the identity."""

from __future__ import annotations

from cnncalc.geometry import Shape
from cnncalc.ops.base import Elementwise, Work, arg

NOTHING = "Nothing: at inference this is the identity."


class Dropout(Elementwise):
    """Training: each value is zeroed with probability `rate`, and the rest divided by 1 - rate.

    Srivastava et al. 2014, scaled in training as PyTorch's Dropout.
    """

    name = "dropout"
    notes = NOTHING

    rate: float = arg("num", "probability of zeroing a value", default=0.5, low=0, high=1)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return no work: the identity at inference."""
        return Work()


class DropPath(Elementwise):
    """Training: a whole branch is zeroed with probability `rate`; Huang et al. 2016."""

    name = "drop_path"
    notes = NOTHING

    rate: float = arg("num", "probability of zeroing the branch", default=0.2, low=0, high=1)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return no work: the identity at inference."""
        return Work()
