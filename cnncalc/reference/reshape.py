"""Layers that move values; their gradients move back, and add up where a value was copied."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncalc.reference.arrays import Array, channels_first, channels_last, packed, per_axis
from cnncalc.reference.kernel import Call, Kernel
from cnncalc.reference.windows import padded, sides


class Identity(Kernel):
    """The input as it is."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the input."""
        return xs[0]

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient."""
        return (grad,)


class Flatten(Kernel):
    """All values in one row, channel by channel: (N, C, *spatial) -> (N, C·spatial)."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the rows."""
        (x,) = xs
        call.save(x.shape)
        return x.reshape(len(x), -1)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient in the input's shape."""
        (shape,) = call.saved
        return (grad.reshape(shape),)

    def sees_all(self, op: Any, *shapes: tuple[int, ...]) -> bool:
        """Whether the input has places that the outputs lose."""
        return len(shapes[0]) > 2


class Reshape(Kernel):
    """The same values in another shape, in row-major order of (C, *spatial)."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the map or vector of the new shape."""
        (x,) = xs
        call.save(x.shape)
        y = x.reshape(len(x), *call.op.to)
        return packed(y) if y.ndim > 2 else y

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient in the input's shape."""
        (shape,) = call.saved
        return (grad.reshape(shape),)

    def sees_all(self, op: Any, *shapes: tuple[int, ...]) -> bool:
        """Whether values leave their places: always, unless the shape stays."""
        shape = shapes[0][1:]
        kept = len(op.to) == len(shape) and all(
            new in (size, -1) for new, size in zip(op.to, shape, strict=True)
        )
        return not kept


class Pad(Kernel):
    """A border of zeros, of reflected positions (the end is not repeated), or of the last ones."""

    def _pads(self, op: Any, sizes: tuple[int, ...]) -> list[tuple[int, int]]:
        paddings = zip(per_axis(op.padding, len(sizes)), sizes, strict=True)
        return [sides(padding, 1, 1, 1, size) for padding, size in paddings]

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the larger map."""
        (x,) = xs
        pads = self._pads(call.op, x.shape[2:])
        if call.op.mode == "zero":
            call.save(pads, x.shape)
            return padded(x, pads)
        axes = zip(x.shape[2:], pads, strict=True)
        sources = [_sources(call.op.mode, size, *pad) for size, pad in axes]
        call.save(pads, x.shape, sources)
        x = channels_last(x)
        for axis, source in enumerate(sources, 1):
            x = x.take(source, axis)
        return channels_first(x)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient: that of the border is added to where its values came from."""
        pads, shape, *borders = call.saved
        axes = zip(pads, shape[2:], strict=True)
        places = [slice(low, low + size) for (low, _), size in axes]
        if not borders:
            return (grad[(slice(None), slice(None), *places)],)
        for axis, (middle, source) in enumerate(zip(places, borders[0], strict=True), 2):
            rows = np.moveaxis(grad, axis, 0)
            found = rows[middle].copy(order="K")
            for at in (*range(middle.start), *range(middle.stop, len(rows))):
                found[source[at]] += rows[at]
            grad = np.moveaxis(found, 0, axis)
        return (grad,)


def _sources(mode: str, size: int, low: int, high: int) -> Array:
    """Return the position on an axis that each position of the padded axis copies."""
    places, last = np.arange(-low, size + high), size - 1
    return last - abs(last - abs(places)) if mode == "reflect" else places.clip(0, last)


class Crop(Kernel):
    """The middle of a map; of an odd rest, the larger part is cut at the end."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the middle, a view."""
        (x,) = xs
        outs = per_axis(call.op.size, x.ndim - 2)
        lows = [(size - out) // 2 for size, out in zip(x.shape[2:], outs, strict=True)]
        places = (slice(low, low + out) for low, out in zip(lows, outs, strict=True))
        index = (slice(None), slice(None), *places)
        call.save(x.shape, index)
        return x[index]

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient, 0 where the map was cut."""
        return (_laid(grad, *call.saved),)


def _laid(grad: Array, shape: tuple[int, ...], index: Any) -> Array:
    """Return zeros of a shape, with the gradient where it belongs."""
    found = np.zeros(shape, grad.dtype)
    found[index] = grad
    return found


class Chunk(Kernel):
    """One of n equal parts of the channels."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the part, a view."""
        (x,) = xs
        count = x.shape[1] // call.op.n
        index = (slice(None), slice(call.op.index * count, (call.op.index + 1) * count))
        call.save(x.shape, index)
        return x[index]

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient, 0 for the other parts."""
        return (_laid(grad, *call.saved),)


class ChannelShuffle(Kernel):
    """Channels (groups, C/groups) are transposed: each new group has one from each old group."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the map with its channels in the other order."""
        return _transposed(xs[0], call.op.groups)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient with its channels in the first order."""
        return (_transposed(grad, grad.shape[1] // call.op.groups),)


def _transposed(x: Array, rows: int) -> Array:
    last = channels_last(x)
    parts = last.reshape(*last.shape[:-1], rows, -1)
    y = np.empty((*last.shape[:-1], parts.shape[-1], rows), x.dtype)
    if rows < parts.shape[-1]:  # copies are quick along the longer of both
        for row in range(rows):
            y[..., row] = parts[..., row, :]
    else:
        y[...] = parts.swapaxes(-1, -2)
    return channels_first(y.reshape(last.shape))


class PixelShuffle(Kernel):
    """Channel (c, i, j, …) at a place becomes channel c at the place's part (i, j, …)."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the map that is r times as large on each axis."""
        return _to_places(xs[0], call.op.r)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient, by the inverse."""
        return (_to_channels(grad, call.op.r),)


class PixelUnshuffle(Kernel):
    """The inverse of `PixelShuffle`."""

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the map that is r times as small on each axis."""
        return _to_channels(xs[0], call.op.r)

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient, by the inverse."""
        return (_to_places(grad, call.op.r),)


def _to_places(x: Array, r: int) -> Array:
    batch, channels, *sizes = x.shape
    rank = len(sizes)
    last = channels_last(x).reshape(batch, *sizes, channels // r**rank, *(r,) * rank)
    pairs = [axis for at in range(1, rank + 1) for axis in (at, rank + 1 + at)]
    y = last.transpose(0, *pairs, rank + 1)
    return channels_first(y.reshape(batch, *(size * r for size in sizes), -1))


def _to_channels(x: Array, r: int) -> Array:
    batch, channels, *sizes = x.shape
    last = channels_last(x)
    y = np.empty((batch, *(size // r for size in sizes), channels, *(r,) * len(sizes)), x.dtype)
    for part in np.ndindex((r,) * len(sizes)):
        y[(..., *part)] = last[(slice(None), *(slice(first, None, r) for first in part))]
    return channels_first(y.reshape(*y.shape[: x.ndim - 1], -1))
