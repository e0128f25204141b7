"""What a budget check says: the numbers that were compared, and how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.budget.metrics import Amount, distance, on_axes
from cnncalc.budget.syntax import Term
from cnncalc.records import Record
from cnncalc.units import exact, iec, parse_quantity, si

if TYPE_CHECKING:
    from fractions import Fraction

_OPPOSITE = {"≤": ">", "≥": "<", "<": "≥", ">": "≤", "=": "≠", "≈": "≠"}


class Side(Record):
    """A term of an assertion with what it came to."""

    term: Term
    amount: Amount


def comparison(sides: Sequence[Side], relations: Sequence[str], held: Sequence[bool]) -> str:
    """Return `params 25.6 M ≤ 26 M (98%)`, or what was broken and by how much."""
    texts = _numbers(sides, relations)
    words = [_named(sides[0].term, texts[0])]
    for index, relation in enumerate(relations):
        sign = relation if held[index] else _OPPOSITE[relation]
        words += [sign, _named(sides[index + 1].term, texts[index + 1])]
    note = next((f" ({side.amount.note})" for side in sides if side.amount.note), "")
    if all(held):
        return " ".join(words) + _used(sides[-2], relations[-1], sides[-1]) + note
    broken = held.index(False)
    return " ".join(words) + _apart(sides[broken], sides[broken + 1]) + note


def _named(term: Term, number: str) -> str:
    return number if term.quantity else f"{term.text} {number}"


def _numbers(sides: Sequence[Side], relations: Sequence[str]) -> list[str]:
    """Return each number in short, or all of them exactly where short ones look the same."""
    short = [_limit(side.amount) if side.term.quantity else _short(side.amount) for side in sides]
    alike = any(
        one == other and left.amount.values != right.amount.values
        for (one, left), (other, right) in pairwise(zip(short, sides, strict=True))
    )
    return [_long(side.amount) for side in sides] if alike or "=" in relations else short


def _short(amount: Amount) -> str:
    value = amount.values[0]
    if amount.dimension == "px" or not isinstance(value, int):
        return _long(amount)
    number, _, unit = (iec(value) if amount.dimension == "byte" else si(value)).partition(" ")
    whole, point, digits = number.partition(".")
    digits = digits if "e" in digits else digits.rstrip("0")
    return f"{whole}{point if digits else ''}{digits} {unit}".strip()


def _limit(amount: Amount) -> str:
    """Return a limit in short only where that loses nothing."""
    short = _short(amount)
    if "e" in short or amount.dimension == "px" or not isinstance(amount.values[0], int):
        return short
    return short if parse_quantity(short).value == amount.values[0] else _long(amount)


def _long(amount: Amount) -> str:
    values = amount.values[:1] if len(set(amount.values)) == 1 else amount.values
    number = "×".join(exact(value) if isinstance(value, int) else str(value) for value in values)
    return number + {"px": " px", "byte": " B"}.get(amount.dimension, "")


def _used(left: Side, relation: str, right: Side) -> str:
    """Return how much of an upper limit is used, rounded down: 100% is the limit itself."""
    if relation not in {"≤", "<"} or left.term.quantity or len(set(right.amount.values)) > 1:
        return ""
    most, limit = max(left.amount.values), right.amount.values[0]
    return f" ({100 * most // limit}%)" if limit > 0 else ""


def _apart(left: Side, right: Side) -> str:
    """Return by how much the metric is over or under the limit, on the axis furthest from it."""
    if left.term.quantity or (left.term.metric == "input" and not right.term.quantity):
        left, right = right, left
    pairs = on_axes(left.amount, right.amount)
    value, limit = max(pairs, key=lambda pair: distance(*pair), default=(0, 0))
    gap = distance(value, limit)
    if not gap:
        return ""
    where, sign = ("over", "+") if value > limit else ("under", "−")
    by = _short(Amount((gap,), left.amount.dimension))
    return f", {where} by {by}{_relative(gap, limit, sign)}"


def _relative(gap: int | Fraction, limit: int | Fraction, sign: str) -> str:
    tenths = (2000 * gap + limit) // (2 * limit) if limit else 0
    return f" ({sign}{tenths // 10}.{tenths % 10}%)" if tenths else ""
