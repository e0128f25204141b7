"""Convolutions as products: of matrices over tiles of columns, or channel by channel.

The matrix product of a convolution has a row for each output position (the values that its window
reads) and a column for each output channel. Rows are gathered in tiles of about a megabyte, into
memory that is used again, so that a tile is still in the cache when the product reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from cnncalc.reference.arrays import Array, channels_first, channels_last, packed
from cnncalc.reference.arrays import per_axis as axes
from cnncalc.reference.kernel import Workbench
from cnncalc.reference.windows import sides, tap_places, views

TILE_BYTES = 1 << 20
"""Columns gathered at once: more would leave the cache before the product reads them."""
LARGEST_TILE = 1 << 26
"""Bytes that a tile may have to reach TILE_ROWS, where rows are long."""
TILE_ROWS = 256
"""Fewest output positions a tile: with less, reading the weights would cost more than products."""


class Window:
    """Kernel, stride, dilation and padding of a layer on each axis of one input."""

    __slots__ = ("dilation", "kernel", "pads", "stride", "trivial")

    def __init__(self, op: Any, sizes: tuple[int, ...]) -> None:
        rank = len(sizes)
        self.kernel = axes(op.kernel, rank)
        self.stride = axes(op.stride, rank)
        self.dilation = axes(op.dilation, rank)
        rows = zip(
            axes(op.padding, rank), self.kernel, self.stride, self.dilation, sizes, strict=True
        )
        self.pads = tuple([sides(*row) for row in rows])
        self.trivial = {*self.kernel, *self.stride} == {1} and not any(map(any, self.pads))
        """Whether each output reads just the input at its place."""

    def taps(self, outs: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """Yield (place in the kernel, the padded input's positions that all outputs read there)."""
        for tap in product(*map(range, self.kernel)):
            yield tap, tap_places(tap, outs, self.stride, self.dilation)


window_of = lru_cache(maxsize=512)(Window)
"""(op, spatial sizes) -> its window, which a network asks for again in each pass."""


def reversed_axes(weight: Array) -> Array:
    """Return the view (*kernel, C/groups, out) of weights (out, C/groups, *kernel)."""
    return weight.transpose(*range(2, weight.ndim), 1, 0)


def arranged(weight: Array) -> Array:
    """Return the weights in the order of memory in which they are a matrix as they are.

    What is multiplied with one tap's inputs lies together, the output channels side by side.
    """
    held = np.ascontiguousarray(reversed_axes(weight))
    return held.transpose(held.ndim - 1, held.ndim - 2, *range(held.ndim - 2))


def by_columns(
    bench: Workbench, x: Array, weight: Array, window: Window, bias: Array | None
) -> Array:
    """Return the convolution of a padded map as matrix products over tiles of its output."""
    out, depth = weight.shape[:2]
    groups, rank = x.shape[1] // depth, x.ndim - 2
    matrix = reversed_axes(weight).reshape(-1, groups, out // groups).transpose(1, 0, 2)
    if window.trivial:  # nothing to gather: the input is the matrix
        places = (len(x), *x.shape[2:])
        flat = np.empty((prod(places), out), x.dtype)
        _product(bench, channels_last(x).reshape(-1, groups, depth), matrix, flat, bias)
        return channels_first(flat.reshape(*places, out))
    windows = views(x, window.kernel, window.stride, window.dilation)
    places = windows.shape[: 1 + rank]
    split = windows.reshape(*windows.shape[:-1], groups, depth)
    columns: Array = np.moveaxis(split, -2, 1 + rank)
    shape: tuple[int, ...] = (*places, out)
    y = np.empty(shape, x.dtype)
    row_bytes = groups * matrix.shape[1] * x.itemsize
    for tile in _tiles(places, tile_rows(row_bytes)):
        taken: Array = columns[tile]
        held = bench.scratch(taken.size, x.dtype)
        np.copyto(held.reshape(taken.shape), taken)
        rows = held.reshape(-1, groups, matrix.shape[1])
        part: Array = y[tile]
        _product(bench, rows, matrix, part.reshape(-1, out), bias)
    return channels_first(y)


def _product(bench: Workbench, rows: Array, matrix: Array, y: Array, bias: Array | None) -> None:
    """Fill y (positions, out) with rows (positions, groups, k) times matrix (groups, k, …)."""
    cells = y.reshape(len(y), len(matrix), -1).transpose(1, 0, 2)
    bench.matmul(rows.transpose(1, 0, 2), matrix, out=cells)
    if bias is not None:
        y += bias


def tile_rows(row_bytes: int) -> int:
    """Return how many output positions a tile has whose rows are so large."""
    fewest = min(TILE_ROWS, LARGEST_TILE // row_bytes)
    return max(fewest, TILE_BYTES // row_bytes, 1)


def _tiles(places: tuple[int, ...], most: int) -> Iterator[tuple[int | slice, ...]]:
    """Yield indices of blocks of at most so many positions, which lie together in memory."""
    inner = prod(places[1:])
    if inner > most and len(places) > 1:
        for first in range(places[0]):
            for rest in _tiles(places[1:], most):
                yield (first, *rest)
        return
    step = max(1, most // inner)
    for start in range(0, places[0], step):
        yield (slice(start, start + step),)


def channel_by_channel(bench: Workbench, x: Array, weight: Array, window: Window) -> Array:
    """Return the convolution of each channel of a padded map by its own kernel (C, 1, *kernel).

    With stride 1 along the last axis, a row of pixels and their channels is one run of memory, and
    so is what each tap reads of it: the kernel is repeated for each pixel of the row.
    """
    windows = views(packed(x), window.kernel, window.stride, window.dilation)
    places, channels = windows.shape[: x.ndim - 1], x.shape[1]
    taps = np.ascontiguousarray(reversed_axes(weight)[..., 0, :])
    kernel, letters = "ijk"[: len(window.kernel)], "npqr"[: x.ndim - 1]
    if window.stride[-1] > 1:
        y = bench.einsum(f"{letters}{kernel}c,{kernel}c->{letters}c", windows, taps)
        return channels_first(y)
    run = places[-1] * channels
    strides = windows.strides
    rows = np.lib.stride_tricks.as_strided(
        windows,
        (*places[:-1], run, *window.kernel),
        (*strides[: x.ndim - 2], x.itemsize, *strides[x.ndim - 1 : -1]),
        writeable=False,
    )
    taps = np.tile(taps, places[-1])
    y = bench.einsum(f"{letters}{kernel},{kernel}{letters[-1]}->{letters}", rows, taps)
    return channels_first(y.reshape(*places, channels))
