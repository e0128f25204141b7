"""Receptive fields measured: NaN in some rows of the input, and which outputs become NaN.

NaN comes through every sum, product and maximum, so an output is NaN exactly if it reads a row that
is. With NaN in all rows below a cut, a unit becomes NaN as soon as the cut passes the first row
that it reads: one edge of its field, found by bisection, and likewise the other. A pass answers for
all units at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from cnncalc.graph import Graph, Node
from cnncalc.ops.reshape import Pad
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call, find
from cnncalc.reference.params import Params
from cnncalc.reference.run import forward

_ZERO_PAD: Any = Pad


class Prober:
    """Runs a network with NaN in the input, and remembers which units became NaN.

    What sees the whole map is left out, as from the local field: global pools and what flattens
    read numbers in place of NaN, statistics of the whole map are taken of such numbers, and a
    reflected border counts as padding.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: dict[str, Array],
        params: Params,
        source: int,
        targets: Iterable[int],
    ) -> None:
        self.targets = frozenset(targets)
        last = max(self.targets) - len(graph.inputs)
        self.graph = Graph(graph.inputs, graph.nodes[: last + 1], [max(self.targets)])
        self.inputs = inputs
        self.params = params
        self.name = list(graph.inputs)[source]
        self.passes = 0
        self._known: dict[tuple[int, int, int], dict[int, Array]] = {}

    def size(self, axis: int) -> int:
        """Return the input's positions on a spatial axis."""
        return int(self.inputs[self.name].shape[2 + axis])

    def dirty(self, axis: int, start: int, stop: int) -> dict[int, Array]:
        """Return, for each target, which units on an axis read the rows start … stop - 1."""
        key = (axis, start, stop)
        if key not in self._known:
            self._known[key] = self._run(axis, start, stop)
        return self._known[key]

    def _run(self, axis: int, start: int, stop: int) -> dict[int, Array]:
        x = self.inputs[self.name].copy()
        x[(slice(None),) * (2 + axis) + (slice(start, stop),)] = np.nan
        found: dict[int, Array] = {}
        number = len(self.graph.inputs) - 1

        def around(_: Node, call: Call, xs: tuple[Array, ...]) -> Array:
            nonlocal number
            number += 1
            out = _local(call, xs)
            if number in self.targets:
                found[number] = _nan_rows(out, axis)
            return out

        self.passes += 1
        forward(self.graph, {**self.inputs, self.name: x}, self.params, around=around)
        return found

    def field(
        self, target: int, axis: int, unit: int, guess: tuple[int, int] | None
    ) -> tuple[int, int] | None:
        """Return (first, last) row of the input that a unit reads; None where it reads none.

        The guess is where bisection begins; it changes the number of passes, not the answer.
        """
        size = self.size(axis)

        def below(cut: int) -> bool:
            return cut > 0 and bool(self.dirty(axis, 0, cut)[target][unit])

        def above(cut: int) -> bool:
            return cut > 0 and bool(self.dirty(axis, size - cut, size)[target][unit])

        low = _first(below, size, guess and guess[0] + 1)
        if low is None:
            return None
        high = _first(above, size, guess and size - guess[1])
        return low - 1, size - (high or size)


def _first(holds: Callable[[int], bool], most: int, guess: int | None) -> int | None:
    """Return the least of 1 … most from which on `holds`; None where it never does."""
    no, yes = 0, most + 1  # `holds` is known to be false at one, and not yet known beyond
    tries = [] if guess is None else [guess, guess - 1]
    while yes - no > 1:
        middle = next((t for t in tries if no < t < yes), (no + yes) // 2)
        if not tries and yes == most + 1:
            middle = most  # whether there is anything to find
        if holds(middle):
            yes = middle
        else:
            no = middle
    return yes if yes <= most else None


def _local(call: Call, xs: tuple[Array, ...]) -> Array:
    """Run a layer so that NaN goes only along local paths."""
    kernel = find(call.op.name)
    if not any(np.isnan(x).any() for x in xs):
        return kernel.forward(call, *xs)
    if kernel.sees_all(call.op, *(x.shape for x in xs)):
        return kernel.forward(call, *map(np.nan_to_num, xs))
    if kernel.sees_context(call.op):
        hidden = np.isnan(xs[0])
        out = kernel.forward(call, np.nan_to_num(xs[0]))
        out[hidden] = np.nan
        return out
    if call.op.name == "pad" and call.op.mode != "zero":
        call.op = _ZERO_PAD(padding=call.op.padding, mode="zero")
    return kernel.forward(call, *xs)


def _nan_rows(out: Array, axis: int) -> Array:
    """Return which positions on an axis hold NaN anywhere."""
    rest = tuple(each for each in range(out.ndim) if each != 2 + axis)
    return np.asarray(np.isnan(out).any(axis=rest))
