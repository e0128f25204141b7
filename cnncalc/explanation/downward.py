"""The field top-down: one unit carried to the input by rf_{l−1} = s·rf_l + k − s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.analyses.crosscheck import CrossCheckError, Edges, local_edges
from cnncalc.analyses.density import read_units
from cnncalc.analyses.receptive import Receptive
from cnncalc.explanation.words import by_axis, interval, less, number, zeros
from cnncalc.geometry import POINT, Interval, Strands, Window, interval_at
from cnncalc.records import Record

HEAD_ROWS = 12
TAIL_ROWS = 10
READERS_SHOWN = 3


class Reader(Record):
    """A layer that reads a tensor: its own tensor, its window, and its units on the way."""

    tensor: int
    window: Window
    units: Interval
    reads: Interval


def downward(receptive: Receptive, tensor: int, names: Sequence[str]) -> Iterator[str]:
    """Yield a table from a unit of `tensor` to the input, and that both directions agree.

    `names` are the names of all tensors. Raises CrossCheckError where the directions differ.
    """
    seen = receptive.seen[tensor]
    if seen is None or seen.local is None:
        return
    shape = receptive.net.shape_of(tensor)
    edges = [local_edges(receptive, axis) for axis in range(len(seen.local))]
    keys = [
        (strands, tuple(map(tuple, rows[: tensor + 1])), _unit(strands, size))
        for strands, rows, size in zip(seen.local, edges, shape[1:], strict=True)
    ]
    yield "rf_L = 1 for one unit of this layer; then rf_{l−1} = s·rf_l + k − s, down to the input"
    yield "listed are the maps where rf changes or paths meet; other layers keep it"
    for axes, axis in by_axis(keys):
        unit = _unit(seen.local[axis], shape[1 + axis])
        yield from _axis(receptive, edges[axis], (tensor, unit), (axes, axis), names)


def _unit(strands: Strands, size: int) -> int:
    """Return the unit to follow: the first of the largest phase, or the centre where out of step.

    Only a unit that exists is followed.
    """
    if len(strands) > 1:
        return size // 2
    lengths = [phase[1] - phase[0] if phase else -1 for phase in strands[0].phases[:size]]
    return lengths.index(max(lengths))


def _axis(
    receptive: Receptive,
    edges: Edges,
    start: tuple[int, int],
    axis: tuple[str, int],
    names: Sequence[str],
) -> Iterator[str]:
    tensor, unit = start
    seen = receptive.seen[tensor]
    bottom_up = interval_at(seen.local[axis[1]], unit) if seen and seen.local else None
    units = _descend(edges, tensor, unit)
    if units is None:
        yield f"{axis[0]}: unit {unit} reads more points than are followed here"
        return
    reached = units.get(receptive.source)
    if reached is None or bottom_up is None:
        yield f"{axis[0]}: unit {unit} reads nothing of the input"
        return
    yield f"{axis[0]}: unit {unit} of this layer"
    yield from _table(list(_rows(edges, units, tensor, names)))
    if reached != bottom_up:
        raise CrossCheckError(
            f"unit {unit} of {names[tensor]} reads {bottom_up} bottom-up, but {reached} top-down",
            names[tensor],
        )
    yield f"   rf_0 = {number(_size(reached))} = RF: top-down and bottom-up agree"


def _size(units: Interval) -> int:
    return units[1] - units[0] + 1


def _descend(edges: Edges, tensor: int, unit: int) -> dict[int, Interval] | None:
    """Return the interval of units read of each tensor; None where that takes too long."""
    if not all(window.regular for row in edges for _, window in row):
        sets = read_units(edges, tensor, unit)
        if sets is None:
            return None
        return {each: (min(found), max(found)) for each, found in sets.items() if found}
    units: dict[int, Interval] = {tensor: (unit, unit)}
    for here in range(tensor, -1, -1):
        if here not in units:
            continue
        for source, window in edges[here]:
            read = window.reach(*units[here])
            there = units.get(source, read)
            units[source] = (min(there[0], read[0]), max(there[1], read[1]))
    return units


def _rows(
    edges: Edges, units: dict[int, Interval], top: int, names: Sequence[str]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield (map, units, rf, how) for the top, the input, and where the interval changes."""
    readers: dict[int, list[Reader]] = {}
    for here in sorted(units, reverse=True):
        found = readers.get(here, [])
        if here == top or not edges[here] or len(found) > 1 or _changes(found):
            how = _how(found, units[here], names)
            yield names[here], interval(units[here]), number(_size(units[here])), how
        for source, window in edges[here]:
            reads = _reads(window, units[here])
            readers.setdefault(source, []).append(Reader(here, window, units[here], reads))


def _reads(window: Window, units: Interval) -> Interval:
    return units if window is POINT else window.reach(*units)


def _changes(readers: list[Reader]) -> bool:
    return any(reader.window != POINT for reader in readers)


def _how(readers: list[Reader], units: Interval, names: Sequence[str]) -> str:
    if not readers:
        return "rf_L"
    if len(readers) == 1:
        (only,) = readers
        return f"{_step(only, units)}   {names[only.tensor]} ({_window_text(only.window)})"
    few = ", ".join(f"{interval(r.reads)} {names[r.tensor]}" for r in readers[:READERS_SHOWN])
    left = len(readers) - READERS_SHOWN
    return f"hull of {few}" + (f" and {left} more" if left > 0 else "")


def _step(reader: Reader, units: Interval) -> str:
    """Return the recurrence in numbers: 2·3 + 7 − 2 = 11."""
    window, size = reader.window, _size(reader.units)
    if window.up == 1:
        span = number(window.span)
        return f"{window.stride}·{size} + {span} − {window.stride} = {number(_size(units))}"
    if not window.regular:
        return f"every {window.up} positions a sample"
    first, last = (f"{number(end)}·{window.stride} {less(window.pad[0])}" for end in reader.units)
    return f"⌈({first})/{window.up}⌉ … ⌊({last} + {window.span} − 1)/{window.up}⌋"


def _window_text(window: Window) -> str:
    dilated = f" d {window.dilation} spans {window.span}" if window.dilation > 1 else ""
    stuffed = f", {zeros(window.up - 1)} between samples" if window.up > 1 else ""
    return f"k {window.kernel}{dilated}, s {window.stride}{stuffed}"


def _table(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    if len(rows) > HEAD_ROWS + TAIL_ROWS + 1:
        left = len(rows) - HEAD_ROWS - TAIL_ROWS
        gap = (f"… {left} more", "", "", "")
        rows = [*rows[:HEAD_ROWS], gap, *rows[-TAIL_ROWS:]]
    rows = [("map", "units", "rf", "how"), *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, units, size, how in rows:
        line = f"   {name:{widths[0]}}  {units:>{widths[1]}}  {size:>{widths[2]}}  {how}"
        yield line.rstrip()
