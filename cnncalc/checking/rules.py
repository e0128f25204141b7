"""Budget lines with who says so, and which specs they are for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path, PurePath

from cnncalc.budget import Assertion, read
from cnncalc.net import Budget
from cnncalc.records import Record


class Rule(Record):
    """A budget line, where it is written, and who says so."""

    text: str
    level: str = "error"
    file: str = ""
    line: int = 0
    column: int = 0
    excerpt: str = ""
    id: str = ""
    why: str = ""
    origin: str = "command line"
    dtype: str = ""
    """The data type that bytes are counted in; "" for that of the report."""


def of_spec(budgets: Iterable[Budget]) -> list[Rule]:
    """Return the budget lines of a spec as rules."""
    return [
        Rule(b.text, b.level, b.file, b.line, b.column, b.excerpt, b.id, b.why, "spec")
        for b in budgets
    ]


@lru_cache(maxsize=1024)
def assertion(text: str) -> Assertion:
    """Return a line as an assertion; the same line holds for many specs."""
    return read(text)


def fits_path(path: Path, folder: Path, pattern: str) -> bool:
    """Whether a file below a folder matches a pattern such as models/**/*.yaml."""
    try:
        parts = PurePath(os.path.relpath(path, folder)).parts
    except ValueError:
        return False
    return parts[0] != ".." and fits_parts(parts, PurePath(pattern).parts)


def fits_parts(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path matches a pattern, part by part; ** stands for any number of folders."""
    from fnmatch import fnmatchcase

    reach = {0}
    for each in pattern:
        if each == "**":
            reach = {end for start in reach for end in range(start, len(parts) + 1)}
        else:
            reach = {at + 1 for at in reach if at < len(parts) and fnmatchcase(parts[at], each)}
    return len(parts) in reach
