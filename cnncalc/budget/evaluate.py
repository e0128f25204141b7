"""Budget lines held against a report: each becomes a Check with the numbers that decided it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from cnncalc.budget.metrics import METRICS, Amount, distance, input_size, measure, on_axes
from cnncalc.budget.syntax import Assertion, Term, read
from cnncalc.budget.wording import Side, comparison
from cnncalc.errors import BudgetError
from cnncalc.report import Check, Report

if TYPE_CHECKING:
    from fractions import Fraction


class Line(Protocol):
    """A budget line with its place."""

    @property
    def text(self) -> str:
        """What the line says."""

    @property
    def level(self) -> str:
        """Error, warn or info."""

    @property
    def file(self) -> str:
        """The file that holds the line."""

    @property
    def line(self) -> int:
        """Its number, from 1."""


_WORDS = {"MAC": "MACs", "FLOP": "FLOPs", "byte": "bytes"}
_OTHER = {"MAC": "macs", "FLOP": "flops", "params": "params", "byte": "weights", "px": "rf"}


def check(report: Report, lines: Sequence[tuple[str, str, str]]) -> tuple[Check, ...]:
    """Return a Check for each (text, level, place), in their order.

    A line that needs more than simple comparisons is not evaluated: its `ok` is None, and `detail`
    says why. Raises BudgetError, with the place, for a line that cannot be read, that compares
    things that do not compare, or that names a layer that is not there.
    """
    return tuple(_check(report, *line) for line in lines)


def check_lines(report: Report, lines: Iterable[Line]) -> tuple[Check, ...]:
    """Return a Check for each budget line of a spec; see `check`."""
    return check(report, [(line.text, line.level, f"{line.file}:{line.line}") for line in lines])


def _check(report: Report, text: str, level: str, place: str) -> Check:
    try:
        assertion = read(text)
        ok, detail = _evaluate(report, assertion)
    except BudgetError as error:
        line = "" if text.strip() in error.text else f", in {text.strip()!r}"
        where = f" at {place}" if place else ""
        raise BudgetError(f"{error.text}{line}{where}", hint=error.hint) from None
    if not ok:
        detail += f" ({level})" if level != "error" and ok is not None else ""
        detail += f" at {place}" if place else ""
    return Check(f"budget: {assertion.text}", ok, detail)


def _evaluate(report: Report, assertion: Assertion) -> tuple[bool | None, str]:
    if assertion.beyond:
        return None, f"not evaluated: {assertion.text} uses {assertion.beyond!r}"
    sides = []
    for term in assertion.terms:
        amount = _amount(report, term)
        if amount is None:
            return None, f"not evaluated: {term.text} is not known for a part of the network"
        sides.append(Side(term, amount))
    for left, right in pairwise(sides):
        _check_dimensions(left, right)
    sides = _with_dimensions(sides)
    held = tuple(
        _holds(left.amount, relation, right.amount)
        for (left, right), relation in zip(pairwise(sides), assertion.relations, strict=True)
    )
    return all(held), comparison(sides, assertion.relations, held)


def _amount(report: Report, term: Term) -> Amount | None:
    if term.quantity:
        return Amount((term.quantity.value,), term.quantity.dimension)
    if term.metric == "input":
        return input_size(report)
    return measure(report, term.metric, term.path)


def _with_dimensions(sides: list[Side]) -> list[Side]:
    """Give bare numbers the dimension of what they are compared with."""
    known = next(side.amount.dimension for side in sides if side.amount.dimension)
    return [
        side if side.amount.dimension else Side(side.term, side.amount._replace(dimension=known))
        for side in sides
    ]


def _check_dimensions(left: Side, right: Side) -> None:
    one, other = left.amount.dimension, right.amount.dimension
    if not one or not other or one == other:
        return
    for side, against in ((left, other), (right, one)):
        metric = METRICS.get(side.term.metric)
        if metric and metric.in_bytes and against == "byte":
            raise BudgetError(
                f"{side.term.metric} is a count", hint=f"use {metric.in_bytes} for bytes"
            )
    one_word, other_word = _WORDS.get(one, one), _WORDS.get(other, other)
    use = f", or use {_OTHER[other]}" if other in _OTHER else ""
    raise BudgetError(
        f"cannot compare {one_word} with {other_word}", hint=f"write the limit in {one_word}{use}"
    )


def _holds(left: Amount, relation: str, right: Amount) -> bool:
    """Whether the relation holds; between sizes it must hold on every axis."""
    pairs = list(on_axes(left, right))
    return bool(pairs) and all(_holds_between(one, relation, other) for one, other in pairs)


def _holds_between(one: int | Fraction, relation: str, other: int | Fraction) -> bool:
    return {
        "≤": one <= other,
        "≥": one >= other,
        "<": one < other,
        ">": one > other,
        "=": one == other,
        "≈": 100 * distance(one, other) <= other,
    }[relation]
