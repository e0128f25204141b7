"""Top-down receptive fields, and the check that both directions agree at every layer.

One output unit is carried down to every layer as the interval of units that it reads there (the
notes' recurrence rf = s·rf + k - s). Mapped to the input with that layer's bottom-up field, the
interval must give the field of the output where every path runs through the layer, and must lie
inside it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnncalc.analyses.receptive import Receptive, Seen
from cnncalc.geometry import POINT, Interval, Phase, Strands, Window, hull, interval_at
from cnncalc.records import Record

VISIT_LIMIT = 2_000_000
UNIT_LIMIT = 50_000

Edges = list[list[tuple[int, Window]]]
"""For each tensor, the tensors that its node reads locally, with the window on one axis."""


class CrossCheckError(RuntimeError):
    """Both directions disagree: a fault in cnncalc itself, so no report can be trusted.

    `path` is the layer whose field they disagree about.
    """

    def __init__(self, text: str, path: str) -> None:
        super().__init__(text)
        self.path = path


class Agreement(Record):
    """What was compared: comparisons made, axes, units carried down, units left out."""

    layers: int
    axes: int
    units: int
    left_out: int


def cross_check(receptive: Receptive) -> Agreement:
    """Compare both directions for every layer, axis and phase; raises CrossCheckError.

    Linear in layers for each unit carried down. Where ends × phases × layers would pass a limit, a
    part of the phases is taken, and the agreement says how many were left out.
    """
    seen = receptive.seen
    layers = sum(1 for each in seen[len(receptive.net.graph.inputs) :] if _is_local(each))
    rank = len(receptive.net.shape_of(receptive.source)) - 1
    planned = units = 0
    for axis in range(rank):
        if axis and _same_as_first(seen, axis):
            continue
        edges = local_edges(receptive, axis)
        regular = all(window.regular for row in edges for _, window in row)
        sweep = _sweep_intervals if regular else _sweep_sets
        plan = list(_units(receptive, axis, edges))
        step = max(1, -(-len(plan) * len(seen) // VISIT_LIMIT))
        fields = [each.local[axis] if each and each.local else () for each in seen]
        for end, unit in plan[::step]:
            units += sweep(receptive, axis, fields, edges, end, unit)
        planned += len(plan)
    return Agreement(layers, rank, units, planned - units)


def local_edges(receptive: Receptive, axis: int) -> Edges:
    """Return, for each tensor, what its node reads along local paths on one axis."""
    edges: Edges = [[] for _ in receptive.net.graph.inputs]
    seen = receptive.seen
    for layer, here in zip(receptive.net.layers, seen[len(edges) :], strict=True):
        row: list[tuple[int, Window]] = []
        if here is not None and here.local is not None:
            if len(layer.inputs) == 1:  # its only input must be local, too
                (tensor,), (only,) = layer.inputs, layer.facts.windows
                edges.append([(tensor, only[axis])] if only is not None else row)
                continue
            for tensor, windows in zip(layer.node.inputs, layer.facts.windows, strict=True):
                source = seen[tensor]
                if windows is not None and source is not None and source.local is not None:
                    row.append((tensor, windows[axis]))
        edges.append(row)
    return edges


def _is_local(seen: Seen | None) -> bool:
    return seen is not None and seen.local is not None


def _same_as_first(seen: list[Seen | None], axis: int) -> bool:
    """Whether this axis was never told apart from axis 0: the same objects all the way."""
    return all(
        each is None or each.local is None or each.local[axis] is each.local[0] for each in seen
    )


def _units(receptive: Receptive, axis: int, edges: Edges) -> Iterable[tuple[int, int]]:
    """Yield (tensor, unit) for one unit of each phase of each end of a local path."""
    used = {tensor for row in edges for tensor, _ in row}
    for end, each in enumerate(receptive.seen):
        if each is None or each.local is None or end in used:
            continue
        strands = each.local[axis]
        size = receptive.net.shape_of(end)[1 + axis]
        if len(strands) > 1:
            yield from ((end, unit) for unit in sorted({0, size // 2, size - 1}))
        else:
            yield from ((end, unit) for unit in range(min(len(strands[0].phases), size)))


def _mapped(strands: Strands, units: Interval) -> Phase:
    """Return what the units of an interval read of the input."""
    if len(strands) == 1 and len(strands[0].phases) == 1:
        (interval,), jump = strands[0]
        return interval and (interval[0] + units[0] * jump, interval[1] + units[1] * jump)
    return hull((interval_at(strands, units[0]), interval_at(strands, units[1])))


def _sweep_intervals(
    receptive: Receptive, axis: int, fields: list[Strands], edges: Edges, end: int, unit: int
) -> bool:
    """Carry one unit down as intervals; exact because both ends are really read."""
    whole = interval_at(fields[end], unit)
    reached: list[Interval | None] = [None] * (end + 1)
    reached[end] = (unit, unit)
    lowest = end
    for tensor in range(end, -1, -1):
        units = reached[tensor]
        if units is None:
            continue
        here = _mapped(fields[tensor], units)
        if here != whole:
            _must_lie_inside(receptive, axis, (tensor, end, unit), here, whole, lowest >= tensor)
        for source, window in edges[tensor]:
            if source < lowest:  # noqa: PLR1730 a call of min costs more than the rest
                lowest = source
            read = units if window is POINT else window.reach(*units)
            there = reached[source]
            if there is not None and there != read:
                read = (min(there[0], read[0]), max(there[1], read[1]))
            reached[source] = read
    return True


def _sweep_sets(
    receptive: Receptive, axis: int, fields: list[Strands], edges: Edges, end: int, unit: int
) -> bool:
    """Carry one unit down as the set of units it reads; return whether it came all the way.

    Needed where a transposed convolution leaves outputs that read nothing, or reads out of order:
    then the ends of an interval do not decide.
    """
    whole = interval_at(fields[end], unit)
    reached: dict[int, set[int]] = {end: {unit}}
    lowest, spent = end, 0
    for tensor in range(end, -1, -1):
        units = reached.pop(tensor, None)
        if not units:
            continue
        here = hull(interval_at(fields[tensor], each) for each in units)
        if here != whole:
            _must_lie_inside(receptive, axis, (tensor, end, unit), here, whole, lowest >= tensor)
        spent += len(units)
        for source, window in edges[tensor]:
            lowest = min(lowest, source)
            read = reached.setdefault(source, set())
            for each in units:
                taps = window.taps(each)
                if taps is not None and spent <= UNIT_LIMIT:
                    first, last, step = taps
                    spent += (last - first) // step + 1
                    if spent <= UNIT_LIMIT:
                        read.update(range(first, last + 1, step))
        if spent > UNIT_LIMIT:
            return False
    return True


def _must_lie_inside(
    receptive: Receptive,
    axis: int,
    where: tuple[int, int, int],
    here: Phase,
    whole: Phase,
    all_paths: bool,
) -> None:
    inside = here is None or (whole is not None and whole[0] <= here[0] and here[1] <= whole[1])
    if all_paths or not inside:
        tensor, end, unit = where
        name: Callable[[int], str] = receptive.net.graph.name_of
        raise CrossCheckError(
            f"unit {unit} of {name(end)} reads {whole} on axis {axis} bottom-up, "
            f"but {here} top-down through {name(tensor)}",
            name(end),
        )
