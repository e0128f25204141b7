"""What layers with a sliding window share on arrays: padding, the windows as a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnncalc.reference.arrays import Array, channels_last, empty_map

Pads = Sequence[tuple[int, int]]
"""(low, high) padding for each spatial axis."""


def sides(padding: Any, kernel: int, stride: int, dilation: int, size: int) -> tuple[int, int]:
    """Return the (low, high) padding of one axis of `size` positions, in whatever way it is given.

    `half` pads both sides by half the dilated kernel, rounded down. `same` gives as many outputs as
    strides begin on the axis, ⌈size / stride⌉; an odd position goes to the end.
    """
    reach = dilation * (kernel - 1)
    if padding == "valid":
        return 0, 0
    if padding == "half":
        return reach // 2, reach // 2
    if padding == "same":
        starts = range(0, size, stride)
        missing = max(starts[-1] + reach + 1 - size, 0)
        return missing // 2, missing - missing // 2
    return padding if isinstance(padding, tuple) else (padding, padding)


def padded(x: Array, pads: Pads, value: float = 0.0) -> Array:
    """Return a map (N, C, *spatial) with a border of `value`; the map itself where there is none.

    The new map's channels lie last in memory.
    """
    if not any(map(any, pads)):
        return x
    sizes = [low + size + high for (low, high), size in zip(pads, x.shape[2:], strict=True)]
    out = empty_map((*x.shape[:2], *sizes), x.dtype)
    inner: tuple[Any, ...] = (slice(None), slice(None))
    for (low, high), size in zip(pads, x.shape[2:], strict=True):
        out[(*inner, slice(low))] = value
        out[(*inner, slice(low + size, low + size + high))] = value
        inner = (*inner, slice(low, low + size))
    out[inner] = x
    return out


def views(x: Array, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Array:
    """Return all windows that lie on a map (N, C, *spatial), as a view (N, *out, *kernel, C).

    It takes no memory and cannot be written to: windows share positions.
    """
    x = channels_last(x)
    steps = x.strides[1:-1]
    axes = zip(x.shape[1:-1], kernel, stride, dilation, strict=True)
    outs = [len(range(0, size - d * (k - 1), s)) for size, k, s, d in axes]
    moves = [step * s for step, s in zip(steps, stride, strict=True)]
    taps = [step * d for step, d in zip(steps, dilation, strict=True)]
    return np.lib.stride_tricks.as_strided(
        x,
        (x.shape[0], *outs, *kernel, x.shape[-1]),
        (x.strides[0], *moves, *taps, x.strides[-1]),
        writeable=False,
    )


def tap_places(
    tap: Sequence[int], outs: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[slice, ...]:
    """Return the positions on each axis that one tap of all windows reads, a stride apart."""
    axes = zip(tap, outs, stride, dilation, strict=True)
    return tuple([slice(t * d, t * d + (out - 1) * s + 1, s) for t, out, s, d in axes])
