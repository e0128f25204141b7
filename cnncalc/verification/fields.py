"""Measured receptive fields against computed ones, unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import lcm

from cnncalc.analyses.crosscheck import CrossCheckError, Edges, cross_check, local_edges
from cnncalc.analyses.density import read_units
from cnncalc.analyses.receptive import Receptive
from cnncalc.findings import Finding
from cnncalc.geometry import Interval, Strands, hull, interval_at
from cnncalc.net import Layer, Net
from cnncalc.records import Record
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import find
from cnncalc.reference.params import Params
from cnncalc.verification.execution import finding
from cnncalc.verification.probes import Prober
from cnncalc.verification.stated import Stated

AXES = {1: "w", 2: "hw", 3: "dhw"}


class Unit(Record):
    """What was found of one unit, on one axis: intervals of the input, ends included."""

    axis: int
    unit: int
    predicted: Interval | None
    measured: Interval | None
    why: str
    """Why they may differ; "" where they may not, or do not."""


class Fields:
    """Measures the fields of some layers on one input of the network."""

    def __init__(
        self,
        net: Net,
        inputs: dict[str, Array],
        params: Params,
        source: int,
        *,
        every: bool,
    ) -> None:
        self.net = net
        self.source = source
        self.receptive = Receptive(net, source)
        self.targets = self._targets(every=every)
        self.stated = Stated(self.receptive)
        self.edges: dict[int, Edges] = {}
        names = list(net.graph.inputs)
        self.of = f"input {names[source]}" if len(names) > 1 else ""
        if self.targets:
            self.prober = Prober(net.graph, inputs, params, source, self.targets)

    def _targets(self, *, every: bool) -> list[int]:
        """Return the tensors to measure: every local map, or the last."""
        count = len(self.net.graph.inputs)
        local = [
            tensor
            for tensor, seen in enumerate(self.receptive.seen)
            if tensor >= count and seen is not None and seen.local
        ]
        return local if every else local[-1:]

    def findings(self, advance: Callable[[str], None]) -> Iterator[Finding]:
        """Yield a finding for each layer measured, and where the analysis contradicts itself."""
        try:
            cross_check(self.receptive)
        except CrossCheckError as error:
            layer, words = self.net[error.path], "top-down = bottom-up"
            yield finding("field", layer, False, words, "they differ", str(error), self.of)
        yield from self._given_up()
        bad = self.prober.first_not_finite() if self.targets else None
        if bad is not None:
            layer, detail = self.net.layers[bad], "infinity or NaN comes out, without any going in"
            yield finding("field", layer, None, "", "", detail, self.of)
            return
        for tensor in self.targets:
            layer = self.net.layers[tensor - len(self.net.graph.inputs)]
            advance(layer.path)
            yield self._finding(layer, tensor)

    def _given_up(self) -> Iterator[Finding]:
        """Yield a finding for each layer whose field is not followed."""
        for layer, seen in zip(
            self.net.layers, self.receptive.seen[len(self.net.graph.inputs) :], strict=True
        ):
            if seen is not None and seen.lost:
                yield finding("field", layer, None, "", "", "too many phases to follow", self.of)

    def _finding(self, layer: Layer, tensor: int) -> Finding:
        units = list(self._units(tensor))
        wrong = [each for each in units if each.predicted != each.measured and not each.why]
        excused = [each for each in units if each.predicted != each.measured and each.why]
        shown = wrong[:1] or [
            each for each in units if each.unit == self._middle(tensor, each.axis)
        ]
        predicted = [(each.unit, each.predicted) for each in shown]
        measured = [(each.unit, each.measured) for each in shown]
        detail = _reasons(excused)
        if wrong:
            rank = len(layer.out) - 1
            detail = (
                f"on axis {AXES[rank][wrong[0].axis]}; {len(wrong)} of {len(units)} units differ"
            )
        return finding("field", layer, not wrong, predicted, measured, detail, self.of)

    def _middle(self, tensor: int, axis: int) -> int:
        return self.net.shape_of(tensor)[1 + axis] // 2

    def _units(self, tensor: int) -> Iterator[Unit]:
        seen = self.receptive.seen[tensor]
        if seen is None or seen.local is None:
            return
        for axis, strands in enumerate(seen.local):
            size = self.net.shape_of(tensor)[1 + axis]
            for unit in _units_of(strands, size):
                yield self._unit(tensor, axis, unit, strands)

    def _unit(self, tensor: int, axis: int, unit: int, strands: Strands) -> Unit:
        size = self.prober.size(axis)
        predicted = _clipped(interval_at(strands, unit), size)
        measured = self.prober.field(tensor, axis, unit, predicted)
        why = ""
        if predicted != measured:
            why = self._why(tensor, axis, unit, strands, measured)
        return Unit(axis, unit, predicted, measured, why)

    def _why(
        self, tensor: int, axis: int, unit: int, strands: Strands, measured: Interval | None
    ) -> str:
        """Return why a unit may read less than its field, from the windows alone; "" if it may not.

        On maps without end the windows must give the field, and on maps with ends what was
        measured.
        """
        if axis not in self.edges:
            self.edges[axis] = local_edges(self.receptive, axis)
        endless = read_units(self.edges[axis], tensor, unit)
        if endless is None or _hull(endless.get(self.source)) != interval_at(strands, unit):
            return ""
        same = self.stated.field(tensor, axis, unit, measured) == measured
        return "the border of a map cuts off a part" if same else ""


def _hull(units: set[int] | None) -> Interval | None:
    return hull((unit, unit) for unit in units) if units else None


def _clipped(interval: Interval | None, size: int) -> Interval | None:
    if interval is None or interval[1] < 0 or interval[0] >= size:
        return None
    return max(interval[0], 0), min(interval[1], size - 1)


def _units_of(strands: Strands, size: int) -> list[int]:
    """Return the corners, and from the centre on one unit of each phase."""
    period = lcm(*(len(strand.phases) for strand in strands))
    start = max(0, min(size // 2, size - period))
    return sorted({0, size // 2, size - 1, *range(start, min(size, start + period))})


def _reasons(excused: list[Unit]) -> str:
    reasons = dict.fromkeys(each.why for each in excused)
    return "; ".join(f"{reason} at {_count(excused, reason)}" for reason in reasons)


def _count(excused: list[Unit], reason: str) -> str:
    count = sum(each.why == reason for each in excused)
    return f"{count} unit" if count == 1 else f"{count} units"


def contexts(net: Net) -> Iterator[Finding]:
    """Yield a finding for each layer that sees the whole map, or does not, against its facts."""
    for layer in net.layers:
        if len(layer.ins) > 1 or len(layer.ins[0]) < 2:
            continue
        op, kernel = layer.node.op, find(layer.node.op.name)
        alone = kernel.sees_all(op, (1, *layer.ins[0]))
        seen = _context(alone=alone, beside=kernel.sees_context(op))
        stated = _context(alone=layer.windows[0] is None, beside=layer.facts.whole_map)
        if stated != seen:
            yield finding("field", layer, False, stated, seen)


def _context(*, alone: bool, beside: bool) -> str:
    if alone:
        return "the whole map alone"
    return "a window and the whole map" if beside else "a window"
