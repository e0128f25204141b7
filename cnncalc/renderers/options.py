"""What a person may ask of a renderer."""

from __future__ import annotations

import os
import sys

from cnncalc.records import Record

NARROWEST = 40
"""Below this many columns a path and two numbers have no room beside each other."""


class Options(Record):
    """How to print a report; each format takes what concerns it."""

    width: int = 100
    """Columns of the page."""
    color: bool = False
    ascii: bool = False
    depth: int | None = None
    """Sum up what lies deeper than this many names of a path."""
    top: int | None = None
    """Keep only this many rows, the most expensive ones."""
    by: str | None = None
    """Sum up rows by this property; see `selection.BY`."""
    columns: tuple[str, ...] | None = None
    sort: str | None = None
    parts: bool = False
    """One row for each part of a fused layer."""


def page_width() -> int:
    """Return the columns of the terminal, else COLUMNS, else 160 in CI, else 100."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 100
    except (AttributeError, OSError, ValueError):  # no terminal, or not even a file
        columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    return 160 if os.environ.get("CI") else 100


def wants_color() -> bool:
    """Whether standard output is a terminal that shows colour to somebody who wants it."""
    dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
    return not dumb and sys.stdout is not None and sys.stdout.isatty()
