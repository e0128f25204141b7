"""Convolutions, pools, and products of matrices."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

import numpy as np
from conformance.engines import Layer, layer
from conformance.onnx_nodes import Translation, agree, refuse_unless, translates

from cnncalc.reference import find
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call


def _sizes(node: Translation, name: str, rank: int, default: int = 1) -> tuple[int, ...]:
    return tuple(node.take(name, [default] * rank))


def _window(node: Translation, kernel: tuple[int, ...]) -> dict[str, Any]:
    """Return kernel, stride, dilation and padding as layers write them."""
    rank = len(kernel)
    stride = _sizes(node, "strides", rank)
    dilation = _sizes(node, "dilations", rank)
    pads, word = _sizes(node, "pads", 2 * rank, 0), node.take("auto_pad", "NOTSET")
    padding: Any = tuple(zip(pads[:rank], pads[rank:], strict=True))
    if word == "SAME_LOWER":
        rows = zip(node.x.shape[2:], kernel, stride, dilation, strict=True)
        padding = tuple(_same_lower(*row) for row in rows)
    elif word != "NOTSET":
        padding = {"SAME_UPPER": "same", "VALID": "valid"}[word]
    return {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": padding}


def _same_lower(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the padding for ⌈size / stride⌉ outputs, the odd position at the start."""
    outs = -(-size // stride)
    missing = max((outs - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return missing - missing // 2, missing // 2


@translates("Conv")
def conv(node: Translation) -> list[Array]:
    weight, bias = node.input(1), node.input(2)
    groups, channels = node.take("group", 1), node.x.shape[1]
    window = _window(node, tuple(node.take("kernel_shape", weight.shape[2:])))
    arrays, out = {"weight": weight, "bias": bias}, len(weight)
    window["bias"] = bias is not None
    y = node.run(node.x, layer("conv", arrays, out=out, groups=groups, **window))
    if groups == channels > 1:
        multiplier = out // channels
        agree(y, node.run(node.x, layer("depthwise", arrays, multiplier=multiplier, **window)))
    return [y]


@translates("ConvTranspose")
def conv_transpose(node: Translation) -> list[Array]:
    weight, bias, groups = node.input(1), node.input(2), node.take("group", 1)
    window = _window(node, tuple(node.take("kernel_shape", weight.shape[2:])))
    rank = weight.ndim - 2
    extra, wanted = _sizes(node, "output_padding", rank, 0), node.take("output_shape")
    if wanted is not None:
        rows = zip(node.x.shape[2:], wanted, window["kernel"], window["stride"], extra, strict=True)
        fitted = [_fitted(*row) for row in rows]
        window["padding"] = tuple(padding for padding, _ in fitted)
        extra = tuple(more for _, more in fitted)
    op = layer(
        "conv_transpose",
        {"weight": weight, "bias": bias},
        out=weight.shape[1] * groups,
        groups=groups,
        output_padding=extra,
        bias=bias is not None,
        **window,
    )
    return [node.run(node.x, op)]


def _fitted(
    size: int, wanted: int, kernel: int, stride: int, extra: int
) -> tuple[tuple[int, int], int]:
    """Return (padding, output padding) for an output of a wanted size, without dilation."""
    cut = (size - 1) * stride + kernel + extra - wanted
    return ((cut // 2, cut - cut // 2), extra) if cut > 0 else ((0, 0), extra - cut)


@translates("MaxPool", exact=True)
def max_pool(node: Translation) -> list[Array]:
    window = _window(node, tuple(node.take("kernel_shape")))
    columns_first = node.take("storage_order", 0)
    op = layer("max_pool", ceil=bool(node.take("ceil_mode", 0)), **window)
    y = node.run(node.x, op)
    return [y] if node.outputs == 1 else [y, _places(op, node.x, columns_first)]


def _places(op: Layer, x: Array, columns_first: int) -> Array:
    """Return where each maximum lies, as a flat index: there its gradient goes."""
    call = Call(op.op, keep=True)
    kernel = find("max_pool")
    y = kernel.forward(call, x)
    order: Literal["C", "F"] = "F" if columns_first else "C"
    found = np.empty(y.shape, np.int64)
    for place in np.ndindex(y.shape):
        grad = np.zeros_like(y)
        grad[place] = 1
        (where,) = np.argwhere(kernel.backward(call, grad)[0])
        map_index = np.ravel_multi_index(tuple(where[2:]), x.shape[2:], order=order)
        first = np.ravel_multi_index(tuple(where[:2]), x.shape[:2]) * prod(x.shape[2:])
        found[place] = first + map_index
    return found


@translates("AveragePool")
def average_pool(node: Translation) -> list[Array]:
    window = _window(node, tuple(node.take("kernel_shape")))
    refuse_unless(set(window.pop("dilation")) == {1}, "avg_pool has no dilation")
    count, ceil = bool(node.take("count_include_pad", 0)), bool(node.take("ceil_mode", 0))
    before: list[Layer] = []
    if count and not ceil and _is_wide(window):
        before = [layer("pad", padding=window["padding"])]
        window["padding"] = 0
    op = layer("avg_pool", count_include_pad=count, ceil=ceil, **window)
    return [node.run(node.x, *before, op)]


def _is_wide(window: dict[str, Any]) -> bool:
    """Whether there is more padding than a pool takes: then a pad layer does it."""
    if isinstance(window["padding"], str):
        return False
    pairs = zip(window["padding"], window["kernel"], strict=True)
    return any(max(pads) > kernel // 2 for pads, kernel in pairs)


@translates("GlobalAveragePool")
def global_average_pool(node: Translation) -> list[Array]:
    return [node.run(node.x, layer("global_avg_pool"))]


@translates("GlobalMaxPool", exact=True)
def global_max_pool(node: Translation) -> list[Array]:
    return [node.run(node.x, layer("global_max_pool"))]


@translates("Gemm")
def gemm(node: Translation) -> list[Array]:
    a, b, c = node.x, node.input(1), node.input(2)
    alpha, beta = node.take("alpha", 1.0), node.take("beta", 1.0)
    node.take("broadcast")  # before version 7 a word had to allow what now is the rule
    a = a.T if node.take("transA", 0) else a
    weight = alpha * (b if node.take("transB", 0) else b.T)
    size = a.shape[0], len(weight)
    bias, beside = None, None
    if c is not None and c.shape == size and len(a) > 1:
        beside = beta * c
    elif c is not None:
        refuse_unless(c.ndim < 2 or len(c) == 1, "linear has one bias for all rows")
        bias = np.broadcast_to(beta * c.reshape(-1), size[1:])
    linear = layer("linear", {"weight": weight, "bias": bias}, out=size[1], bias=bias is not None)
    return [node.run(a, linear, *([] if beside is None else [layer("add", beside=[beside])]))]


@translates("MatMul")
def matmul(node: Translation) -> list[Array]:
    a, b = node.x, node.input(1)
    refuse_unless(b.ndim < 3, "linear has one matrix for all rows")
    columns = b.reshape(len(b), -1)
    op = layer("linear", {"weight": columns.T}, out=columns.shape[1], bias=False)
    return [node.run(a.reshape(-1, len(b)), op).reshape((*a.shape[:-1], *b.shape[1:]))]
