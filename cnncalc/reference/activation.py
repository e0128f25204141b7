"""Activation functions, each beside its derivative.

Values run through as in real arithmetic: NaN stays NaN, and large values of either sign neither
overflow nor lose digits. Where a function has a kink, its derivative is PyTorch's.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any, ClassVar

import numpy as np

from cnncalc.reference.arrays import Array, channels_last, channelwise
from cnncalc.reference.erf import erf
from cnncalc.reference.kernel import Call, Kernel, Maker

BLOCK = 1 << 16
"""Values at a time in functions of several steps."""


class _Activation(Kernel):
    """y = f(x) of each value by itself, and ∂x = f'(x)·∂y."""

    of_output: ClassVar[bool] = False
    """Whether the derivative is worked out from y, so that x need not be kept."""

    def value(self, call: Call, x: Array, out: Array) -> None:
        """Write f(x) to `out`, which may be x itself."""
        raise NotImplementedError

    def slope(self, op: Any, x: Array) -> Array:
        """Return f'(x), given x, or y where the class is `of_output`."""
        raise NotImplementedError

    def forward(self, call: Call, *xs: Array) -> Array:
        (x,) = xs
        y = call.target(x)
        self.value(call, x, y)
        call.save(y if self.of_output else x)
        return y

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        return (self.slope(call.op, *call.saved) * grad,)


class _Blockwise(_Activation):
    """A function of several steps: a block of values at a time, which stays in the cache."""

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        """Write f(x) to `out`, which may be x itself; `rest` is scratch memory of its shape."""
        raise NotImplementedError

    def value(self, call: Call, x: Array, out: Array) -> None:
        """Write f(x) block by block; an array with gaps, or in another order, is one block."""
        source, target = channels_last(x), channels_last(out)
        if not (source.flags.c_contiguous and target.flags.c_contiguous):
            return self.block(call.op, x, out, np.empty_like(x))
        source, target = source.reshape(-1), target.reshape(-1)
        scratch = call.bench.scratch(min(BLOCK, x.size), x.dtype)
        for start in range(0, x.size, BLOCK):
            part, found = source[start : start + BLOCK], target[start : start + BLOCK]
            self.block(call.op, part, found, scratch[: part.size])
        return None


def _sigmoid(x: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + e^-x). Where e^-x overflows to infinity, 0 is the right result."""
    with np.errstate(over="ignore"):
        found: Array = np.exp(np.negative(x, out=out), out=out)
    found += 1
    return np.divide(1, found, out=found)


class Sigmoid(_Activation):
    """y = 1 / (1 + e^-x), y' = y·(1 - y)."""

    of_output = True

    def value(self, call: Call, x: Array, out: Array) -> None:
        _sigmoid(x, out)

    def slope(self, op: Any, x: Array) -> Array:
        found: Array = x * (1 - x)
        return found


class Tanh(_Activation):
    """y = tanh x, y' = 1 - y²."""

    of_output = True

    def value(self, call: Call, x: Array, out: Array) -> None:
        np.tanh(x, out=out)

    def slope(self, op: Any, x: Array) -> Array:
        found: Array = 1 - x * x
        return found


class Relu(_Activation):
    """y = max(x, 0); y' is 1 where y > 0, and 0 elsewhere."""

    of_output = True

    def value(self, call: Call, x: Array, out: Array) -> None:
        np.clip(x, 0, np.inf, out=out)  # in a third of the time of np.maximum

    def slope(self, op: Any, x: Array) -> Array:
        return x > 0


class Relu6(_Activation):
    """y = min(max(x, 0), 6); y' is 1 where 0 < y < 6, and 0 elsewhere."""

    of_output = True

    def value(self, call: Call, x: Array, out: Array) -> None:
        np.clip(x, 0, 6, out=out)

    def slope(self, op: Any, x: Array) -> Array:
        return (x > 0) & (x < 6)


def _leaky(x: Array, slope: float | Array, out: Array, rest: Array) -> None:
    """Write max(x, 0) + slope·min(x, 0), many times as quick as a choice for each value."""
    np.multiply(np.clip(x, -np.inf, 0, out=rest), slope, out=rest)
    np.add(np.clip(x, 0, np.inf, out=out), rest, out=out)


def _leaky_slope(x: Array, slope: float | Array) -> Array:
    """Return 1, or slope where x ≤ 0."""
    found = np.ones_like(x)
    np.copyto(found, slope, where=x <= 0)
    return found


class LeakyRelu(_Blockwise):
    """y = x, or slope·x where x ≤ 0; y' = 1, or slope."""

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        _leaky(x, op.slope, out, rest)

    def slope(self, op: Any, x: Array) -> Array:
        return _leaky_slope(x, op.slope)


class Prelu(Kernel):
    """y = x, or a·x where x ≤ 0, with a learned slope a; He et al., arXiv:1502.01852.

    ∂x = ∂y, or a·∂y, and ∂a = Σ ∂y·x where x ≤ 0. Their initial slope is 0.25.
    """

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight, (C,) or (1,)."""
        return {"weight": make.full(shapes[0][1:2] if op.per_channel else (1,), 0.25)}

    def forward(self, call: Call, *xs: Array) -> Array:
        (x,) = xs
        call.save(x)
        y = call.target(x)
        _leaky(x, channelwise(call.params["weight"], x), y, np.empty_like(x))
        return y

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        (x,), weight = call.saved, call.params["weight"]
        shares = grad * np.clip(x, -np.inf, 0)
        axes = (0, *range(2, x.ndim)) if call.op.per_channel else None
        call.grads["weight"] = np.sum(shares, axes).reshape(weight.shape)
        return (_leaky_slope(x, channelwise(weight, x)) * grad,)


class Elu(_Blockwise):
    """y = x, or α·(e^x - 1) where x ≤ 0; y' = 1, or α·e^x."""

    scale: ClassVar[float] = 1

    def alpha(self, op: Any) -> float:
        """Return α."""
        return float(op.alpha)

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        np.expm1(np.clip(x, -np.inf, 0, out=rest), out=rest)
        rest *= self.alpha(op) * self.scale
        np.clip(x, 0, np.inf, out=out)
        out *= self.scale
        out += rest

    def slope(self, op: Any, x: Array) -> Array:
        found: Array = self.scale * np.exp(np.clip(x, -np.inf, 0))
        return np.multiply(found, self.alpha(op), out=found, where=x <= 0)


class Selu(Elu):
    """y = λ·elu(x), with the λ and α that keep mean 0 and variance 1; arXiv:1706.02515."""

    scale = 1.0507009873554804934

    def alpha(self, op: Any) -> float:
        """Return α."""
        return 1.6732632423543772848


class Softplus(_Blockwise):
    """y = log(1 + e^x), y' = 1 / (1 + e^-x)."""

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        np.negative(np.abs(x, out=rest), out=rest)
        np.log1p(np.exp(rest, out=rest), out=rest)
        np.clip(x, 0, np.inf, out=out)
        out += rest  # max(x, 0) + log(1 + e^-|x|): the same without overflow

    def slope(self, op: Any, x: Array) -> Array:
        return _sigmoid(x)


class Silu(_Blockwise):
    """y = x·s with s = 1 / (1 + e^-x), y' = s·(1 + x·(1 - s))."""

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        with np.errstate(over="ignore"):  # as in the sigmoid
            np.exp(np.negative(x, out=rest), out=rest)
        rest += 1
        np.divide(x, rest, out=out)

    def slope(self, op: Any, x: Array) -> Array:
        s = _sigmoid(x)
        found: Array = s * (1 + x * (1 - s))
        return found


class Gelu(_Blockwise):
    """y = x·Φ(x) with Φ(x) = (1 + erf(x/√2)) / 2, y' = Φ(x) + x·e^(-x²/2)/√(2π)."""

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        np.multiply(x, _normal(x, rest), out=out)

    def slope(self, op: Any, x: Array) -> Array:
        return _normal(x) + x * np.exp(-0.5 * x * x) / sqrt(2 * pi)


def _normal(x: Array, out: Array | None = None) -> Array:
    """Return Φ(x), the probability that a normal value is below x."""
    found = erf(np.multiply(x, sqrt(0.5), out=out))
    found += 1
    found *= 0.5
    return found


class Mish(_Blockwise):
    """y = x·t with t = tanh(log(1 + e^x)), y' = t + x·(1 - t²)·s with s = 1 / (1 + e^-x).

    With n = e^x and u = n·(n + 2), t = ((1 + n)² - 1) / ((1 + n)² + 1) = u/(u + 2), and
    1 - t² = 4·(1 + n)²/(u + 2)². From x = 20 on t is 1 to the last digit: n is cut there.
    """

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        n = np.exp(np.clip(x, -np.inf, 20, out=rest), out=rest)
        n *= n + 2
        np.multiply(x, n / (n + 2), out=out)

    def slope(self, op: Any, x: Array) -> Array:
        n = np.exp(np.clip(x, -np.inf, 20))
        u = n * (n + 2)
        found: Array = u / (u + 2) + x * (4 * n * (1 + n) / (u + 2) ** 2)
        return found


class HardSigmoid(_Activation):
    """y = min(max(x + 3, 0), 6) / 6; y' is 1/6 where -3 < x < 3, and 0 elsewhere."""

    def value(self, call: Call, x: Array, out: Array) -> None:
        np.clip(np.add(x, 3, out=out), 0, 6, out=out)
        out /= 6

    def slope(self, op: Any, x: Array) -> Array:
        return np.full_like(x, 1 / 6) * (np.abs(x) < 3)


class HardSwish(_Blockwise):
    """y = x·min(max(x + 3, 0), 6) / 6; y' is 0 up to -3, x/3 + 1/2 between, and 1 from 3 on."""

    def block(self, op: Any, x: Array, out: Array, rest: Array) -> None:
        np.clip(np.add(x, 3, out=rest), 0, 6, out=rest)
        rest *= x
        np.divide(rest, 6, out=out)

    def slope(self, op: Any, x: Array) -> Array:
        found = x / 3 + 0.5
        np.copyto(found, 0, where=x <= -3)
        np.copyto(found, 1, where=x >= 3)
        return found


class Softmax(Kernel):
    """y = e^x / Σ e^x over the channels at each position; ∂x = y·(∂y - Σ ∂y·y)."""

    def forward(self, call: Call, *xs: Array) -> Array:
        (x,) = xs
        y: Array = np.subtract(x, x.max(axis=1, keepdims=True), out=call.target(x))
        np.exp(y, out=y)  # at most 1, for the largest x is taken off
        np.divide(y, y.sum(axis=1, keepdims=True), out=y)
        call.save(y)
        return y

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        (y,) = call.saved
        return (y * (grad - (grad * y).sum(axis=1, keepdims=True)),)
