"""Windows and fields on one axis, in exact integers. Intervals are (lo, hi), ends included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import gcd, lcm
from typing import NamedTuple

Shape = tuple[int, ...]
"""(channels, *spatial), without a batch axis; a vector is (features,)."""

Interval = tuple[int, int]
Phase = Interval | None
"""What one unit reads; None where it reads no sample at all (zeros of a transposed conv)."""


class Window(NamedTuple):
    """Which input positions an output reads, on one axis.

    Output i reads positions i·stride - pad[0] + dilation·t, for t = 0 … kernel - 1, of the input
    stuffed with up - 1 zeros between its samples. A stride of 0 says that all outputs read what
    output 0 reads (a broadcast).
    """

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    pad: tuple[int, int] = (0, 0)
    up: int = 1

    @property
    def span(self) -> int:
        """Positions from the first tap to the last, unused ones between them included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def regular(self) -> bool:
        """Whether later outputs never read earlier samples, and each output reads some."""
        return self.up == 1 or (self.dilation == 1 and self.kernel >= self.up)

    def out_size(self, size: int) -> int:
        """Return the number of outputs for `size` inputs; 0 where no window fits.

        The notes' n_out = (n_in + 2p - k)/s + 1, rounded down, with dilation and zero-stuffing.
        """
        room = (size - 1) * self.up + 1 + self.pad[0] + self.pad[1] - self.span
        return room // self.stride + 1 if room >= 0 else 0

    def taps(self, unit: int) -> tuple[int, int, int] | None:
        """Return (first, last, step) of the samples that output `unit` reads, or None."""
        start = unit * self.stride - self.pad[0]
        if self.up == 1:
            return start, start + self.span - 1, self.dilation
        common = gcd(self.dilation, self.up)
        if start % common:
            return None
        period = self.up // common
        tap = -start // common * pow(self.dilation // common, -1, period) % period
        if tap >= self.kernel:
            return None
        step = self.dilation // common
        first = (start + self.dilation * tap) // self.up
        return first, first + (self.kernel - 1 - tap) // period * step, step

    def reach(self, lo: int, hi: int) -> Interval:
        """Return the samples that the outputs lo … hi read, for a regular window.

        The notes' top-down recurrence rf = s·rf + k - s in the form of an interval.
        """
        first = lo * self.stride - self.pad[0]
        last = hi * self.stride - self.pad[0] + self.dilation * (self.kernel - 1)
        return (first, last) if self.up == 1 else (-(-first // self.up), last // self.up)


POINT = Window()
BROADCAST = Window(stride=0)


class Field(NamedTuple):
    """The receptive field of a feature map on one axis: which input positions each unit reads.

    Unit i reads `phases[i % q]` moved by `jump`·(i // q), where q = len(phases). Without upsampling
    there is one phase, and the jump is the effective stride.
    """

    phases: tuple[Phase, ...]
    jump: int

    def at(self, unit: int) -> Phase:
        """Return the interval of the input that unit `unit` reads."""
        turn, phase = divmod(unit, len(self.phases))
        interval = self.phases[phase]
        return interval and (interval[0] + turn * self.jump, interval[1] + turn * self.jump)

    def period_through(self, window: Window) -> int:
        """Return how many phases the field has behind `window`."""
        period = window.up * len(self.phases)
        return period // gcd(period, window.stride)

    def through(self, window: Window) -> Field:
        """Return the field of the outputs of `window` over this map (bottom-up).

        The notes' RF' = RF + (k - 1)·S and S' = S·s; a layer's own stride does not change its own
        field. Where samples repeat with a period, each phase is followed for itself.
        """
        if window is POINT:
            return self
        interval = self.phases[0]
        if len(self.phases) == 1 and window.up == 1 and interval is not None:
            lo = interval[0] - window.pad[0] * self.jump
            hi = interval[1] + (window.span - 1 - window.pad[0]) * self.jump
            return Field(((lo, hi),), self.jump * window.stride)
        count = self.period_through(window)
        period = window.up * len(self.phases)
        phases = tuple(self._hull_of(window.taps(unit)) for unit in range(count))
        return Field(phases, self.jump * (window.stride // gcd(period, window.stride)))

    def _hull_of(self, taps: tuple[int, int, int] | None) -> Phase:
        """Return the hull over samples first, first + step, … last.

        Among samples of one phase the earliest reads lowest, so one turn of phases at each end of
        the row decides.
        """
        if taps is None:
            return None
        first, last, step = taps
        count = min((last - first) // step + 1, len(self.phases))
        low = hull(self.at(first + step * t) for t in range(count))
        high = hull(self.at(last - step * t) for t in range(count))
        return low and high and (low[0], high[1])


Strands = tuple[Field, ...]
"""A field on one axis as fields of different rates; unit i reads the hull of them all.

There is one strand, unless branches that step over the input at different rates were joined: then
the size depends on the position, and every strand is followed for itself, exactly.
"""


def hull(intervals: Iterable[Phase]) -> Phase:
    """Return the smallest interval that holds all; None where there is none to hold."""
    real = [interval for interval in intervals if interval is not None]
    if not real:
        return None
    return min(lo for lo, _ in real), max(hi for _, hi in real)


def interval_at(strands: Strands, unit: int) -> Phase:
    """Return what unit `unit` reads."""
    if len(strands) == 1:
        return strands[0].at(unit)
    return hull(strand.at(unit) for strand in strands)


def same_rate(one: Field, other: Field) -> bool:
    """Whether two fields move over the input equally fast."""
    return one.jump * len(other.phases) == other.jump * len(one.phases)


def merge(one: Field, other: Field) -> Field:
    """Return the hull of two fields of the same rate; exact for every unit."""
    if one == other:
        return one
    if len(one.phases) == len(other.phases) == 1:
        return Field((hull((one.phases[0], other.phases[0])),), one.jump)
    period = lcm(len(one.phases), len(other.phases))
    phases = tuple(hull((one.at(unit), other.at(unit))) for unit in range(period))
    return Field(phases, one.jump * (period // len(one.phases)))


def join(branches: Iterable[Strands]) -> Strands:
    """Return the field of a join: strands of the same rate become one."""
    joined: list[Field] = []
    for strand in (strand for strands in branches for strand in strands):
        for index, present in enumerate(joined):
            if same_rate(present, strand):
                joined[index] = merge(present, strand)
                break
        else:
            joined.append(strand)
    return tuple(joined)


def size_range(strands: Strands, size: int) -> Interval:
    """Return the smallest and the largest field size over the units 0 … size - 1.

    Within one phase of the common period a size is the highest of lines less the lowest of lines:
    convex. It is largest at an end, and smallest at an end or beside a crossing of two lines.
    """
    sizes = [
        interval[1] - interval[0] + 1
        for unit in sorted(_turning_units(strands, size))
        if (interval := interval_at(strands, unit)) is not None
    ]
    return (min(sizes), max(sizes)) if sizes else (0, 0)


def _turning_units(strands: Strands, size: int) -> Iterator[int]:
    period = lcm(*(len(strand.phases) for strand in strands))
    for phase in range(min(period, size)):
        last = (size - 1 - phase) // period
        for turn in {0, last} | set(_crossings(strands, phase, period)):
            if 0 <= turn <= last:
                yield phase + turn * period


def _crossings(strands: Strands, phase: int, period: int) -> Iterator[int]:
    """Yield the turns on both sides of where ends of two strands cross."""
    lines = [(s.at(phase), s.jump * (period // len(s.phases))) for s in strands]
    for index, (one, one_jump) in enumerate(lines):
        for other, other_jump in lines[:index]:
            if one is None or other is None or one_jump == other_jump:
                continue
            for end in (0, 1):
                turn = (other[end] - one[end]) // (one_jump - other_jump)
                yield turn
                yield turn + 1
