"""The problems of one reading, each place once, up to a limit."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Problem
from cnncalc.graph import Call

PROBLEM_LIMIT = 20


class TooMuchError(CnncalcError):
    """A limit or the number of problems is reached: nothing more is read."""


class Collector:
    """Keeps problems; one line that is wrong in a hundred calls is one problem."""

    __slots__ = ("_places", "problems")

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self._places: set[tuple[str, int, int]] = set()

    def add(self, problem: Problem) -> None:
        """Keep a problem unless its place has one; raises TooMuchError at the limit."""
        place = (problem.file, problem.line, problem.column)
        if place not in self._places:
            self._places.add(place)
            self.problems.append(problem)
        if len(self.problems) >= PROBLEM_LIMIT:
            raise TooMuchError("too many problems")


def calls_of(call: Call | None) -> tuple[str, ...]:
    """Return the block calls around a layer as an error shows them, innermost first."""
    calls = []
    file = ""
    while call is not None:
        place = f":{call.line}" if call.file == file else f"{call.file}:{call.line}"
        calls.append(f"{place} {call}")
        file, call = call.file, call.caller
    return tuple(calls)
