"""Receptive fields bottom-up: which input positions each unit of each feature map reads.

The rules are the course notes' recurrence RF' = RF + (k - 1)·S, S' = S·s in interval form (Araujo,
Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019), carried
over joins, over upsampling (one interval a phase) and beside layers that read the whole map.
"""

from __future__ import annotations

from math import lcm

from cnncalc.geometry import POINT, Field, Strands, Window, hull, join, same_rate
from cnncalc.graph import fold
from cnncalc.net import Layer, Net

Local = tuple[Strands, ...]
"""A local field: strands for each spatial axis."""

PHASE_LIMIT = 4096
"""Longest period that is followed; upsampling by 1,000 and again by 1,000 would have 10^6."""
PHASE_WORK_LIMIT = 400_000
STRAND_LIMIT = 16
ONE_PIXEL: Strands = (Field(((0, 0),), 1),)


class Seen:
    """What a tensor has seen of one network input.

    `local` is the field along paths without whole-map layers, None where there is no such path;
    `whole_from` is the first layer that let the whole map in, or None. `lost` says that the local
    field exists and is not followed: its period is too long.
    """

    __slots__ = ("local", "lost", "whole_from")

    def __init__(
        self, local: Local | None, whole_from: Layer | None, *, lost: bool = False
    ) -> None:
        self.local = local
        self.whole_from = whole_from
        self.lost = lost


class Misalignment:
    """A join whose branches do not read the input in step, on one axis."""

    __slots__ = ("axis", "fields", "joined", "layer")

    def __init__(
        self, layer: Layer, axis: int, fields: list[tuple[int, Strands]], joined: Strands
    ) -> None:
        self.layer = layer
        self.axis = axis
        self.joined = joined
        self.fields = fields
        """(number of the input, its strands) for each branch with a local field."""


class Receptive:
    """The fields of every tensor on one network input, by tensor number."""

    def __init__(self, net: Net, source: int) -> None:
        self.net = net
        self.source = source
        self.misaligned: list[Misalignment] = []
        self._phase_work = PHASE_WORK_LIMIT
        shapes = list(net.graph.inputs.values())
        seed: list[Seen | None] = [None] * len(shapes)
        seed[source] = Seen((ONE_PIXEL,) * (len(shapes[source]) - 1) or None, None)
        self.seen = fold(net.layers, self._visit, seed)

    def _visit(self, layer: Layer, first: Seen | None, *others: Seen | None) -> Seen | None:
        facts = layer.facts
        if others:
            return self._join(layer, (first, *others))
        if first is None or facts.pointwise:
            return first
        windows = facts.windows[0]
        whole_from = first.whole_from or (layer if facts.whole_map else None)
        if first.local is None or windows is None:
            return Seen(None, whole_from, lost=first.lost)
        local = self._through(first.local, windows)
        return Seen(local, whole_from, lost=local is None)

    def _join(self, layer: Layer, ins: tuple[Seen | None, ...]) -> Seen | None:
        present = [(index, seen) for index, seen in enumerate(ins) if seen is not None]
        if not present:
            return None
        whole_from = next((seen.whole_from for _, seen in present if seen.whole_from), None)
        if whole_from is None and layer.facts.whole_map:
            whole_from = layer
        lost = any(seen.lost for _, seen in present)
        branches: list[tuple[int, Local]] = []
        for index, seen in present:
            windows = layer.facts.windows[index]
            if seen.local is None or windows is None:
                continue
            through = self._through(seen.local, windows)
            if through is None:
                lost = True
            else:
                branches.append((index, through))
        if lost or not branches:
            return Seen(None, whole_from, lost=lost)
        local = branches[0][1] if len(branches) == 1 else self._hull(layer, branches)
        return Seen(local, whole_from, lost=local is None)

    def _through(self, local: Local, windows: tuple[Window, ...]) -> Local | None:
        """Return the field behind the windows; None where it has too many phases to follow."""
        if windows.count(POINT) == len(windows):
            return local
        behind: list[Strands] = []
        for axis, strands in enumerate(local):
            same = axis and strands is local[0] and windows[axis] == windows[0]
            if same:
                behind.append(behind[0])
                continue
            moved = self._strands_through(strands, windows[axis])
            if moved is None:
                return None
            behind.append(moved)
        return tuple(behind)

    def _strands_through(self, strands: Strands, window: Window) -> Strands | None:
        if len(strands) == 1 and len(strands[0].phases) == 1 and window.up == 1:
            return (strands[0].through(window),)
        moved = []
        for field in strands:
            if len(field.phases) > 1 or window.up > 1:
                phases = field.period_through(window)
                self._phase_work -= phases * min(window.kernel, len(field.phases))
                if phases > PHASE_LIMIT or self._phase_work < 0:
                    return None
            moved.append(field.through(window))
        return tuple(moved)

    def _hull(self, layer: Layer, branches: list[tuple[int, Local]]) -> Local | None:
        first = branches[0][1]
        if all(local is first for _, local in branches):
            return first
        joined: list[Strands] = []
        for axis in range(len(first)):
            if axis and all(local[axis] is local[0] for _, local in branches):
                joined.append(joined[0])
                continue
            fields = [local[axis] for _, local in branches]
            strands = self._join_axis(fields)
            if strands is None:
                return None
            joined.append(strands)
            if not in_step(fields):
                numbers = [index for index, _ in branches]
                found = list(zip(numbers, fields, strict=True))
                self.misaligned.append(Misalignment(layer, axis, found, strands))
        return tuple(joined)

    def _join_axis(self, branches: list[Strands]) -> Strands | None:
        first = branches[0]
        if all(strands is first or strands == first for strands in branches):
            return first
        fields = [field for strands in branches for field in strands]
        jump = first[0].jump
        if all(len(field.phases) == 1 and field.jump == jump for field in fields):
            return (Field((hull([field.phases[0] for field in fields]),), jump),)
        phases = lcm(*[len(field.phases) for field in fields])
        self._phase_work -= phases
        if phases > PHASE_LIMIT or self._phase_work < 0:
            return None
        strands = join(branches)
        return strands if len(strands) <= STRAND_LIMIT else None


def in_step(branches: list[Strands]) -> bool:
    """Whether branches move over the input at one rate and around the same centres.

    With upsampling the centres are compared on average over a period: the units of one period
    share the samples they were made from, so each for itself is off by less than a sample.
    """
    first = branches[0]
    for other in branches[1:]:
        if other is first or other == first:
            continue
        if len(first) > 1 or len(other) > 1 or not same_rate(first[0], other[0]):
            return False
        if shift(first[0], other[0]):
            return False
    return True


def shift(one: Field, other: Field) -> float:
    """Return how far the centres of `other` lie from those of `one`, in input pixels."""
    pairs = [(one.phases[0], other.phases[0])]
    period = lcm(len(one.phases), len(other.phases))
    if period > 1:
        pairs = [(one.at(unit), other.at(unit)) for unit in range(period)]
    total = count = 0
    for here, there in pairs:
        if here is not None and there is not None:
            total += sum(there) - sum(here)
            count += 2
    return total / count if count else 0.0
