"""Noise that acts in training only; at inference each of these layers is the identity."""

from __future__ import annotations

import numpy as np

from cnncalc.reference.arrays import Array, channels_first
from cnncalc.reference.kernel import Call, Kernel


class _Noise(Kernel):
    """y = k·x with k = 0 or 1/(1 - rate) by chance, so that the mean of y is x; ∂x = k·∂y.

    The random numbers do not depend on how x lies in memory: the same seed drops the same values.
    """

    def places(self, x: Array) -> tuple[int, ...]:
        """Return the shape (N, *spatial, C) of the random numbers, 1 where values share one."""
        raise NotImplementedError

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return what chance leaves of a map in training, and the map itself at inference."""
        (x,), rate = xs, call.op.rate
        if not call.training:
            return x
        chances = channels_first(call.random.random(self.places(x), np.float32))
        factor: Array = (chances >= rate).astype(x.dtype)
        if rate < 1:
            factor /= 1 - rate
        call.save(factor)
        return np.multiply(x, factor, out=call.target(x))

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient of what was left."""
        return (grad * call.saved[0] if call.training else grad,)


class Dropout(_Noise):
    """Drops each value by itself; Srivastava et al. 2014, scaled in training as in PyTorch."""

    def places(self, x: Array) -> tuple[int, ...]:
        """Return the shape of the map, its channels last."""
        return (x.shape[0], *x.shape[2:], x.shape[1])


class DropPath(_Noise):
    """Drops a sample's whole branch; Huang et al., arXiv:1603.09382."""

    def places(self, x: Array) -> tuple[int, ...]:
        """Return (N, 1, …)."""
        return (x.shape[0], *(1,) * (x.ndim - 1))
