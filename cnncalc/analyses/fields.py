"""Receptive fields as the report states them: sizes, jumps, starts, phases, and notes in words."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from cnncalc.analyses.receptive import Local, Misalignment, Receptive, shift
from cnncalc.geometry import Field, Shape, Strands, interval_at, same_rate, size_range
from cnncalc.report import Axes

NOTE_LIMIT = 5


def axes_of(local: Local, shape: Shape) -> Axes:
    """Return a local field on a map of the given shape (channels, *spatial) as report data."""
    if local[-1] is local[0] and len(set(shape[1:])) == 1:
        one = _axis(local[0], shape[1])
        columns = [one] * len(local)
    else:
        columns = [_axis(strands, size) for strands, size in zip(local, shape[1:], strict=True)]
    sizes, jumps, starts, phases = zip(*columns, strict=True)
    return Axes(
        sizes,
        jumps,
        starts,
        all(len(strands) == 1 for strands in local),
        tuple(each or ((size, start),) for size, _, start, each in columns)
        if any(phases)
        else None,
    )


def _axis(
    strands: Strands, size: int
) -> tuple[int, int | str, int, tuple[tuple[int, int], ...] | None]:
    """Return (size, jump, start, phases) on one axis."""
    field = strands[0]
    if len(strands) > 1:
        low, high = interval_at(strands, size // 2) or (0, -1)
        start = (interval_at(strands, 0) or (0, 0))[0]
        return high - low + 1, _rate(field), start, None
    if len(field.phases) == 1:
        low, high = field.phases[0] or (0, -1)
        return high - low + 1, field.jump, low, None
    phases = tuple((each[1] - each[0] + 1, each[0]) if each else (0, 0) for each in field.phases)
    return max(size for size, _ in phases), _rate(field), phases[0][1], phases


def _rate(field: Field) -> int | str:
    """Return the jump per unit: an integer, or an exact rational as text."""
    period = len(field.phases)
    common = gcd(field.jump, period)
    if period == common:
        return field.jump // period
    return f"{field.jump // common}/{period // common}"


def notes(receptive: Receptive) -> Iterator[str]:
    """Yield what a reader of the fields must know: whole-map context, joins out of step."""
    entries = {seen.whole_from.path: None for seen in receptive.seen if seen and seen.whole_from}
    if entries:
        yield f"whole-map context enters at {_listed(list(entries))}"
    joins: dict[str, Misalignment] = {}
    for misalignment in receptive.misaligned:
        joins.setdefault(misalignment.layer.path, misalignment)
    for misalignment in list(joins.values())[:NOTE_LIMIT]:
        yield _misalignment(receptive, misalignment)
    if len(joins) > NOTE_LIMIT:
        yield f"{len(joins) - NOTE_LIMIT} more joins have branches out of step"
    if any(seen and seen.lost for seen in receptive.seen):
        yield "fields with too many phases are not followed (upsampling by large factors)"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _misalignment(receptive: Receptive, found: Misalignment) -> str:
    layer, fields = found.layer, found.fields
    names = layer.node.branches or tuple(
        receptive.net.graph.name_of(tensor) for tensor in layer.node.inputs
    )
    first_index, first = fields[0]
    off_centre = ""
    for index, other in fields[1:]:
        pair = f"{names[first_index]} and {names[index]}"
        if len(first) > 1 or len(other) > 1 or not same_rate(first[0], other[0]):
            return f"{layer.path}: {pair} are misaligned: {_hull_text(found)}"
        moved = shift(first[0], other[0])
        if moved and not off_centre:
            off_centre = f"{layer.path}: the centres of {pair} differ by {abs(moved):g} px"
    return off_centre or f"{layer.path}: branches are out of step"


def _hull_text(found: Misalignment) -> str:
    strands, size = found.joined, found.layer.out[1 + found.axis]
    low, high = interval_at(strands, size // 2) or (0, -1)
    smallest, largest = size_range(strands, size)
    rates = " and ".join(str(_rate(strand)) for strand in strands)
    return (
        f"jumps {rates}; the field of the centre unit is {high - low + 1} px "
        f"({smallest} to {largest} over the map)"
    )
