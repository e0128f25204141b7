"""The numbers that a line compares, two by two, and which two of them decide it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.budget.amounts import Amount, distance, on_axes
from cnncalc.budget.syntax import Expression
from cnncalc.records import Record

if TYPE_CHECKING:
    from fractions import Fraction

_COMPARE = {
    "≤": lambda one, other: one <= other,
    "≥": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "=": lambda one, other: one == other,
}


class Side(Record):
    """A side of a comparison with what it came to."""

    part: Expression
    amount: Amount

    @property
    def limit(self) -> bool:
        """Whether it is a limit: a quantity, or sums of quantities, the input and the base."""
        return not self.part.has("metric")

    @property
    def number(self) -> bool:
        """Whether it is written as a plain quantity, which needs no name."""
        return self.part.kind in {"quantity", "percent"}


class Pair(Record):
    """A value with its limit: of one comparison of a chain, and on one axis."""

    at: int
    """Which comparison of the chain, from 0."""
    axis: str
    """Empty where numbers are compared, and not sizes."""
    value: int | Fraction
    limit: int | Fraction
    ok: bool
    excess: float
    """How far the value is beyond what is allowed, as a share of the limit; room is negative."""

    def no_better(self, other: Pair) -> bool:
        """Whether this is broken in the direction of another, and at least as far."""
        mine, its = self.value - self.limit, other.value - other.limit
        return not self.ok and mine * its >= 0 and distance(mine, 0) >= distance(its, 0)


def pairs_of(
    sides: Sequence[Side], relations: Sequence[str], share: int | Fraction | None
) -> tuple[Pair, ...]:
    """Return all that a chain compares; `share` is what ± allows. Raises BudgetError for axes."""
    return tuple(
        pair
        for at, (both, relation) in enumerate(zip(pairwise(sides), relations, strict=True))
        for pair in _compared(at, both, relation, share)
    )


def deciding(pairs: Sequence[Pair]) -> Pair:
    """Return the worst pair of those that are broken, else the one nearest to its limit."""
    return max([pair for pair in pairs if not pair.ok] or pairs, key=lambda pair: pair.excess)


def value_and_limit(left: Side, right: Side) -> tuple[Side, Side]:
    """Return the two sides of a comparison, first the one that is limited."""
    swapped = left.number or (left.limit and not right.limit)
    return (right, left) if swapped else (left, right)


def _compared(
    at: int, sides: tuple[Side, Side], relation: str, share: int | Fraction | None
) -> Iterator[Pair]:
    left, right = sides
    swapped = value_and_limit(left, right)[0] is right
    if share is None and relation == "≈":
        from fractions import Fraction

        share = Fraction(1, 100)
    for axis, one, other in on_axes(left.amount, right.amount):
        gap = distance(one, other)
        if share is None:
            ok, beyond = _COMPARE[relation](one, other), gap
            beyond = -gap if ok else gap
        else:
            beyond = gap - share * distance(other, 0)
            ok = beyond <= 0
        value, limit = (other, one) if swapped else (one, other)
        yield Pair(at, axis, value, limit, ok, float(beyond) / (abs(float(limit)) or 1.0))
