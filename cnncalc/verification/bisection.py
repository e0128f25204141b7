"""The edges of what a unit reads, found by asking whether it reads some rows at one end."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.geometry import Interval


def edges(reads: Callable[[int, int], bool], size: int, guess: Interval | None) -> Interval | None:
    """Return the first and last of `size` rows that a unit reads; None where it reads none.

    `reads(start, stop)` says whether the unit reads any of the rows start … stop - 1. The guess is
    where bisection begins: it changes how often is asked, not the answer.
    """
    low = first(lambda count: reads(0, count), size, guess and guess[0] + 1)
    if low is None:
        return None
    high = first(lambda count: reads(size - count, size), size, guess and size - guess[1])
    return low - 1, size - (high or size)


def first(holds: Callable[[int], bool], most: int, guess: int | None) -> int | None:
    """Return the least of 1 … most from which on `holds`; None where it never does."""
    no, yes = 0, most + 1  # false at `no`; true at `yes`, or not known beyond `most`
    tries = [] if guess is None else [guess, guess - 1]
    while yes - no > 1:
        middle = next((t for t in tries if no < t < yes), (no + yes) // 2)
        if not tries and yes == most + 1:
            middle = most  # whether there is anything to find
        if holds(middle):
            yes = middle
        else:
            no = middle
    return yes if yes <= most else None
