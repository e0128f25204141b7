"""Receptive fields measured: NaN in some rows of the input, and which outputs become NaN.

NaN comes through every sum, product and maximum, so an output is NaN exactly if it reads a row that
is. With NaN in all rows below a cut, a unit becomes NaN as soon as the cut passes the first row
that it reads: one edge of its field, found by bisection, and likewise the other. A pass answers for
all units at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from cnncalc.geometry import Interval
from cnncalc.graph import Graph, Node
from cnncalc.ops.reshape import Pad
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call, find
from cnncalc.reference.params import Params
from cnncalc.reference.run import forward
from cnncalc.verification.bisection import edges

_ZERO_PAD: Any = Pad
SMALL = np.float32(0.01)
"""Makes inputs so small that no network overflows: infinity less infinity would be NaN, too."""


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
        self.inputs = {name: SMALL * x for name, x in inputs.items()}
        self.params = params
        self.name = list(graph.inputs)[source]
        self.passes = 0
        self._known: dict[tuple[int, int, int], dict[int, Array]] = {}

    def size(self, axis: int) -> int:
        """Return the input's positions on a spatial axis."""
        return int(self.inputs[self.name].shape[2 + axis])

    def first_not_finite(self) -> int | None:
        """Return the number of the first layer that makes infinity or NaN by itself, or None."""
        bad: list[int] = []
        number = -1

        def around(_: Node, call: Call, xs: tuple[Array, ...]) -> Array:
            nonlocal number
            number += 1
            out = find(call.op.name).forward(call, *xs)
            if not bad and not np.isfinite(out).all():
                bad.append(number)
            return out

        with np.errstate(all="ignore"):
            forward(self.graph, self.inputs, self.params, around=around)
        return bad[0] if bad else None

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
            out = _probed(call, xs)
            if number in self.targets:
                found[number] = _nan_rows(out, axis)
            return out

        self.passes += 1
        with np.errstate(all="ignore"):
            forward(self.graph, {**self.inputs, self.name: x}, self.params, around=around)
        return found

    def field(self, target: int, axis: int, unit: int, guess: Interval | None) -> Interval | None:
        """Return (first, last) row of the input that a unit reads; None where it reads none."""
        return edges(
            lambda start, stop: bool(self.dirty(axis, start, stop)[target][unit]),
            self.size(axis),
            guess,
        )


def _probed(call: Call, xs: tuple[Array, ...]) -> Array:
    """Run a layer so that NaN goes along local paths, and to all channels of a position.

    A field is that of all channels together, also where a layer takes some of them.
    """
    out = _run_local(call, xs)
    if out.ndim > 2:
        positions = np.isnan(out).any(axis=1, keepdims=True)
        if positions.any():
            np.copyto(out, np.nan, where=positions)
    return out


def _run_local(call: Call, xs: tuple[Array, ...]) -> Array:
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
