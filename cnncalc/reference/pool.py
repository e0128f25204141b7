"""Pooling, one axis after the other: the maximum of a window is that of its rows' maxima.

The same holds for sums. Backward, the sum of the gradients is kept, as the notes ask: a mean gives
each of its values an equal share, a maximum gives all to the value that it was.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cnncalc.reference.arrays import Array, empty_map, per_axis
from cnncalc.reference.kernel import Call, Kernel
from cnncalc.reference.windows import sides


class Axis(NamedTuple):
    """What windows read on one axis; positions of the padding are never read."""

    number: int
    """The axis of the map (N, C, *spatial): 2, 3 or 4."""
    size: int
    out: int
    taps: list[tuple[slice, slice]]
    """For each tap in its order: the outputs that find it on the map, and where they read."""
    counts: list[int]
    """What a mean divides the sum of each output by."""

    def at(self, places: slice) -> tuple[slice, ...]:
        """Return the index that takes places of this axis, and all of the axes before it."""
        return (*(slice(None),) * self.number, places)

    def shape(self, shape: tuple[int, ...], size: int) -> tuple[int, ...]:
        """Return a map's shape with another size of this axis."""
        return (*shape[: self.number], size, *shape[self.number + 1 :])


Axes = list[Axis]
"""The axes that change; where each output reads the input at its place, nothing is to be done."""


def _axis(number: int, size: int, starts: range, taps: range, counts: list[int]) -> Axes:
    """Return the axis of windows that begin at `starts`, and read that plus each of `taps`."""
    if len(taps) == 1 and starts == range(size):
        return []
    found = []
    for tap in taps:
        reads = range(starts.start + tap, starts.stop + tap, starts.step)
        first = len(range(reads.start, min(reads.stop, 0), reads.step))
        stop = len(range(reads.start, min(reads.stop, size), reads.step))
        if first < stop:
            places = slice(reads[first], reads[stop - 1] + 1, reads.step)
            found.append((slice(first, stop), places))
    return [Axis(number, size, len(starts), found, counts)]


def _sliding(op: Any, sizes: tuple[int, ...], dilation: Any, *, count_pad: bool) -> Axes:
    """Return how a window slides.

    With `ceil`, one more window may begin, within the input or the padding before it. What it
    reaches behind the padding never counts for a mean. Both are PyTorch's rules.
    """
    stride = op.kernel if op.stride is None else op.stride
    options = [per_axis(each, len(sizes)) for each in (op.kernel, stride, dilation, op.padding)]
    found = []
    rows = zip(sizes, *options, strict=True)
    for number, (size, kernel, step, gap, padding) in enumerate(rows, 2):
        low, high = sides(padding, kernel, step, gap, size)
        end = size + high - gap * (kernel - 1)
        starts = range(-low, min(end + step - 1, size) if op.ceil else end, step)
        border = (-low, size + high) if count_pad else (0, size)
        counts = [min(start + kernel, border[1]) - max(start, border[0]) for start in starts]
        found += _axis(number, size, starts, range(0, gap * kernel, gap), counts)
    return found


def _adaptive(sizes: tuple[int, ...], outs: tuple[int, ...]) -> Axes:
    """Return how windows must lie to give these outputs.

    Of n positions, output i of m reads ⌊i·n/m⌋ … ⌈(i + 1)·n/m⌉ - 1, as in PyTorch.
    """
    found = []
    for number, (size, out) in enumerate(zip(sizes, outs, strict=True), 2):
        if size % out == 0:
            step = size // out
            found += _axis(number, size, range(0, size, step), range(step), [step] * out)
            continue
        windows = [range(i * size // out, -(-(i + 1) * size // out)) for i in range(out)]
        taps = [
            (slice(i, i + 1), slice(at, at + 1)) for i, reads in enumerate(windows) for at in reads
        ]
        found.append(Axis(number, size, out, taps, list(map(len, windows))))
    return found


def _fold(combine: np.ufunc, neutral: float, x: Array, axis: Axis) -> Array:
    """Return what `combine` makes of each window's values on one axis."""
    if axis.out == 1 and len(axis.taps) == axis.size:
        found: Array = combine.reduce(x, axis=axis.number, keepdims=True)
        return found
    y = empty_map(axis.shape(x.shape, axis.out), x.dtype)
    taps = sorted(axis.taps, key=lambda tap: tap[0] != slice(0, axis.out))
    if len(taps) > 1 and taps[1][0] == slice(0, axis.out):
        (_, one), (_, other), *taps = taps
        combine(x[axis.at(one)], x[axis.at(other)], out=y)
    else:
        y.fill(neutral)
    for outs, places in taps:
        part = y[axis.at(outs)]
        combine(part, x[axis.at(places)], out=part)
    return y


def _spread(grad: Array, axis: Axis, winner: Array | None = None) -> Array:
    """Return the gradient of one axis: to all taps of a window, or to the winner alone."""
    found = np.zeros_like(empty_map(axis.shape(grad.shape, axis.size), grad.dtype))
    for tap, (outs, places) in enumerate(axis.taps):
        part = found[axis.at(places)]
        given = grad[axis.at(outs)]
        part += given if winner is None else given * (winner[axis.at(outs)] == tap)
    return found


class _Pool(Kernel):
    keeps_sum = True

    def axes(self, op: Any, sizes: tuple[int, ...]) -> Axes:
        """Return what windows read on each axis."""
        raise NotImplementedError(op.name)


class _Max(_Pool):
    """The maximum of each window; its place is kept for the gradient."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the maxima."""
        (x,) = xs
        axes = self.axes(call.op, x.shape[2:])
        if call.keep:
            return self._remember(call, x, axes[::-1])
        for axis in axes:
            x = _fold(np.maximum, -np.inf, x, axis)
        return x

    def _remember(self, call: Call, x: Array, axes: Axes) -> Array:
        """Return the maxima, and save the tap of each; among equals the first one in memory order.

        The last axis comes first, for the place within a row: then the first row decides. On each
        axis the taps run backwards, so that the first of equals has the last word.
        """
        passes = []
        for axis in axes:
            y = empty_map(axis.shape(x.shape, axis.out), x.dtype)
            y.fill(-np.inf)
            winner = np.zeros_like(y, np.min_scalar_type(len(axis.taps)))
            for tap, (outs, places) in reversed(list(enumerate(axis.taps))):
                part, values = y[axis.at(outs)], x[axis.at(places)]
                less = values < part
                winner[axis.at(outs)] *= less
                winner[axis.at(outs)] += winner.dtype.type(tap) * ~less
                np.maximum(part, values, out=part)
            passes.append((axis, winner))
            x = y
        call.save(passes)
        return x

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient: each window's goes to its maximum."""
        (passes,) = call.saved
        for axis, winner in reversed(passes):
            grad = _spread(grad, axis, winner)
        return (grad,)


class _Mean(_Pool):
    """The mean of each window."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the means."""
        (x,) = xs
        axes = self.axes(call.op, x.shape[2:])
        call.save(axes)
        for axis in axes:
            x = _fold(np.add, 0, x, axis)
        return np.divide(x, _counts(axes, x), out=x) if axes else x

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient: each window's is spread evenly over its values."""
        (axes,) = call.saved
        grad = grad / _counts(axes, grad)
        for axis in reversed(axes):
            grad = _spread(grad, axis)
        return (grad,)


def _counts(axes: Axes, y: Array) -> Array:
    """Return how many values the windows of each output hold, (1, 1, *spatial)."""
    counts = np.ones((1,) * y.ndim, y.dtype)
    for axis in axes:
        counts = counts * np.array(axis.counts, y.dtype).reshape(axis.shape((1,) * y.ndim, -1))
    return counts


class MaxPool(_Max):
    """The notes' max pooling: the maximum of each patch, whose index is remembered."""

    def axes(self, op: Any, sizes: tuple[int, ...]) -> Axes:
        """Return how the window slides."""
        return _sliding(op, sizes, op.dilation, count_pad=True)


class AvgPool(_Mean):
    """The notes' average pooling: the mean of each patch."""

    def axes(self, op: Any, sizes: tuple[int, ...]) -> Axes:
        """Return how the window slides."""
        return _sliding(op, sizes, 1, count_pad=op.count_include_pad)


class _Adaptive(_Pool):
    def axes(self, op: Any, sizes: tuple[int, ...]) -> Axes:
        """Return how windows lie that give the wanted size."""
        return _adaptive(sizes, per_axis(op.size, len(sizes)))

    def sees_all(self, op: Any, *shapes: tuple[int, ...]) -> bool:
        """Whether there is one output for the whole map."""
        return set(per_axis(op.size, 1)) == {1}


class AdaptiveAvgPool(_Adaptive, _Mean):
    """The mean of windows that give an output of the wanted size."""


class AdaptiveMaxPool(_Adaptive, _Max):
    """The maximum of windows that give an output of the wanted size."""


class _Global(_Pool):
    def axes(self, op: Any, sizes: tuple[int, ...]) -> Axes:
        """Return one window for each axis, all of it."""
        return _adaptive(sizes, (1,) * len(sizes))

    def sees_all(self, op: Any, *shapes: tuple[int, ...]) -> bool:
        """Return True: the output has no place on the map."""
        return True


class GlobalAvgPool(_Global, _Mean):
    """The mean of each channel over all positions, (N, C, 1, …)."""


class GlobalMaxPool(_Global, _Max):
    """The maximum of each channel over all positions, (N, C, 1, …)."""
