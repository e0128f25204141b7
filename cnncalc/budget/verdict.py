"""What came of a budget line: the numbers that were compared, and how far they are apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.budget.amounts import Amount, distance, on_axes
from cnncalc.budget.syntax import Expression
from cnncalc.records import Record
from cnncalc.units import exact, iec, parse_quantity, si

if TYPE_CHECKING:
    from fractions import Fraction

_OPPOSITE = {"≤": ">", "≥": "<", "<": "≥", ">": "≤", "=": "≠", "≈": "≠"}
_COUNTS = {"params", "MAC", "FLOP", "layers", "values", "channels", ""}
_UNITS = {"px": " px", "byte": " B"}
_MOST_PARTS = 3

Values = tuple["int | Fraction", ...]


class Verdict(Record):
    """Whether a line holds, and why.

    `values` and `limits` are the exact numbers that decided it, one or one an axis; `excess` is how
    far the value is beyond the limit, as a share of it, and negative where there is room.
    """

    ok: bool | None
    """None: skipped, `detail` says why."""
    detail: str
    values: Values = ()
    limits: Values = ()
    dimension: str = ""
    excess: float = 0.0
    parts: tuple[tuple[str, Verdict], ...] = ()
    """Of a `for each`: what came of each group or layer."""


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


def of_comparison(sides: Sequence[Side], relations: Sequence[str], held: Sequence[bool]) -> Verdict:
    """Return the verdict on a chain, told by its first broken comparison, else by its last."""
    at = held.index(False) if not all(held) else len(held) - 1
    left, right = sides[at], sides[at + 1]
    if _swapped(left, right):
        left, right = right, left
    pairs = list(on_axes(left.amount, right.amount))
    value, limit = max(pairs, key=lambda pair: distance(*pair), default=(0, 0))
    gap = float(distance(value, limit)) / (abs(float(limit)) or 1.0)
    return Verdict(
        all(held),
        _told(sides, relations, held),
        left.amount.values,
        right.amount.values,
        left.amount.dimension,
        -gap if all(held) else gap,
    )


def joined(verdicts: Mapping[str, Verdict]) -> Verdict:
    """Return the verdict on `for each`: it holds where it holds for each that was not skipped."""
    told = {path: verdict for path, verdict in verdicts.items() if verdict.ok is not None}
    parts = tuple(verdicts.items())
    if not told:
        return next(iter(verdicts.values()))._replace(parts=parts)
    broken = {path: verdict for path, verdict in told.items() if not verdict.ok}
    worst = sorted((broken or told).items(), key=lambda each: -each[1].excess)
    shown = "; ".join(f"{path}: {verdict.detail}" for path, verdict in worst[:_MOST_PARTS])
    if broken:
        more = len(worst) - _MOST_PARTS
        rest = f"; and {more} more" if more > 0 else ""
        detail = f"{len(broken)} of {len(told)}: {shown}{rest}"
    else:
        path, closest = worst[0]
        detail = f"all {len(told)}, closest {path}: {closest.detail}"
    detail += _passed_over({path: each for path, each in verdicts.items() if each.ok is None})
    return worst[0][1]._replace(ok=not broken, detail=detail, parts=parts)


def _passed_over(skipped: Mapping[str, Verdict]) -> str:
    """Return how many parts were not checked, which, and why the first was not."""
    if not skipped:
        return ""
    path, first = next(iter(skipped.items()))
    rest = ", …" if len(skipped) > 1 else ""
    why = first.detail.removeprefix("skipped: ")
    return f"; {len(skipped)} skipped: {path}{rest} ({why})"


def _told(sides: Sequence[Side], relations: Sequence[str], held: Sequence[bool]) -> str:
    """Return `params 25.6 M ≤ 26 M (98%)`, or what was broken and by how much."""
    texts = _numbers(sides, relations)
    words = [_named(sides[0], texts[0])]
    for index, relation in enumerate(relations):
        sign = relation if held[index] else _OPPOSITE[relation]
        words += [sign, _named(sides[index + 1], texts[index + 1])]
    note = next((f" ({side.amount.note})" for side in sides if side.amount.note), "")
    if all(held):
        return " ".join(words) + _used(sides[-2], relations[-1], sides[-1]) + note
    broken = held.index(False)
    return " ".join(words) + _apart(sides[broken], sides[broken + 1]) + note


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


def _used(left: Side, relation: str, right: Side) -> str:
    """Return how much of an upper limit is used, rounded down: 100% is the limit itself."""
    if relation not in {"≤", "<"} or left.limit or len(set(right.amount.values)) > 1:
        return ""
    most, limit = max(left.amount.values), right.amount.values[0]
    return f" ({100 * most // limit}%)" if limit > 0 else ""


def _swapped(left: Side, right: Side) -> bool:
    """Whether the value stands on the right, and the limit on the left."""
    return left.number or (left.limit and not right.limit)


def _apart(left: Side, right: Side) -> str:
    """Return by how much the metric is over or under the limit, on the axis furthest from it."""
    if _swapped(left, right):
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
    tenths = (2000 * gap + limit) // (2 * limit) if limit > 0 else 0
    return f" ({sign}{tenths // 10}.{tenths % 10}%)" if tenths else ""
