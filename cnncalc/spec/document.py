"""A YAML file as nodes that know their places, and problems that point into its lines."""

from __future__ import annotations

import re
from typing import Protocol

import yaml

from cnncalc.errors import Problem
from cnncalc.spec.scalars import plain_value

MOST_PROBLEMS = 20
_SHORTEST_EXCERPT = 200
_LAST_COLUMN = 1000
_WIDEST = 200
_LONGEST_TEXT = 200
_LINE_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"
_PROPERTIES = r"(?:[&!]\S*\s+)+"


class Mark(Protocol):
    """A place in a text; line and column count from 0."""

    line: int
    column: int


class Place:
    """A `Mark` of our own, for what is found outside the YAML parser."""

    __slots__ = ("column", "line")

    def __init__(self, line: int, column: int) -> None:
        self.line = line
        self.column = column


class Document:
    """One file: its lines, its root node, and what was found wrong with it so far.

    `file` is the name to show. Lines are split where YAML splits them.
    """

    __slots__ = ("file", "lines", "problems", "root")

    root: yaml.Node

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        usual = text.isascii() and "\r" not in text
        self.lines: list[str] = text.split("\n") if usual else re.split(_LINE_BREAK, text)
        self.problems: list[Problem] = []

    def line(self, number: int) -> str:
        """Return line `number`, counted from 0; "" behind the last one."""
        return self.lines[number] if number < len(self.lines) else ""

    def problem(
        self,
        where: yaml.Node | Mark,
        text: str,
        *,
        label: str = "",
        hint: str = "",
        offset: int = 0,
        width: int = 0,
    ) -> Problem:
        """Return a problem at a node or a mark, with the source line as its excerpt.

        `offset` and `width` (characters) mark a part of a scalar's value instead of the whole node;
        quotes are stepped over. They are ignored where the value is not written on one line as it
        is. The excerpt starts with the line's first character; it is "" behind column 1,000.
        """
        if isinstance(where, yaml.Node):
            number = where.start_mark.line
            column, extent = self._extent(where)
            if isinstance(where, yaml.ScalarNode) and (offset or width):
                column, extent = self._part(where, column, extent, offset, width)
        else:
            number, column, extent = where.line, where.column, width or 1
        if number >= len(self.lines):  # the parser's own end of the file is a line too far
            number, column, extent = len(self.lines) - 1, len(self.lines[-1]), 1
        extent = max(1, min(extent, _WIDEST))
        return Problem(
            _cut(text),
            self.file,
            number + 1,
            column + 1,
            extent,
            _cut(label),
            _excerpt(self.line(number), column, extent),
            hint=_cut(hint),
        )

    def _extent(self, node: yaml.Node) -> tuple[int, int]:
        """Return the column of a node behind its anchor, and its width on its first line."""
        start, end = node.start_mark, node.end_mark
        line = self.line(start.line)
        column = start.column
        if line[column : column + 1] in {"&", "!"} and (
            skip := re.compile(_PROPERTIES).match(line, column)
        ):
            column = skip.end()
        last = end.column if end.line == start.line else len(line.rstrip())
        return column, last - column

    def _part(
        self, node: yaml.ScalarNode, column: int, extent: int, offset: int, width: int
    ) -> tuple[int, int]:
        inner = column + (0 if is_plain(node) else 1)
        if not self.line(node.start_mark.line).startswith(node.value, inner):
            return column, extent
        return inner + offset, width or len(node.value) - offset


def _cut(text: str) -> str:
    """Return a text that may quote a hostile file, cut where it would fill the screen."""
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def _excerpt(line: str, column: int, width: int) -> str:
    if column > _LAST_COLUMN:
        return ""
    room = max(_SHORTEST_EXCERPT, column + width + 40)
    shown = line[:room].replace("\t", " ")
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else "\ufffd" for each in shown)
    return shown + "…" if len(line) > room else shown.rstrip()


def is_plain(node: yaml.Node) -> bool:
    """Return whether a node is a scalar without quotes."""
    return isinstance(node, yaml.ScalarNode) and not node.style


def scalar(node: yaml.Node) -> int | float | bool | str | None:
    """Return the value of a scalar by YAML 1.2; quoted text stays text. None for a collection."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    text: str = node.value
    return text if node.style else plain_value(text)


def entries(
    document: Document,  # noqa: ARG001 - a key's text may one day depend on the file
    node: yaml.MappingNode,
) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """Return (key, node of the key, node of the value) for each entry, in the order of the file.

    Keys are text as written: `no:` is "no" and `1:` is "1".
    """
    return [(key.value, key, value) for key, value in node.value]
