"""Upsampling by nearest sample or linearly, one axis after the other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from cnncalc.reference.arrays import Array, channels_first, channels_last, per_axis
from cnncalc.reference.kernel import Call, Kernel

LARGEST_DENOMINATOR = 1024
"""Scales are ratios up to this denominator: 1.3333… is 4/3."""


class Taps(NamedTuple):
    """What outputs read on one axis: the sample `first`, and so much of the sample `second`."""

    first: Array
    second: Array
    share: Array
    """0 where an output reads one sample: then `second` is that sample too."""


class Upsample(Kernel):
    """A map of another size. Positions are exact ratios, PyTorch's rules.

    With a step of so many samples from output to output, nearest reads ⌊i·step⌋. Linear reads the
    samples around (i + ½)·step - ½, or i·step with aligned corners, and within the map.
    """

    spare = 2

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the map of the new size."""
        x = channels_last(xs[0])
        taps = _taps(call.op, x.shape[1:-1])
        call.save(taps, x.shape[1:-1])
        for axis in reversed(range(1, x.ndim - 1)):
            x = _read(x, taps[axis - 1], axis)
        return channels_first(x)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient: each sample's, by the shares that outputs have of it."""
        taps, sizes = call.saved
        grad = channels_last(grad)
        for axis in range(1, grad.ndim - 1):
            grad = _give(grad, taps[axis - 1], axis, sizes[axis - 1])
        return (channels_first(grad),)


def _read(x: Array, taps: Taps, axis: int) -> Array:
    y = x.take(taps.first, axis)
    if taps.share.any():
        share = _along(taps.share, x, axis)
        y *= 1 - share
        y += x.take(taps.second, axis) * share
    return y


def _give(grad: Array, taps: Taps, axis: int, size: int) -> Array:
    found = np.zeros((*grad.shape[:axis], size, *grad.shape[axis + 1 :]), grad.dtype)
    if not taps.share.any():
        _add(found, grad, taps.first, axis)
        return found
    share = _along(taps.share, grad, axis)
    _add(found, grad * (1 - share), taps.first, axis)
    _add(found, grad * share, taps.second, axis)
    return found


def _add(found: Array, grad: Array, source: Array, axis: int) -> None:
    """Add the gradient of each output to its source, by the turns in which outputs share one.

    Sources never descend: the outputs of one are a run.
    """
    places, starts, counts = np.unique(source, return_index=True, return_counts=True)
    for turn in range(counts.max()):
        here = counts > turn
        index: tuple[Any, ...] = (*(slice(None),) * axis, places[here])
        found[index] += grad.take(starts[here] + turn, axis)


def _along(values: Array, x: Array, axis: int) -> Array:
    return values.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis))


def _taps(op: Any, sizes: tuple[int, ...]) -> list[Taps]:
    """Return what is read on each axis."""
    rank, linear = len(sizes), op.mode == "bilinear"
    found = []
    for axis, size in enumerate(sizes):
        if op.size is not None:
            out = per_axis(op.size, rank)[axis]
            step = Fraction(size, out)
        else:
            scale = Fraction(per_axis(op.scale, rank)[axis]).limit_denominator(LARGEST_DENOMINATOR)
            out = int(size * scale)
            same = out == size and (linear or rank == 2)  # nearest on other ranks moves by its step
            step = Fraction(1) if same else 1 / scale
        if op.align_corners:
            step = Fraction(size - 1, max(out - 1, 1))
        found.append(_positions(size, out, step, linear=linear, aligned=op.align_corners))
    return found


def _positions(size: int, out: int, step: Fraction, *, linear: bool, aligned: bool) -> Taps:
    """Return what `out` outputs read of `size` samples; positions are integers over `unit`."""
    at, unit = np.arange(out) * step.numerator, step.denominator
    if linear and not aligned:
        at, unit = np.maximum(2 * at + step.numerator - unit, 0), 2 * unit
    at = np.minimum(at, (size - 1) * unit) if linear else at // unit * unit
    return Taps(at // unit, -(-at // unit), at % unit / unit)
