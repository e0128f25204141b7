"""Budget lines where they are written: checks for a report, and problems that point into a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cnncalc.budget.evaluate import judge
from cnncalc.budget.globs import Allowance
from cnncalc.budget.syntax import read
from cnncalc.errors import BudgetError, Problem, SpecError
from cnncalc.report import Check, Report

MOST_PROBLEMS = 20
"""As many as of the other parts of a file."""

_LONGEST_QUOTE = 200


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

    @property
    def column(self) -> int:
        """Where it begins, from 1."""

    @property
    def excerpt(self) -> str:
        """The line of the file that holds it."""


def check_lines(report: Report, lines: Iterable[Line]) -> tuple[Check, ...]:
    """Return a Check for each budget line of a spec, in their order.

    A line that needs a base has none here: its `ok` is None, and `detail` says why. Raises
    SpecError for lines that cannot be read, that compare things that do not compare, or that name a
    layer that is not there.
    """
    allowance = Allowance()
    checks: list[Check] = []
    problems: list[Problem] = []
    for line in lines:
        try:
            checks.append(_check(report, line, allowance))
        except BudgetError as error:
            problems.append(problem_of(error, line))
            if len(problems) >= MOST_PROBLEMS:
                break
    if problems:
        raise SpecError(*problems)
    return tuple(checks)


def _check(report: Report, line: Line, allowance: Allowance) -> Check:
    verdict = judge(report, read(line.text), allowance=allowance)
    detail = verdict.detail if verdict.ok is not None else f"{line.text}: {verdict.detail}"
    if verdict.ok is False:
        detail += f" ({line.level})" if line.level != "error" else ""
        detail += f" at {line.file}:{line.line}" if line.file else ""
    return Check(f"budget: {line.text.strip()}", verdict.ok, detail)


def problem_of(error: BudgetError, line: Line) -> Problem:
    """Return what is wrong with a line as a problem of its file, with the place in the line.

    A line without a file, or that its file writes in several lines or with escapes, is quoted
    itself.
    """
    start = line.excerpt.find(line.text, max(0, line.column - 1))
    offset = max(0, error.offset)
    if start >= 0:
        return Problem(
            error.text,
            line.file,
            line.line,
            start + 1 + offset,
            error.width if error.offset >= 0 else len(line.text),
            excerpt=line.excerpt,
            hint=error.hint,
        )
    said = line.text if len(line.text) <= _LONGEST_QUOTE else line.text[:_LONGEST_QUOTE] + "…"
    text = error.text if line.text.strip() in error.text else f"{error.text}, in {said!r}"
    place = "" if error.offset < 0 else f"column {offset + 1}"
    return Problem(
        text, line.file, line.line, line.column, label="" if line.file else place, hint=error.hint
    )
