"""Convolutions: conv, depthwise and conv_transpose; their gradients tap by tap."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from cnncalc.reference.arrays import Array, channels_first, channels_last, empty_map
from cnncalc.reference.arrays import per_axis as axes
from cnncalc.reference.columns import Window, arranged, by_columns, channel_by_channel, window_of
from cnncalc.reference.kernel import Call, Kernel, Maker
from cnncalc.reference.norm import weight_norm, weight_norm_grads
from cnncalc.reference.windows import padded


class _Convolution(Kernel):
    """What conv and depthwise share: y[o, p] = b[o] + Σ over c and t of w[o, c, t]·x[c, p·s + t·d].

    The notes' n·(h·w·c + 1) parameters, and (H·W·n)·(h·w·c) multiply-adds.
    """

    def split(self, op: Any, channels: int) -> tuple[int, int]:
        """Return (output channels, groups)."""
        raise NotImplementedError

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight (out, C/groups, *kernel), and bias (out,)."""
        (_, channels, *sizes) = shapes[0]
        out, groups = self.split(op, channels)
        shape = (out, channels // groups, *axes(op.kernel, len(sizes)))
        arrays = {"weight": arranged(make.he(shape, prod(shape[1:])))}
        if op.bias:
            arrays["bias"] = make.full((out,), 0)
        return arrays

    def weight(self, call: Call) -> Array:
        """Return the weights that the input is multiplied with."""
        return call.params["weight"]

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the convolution (N, out, *spatial) of a map (N, C, *spatial)."""
        x, weight = xs[0], self.weight(call)
        window = window_of(call.op, x.shape[2:])
        x = padded(x, window.pads)
        call.save(x, weight, window)
        bias = call.params.get("bias")
        if weight.shape[1] == 1 and x.shape[1] == weight.shape[0] > 1:
            y = channel_by_channel(call.bench, x, weight, window)
            if bias is not None:
                y = np.add(channels_last(y), bias, out=channels_last(y))
                y = channels_first(y)
            return y
        return by_columns(call.bench, x, weight, window, bias)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the input's gradient: what a tap has read, it gives its share back to.

        ∂w[o, c, t] = Σ over p of ∂y[o, p]·x[c, p·s + t·d], ∂x[c, p·s + t·d] += w[o, c, t]·∂y[o, p].
        """
        x, weight, window = call.saved
        spread, weight_grad = np.zeros_like(x), np.empty_like(weight)
        groups = x.shape[1] // weight.shape[1]
        gradient = _grouped(grad, groups)
        for tap, places in window.taps(grad.shape[2:]):
            at = (slice(None), slice(None), *places)
            taken = _grouped(x[at], groups)
            here = _at(weight, tap).reshape(groups, -1, weight.shape[1])
            products = call.bench.matmul(gradient.transpose(0, 2, 1), taken)
            _at(weight_grad, tap)[...] = products.reshape(weight.shape[:2])
            spread[at] += _mapped(call.bench.matmul(gradient, here), x[at].shape)
        self.leave(call, weight_grad)
        if "bias" in call.params:
            call.grads["bias"] = grad.sum(axis=(0, *range(2, grad.ndim)))
        inner = (slice(low, size - high) for (low, high), size in _ends(window, x))
        return (spread[(slice(None), slice(None), *inner)],)

    def leave(self, call: Call, weight_grad: Array) -> None:
        """Leave the gradient of the weights."""
        call.grads["weight"] = weight_grad


def _at(weight: Array, tap: tuple[int, ...]) -> Array:
    """Return the view of weights (…, …, *kernel) at one place of the kernel."""
    place: tuple[Any, ...] = (slice(None), slice(None), *tap)
    view: Array = weight[place]
    return view


def _ends(window: Window, x: Array) -> Iterator[tuple[tuple[int, int], int]]:
    return zip(window.pads, x.shape[2:], strict=True)


def _grouped(x: Array, groups: int) -> Array:
    """Return a map (N, C, *spatial) as a matrix (positions, C/groups) for each group."""
    rows = np.ascontiguousarray(channels_last(x)).reshape(-1, groups, x.shape[1] // groups)
    return rows.transpose(1, 0, 2)


def _mapped(rows: Array, shape: tuple[int, ...]) -> Array:
    """Return the map of this shape (N, C, *spatial) whose groups have these matrices."""
    last = rows.transpose(1, 0, 2).reshape(shape[0], *shape[2:], shape[1])
    return channels_first(last)


class Conv(_Convolution):
    """Convolution (cross-correlation), with weight norm where it is asked for."""

    def split(self, op: Any, channels: int) -> tuple[int, int]:
        """Return (output channels, groups)."""
        return op.out, op.groups

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight, bias, and with weight norm the lengths of the weights, weight_g."""
        arrays = super().params(op, make, *shapes)
        if op.weight_norm:
            weight = arrays["weight"]
            squares = np.square(weight).sum(axis=tuple(range(1, weight.ndim)), keepdims=True)
            arrays["weight_g"] = np.sqrt(squares)
        return arrays

    def weight(self, call: Call) -> Array:
        """Return the weights, by their lengths and directions with weight norm."""
        weight, lengths = call.params["weight"], call.params.get("weight_g")
        return weight if lengths is None else weight_norm(weight, lengths)

    def leave(self, call: Call, weight_grad: Array) -> None:
        """Leave the gradients of the weights, or of their directions and lengths."""
        weight, lengths = call.params["weight"], call.params.get("weight_g")
        call.grads["weight"] = weight_grad
        if lengths is not None:
            call.grads["weight"], call.grads["weight_g"] = weight_norm_grads(
                weight, lengths, weight_grad
            )


class Depthwise(_Convolution):
    """Convolution of each channel for itself, into `multiplier` output channels each."""

    def split(self, op: Any, channels: int) -> tuple[int, int]:
        """Return (output channels, groups): a group for each channel."""
        return channels * op.multiplier, channels


class ConvTranspose(Kernel):
    """Transposed convolution: y[o, p·s + t·d - pad] += w[c, o, t]·x[c, p], a conv reversed.

    Every input position gives its share to every tap; what falls into the padding is cut away.
    """

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight (C, out/groups, *kernel), and bias (out,)."""
        (_, channels, *sizes) = shapes[0]
        shape = (channels, op.out // op.groups, *axes(op.kernel, len(sizes)))
        fan_in = channels // op.groups * prod(shape[2:])
        weight = arranged(make.he(shape, fan_in).swapaxes(0, 1)).swapaxes(0, 1)
        arrays = {"weight": weight}
        if op.bias:
            arrays["bias"] = make.full((op.out,), 0)
        return arrays

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the transposed convolution (N, out, *spatial) of a map (N, C, *spatial)."""
        (x,), weight, groups = xs, call.params["weight"], call.op.groups
        window, cut, outs = self._place(call.op, x.shape[2:])
        whole = np.zeros_like(empty_map((len(x), call.op.out, *outs), x.dtype))
        rows = _grouped(x, groups)
        for tap, places in window.taps(x.shape[2:]):
            at = (slice(None), slice(None), *places)
            here = _at(weight, tap).reshape(groups, -1, weight.shape[1])
            whole[at] += _mapped(call.bench.matmul(rows, here), whole[at].shape)
        call.save(rows, window, whole.shape, cut, x.shape)
        y = whole[cut]
        return y if "bias" not in call.params else self._biased(y, call.params["bias"])

    def _biased(self, y: Array, bias: Array) -> Array:
        rows = channels_last(y)
        return channels_first(np.add(rows, bias, out=rows))

    def _place(
        self, op: Any, sizes: tuple[int, ...]
    ) -> tuple[Window, tuple[slice, ...], tuple[int, ...]]:
        """Return (window, what is kept of the whole output, sizes of the whole output).

        PyTorch's n_out = (n_in - 1)·s - 2p + d(k - 1) + output_padding + 1; `same` gives n_in·s.
        """
        window = Window(op, sizes)
        kept, outs = [], []
        extras = axes(op.output_padding, len(sizes))
        paddings = axes(op.padding, len(sizes))
        rows = zip(
            sizes, window.kernel, window.stride, window.dilation, paddings, extras, strict=True
        )
        for axis, (size, kernel, stride, dilation, padding, extra) in enumerate(rows):
            span = dilation * (kernel - 1) + 1
            low, high = window.pads[axis]
            if padding == "same":
                low = max(span - stride, 0) // 2
                high = span - stride - low
            out = (size - 1) * stride + span - low - high + extra
            kept.append(slice(low, low + out))
            outs.append(max((size - 1) * stride + span, low + out))
        return window, (slice(None), slice(None), *kept), tuple(outs)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the input's gradient, a convolution: each tap brings its share back.

        ∂x[c, p] += w[c, o, t]·∂y[o, p·s + t·d], ∂w[c, o, t] = Σ over p of x[c, p]·∂y[o, p·s + t·d].
        """
        rows, window, shape, cut, x_shape = call.saved
        weight, groups = call.params["weight"], call.op.groups
        whole = np.zeros_like(empty_map(shape, grad.dtype))
        whole[cut] = grad
        weight_grad, spread = np.empty_like(weight), np.zeros_like(rows)
        for tap, places in window.taps(x_shape[2:]):
            taken = _grouped(whole[(slice(None), slice(None), *places)], groups)
            here = _at(weight, tap).reshape(groups, -1, weight.shape[1])
            products = call.bench.matmul(rows.transpose(0, 2, 1), taken)
            _at(weight_grad, tap)[...] = products.reshape(weight.shape[:2])
            spread += call.bench.matmul(taken, here.transpose(0, 2, 1))
        call.grads["weight"] = weight_grad
        if "bias" in call.params:
            call.grads["bias"] = grad.sum(axis=(0, *range(2, grad.ndim)))
        return (_mapped(spread, x_shape),)
