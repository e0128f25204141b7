"""Measured receptive fields against computed ones, unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import lcm

from cnncalc.analyses.crosscheck import CrossCheckError, Edges, cross_check, local_edges
from cnncalc.analyses.density import read_units
from cnncalc.analyses.receptive import Receptive
from cnncalc.findings import Finding
from cnncalc.geometry import POINT, Interval, Strands, hull, interval_at
from cnncalc.net import Layer, Net
from cnncalc.records import Record
from cnncalc.reference.arrays import Array
from cnncalc.reference.params import Params
from cnncalc.verification.execution import finding
from cnncalc.verification.probes import Prober

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
        self.choosers = _choosers(net)
        self.edges: dict[int, Edges] = {}
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
        """Yield a finding for the two directions of the analysis, and one for each layer."""
        try:
            cross_check(self.receptive)
        except CrossCheckError as error:
            text = str(error)
            layer = next((each for each in self.net.layers if each.path in text), None)
            if layer is None:
                yield Finding("field", "", False, "top-down = bottom-up", "they differ", text)
            else:
                yield finding("field", layer, False, "top-down = bottom-up", "they differ", text)
        for tensor in self.targets:
            layer = self.net.layers[tensor - len(self.net.graph.inputs)]
            advance(layer.path)
            yield self._finding(layer, tensor)

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
        return finding("field", layer, not wrong, predicted, measured, detail)

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

        At a border a layer reads padding in place of what an unbounded map would have there; and
        behind a layer that takes some channels, the field is that of all channels together.
        """
        if axis not in self.edges:
            self.edges[axis] = local_edges(self.receptive, axis)
        edges = self.edges[axis]
        unbounded = read_units(edges, tensor, unit)
        if unbounded is None or _hull(unbounded.get(self.source)) != interval_at(strands, unit):
            return ""
        bounded = self._read_within(edges, axis, tensor, unit)
        if bounded == measured:
            return "the border of a map cuts off a part"
        inside = measured is None or (
            bounded is not None and bounded[0] <= measured[0] and measured[1] <= bounded[1]
        )
        if inside and tensor in self.choosers:
            return f"{self.choosers[tensor]} takes some of the channels"
        return ""

    def _read_within(self, edges: Edges, axis: int, tensor: int, unit: int) -> Interval | None:
        """Return the hull of the input's positions that a unit reads, maps ending at their ends."""
        reached: dict[int, set[int]] = {tensor: {unit}}
        for here in range(tensor, -1, -1):
            for source, window in edges[here]:
                size = self.net.shape_of(source)[1 + axis]
                read = reached.setdefault(source, set())
                for each in reached.get(here, ()):
                    taps = (each, each, 1) if window is POINT else window.taps(each)
                    if taps is not None:
                        first, last, step = taps
                        read.update(t for t in range(first, last + 1, step) if 0 <= t < size)
        return _hull(reached.get(self.source))


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


def _choosers(net: Net) -> dict[int, str]:
    """Return the tensors whose units may read less than all channels do, and the layer to blame.

    After a join the channels read different positions; a chunk takes some of them, and a pixel
    shuffle spreads them over positions.
    """
    uneven: set[int] = set()
    blamed: dict[int, str] = {}
    for tensor, layer in enumerate(net.layers, start=len(net.graph.inputs)):
        op: object = layer.node.op
        name, inputs = layer.node.op.name, layer.node.inputs
        mixes = name in ("conv", "conv_transpose", "linear") and getattr(op, "groups", 1) == 1
        some = any(each in uneven for each in inputs)
        if name in ("concat", "pixel_unshuffle", "reshape") or (some and not mixes):
            uneven.add(tensor)
        blame = next((blamed[each] for each in inputs if each in blamed), "")
        if name in ("chunk", "pixel_shuffle") and some:
            blame = blame or layer.path
        if blame:
            blamed[tensor] = blame
    return blamed
