"""Normalisations: x̂ = (x - μ) / √(σ² + ε), then y = γ·x̂ + β; and that of weights.

They differ in the values that share one μ and one σ²:

    type                        (N, D)          (N, C, L)       (N, C, H, W)    one set for
    batch_norm                  N               N, L            N, H, W         a feature, a channel
    layer_norm over all         D               C, L            C, H, W         a sample
    layer_norm over channels    D               C               C               a sample's position
    instance_norm               -               L               H, W            a sample's channel
    group_norm of g groups      D/g             C/g, L          C/g, H, W       a sample's group
    weight norm                 the weights of one output: all axes of `weight` but the first

Volumes (N, C, D, H, W) go on in the same way. Batch norm takes them from the batch in training
only; its inference uses running statistics, which are constants. The others know no difference.
γ is the array `weight`, β is `bias`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cnncalc.errors import CnncalcError
from cnncalc.reference.arrays import Array, channels_last, channelwise, repeated
from cnncalc.reference.kernel import Call, Kernel, Maker

ROW = 1 << 15
"""Values that are multiplied and added to at once: they stay in the cache between the two."""

Axes = tuple[int, ...]


class Standardised(NamedTuple):
    """x̂, and the statistics of each set of values with the axes of a set kept as 1."""

    values: Array
    mean: Array
    variance: Array
    inverse: Array
    """1/√(σ² + ε)."""


def standardise(x: Array, axes: Axes, eps: float, out: Array | None = None) -> Standardised:
    """Return x̂ = (x - μ) / √(σ² + ε) for each set of values along `axes`.

    σ² is the biased variance, the mean square of the differences from μ. It is taken in a second
    pass, and both sums are made in float64: nothing is lost where μ is much larger than σ.
    """
    mean = _mean(x, axes)
    values = np.subtract(x, mean, out=out)
    variance = _mean(np.square(values), axes)
    inverse = 1 / np.sqrt(variance + eps)
    np.multiply(values, inverse, out=values)
    return Standardised(values, mean, variance, inverse)


def standardise_grad(grad: Array, values: Array, inverse: Array, axes: Axes) -> Array:
    """Return ∂x, given ∂x̂ and what `standardise` found.

    The notes' ∂x̂_j/∂x_i = (1{i = j} - 1/m - x̂_i·x̂_j/m) / √(σ² + ε) for a set of m values, and
    ∂x_i = Σ over j of ∂x̂_j/∂x_i · ∂x̂_j: the sums over j are means, one for each set.
    """
    found = grad - _mean(grad, axes)
    found -= values * _mean(grad * values, axes)
    found *= inverse
    return found


def _mean(x: Array, axes: Axes) -> Array:
    mean: Array = x.mean(axes, dtype=np.float64, keepdims=True).astype(x.dtype)
    return mean


def population(means: Array, variances: Array, m: int) -> tuple[Array, Array]:
    """Return the notes' estimate of a data set's (μ, σ²) from its batches of m values each.

    μ = E(μ_batch) and σ² = m/(m-1)·E(σ²_batch), of means and biased variances (batches, C).
    Raises CnncalcError for m = 1.
    """
    if m < 2:
        raise CnncalcError(f"a variance needs batches of 2 values or more, and m is {m}")
    mean: Array = means.mean(axis=0)
    return mean, m / (m - 1) * variances.mean(axis=0)


def multiply_add(x: Array, factor: Array, offset: Array, out: Array) -> Array:
    """Return factor·x + offset, a factor and an offset (C,) for each channel, written to `out`.

    Where channels lie last, memory is one row in which they repeat. Factors and offsets are
    repeated to a long row too: short rows cost NumPy more than the arithmetic.
    """
    source, target = channels_last(x), channels_last(out)
    if not (source.flags.c_contiguous and target.flags.c_contiguous):
        np.multiply(x, channelwise(factor, x), out=out)
        return np.add(out, channelwise(offset, x), out=out)
    source, target = source.reshape(-1), target.reshape(-1)
    repeats = max(1, min(ROW, x.size) // factor.size)
    factor, offset = repeated(factor, repeats), repeated(offset, repeats)
    for start in range(0, x.size, factor.size):
        part = target[start : start + factor.size]
        np.multiply(source[start : start + part.size], factor[: part.size], out=part)
        np.add(part, offset[: part.size], out=part)
    return out


def _learned(op: Any, make: Maker, shape: tuple[int, ...]) -> dict[str, Array]:
    """Return γ = 1 and β = 0, with affine."""
    return {"weight": make.full(shape, 1), "bias": make.full(shape, 0)} if op.affine else {}


def _affine(call: Call, values: Array) -> Array:
    """Return γ·x̂ + β, a γ and a β for each channel (C,) or for each value (C, *spatial).

    It is written over x̂ where `backward` will not need that.
    """
    weight, bias = call.params.get("weight"), call.params.get("bias")
    if weight is None or bias is None:
        return values
    out = np.empty_like(values) if call.keep else values
    if weight.ndim == 1:
        return multiply_add(values, weight, bias, out)
    np.multiply(values, weight, out=out)
    return np.add(out, bias, out=out)


def _affine_grad(call: Call, grad: Array, values: Array) -> Array:
    """Return ∂x̂ = γ·∂y, and leave ∂γ = Σ ∂y·x̂ and ∂β = Σ ∂y."""
    weight = call.params.get("weight")
    if weight is None:
        return grad
    axes = (0, *range(2, grad.ndim)) if weight.ndim == 1 else 0
    call.grads["weight"] = (grad * values).sum(axes)
    call.grads["bias"] = grad.sum(axes)
    return grad * (channelwise(weight, grad) if weight.ndim == 1 else weight)


class BatchNorm(Kernel):
    """Batch normalisation of each channel; Ioffe, Szegedy, arXiv:1502.03167.

    Training uses μ and σ² of the batch, and moves the running statistics towards them: by PyTorch's
    rule, running ← (1 - momentum)·running + momentum·new, with the unbiased m/(m-1)·σ² as the new
    variance of m values. Inference uses the running statistics.
    """

    buffers = ("running_mean", "running_var")

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight and bias (C,) with affine, and the buffers running_mean, running_var."""
        shape = shapes[0][1:2]
        buffers = {"running_mean": make.full(shape, 0), "running_var": make.full(shape, 1)}
        return _learned(op, make, shape) | buffers

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the normalised map; raises CnncalcError where training has 1 value a channel."""
        (x,) = xs
        if call.training:
            return self._train(call, x)
        call.save(x)
        weight, bias = call.params.get("weight", 1), call.params.get("bias", 0)
        factor = weight * _running_inverse(call)
        offset = bias - call.params["running_mean"] * factor
        return multiply_add(x, factor, offset, call.target(x))

    def _train(self, call: Call, x: Array) -> Array:
        m = x.size // x.shape[1]
        if m < 2:
            raise CnncalcError(
                f"batch_norm: training needs 2 values a channel for a variance, {x.shape} has {m}",
                hint="use a larger batch, or inference mode",
            )
        found = standardise(x, (0, *range(2, x.ndim)), call.op.eps, call.target(x))
        call.save(found.values, found.inverse)
        new = {
            "running_mean": found.mean.reshape(-1),
            "running_var": m / (m - 1) * found.variance.reshape(-1),
        }
        momentum = call.op.momentum
        call.updates = {
            name: (1 - momentum) * call.params[name] + momentum * value
            for name, value in new.items()
        }
        return _affine(call, found.values)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return ∂x: at inference μ and σ² are constants, in training they depend on x."""
        if call.training:
            values, inverse = call.saved
            inner = _affine_grad(call, grad, values)
            return (standardise_grad(inner, values, inverse, (0, *range(2, grad.ndim))),)
        (x,) = call.saved
        inverse = channelwise(_running_inverse(call), x)
        values = (x - channelwise(call.params["running_mean"], x)) * inverse
        return (_affine_grad(call, grad, values) * inverse,)


def _running_inverse(call: Call) -> Array:
    inverse: Array = 1 / np.sqrt(call.params["running_var"] + call.op.eps)
    return inverse


class _PerSample(Kernel):
    """What layer, instance and group norm share: a sample's own statistics, in either mode."""

    spare = 2

    def sets(self, op: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Axes]:
        """Return (the shape in which to see a map, the axes of a set in that shape)."""
        raise NotImplementedError

    def learned_shape(self, op: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of γ and β."""
        return shape[1:2]

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return weight and bias, with affine."""
        return _learned(op, make, self.learned_shape(op, shapes[0]))

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the map normalised set by set."""
        (x,) = xs
        shape, axes = self.sets(call.op, x.shape)
        out = call.target(x)
        found = standardise(x.reshape(shape), axes, call.op.eps, out.reshape(shape))
        call.save(out, found.inverse)
        return _affine(call, out)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return ∂x by the formula of the notes, set by set."""
        values, inverse = call.saved
        shape, axes = self.sets(call.op, grad.shape)
        inner = _affine_grad(call, grad, values).reshape(shape)
        found = standardise_grad(inner, values.reshape(shape), inverse, axes)
        return (found.reshape(grad.shape),)


class LayerNorm(_PerSample):
    """Layer normalisation of a sample, or of each of its positions; Ba et al., arXiv:1607.06450."""

    def sets(self, op: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Axes]:
        """Return all axes but the batch, or the channels alone."""
        return shape, tuple(range(1, len(shape))) if op.over == "all" else (1,)

    def learned_shape(self, op: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (C, *spatial) over all, (C,) over channels."""
        return shape[1:] if op.over == "all" else shape[1:2]

    def sees_context(self, op: Any) -> bool:
        """Whether a sample's statistics are those of all positions."""
        return bool(op.over == "all")


class InstanceNorm(_PerSample):
    """Instance normalisation of a sample's channel; Ulyanov et al., arXiv:1607.08022."""

    def sets(self, op: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Axes]:
        """Return the spatial axes."""
        return shape, tuple(range(2, len(shape)))

    def sees_context(self, op: Any) -> bool:
        """Return True: a channel's statistics are those of all positions."""
        return True


class GroupNorm(_PerSample):
    """Group normalisation: layer norm of a group of channels; Wu, He, arXiv:1803.08494."""

    def sets(self, op: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Axes]:
        """Return the channels of a group, and the spatial axes, of (N, groups, C/groups, …)."""
        batch, channels, *sizes = shape
        seen = (batch, op.groups, channels // op.groups, *sizes)
        return seen, tuple(range(2, len(seen)))

    def sees_context(self, op: Any) -> bool:
        """Return True: a group's statistics are those of all positions."""
        return True


class LocalResponseNorm(Kernel):
    """y = x / d^β with d = k + α/size · Σ x² over neighbouring channels, PyTorch's window.

    Krizhevsky et al. 2012, section 3.3. `size` channels from size//2 before to (size-1)//2 behind;
    channels that do not exist are zeros.
    """

    spare = 3

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return x / d^β."""
        (x,), op = xs, call.op
        base = _neighbours(np.square(x), op.size // 2, (op.size - 1) // 2)
        base *= op.alpha / op.size
        base += op.k
        call.save(x, base)
        factor: Array = np.power(base, -op.beta, out=None if call.keep else base)
        return np.multiply(x, factor, out=call.target(x))

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return ∂x_i = ∂y_i·d_i^-β - 2·α/size·β·x_i · Σ ∂y_c·x_c·d_c^-(β+1).

        The sum goes over the channels c that have i in their window: the window reversed.
        """
        (x, base), op = call.saved, call.op
        direct = grad * np.power(base, -op.beta)
        shared = _neighbours(direct * x / base, (op.size - 1) // 2, op.size // 2)
        return (direct - 2 * op.alpha / op.size * op.beta * x * shared,)


def _neighbours(x: Array, before: int, behind: int) -> Array:
    """Return for each channel the sum over those from `before` it to `behind` it that exist."""
    channels, sums = x.shape[1], np.copy(x)
    for shift in range(max(-before, 1 - channels), min(behind, channels - 1) + 1):
        if shift:
            low, high = max(0, -shift), channels - max(0, shift)
            sums[:, low:high] += x[:, low + shift : high + shift]
    return sums


def lengths(weight: Array) -> Array:
    """Return the length of each output's weights, (out, 1, …, 1) for weights (out, …)."""
    found: Array = np.sqrt(_dots(weight, weight))
    return found


def weight_norm(weight: Array, length: Array) -> Array:
    """Return length·weight/|weight| for each output; Salimans, Kingma, arXiv:1602.07868.

    `weight` (out, …) gives the directions only, `length` (out, 1, …, 1) is PyTorch's weight_g.
    """
    found: Array = weight * (length / lengths(weight))
    return found


def weight_norm_grads(weight: Array, length: Array, grad: Array) -> tuple[Array, Array]:
    """Return the gradients of `weight` and `length`, given that of the normalised weights.

    ∂g = ∂w·v/|v| and ∂v = g/|v| · (∂w - ∂g·v/|v|), their equation 3: ∂v is at right angles to v.
    """
    norms = lengths(weight)
    length_grad = _dots(grad, weight) / norms
    return length / norms * (grad - length_grad / norms * weight), length_grad


def _dots(one: Array, other: Array) -> Array:
    """Return the inner product for each index of the first axis, the other axes kept as 1."""
    axes = "oabcdefgh"[: one.ndim]
    found: Array = np.einsum(f"{axes},{axes}->o", one, other)
    return found.reshape(-1, *(1,) * (one.ndim - 1))
