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
    """Return each number in short, or all of them exactly where short ones look the same."""
    amounts = [side.amount for side in sides]
    shown = [_limit(side.amount) if side.number else _short(side.amount) for side in sides]
    near = "≈" in relations and shown != [*map(_short, amounts)]
    if near or "=" in relations or _alike(amounts, _short):
        return [*map(_exact if _alike(amounts, _long) else _long, amounts)]
    return shown


def _alike(amounts: Sequence[Amount], shown: Callable[[Amount], str]) -> bool:
    return any(
        {*one.values} != {*other.values} and shown(one) == shown(other)
        for one, other in pairwise(amounts)
    )


def _short(amount: Amount) -> str:
    value = amount.values[0]
    if amount.dimension == "px" or len(amount.values) > 1:
        return _long(amount)
    if amount.dimension not in _COUNTS | {"byte"} or distance(value, 0) < 1000:
        return _long(amount) if isinstance(value, int) else _decimal(value, 3)
    number, _, unit = _three_digits(value, amount.dimension).partition(" ")
    whole, point, digits = number.partition(".")
    digits = digits if "e" in digits else digits.rstrip("0")
    return f"{whole}{point if digits else ''}{digits} {unit}".strip()


def _three_digits(value: int | Fraction, dimension: str) -> str:
    nearest = int(2 * value + 1) // 2
    if dimension == "byte" and nearest >= 0:
        return iec(nearest)
    return si(nearest)


def _limit(amount: Amount) -> str:
    """Return a limit in short only where that loses nothing."""
    short = _short(amount)
    if "e" in short or amount.dimension not in _COUNTS | {"byte"} or len(amount.values) > 1:
        return short
    if not isinstance(amount.values[0], int):
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


def _decimal(value: Fraction, digits: int = 0) -> str:
    """Return a fraction as a decimal: exactly where it ends within six digits, else to them."""
    for places in range(digits or 1, 7):
        scaled = value * 10**places
        if scaled.denominator == 1 or places == (digits or 6):
            number = int(2 * scaled + 1) // 2
            whole, part = divmod(abs(number), 10**places)
            text = f"{'-' if number < 0 else ''}{whole:,}.{part:0{places}}"
            return text.rstrip("0").rstrip(".") if digits else text
    return str(value)


def _used(left: Side, relation: str, pairs: Sequence[Pair]) -> str:
    """Return how much of an upper limit is used, rounded down: 100% is the limit itself."""
    if relation not in {"≤", "<"} or left.limit or any(pair.limit <= 0 for pair in pairs):
        return ""
    return f" ({max(100 * pair.value // pair.limit for pair in pairs)}%)"


def _apart(pair: Pair, dimension: str) -> str:
    """Return by how much the value is over or under its limit."""
    gap = distance(pair.value, pair.limit)
    if not gap:
        return ", equal"
    where, sign = ("over", "+") if pair.value > pair.limit else ("under", "−")
    by = _short(Amount((gap,), dimension))
    return f", {where} by {by}{_relative(gap, pair.limit, sign)}"


def _relative(gap: int | Fraction, limit: int | Fraction, sign: str) -> str:
    tenths = (2000 * gap + limit) // (2 * limit) if limit > 0 else 0
    return f" ({sign}{tenths // 10}.{tenths % 10}%)" if tenths else ""
