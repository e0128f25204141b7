"""Learned linear maps: the fully connected layer, and one factor a channel."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from cnncalc.reference.arrays import Array, channelwise
from cnncalc.reference.kernel import Call, Kernel, Maker
from cnncalc.reference.norm import lengths, weight_norm, weight_norm_grads


class Linear(Kernel):
    """y = W·x + b, every output of every value; ∂x = Wᵀ·∂y, ∂W = Σ ∂y·xᵀ, ∂b = Σ ∂y.

    A map is read channels first, as PyTorch's Flatten and Linear do. With weight norm, W is
    `weight` brought to the lengths `weight_g`.
    """

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight (out, values of an input), bias (out,), and weight_g (out, 1)."""
        count = prod(shapes[0][1:])
        arrays = {"weight": make.he((op.out, count), count)}
        if op.bias:
            arrays["bias"] = make.full((op.out,), 0)
        if op.weight_norm:
            arrays["weight_g"] = lengths(arrays["weight"])
        return arrays

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return (N, out)."""
        (x,), weight = xs, call.params["weight"]
        if call.op.weight_norm:
            weight = weight_norm(weight, call.params["weight_g"])
        rows = x.reshape(len(x), weight.shape[1])
        call.save(rows, weight, x.shape)
        y = call.bench.matmul(rows, weight.T)
        if call.op.bias:
            y += call.params["bias"]
        return y

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return Wᵀ·∂y in the input's shape; leave the gradients of the arrays."""
        rows, weight, shape = call.saved
        weight_grad = call.bench.matmul(grad.T, rows)
        call.grads["weight"] = weight_grad
        if call.op.weight_norm:
            call.grads["weight"], call.grads["weight_g"] = weight_norm_grads(
                call.params["weight"], call.params["weight_g"], weight_grad
            )
        if call.op.bias:
            call.grads["bias"] = grad.sum(axis=0)
        return (call.bench.matmul(grad, weight).reshape(shape),)

    def sees_all(self, op: Any, *shapes: tuple[int, ...]) -> bool:
        """Return True for a map: each output reads all of it, and has no place on it."""
        return len(shapes[0]) > 2


class Scale(Kernel):
    """y = w·x, a factor for each channel; ∂x = w·∂y, ∂w = Σ ∂y·x."""

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight (C,)."""
        return {"weight": make.full(shapes[0][1:2], 1)}

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the map with each channel multiplied."""
        (x,) = xs
        call.save(x)
        return np.multiply(x, channelwise(call.params["weight"], x), out=call.target(x))

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return w·∂y; leave the gradient of the factors."""
        (x,) = call.saved
        call.grads["weight"] = (grad * x).sum(axis=(0, *range(2, x.ndim)))
        return (grad * channelwise(call.params["weight"], x),)
