"""Which units read which rows of the input by the stated windows, on maps that end at their ends.

A field is that of a unit on maps without end: at a border, padding stands where an endless map
would go on, and a unit may read less. This carries the same question as a probe, which units read
these rows, through the windows of every layer on all axes at once, and bisects it in the same way.
"""

from __future__ import annotations

import numpy as np

from cnncalc.analyses.receptive import Receptive
from cnncalc.geometry import POINT, Interval, Window
from cnncalc.reference.arrays import Array
from cnncalc.verification.bisection import edges


class Stated:
    """Answers by windows what a `Prober` answers by running."""

    def __init__(self, receptive: Receptive) -> None:
        self.net = receptive.net
        self.source = receptive.source
        self._known: dict[tuple[int, int, int], dict[int, Array]] = {}
        self._reads: list[list[tuple[int, tuple[Window, ...]]]] = [
            [] for _ in self.net.graph.inputs
        ]
        seen = receptive.seen
        for layer, here in zip(self.net.layers, seen[len(self._reads) :], strict=True):
            row = []
            for tensor, windows in zip(layer.inputs, layer.windows, strict=True):
                before = seen[tensor]
                if here and here.local and windows is not None and before and before.local:
                    row.append((tensor, windows))
            self._reads.append(row)

    def field(self, target: int, axis: int, unit: int, guess: Interval | None) -> Interval | None:
        """Return (first, last) row of the input that a unit reads; None where it reads none."""
        size = self.net.shape_of(self.source)[1 + axis]
        return edges(lambda a, b: bool(self.dirty(axis, a, b)[target][unit]), size, guess)

    def dirty(self, axis: int, start: int, stop: int) -> dict[int, Array]:
        """Return, for each tensor, which units on an axis read the rows start … stop - 1."""
        key = (axis, start, stop)
        if key not in self._known:
            self._known[key] = self._run(axis, start, stop)
        return self._known[key]

    def _run(self, axis: int, start: int, stop: int) -> dict[int, Array]:
        first = np.zeros(self.net.shape_of(self.source)[1:], bool)
        first[(slice(None),) * axis + (slice(start, stop),)] = True
        maps = {self.source: first}
        for tensor, row in enumerate(self._reads):
            shape = self.net.shape_of(tensor)[1:]
            read = [_through(maps[source], windows, shape) for source, windows in row]
            if read:
                maps[tensor] = np.logical_or.reduce(read)
        return {
            tensor: np.asarray(marked.any(axis=(*range(axis), *range(axis + 1, marked.ndim))))
            for tensor, marked in maps.items()
        }


def _through(marked: Array, windows: tuple[Window, ...], shape: tuple[int, ...]) -> Array:
    """Return which outputs of a layer read a marked position."""
    for axis, (window, size) in enumerate(zip(windows, shape, strict=True)):
        if window is POINT and marked.shape[axis] == size:
            continue
        rows = np.moveaxis(marked, axis, 0)
        found = np.zeros((size, *rows.shape[1:]), bool)
        starts = np.arange(size) * window.stride - window.pad[0]
        for tap in range(window.kernel):
            at = starts + window.dilation * tap
            real = (at >= 0) & (at <= (len(rows) - 1) * window.up) & (at % window.up == 0)
            found[real] |= rows[at[real] // window.up]
        marked = np.moveaxis(found, 0, axis)
    return marked
