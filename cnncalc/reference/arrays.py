"""Arrays of the reference: batch first, channels second, and in memory the channels lie last.

A map is an array (N, C, *spatial), a vector (N, F), as in PyTorch and in the course notes. Nothing
depends on how it lies in memory but the speed: with a pixel's channels side by side a window is a
few long runs, and a convolution becomes matrix products without moving the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def channels_last(x: Array) -> Array:
    """Return the view (N, *spatial, C) of a map (N, C, *spatial)."""
    return x.transpose(0, *range(2, x.ndim), 1)


def channels_first(x: Array) -> Array:
    """Return the view (N, C, *spatial) of an array (N, *spatial, C)."""
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def packed(x: Array) -> Array:
    """Return the map with a pixel's channels side by side in memory: a copy only if needed."""
    return channels_first(np.ascontiguousarray(channels_last(x)))


def empty_map(shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """Return an unfilled map (N, C, *spatial) whose channels lie last in memory."""
    return channels_first(np.empty((shape[0], *shape[2:], shape[1]), dtype))


def per_axis(value: Any, rank: int) -> tuple[Any, ...]:
    """Return one value an axis: a number or a word means all axes, a tuple gives an axis each."""
    return value if isinstance(value, tuple) else (value,) * rank


def channelwise(values: Array, x: Array) -> Array:
    """Return the view of values (C,) that lines up with the channels of x, (1, C, 1, …)."""
    return values.reshape(1, -1, *(1,) * (x.ndim - 2))


def repeated(values: Array, count: int) -> Array:
    """Return a row of values, `count` times behind each other; quicker than np.tile."""
    rows = np.empty((count, values.size), values.dtype)
    rows[:] = values
    return rows.reshape(-1)
