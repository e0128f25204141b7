"""Activations, normalisations and joins."""

from __future__ import annotations

from typing import Any

import numpy as np
from conformance.engines import Layer, layer
from conformance.onnx_nodes import (
    Translation,
    a_channel,
    agree,
    as_map,
    channels_at,
    channels_back,
    refuse_unless,
    translates,
)

from cnncalc.reference.arrays import Array
from cnncalc.reference.norm import standardise


def _each(node: Translation, *layers: Layer) -> list[Array]:
    """Run layers that know no axes, on an array of any shape."""
    return [node.run(as_map(node.x), *layers).reshape(np.shape(node.x))]


def _scale(x: Array, factor: float) -> Layer:
    return layer("scale", {"weight": a_channel(as_map(x), factor)})


def _affine(x: Array, factor: float, offset: float) -> Layer:
    """Return the layer factor·x + offset: batch norm with fixed statistics."""
    values = {"weight": factor, "bias": offset, "running_mean": 0, "running_var": 1}
    arrays = {name: a_channel(as_map(x), value) for name, value in values.items()}
    return layer("batch_norm", arrays, eps=0.0)


PLAIN = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Mish": "mish",
    "HardSwish": "hard_swish",
}


@translates(*PLAIN)
def plain(node: Translation) -> list[Array]:
    return _each(node, layer(PLAIN[node.operator]))


@translates("Neg")
def neg(node: Translation) -> list[Array]:
    return _each(node, _scale(node.x, -1))


@translates("Gelu")
def gelu(node: Translation) -> list[Array]:
    refuse_unless(node.take("approximate", "none") == "none", "gelu is exact, not by a tanh")
    return _each(node, layer("gelu"))


@translates("LeakyRelu")
def leaky_relu(node: Translation) -> list[Array]:
    return _each(node, layer("leaky_relu", slope=node.take("alpha", 0.01)))


@translates("Elu")
def elu(node: Translation) -> list[Array]:
    return _each(node, layer("elu", alpha=node.take("alpha", 1.0)))


@translates("Selu")
def selu(node: Translation) -> list[Array]:
    """The layer has the two factors of the paper; with others it is an elu and a scale."""
    alpha, gamma = node.take("alpha"), node.take("gamma")
    if alpha is None and gamma is None:
        return _each(node, layer("selu"))
    return _each(node, layer("elu", alpha=alpha), _scale(node.x, gamma))


@translates("HardSigmoid")
def hard_sigmoid(node: Translation) -> list[Array]:
    """The layer is min(max(x/6 + 1/2, 0), 1); other slopes and offsets are brought to it before."""
    alpha, beta = node.take("alpha", 0.2), node.take("beta", 0.5)
    return _each(node, _affine(node.x, 6 * alpha, 6 * beta - 3), layer("hard_sigmoid"))


@translates("Swish")
def swish(node: Translation) -> list[Array]:
    """x·sigmoid(αx) is the silu of αx, divided by α."""
    alpha = node.take("alpha", 1.0)
    if alpha == 1:
        return _each(node, layer("silu"))
    return _each(node, _scale(node.x, alpha), layer("silu"), _scale(node.x, 1 / alpha))


@translates("PRelu")
def prelu(node: Translation) -> list[Array]:
    x, slope = node.x, node.input(1)
    weight = slope.reshape(-1)
    shared = layer("prelu", {"weight": weight}, per_channel=slope.size > 1)
    if slope.size == 1 or node.opset < 7:  # then a slope belonged to a channel
        return _each(node, shared)
    if slope.shape == x.shape:
        return [node.run(x.reshape(1, -1), shared).reshape(x.shape)]
    refuse_unless(slope.shape == x.shape[-1:], "slopes along more than one axis")
    return [channels_back(node.run(channels_at(x, -1), shared), -1, x.ndim)]


def _bound(node: Translation, name: str, index: int) -> float | None:
    given = node.input(index)
    return node.take(name) if given is None else float(given)


@translates("Clip", exact=True)
def clip(node: Translation) -> list[Array]:
    """Clipping at 0 and 6 is relu6; two other bounds are brought to these, and back."""
    low, high = _bound(node, "min", 1), _bound(node, "max", 2)
    if low is None and high is None:
        return _each(node, layer("identity"))
    if high is None:
        return _each(node, *_shifted(node.x, layer("relu"), 1, low or 0))
    if low is None:
        return _each(node, *_shifted(node.x, layer("relu"), -1, high))
    refuse_unless(low < high, "relu6 has its lower bound below the upper one")
    return _each(node, *_shifted(node.x, layer("relu6"), 6 / (high - low), low))


def _shifted(x: Array, middle: Layer, factor: float, offset: float) -> list[Layer]:
    """Return the layers that bring `offset` to 0, and all back behind the middle layer."""
    if factor == 1 and offset == 0:
        return [middle]
    return [_affine(x, factor, -factor * offset), middle, _affine(x, 1 / factor, offset)]


@translates("Softmax")
def softmax(node: Translation) -> list[Array]:
    x, op = node.x, layer("softmax")
    if node.opset >= 13:
        axis = node.take("axis", -1)
        return [channels_back(node.run(channels_at(x, axis), op), axis, x.ndim)]
    axis = node.take("axis", 1)  # then the axes from this one on were one
    rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
    return [node.run(rows, op).reshape(x.shape)]


@translates("BatchNormalization")
def batch_norm(node: Translation) -> list[Array]:
    """ONNX moves the running variance by the biased variance of m values, PyTorch by m/(m-1)."""
    x, names = node.x, ("weight", "bias", "running_mean", "running_var")
    arrays = dict(zip(names, node.inputs[1:], strict=True))
    kept, training = node.take("momentum", 0.9), bool(node.take("training_mode", 0))
    refuse_unless(node.take("is_test", 1) or node.opset > 6, "training before version 7")
    op = layer("batch_norm", arrays, eps=node.take("epsilon", 1e-5), momentum=1 - kept)
    y = node.run(x, op, training=training)
    if not training:
        return [y]
    m, old = x.size // x.shape[1], kept * arrays["running_var"]
    variance = old + (node.updates["running_var"] - old) * (m - 1) / m
    return [y, node.updates["running_mean"], variance.astype(x.dtype)]


@translates("MeanVarianceNormalization")
def mean_variance_norm(node: Translation) -> list[Array]:
    """Batch norm in training, with nothing learned."""
    refuse_unless(node.take("axes", [0, 2, 3]) == [0, 2, 3], "batch norm keeps the channels apart")
    x = node.x
    running = {"running_mean": a_channel(x, 0), "running_var": a_channel(x, 1)}
    return [node.run(x, layer("batch_norm", running, affine=False, eps=0.0), training=True)]


@translates("LayerNormalization")
def layer_norm(node: Translation) -> list[Array]:
    """All axes from one on are normalised together: they are a sample's, those before the batch."""
    x, (weight, bias) = node.x, node.inputs[1:]
    axis, eps = node.take("axis", -1) % x.ndim, node.take("epsilon", 1e-5)
    arrays = {"weight": weight, "bias": bias}
    y = node.run(x.reshape(-1, *x.shape[axis:]), layer("layer_norm", arrays, eps=eps))
    y = y.reshape(x.shape)
    if axis == x.ndim - 1:
        each = layer("layer_norm", arrays, eps=eps, over="channels")
        agree(y, channels_back(node.run(channels_at(x, -1), each), -1, x.ndim))
    found = standardise(x, tuple(range(axis, x.ndim)), eps)
    return [y, found.mean, found.inverse][: node.outputs]


@translates("InstanceNormalization")
def instance_norm(node: Translation) -> list[Array]:
    arrays = dict(zip(("weight", "bias"), node.inputs[1:], strict=True))
    op = layer("instance_norm", arrays, eps=node.take("epsilon", 1e-5), affine=True)
    return [node.run(node.x, op)]


@translates("GroupNormalization")
def group_norm(node: Translation) -> list[Array]:
    arrays = dict(zip(("weight", "bias"), node.inputs[1:], strict=True))
    refuse_unless(node.opset >= 21, "a factor for each group, not for each channel")
    eps, groups = node.take("epsilon", 1e-5), node.take("num_groups")
    return [node.run(node.x, layer("group_norm", arrays, eps=eps, groups=groups))]


@translates("LRN")
def local_response_norm(node: Translation) -> list[Array]:
    size = node.take("size")
    refuse_unless(size % 2, "an even window has its odd channel behind, PyTorch's before")
    values = node.take("alpha", 1e-4), node.take("beta", 0.75), node.take("bias", 1.0)
    args = dict(zip(("alpha", "beta", "k"), values, strict=True))
    return [node.run(node.x, layer("local_response_norm", size=size, **args))]


@translates("Dropout", exact=True)
def dropout(node: Translation) -> list[Any]:
    """The mask says which values are left."""
    x, given, is_training = node.x, node.input(1), node.input(2)
    rate = node.take("ratio", 0.5) if given is None else float(given)
    node.take("seed")
    training = bool(is_training) if is_training is not None else False
    refuse_unless(not training or rate == 0, "which values are dropped is left to the generator")
    (y,) = _each(node, layer("dropout", rate=rate))
    if training:
        y = node.run(as_map(x), layer("dropout", rate=rate), training=True).reshape(x.shape)
    return [y, y == x][: node.outputs]


@translates("Add", "Sum", "Sub", "Mean")
def join(node: Translation) -> list[Array]:
    name = {"Sum": "add"}.get(node.operator, node.operator.lower())
    node.take("axis"), node.take("broadcast")
    return _joined(node, name)


@translates("Max", exact=True)
def maximum(node: Translation) -> list[Array]:
    return _joined(node, "max")


def _joined(node: Translation, name: str) -> list[Array]:
    shapes = {np.shape(x) for x in node.inputs}
    refuse_unless(len(shapes) == 1, f"{name} joins equal shapes: only mul repeats axes")
    return _each(node, layer(name, beside=[as_map(x) for x in node.inputs[1:]]))


@translates("Mul")
def mul(node: Translation) -> list[Array]:
    """Axes are lined up at the end, those of size 1 are repeated."""
    one, other = node.inputs
    if one.shape == other.shape:
        return _joined(node, "mul")
    rank = max(one.ndim, other.ndim)
    one, other = (x.reshape(1, *(1,) * (rank - x.ndim), *x.shape) for x in (one, other))
    y = node.run(one, layer("mul", beside=[other]))
    return [y[0]]
