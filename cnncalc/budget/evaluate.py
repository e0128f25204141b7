"""Budget lines held against a report: each becomes a verdict with the numbers that decided it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from types import MappingProxyType

from cnncalc.budget import amounts
from cnncalc.budget.amounts import Amount, NumberError, common_axes, on_axis, word
from cnncalc.budget.globs import Allowance, TooMuchError, each_of, layers_of
from cnncalc.budget.metrics import METRICS, Rows, input_size, measure
from cnncalc.budget.pairs import Side
from cnncalc.budget.past import Past
from cnncalc.budget.syntax import Assertion, Expression
from cnncalc.budget.verdict import Verdict, joined, of_comparison
from cnncalc.errors import BudgetError
from cnncalc.records import Record
from cnncalc.report import Report

_OTHER = {"MAC": "macs", "FLOP": "flops", "params": "params", "byte": "weights", "px": "rf"}
_MOST_NAMES = 3

Base = Report | Mapping[str, int]
"""What a baseline is taken from: another report, or recorded metrics such as params(stage1)."""


class NotKnownError(Exception):
    """A value that is not there: the line is skipped, and this says why."""


class _Place(Record):
    """Where a line is evaluated: a report, the layers of a `for each`, and the base."""

    report: Base
    rows: Rows
    path: str
    base: Base | None
    past: Past
    """What the paths were called at the base."""
    allowance: Allowance
    present: bool = True
    """Whether the report is that of the present: else its paths are looked up as of the past."""
    trial: bool = False
    """Whether the line is only to be checked: the present stands for the base."""


def judge(
    report: Report,
    assertion: Assertion,
    base: Base | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    allowance: Allowance | None = None,
) -> Verdict:
    """Return whether a line holds for a network, and the numbers that decided it.

    `base` is what `baseline` stands for; without it such a line is skipped: the verdict's `ok` is
    None. `names` is path now -> path at the base of groups and layers that were renamed since;
    `allowance` is what all lines of a check may look at together. Raises BudgetError for a line
    that compares things that do not compare, or that names a layer that is not there.
    """
    allowance = allowance or Allowance()
    if not assertion.each:
        return _judge(assertion, _Place(report, None, "", base, Past(names), allowance))
    try:
        parts = each_of(report, assertion.each, allowance)
    except BudgetError as error:
        width = len(assertion.each)
        raise _at(error, assertion.each_offset, width) from None
    verdicts = {
        path: _judge(assertion, _Place(report, rows, path, base, Past(names), allowance))
        for path, rows in parts.items()
    }
    return joined(verdicts)


def judge_base(
    base: Report, assertion: Assertion, path: str, names: Mapping[str, str], allowance: Allowance
) -> Verdict:
    """Return what a line would have been found to be at the base, by the paths of the present.

    `path` is the part of a `for each`, "" for a line without. Raises BudgetError as `judge` does,
    and where the base does not have the part.
    """
    past = Past(names)
    rows = past.find(base, path, allowance) if path else None
    return _judge(assertion, _Place(base, rows, path, base, past, allowance, present=False))


def _judge(assertion: Assertion, place: _Place) -> Verdict:
    try:
        sides = _sides(assertion, place)
    except NotKnownError as error:
        if assertion.needs_base and place.present:
            _check_without_base(assertion, place)
        return Verdict(None, f"skipped: {error}")
    share = assertion.tolerance.value if assertion.tolerance else None
    verdict = of_comparison(sides, assertion.relations, share)
    return verdict._replace(detail=verdict.detail + _renamed(place))


def _sides(assertion: Assertion, place: _Place) -> list[Side]:
    """Return what each side comes to; raises BudgetError where two of them do not compare."""
    amounts = [_value(each, assertion, place) for each in assertion.sides]
    axes = {each.axes for each in amounts if each.axes and not each.of_input}
    if len(axes) == 1:
        amounts = [on_axis(each, *axes) for each in amounts]
    sides = [Side(*each) for each in zip(assertion.sides, amounts, strict=True)]
    for left, right in pairwise(sides):
        _check_dimensions(left, right)
        _check_axes(left, right)
    return _with_dimensions(sides)


def _check_without_base(assertion: Assertion, place: _Place) -> None:
    """Raise BudgetError for a line that would be wrong whatever the base was: it is not skipped.

    What the present is at the base need not be; a number such as 0 is no fault of the line.
    """
    with suppress(NotKnownError, NumberError):
        _sides(assertion, place._replace(trial=True))


def _renamed(place: _Place) -> str:
    """Return what a part was called at the base, where that is not what it is called now."""
    texts = [
        f"was {old}" if path == place.path else f"{path} was {old}"
        for path, old in place.past.told.items()
    ]
    shown = [*texts[:_MOST_NAMES], "…"] if len(texts) > _MOST_NAMES else texts
    return f" ({', '.join(shown)})" if texts else ""


def _value(part: Expression, assertion: Assertion, place: _Place) -> Amount:
    try:
        return _evaluated(part, assertion, place)
    except BudgetError as error:
        raise _at(error, part.offset, len(part.text)) from None


def _at(error: BudgetError, offset: int, width: int) -> BudgetError:
    """Return the error with a place, unless it has one."""
    if error.offset >= 0:
        return error
    return type(error)(error.text, hint=error.hint, offset=offset, width=width)


def _evaluated(part: Expression, assertion: Assertion, place: _Place) -> Amount:
    if part.kind == "metric":
        return _metric(part, place)
    if part.quantity is not None:
        dimension = "percent" if part.kind == "percent" else part.quantity.dimension
        return Amount((part.quantity.value,), dimension)
    if part.kind == "input":
        if not isinstance(place.report, Report):
            raise NotKnownError("the input's size is not recorded")
        return input_size(place.report)
    if part.kind == "baseline":
        return _baseline(assertion, place)
    values = [_value(each, assertion, place) for each in part.parts]
    if part.kind == "div" and part.parts[1].kind == "quantity" and values[1].values == (0,):
        hint = "divide by something that is there"
        raise BudgetError("division by zero", hint=hint)  # whatever the base is
    return _combined(part.kind, values)


def _combined(kind: str, values: list[Amount]) -> Amount:
    first, *rest = values
    if kind == "of":
        return amounts.scale(rest[0], first.values[0])
    if kind in {"grow", "shrink"}:
        share = rest[0].values[0]
        return amounts.scale(first, 1 + share if kind == "grow" else 1 - share)
    function = _FUNCTIONS[kind]
    for each in rest:
        first = function(first, each)
    return first


_FUNCTIONS = {
    "add": amounts.add,
    "sub": amounts.subtract,
    "mul": amounts.multiply,
    "div": amounts.divide,
    "min": amounts.smaller,
    "max": amounts.larger,
}


def _metric(part: Expression, place: _Place) -> Amount:
    if not isinstance(place.report, Report):
        return _recorded(part, place.report, place.path)
    rows = place.rows
    if part.glob:
        find = layers_of if place.present else place.past.find
        rows = find(place.report, part.glob, place.allowance)
    amount = measure(place.report, part.name, rows, part.dtype)
    if amount is None:
        raise NotKnownError(f"{part.text} is not known for a part of the network")
    return amount


def _recorded(part: Expression, values: Mapping[str, int], path: str) -> Amount:
    """Return a recorded metric, from one entry or from one an axis."""
    name = part.name + (f"[{part.dtype}]" if part.dtype else "")
    at = f"({part.glob or path})" if part.glob or path else ""
    dimension = METRICS[part.name].dimension
    if name + at in values:
        return Amount((values[name + at],), dimension)
    axes = tuple(axis for axis in "dhw" if f"{name}.{axis}{at}" in values)
    if not axes:
        raise NotKnownError(f"{name}{at} is not recorded at the base")
    return Amount(tuple(values[f"{name}.{axis}{at}"] for axis in axes), dimension, axes)


def _baseline(assertion: Assertion, place: _Place) -> Amount:
    """Return what the other side is at the base."""
    if place.trial:
        return _value(_counterpart(assertion), assertion, place)
    if place.base is None:
        raise NotKnownError("there is no base to compare with")
    part = _counterpart(assertion)
    rows: Rows = None
    try:
        if place.path and isinstance(place.base, Report):
            rows = place.past.find(place.base, place.path, place.allowance)
        at_base = place._replace(report=place.base, rows=rows, base=None, present=False)
        return _value(part, assertion, at_base)
    except TooMuchError:
        raise
    except BudgetError as error:
        raise NotKnownError(f"at the base: {error.text}") from None


def _counterpart(assertion: Assertion) -> Expression:
    """Return the part of the line that `baseline` stands for."""
    sides = [s for s in assertion.sides if s.has("metric") and not s.has("baseline")]
    found = {side.text: side for side in sides}
    if not found:
        metrics = (p for side in assertion.sides for p in side.walk() if p.kind == "metric")
        found = {part.text: part for part in metrics}
    if len(found) != 1:
        baseline = next(p for side in assertion.sides for p in side.walk() if p.kind == "baseline")
        raise BudgetError(
            f"baseline of which: {', '.join(found)}?",
            hint="compare one metric with baseline in a line",
            offset=baseline.offset,
            width=len(baseline.text),
        )
    return next(iter(found.values()))


def _with_dimensions(sides: list[Side]) -> list[Side]:
    """Give bare numbers the dimension of what they are compared with, first on their left."""
    known = ""
    for step in (1, -1):
        for at, side in [*enumerate(sides)][::step]:
            known = side.amount.dimension or known
            sides[at] = Side(side.part, side.amount._replace(dimension=known))
    return sides


def _check_axes(left: Side, right: Side) -> None:
    try:
        common_axes(left.amount, right.amount)
    except BudgetError as error:
        raise _at(error, right.part.offset, len(right.part.text)) from None


def _check_dimensions(left: Side, right: Side) -> None:
    one, other = left.amount.dimension, right.amount.dimension
    if not one or not other or one == other or {one, other} == {"ratio", "percent"}:
        return
    wrong, against = (left, other) if left.limit and not right.limit else (right, one)
    place = {"offset": wrong.part.offset, "width": len(wrong.part.text)}
    for side, unit in ((left, other), (right, one)):
        metric = METRICS.get(side.part.name)
        if metric and metric.in_bytes and unit == "byte":
            raise BudgetError(
                f"{side.part.name} is a count", hint=f"use {metric.in_bytes} for bytes", **place
            )
        if side.amount.dimension == "percent":
            text, hint = f"{side.part.text} of what?", f"write {side.part.text} of params"
            raise BudgetError(text, hint=hint, **place)
    meant = wrong.amount.dimension
    use = f", or use {_OTHER[meant]}" if meant in _OTHER and wrong.limit else ""
    raise BudgetError(
        f"cannot compare {word(one)} with {word(other)}",
        hint=f"write the limit in {word(against)}{use}",
        **place,
    )
