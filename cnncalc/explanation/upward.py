"""The field bottom-up: from what a layer's input has seen to what the layer has seen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cnncalc.analyses.receptive import Receptive, Seen, in_step, shift
from cnncalc.explanation.merge import branches
from cnncalc.explanation.words import by_axis, interval, less, number, zeros
from cnncalc.geometry import (
    Field,
    Phase,
    Strands,
    Window,
    hull,
    interval_at,
    same_rate,
    size_range,
)
from cnncalc.net import Layer

PHASES_SHOWN = 4
SAMPLES_SHOWN = 3


def upward(receptive: Receptive, layer: Layer, tensor: int) -> Iterator[str]:
    """Yield the recurrence for one layer, whose output is `tensor`, on one network input."""
    here = receptive.seen[tensor]
    if here is None:
        return
    if here.whole_from is not None:
        yield _whole_text(layer, here.whole_from)
    if here.lost:
        yield "the local field has too many phases to be followed (upsampling by large factors)"
    if here.local is None:
        return
    if here.whole_from is not None:
        yield "the local field, along paths without whole-map layers:"
    inputs = list(_local_inputs(receptive, layer))
    yield "RF' = RF + (k − 1)·S, S' = S·s, start' = start − p·S"
    keys = [_axis_key(inputs, here.local, axis) for axis in range(len(here.local))]
    for names, axis in by_axis(keys):
        size = layer.out[1 + axis]
        yield from _axis(layer, inputs, here.local[axis], names, (axis, size))


Inputs = list[tuple[int, Seen]]


def _local_inputs(receptive: Receptive, layer: Layer) -> Iterator[tuple[int, Seen]]:
    """Yield (number of the input, what it has seen) for each input with a local path."""
    for index, tensor in enumerate(layer.node.inputs):
        seen = receptive.seen[tensor]
        if seen is not None and seen.local is not None and layer.windows[index] is not None:
            yield index, seen


def _axis_key(inputs: Inputs, local: tuple[Strands, ...], axis: int) -> tuple[object, ...]:
    before = tuple(seen.local[axis] for _, seen in inputs if seen.local)
    return (before, local[axis])


def _whole_text(layer: Layer, entry: Layer) -> str:
    if entry is layer:
        return f"{layer.node.op.name} reads the whole map: its field is all of the input"
    return f"whole-map context enters at {entry.path}: with it, the field is all of the input"


def _axis(
    layer: Layer, inputs: Inputs, joined: Strands, names: str, place: tuple[int, int]
) -> Iterator[str]:
    axis, size = place
    found: list[tuple[str, Strands]] = []
    for index, seen in inputs:
        window = (layer.windows[index] or ())[axis]
        before = seen.local[axis] if seen.local else ()
        behind = tuple(field.through(window) for field in before)
        name = branches(layer)[index] if len(layer.ins) > 1 else ""
        found.append((name, behind))
        if len(layer.ins) == 1:
            yield from _through(names, before, window, behind, size)
        else:
            yield f"{names}: {name}: {_field_text(behind, size)}"
    if len(found) > 1:
        yield from _hull(names, found, joined, size)


def _through(
    names: str, before: Strands, window: Window, behind: Strands, size: int
) -> Iterator[str]:
    """Yield the recurrence through one window."""
    if len(before) > 1:
        yield f"{names}: branches at different rates came together before, and are followed apart"
        for one, other in zip(before, behind, strict=True):
            yield f"   {_field_text((one,), size)} → {_field_text((other,), size)}"
        yield f"   {_field_text(behind, size)}"
    elif len(before[0].phases) == 1 and window.up == 1 and before[0].phases[0] is not None:
        yield from _affine(names, before[0].phases[0], before[0].jump, window)
    else:
        yield from _phases(names, before[0], window, behind[0])


def _affine(names: str, before: tuple[int, int], jump: int, window: Window) -> Iterator[str]:
    low, high = before
    size = high - low + 1
    reach = f"{window.dilation}·" if window.dilation > 1 else ""
    grown = size + (window.span - 1) * jump
    start = low - window.pad[0] * jump
    padding = f"{less(window.pad[0])}·{number(jump)}"
    yield (
        f"{names}: input RF {number(size)}, S {number(jump)}, start {number(low)}; "
        f"window k {window.kernel}, s {window.stride}, p {number(window.pad[0])}"
    )
    yield (
        f"   RF = {number(size)} + {reach}({window.kernel} − 1)·{number(jump)} = {number(grown)}"
    )
    yield f"   S = {number(jump)}·{window.stride} = {number(jump * window.stride)}"
    yield f"   start = {number(low)} {padding} = {number(start)}"


def _phases(names: str, before: Field, window: Window, behind: Field) -> Iterator[str]:
    """Yield what the units of the first phases read, then all sizes."""
    count = len(behind.phases)
    if window.up > 1:
        yield f"{names}: {zeros(window.up - 1)} between samples, so units differ by phase"
    phases = "1 phase" if count == 1 else f"{count} phases"
    yield f"{names}: {phases}, then the same {number(behind.jump)} px further on"
    for unit in range(min(count, PHASES_SHOWN)):
        yield f"   unit {unit} {_unit_text(before, window, unit)}{_reads(behind.phases[unit])}"
    if count > PHASES_SHOWN:
        yield f"   … {count - PHASES_SHOWN} phases more"
    if count > 1:
        yield f"   {_sizes(behind)}"


def _unit_text(before: Field, window: Window, unit: int) -> str:
    taps = window.taps(unit)
    if taps is None:
        return "meets only zeros"
    first, last, step = taps
    samples = range(first, last + 1, step)
    shown = 2 if len(samples) > SAMPLES_SHOWN else SAMPLES_SHOWN
    few = ", ".join(f"{number(s)} {_shown(before.at(s))}" for s in islice(samples, shown))
    more = f" … {number(last)} {_shown(before.at(last))}" if len(samples) > shown else ""
    return f"of samples {few}{more}" if len(samples) > 1 else f"of sample {few}"


def _shown(phase: Phase) -> str:
    return interval(phase) if phase else "nothing"


def _reads(phase: Phase) -> str:
    return f": {interval(phase)}, RF {number(phase[1] - phase[0] + 1)}" if phase else ""


def _sizes(field: Field) -> str:
    """Return `RF 188 for 4 of 16 phases, 204 for 12`."""
    counts: dict[int, int] = {}
    for phase in field.phases:
        size = phase[1] - phase[0] + 1 if phase else 0
        counts[size] = counts.get(size, 0) + 1
    if len(counts) == 1:
        return f"RF {number(next(iter(counts)))} for all {len(field.phases)} phases"
    parts = [f"{number(size)} for {many}" for size, many in sorted(counts.items())]
    return f"RF {', '.join(parts)} of {len(field.phases)} phases"


def _field_text(strands: Strands, size: int) -> str:
    field = strands[0]
    if len(strands) > 1:
        centre = interval_at(strands, size // 2)
        low, high = size_range(strands, size)
        return f"centre unit {_shown(centre)}, RF {number(low)} to {number(high)} over the map"
    if len(field.phases) > 1:
        return f"{_sizes(field)}, start {_start(field)}"
    phase = field.phases[0]
    if phase is None:
        return "nothing"
    return f"RF {number(phase[1] - phase[0] + 1)}, S {number(field.jump)}, start {_start(field)}"


def _start(field: Field) -> str:
    return number(field.phases[0][0]) if field.phases[0] else "nowhere"


def _hull(
    names: str, found: list[tuple[str, Strands]], joined: Strands, size: int
) -> Iterator[str]:
    unit = 0 if len(joined) == 1 else size // 2
    intervals = [interval_at(strands, unit) for _, strands in found]
    whole = hull(intervals)
    what = "unit 0" if unit == 0 else f"the centre unit {unit}"
    parts = ", ".join(map(_shown, intervals))
    if whole is not None:
        low, high = whole
        yield f"{names}: {what} reads the hull of {parts}: {interval(whole)}"
        yield f"   RF = {number(high)} {less(low)} + 1 = {number(high - low + 1)}"
    if len(joined) == 1 and len(joined[0].phases) > 1:
        yield f"   {_sizes(joined[0])}"
    if not in_step([strands for _, strands in found]):
        yield f"   {_out_of_step(found, joined, size)}"


def _out_of_step(found: list[tuple[str, Strands]], joined: Strands, size: int) -> str:
    (first_name, first), *others = found
    for name, strands in others:
        pair = f"{first_name} and {name}"
        if len(first) > 1 or len(strands) > 1 or not same_rate(first[0], strands[0]):
            low, high = size_range(joined, size)
            return f"{pair} are misaligned: the RF is {low} to {high} px over the map"
        moved = shift(first[0], strands[0])
        if moved:
            return f"the centres of {pair} differ by {abs(moved):g} px"
    return "the branches are out of step"
