"""How much of a receptive field is really read: dilation and large strides leave holes in it.

One unit is carried down to the input as the exact set of units that it reads at every layer. That
is the top-down direction once more, without hulls; see the course notes' remark that the field
counts the unused points between the taps.
"""

from __future__ import annotations

from cnncalc.analyses.crosscheck import Edges, local_edges
from cnncalc.analyses.receptive import Receptive
from cnncalc.geometry import POINT, Window, interval_at

READ_LIMIT = 1_000_000
"""Most taps that are followed; a field that needs more has no density here."""

Reached = dict[int, set[int]]
"""Tensor -> the units of it that are read."""


def density(receptive: Receptive, tensor: int, axis: int) -> tuple[int, int] | None:
    """Return (positions read, positions spanned) of the input by the centre unit of a map.

    Both count positions in the padding too, as fields do: three layers of kernel 3 and dilation 2
    read 7 of 13. A unit that meets only the zeros of a transposed convolution has (0, 0). None
    where there is no local field, or where more than READ_LIMIT taps would have to be followed.
    """
    seen = receptive.seen[tensor]
    if seen is None or seen.local is None:
        return None
    unit = receptive.net.shape_of(tensor)[1 + axis] // 2
    spanned = interval_at(seen.local[axis], unit)
    reached = read_units(local_edges(receptive, axis), tensor, unit)
    if reached is None:
        return None
    if spanned is None:
        return 0, 0
    return len(reached.get(receptive.source, ())), spanned[1] - spanned[0] + 1


def read_units(edges: Edges, tensor: int, unit: int) -> Reached | None:
    """Return the units of every tensor that `unit` of `tensor` reads, itself included.

    None where more than READ_LIMIT taps would have to be followed.
    """
    reached: Reached = {tensor: {unit}}
    spent = 0
    for here in range(tensor, -1, -1):
        units = reached.get(here)
        if not units:
            continue
        for source, window in edges[here]:
            spent += len(units) * (1 if window is POINT else window.kernel)
            if spent > READ_LIMIT:
                return None
            reached.setdefault(source, set()).update(_read(window, units))
    return reached


def _read(window: Window, units: set[int]) -> set[int]:
    if window is POINT:
        return units
    found: set[int] = set()
    for unit in units:
        taps = window.taps(unit)
        if taps is not None:
            first, last, step = taps
            found.update(range(first, last + 1, step))
    return found
