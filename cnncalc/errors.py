"""Every error that cnncalc raises on purpose. This module imports nothing of the project."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.records import Record


class Problem(Record):
    """One thing that is wrong in a file, with all that a person needs to mend it.

    `line` and `column` count from 1; 0 means that the place is not known. `width` is the number of
    characters to mark, `label` the short text beside the mark (the values), `excerpt` the source
    line, `path` the layer, and `calls` the block calls that led there, innermost first.
    """

    text: str
    file: str = ""
    line: int = 0
    column: int = 0
    width: int = 1
    label: str = ""
    excerpt: str = ""
    path: str = ""
    calls: tuple[str, ...] = ()
    hint: str = ""

    def concise(self) -> str:
        """Return `file:line:column: error: text` with the values, on one line."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        values = f" ({self.label})" if self.label else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}{': ' if place else ''}error: {self.text}{values}{hint}"


class CnncalcError(Exception):
    """The root of all errors of cnncalc. `hint` says what to do about it, where that is known."""

    exit_code = 2
    """What a command that ends with this error returns to the shell."""

    def __init__(self, text: str, *, hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The error as problems, so that one renderer prints every error."""
        return (Problem(self.text, hint=self.hint),)


class SpecError(CnncalcError):
    """A spec that cannot be read. It holds all independent problems found, at most 20 a file."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(problem.concise() for problem in problems))
        self._problems = problems

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each problem with its place, in the order of the file."""
        return self._problems


class ShapeError(CnncalcError):
    """A layer that does not fit its input: `text` is the rule, `label` the values.

    A join does not know the names of its branches: with `names_inputs` the reader of the spec puts
    the branches' names and shapes in place of the label.
    """

    def __init__(
        self, text: str, *, label: str = "", hint: str = "", names_inputs: bool = False
    ) -> None:
        super().__init__(text, hint=hint)
        self.label = label
        self.names_inputs = names_inputs


class BudgetError(CnncalcError):
    """A budget that cannot be read, or that compares things that do not compare.

    `offset` and `width` mark the part of the line that is meant, in characters; a negative offset
    means that it is not known.
    """

    def __init__(self, text: str, *, hint: str = "", offset: int = -1, width: int = 1) -> None:
        super().__init__(text, hint=hint)
        self.offset = offset
        self.width = width


class HistoryError(CnncalcError):
    """The base of a comparison cannot be had: no repository, no such commit, a shallow clone."""

    exit_code = 3


class UnsupportedError(CnncalcError):
    """Something that cnncalc cannot do here, such as a missing optional dependency."""


MOST_CANDIDATES = 2000
LONGEST_WORD = 60


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate nearest to a misspelt word, in any case of letters, or "".

    At most 2,000 candidates are compared, so that a hostile file cannot make a guess expensive.
    """
    from difflib import get_close_matches  # slow to import, and needed only for errors

    if len(word) > LONGEST_WORD:
        return ""
    near = [name for name, _ in zip(candidates, range(MOST_CANDIDATES), strict=False)]
    by_lower = {name.lower(): name for name in reversed(near)}
    found = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else ""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a hint that names the choice most like `word`, else all, unless they are many."""
    known = list(choices)
    near = nearest(word, known)
    if near:
        return f"did you mean '{near}'?"
    return f"choose one of {', '.join(known)}" if len(known) <= 30 else ""
