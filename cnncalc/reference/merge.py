"""Joins: two or more inputs become one output."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from cnncalc.reference.arrays import Array, empty_map
from cnncalc.reference.kernel import Call, Kernel


def _fold(combine: np.ufunc, call: Call, xs: tuple[Array, ...]) -> Array:
    """Return combine(combine(x1, x2), x3) …, over the first input where that is allowed."""
    shape = np.broadcast_shapes(*(x.shape for x in xs))
    free = call.overwrite and xs[0].shape == shape
    if free and not any(np.may_share_memory(xs[0], x) for x in xs[2:]):  # they are read later
        y = xs[0]
    else:
        y = empty_map(shape, xs[0].dtype)
    combine(xs[0], xs[1], out=y)
    for x in xs[2:]:
        combine(y, x, out=y)
    return y


class Add(Kernel):
    """y = x1 + x2 + … + xn."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the sum."""
        call.save(len(xs))
        return _fold(np.add, call, xs)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient for each input: ∂y/∂x = 1."""
        (count,) = call.saved
        return (grad,) * int(count)


class Sub(Kernel):
    """y = x1 - x2 - … - xn."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the difference."""
        call.save(len(xs))
        return _fold(np.subtract, call, xs)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient for the first input, and its negative for all others."""
        return (grad, *(-grad,) * (call.saved[0] - 1))


class Mean(Kernel):
    """y = (x1 + x2 + … + xn)/n."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the mean."""
        call.save(len(xs))
        y = _fold(np.add, call, xs)
        return np.divide(y, len(xs), out=y)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return an equal share for each input."""
        count = int(call.saved[0])
        return (grad / count,) * count


class Max(Kernel):
    """The largest value at each place; the gradient goes to it, among equals to the first input."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the maxima."""
        y = _fold(np.maximum, call, xs)
        call.save(xs, y)
        return y

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient for the input that was the maximum, and 0 for all others."""
        xs, y = call.saved
        open_places = np.ones_like(y, bool)
        found = []
        for x in xs:
            is_first = open_places & (x == y)
            open_places ^= is_first
            found.append(grad * is_first)
        return tuple(found)


class Mul(Kernel):
    """y = x1·x2·…·xn, with axes of size 1 repeated; a vector (N, C) is a gate (N, C, 1, …)."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the product."""
        call.save(xs)
        return _fold(np.multiply, call, _of_one_rank(xs))

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient for each input: ∂y/∂x is the product of all others."""
        (xs,) = call.saved
        factors = _of_one_rank(xs)
        found = []
        for index, x in enumerate(factors):
            others = grad
            for other in (*factors[:index], *factors[index + 1 :]):
                others = others * other
            repeated = [axis for axis, size in enumerate(x.shape) if size < grad.shape[axis]]
            found.append(others.sum(tuple(repeated)).reshape(xs[index].shape))
        return tuple(found)


def _of_one_rank(xs: tuple[Array, ...]) -> tuple[Array, ...]:
    rank = max(x.ndim for x in xs)
    return tuple(x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in xs)


class Concat(Kernel):
    """The inputs' channels behind each other."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return (N, C1 + C2 + …, *spatial)."""
        places = _places(xs)
        call.save(places)
        y = empty_map((len(xs[0]), places[-1].stop, *xs[0].shape[2:]), xs[0].dtype)
        for x, place in zip(xs, places, strict=True):
            y[:, place] = x
        return y

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return each input's channels of the gradient."""
        return tuple(grad[:, place] for place in call.saved[0])


def _places(xs: tuple[Array, ...]) -> list[slice]:
    ends = accumulate(x.shape[1] for x in xs)
    return [slice(end - x.shape[1], end) for x, end in zip(xs, ends, strict=True)]
