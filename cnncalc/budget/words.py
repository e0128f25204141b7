"""What is said of a verdict: the numbers as people write them, and by how much they miss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.budget.amounts import Amount, distance
from cnncalc.budget.pairs import Pair, Side, deciding, value_and_limit
from cnncalc.units import exact, iec, parse_quantity, si

if TYPE_CHECKING:
    from fractions import Fraction

_OPPOSITE = {"≤": ">", "≥": "<", "<": "≥", ">": "≤", "=": "≠", "≈": "≠"}
_COUNTS = {"params", "MAC", "FLOP", "layers", "values", "channels", ""}
_UNITS = {"px": " px", "byte": " B"}
_SHORT, _LONG = 3, 6
"""Digits of a number in short, and of a fraction that is told as exactly as a decimal is read."""


def told(sides: Sequence[Side], relations: Sequence[str], pairs: Sequence[Pair]) -> str:
    """Return `params 25.6 M ≤ 26 M (98%)`, or what was broken and by how much."""
    broken = {pair.at for pair in pairs if not pair.ok}
    texts = _numbers(sides, relations)
    words = [_named(sides[0], texts[0])]
    for at, relation in enumerate(relations):
        words += [_OPPOSITE[relation] if at in broken else relation]
        words += [_named(sides[at + 1], texts[at + 1])]
    note = next((f" ({side.amount.note})" for side in sides if side.amount.note), "")
    if broken:
        worst = deciding(pairs)
        value, _ = value_and_limit(sides[worst.at], sides[worst.at + 1])
        return " ".join(words) + _apart(worst, value.amount.dimension) + note
    last = [pair for pair in pairs if pair.at == len(relations) - 1]
    return " ".join(words) + _used(sides[-2], relations[-1], last) + note


def _named(side: Side, number: str) -> str:
    return number if side.number else f"{side.part.text} {number}"


def _numbers(sides: Sequence[Side], relations: Sequence[str]) -> list[str]:
    """Return each number in short; all of them exactly where short ones would mislead.

    Numbers that differ must not look the same, nor equal ones different.
    """
    amounts = [side.amount for side in sides]
    short = [*map(_short, amounts)]
    shown = [_limit(side.amount) if side.number else _short(side.amount) for side in sides]
    near = "≈" in relations and shown != short
    if near or "=" in relations or _alike(amounts, short) or _unlike(amounts, shown):
        long = [*map(_long, amounts)]
        return [*map(_exact, amounts)] if _alike(amounts, long) else long
    return shown


def _alike(amounts: Sequence[Amount], texts: Sequence[str]) -> bool:
    """Whether two that differ are told by the same text."""
    pairs = zip(pairwise(amounts), pairwise(texts), strict=True)
    return any({*a.values} != {*b.values} and one == other for (a, b), (one, other) in pairs)


def _unlike(amounts: Sequence[Amount], texts: Sequence[str]) -> bool:
    """Whether two that are equal are told by different texts."""
    pairs = zip(pairwise(amounts), pairwise(texts), strict=True)
    return any({*a.values} == {*b.values} and one != other for (a, b), (one, other) in pairs)


def _short(amount: Amount) -> str:
    """Return a number with three digits: 25.6 M, 97.5 MiB, 0.0731; sizes in px as they are."""
    value = amount.values[0]
    if amount.dimension == "px" or len(amount.values) > 1:
        return _long(amount)
    small = 1024 if amount.dimension == "byte" and not isinstance(value, int) else 1000
    if amount.dimension not in _COUNTS | {"byte"} or distance(value, 0) < small:
        if isinstance(value, int):
            return _long(amount)
        return _decimal(value, _SHORT) + _UNITS.get(amount.dimension, "")
    size = distance(value, 0)
    text = iec(size) if amount.dimension == "byte" else si(size)
    number, _, unit = text.partition(" ")
    whole, point, digits = number.partition(".")
    digits = digits if "e" in digits else digits.rstrip("0")
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}{point if digits else ''}{digits} {unit}".strip()


def _limit(amount: Amount) -> str:
    """Return a limit in short only where that loses nothing."""
    short = _short(amount)
    if "e" in short or amount.dimension == "px" or len(amount.values) > 1:
        return short
    return short if parse_quantity(short).value == amount.values[0] else _long(amount)


def _long(amount: Amount, fraction: Callable[[Fraction], str] | None = None) -> str:
    values = amount.values[:1] if len(set(amount.values)) == 1 else amount.values
    number = "×".join(
        exact(value) if isinstance(value, int) else (fraction or _decimal)(value)
        for value in values
    )
    return number + _UNITS.get(amount.dimension, "")


def _exact(amount: Amount) -> str:
    """Return fractions as they are, for two that differ beyond six digits."""
    return _long(amount, str)


def _decimal(value: Fraction, digits: int = _LONG) -> str:
    """Return a fraction as a decimal, rounded once: exactly where it ends within six places.

    Else to so many places, or digits where it is below 1; in short it never has more.
    """
    size, sign = abs(value), "-" if value < 0 else ""
    zeros = _leading_zeros(size)
    if zeros >= _LONG:
        return sign + _scientific(size, zeros + 1, digits)
    places = digits + zeros
    if digits == _LONG:
        exactly = (n for n in range(1, _LONG + 1) if (size * 10**n).denominator == 1)
        places = next(exactly, places)
    whole, part = divmod(_rounded(size * 10**places), 10**places)
    text = f"{sign}{whole:,}.{part:0{places}}"
    return text if digits == _LONG else text.rstrip("0").rstrip(".")


def _leading_zeros(size: Fraction) -> int:
    """Return how many zeros follow the point, of a number below 1."""
    zeros = 0
    while 0 < size * 10 ** (zeros + 1) < 1:
        zeros += 1
    return zeros


def _scientific(size: Fraction, power: int, digits: int) -> str:
    number = _rounded(size * 10 ** (power + digits - 1))
    if number == 10**digits:
        number, power = number // 10, power - 1
    whole, part = divmod(number, 10 ** (digits - 1))
    text = f"{whole}.{part:0{digits - 1}}".rstrip("0").rstrip(".")
    return f"{text}e-{power}"


def _rounded(size: Fraction) -> int:
    """Return the nearest integer, halves up."""
    return int(2 * size + 1) // 2


def _used(left: Side, relation: str, pairs: Sequence[Pair]) -> str:
    """Return how much of an upper limit is used, rounded down: 100% is the limit itself."""
    if relation not in {"≤", "<"} or left.limit or any(pair.limit <= 0 for pair in pairs):
        return ""
    most = max(100 * pair.value // pair.limit for pair in pairs)
    return f" ({most}%)" if most >= 0 else ""


def _apart(pair: Pair, dimension: str) -> str:
    """Return by how much the value is over or under its limit."""
    gap = distance(pair.value, pair.limit)
    if not gap:
        return ", equal"
    where, sign = ("over", "+") if pair.value > pair.limit else ("under", "−")
    by = _short(Amount((gap,), dimension))
    if dimension == "px" and not isinstance(gap, int):
        by = f"{_decimal(gap, _SHORT)} px"
    return f", {where} by {by}{_relative(gap, pair, sign)}"


def _relative(gap: int | Fraction, pair: Pair, sign: str) -> str:
    """Return the gap as a share of the limit: all of it only where nothing is left."""
    limit = pair.limit
    tenths = (2000 * gap + limit) // (2 * limit) if limit > 0 else 0
    if 0 < pair.value < limit:
        tenths = min(tenths, 999)
    return f" ({sign}{tenths // 10}.{tenths % 10}%)" if tenths else ""
