"""Where keys and values stand in a TOML file: the standard library's reader tells no places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from cnncalc.records import Record

Path = tuple[str | int, ...]
"""The way to a value: ("budget", 0, "rules", 2)."""

_TOKEN = re.compile(
    r"""(?P<skipped>[ \t\r]+|\#[^\n]*)
    |(?P<quoted>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    |(?P<sign>[\[\]{}=,.\n])
    |(?P<bare>[^\s\[\]{}=,.\#"']+)""",
    re.DOTALL | re.VERBOSE,
)
_END = ""


class Spot(Record):
    """A place in a file; line and column count from 1, and 0 means that it is not known."""

    line: int = 0
    column: int = 0


class Places:
    """The places of all keys and values of a text that is TOML."""

    def __init__(self, text: str) -> None:
        self._keys: dict[Path, Spot] = {}
        self._values: dict[Path, Spot] = {}
        with suppress(IndexError, ValueError):  # what was found so far is still right
            _Reader(text, self._keys, self._values).document()

    def key(self, path: Path) -> Spot:
        """Return where a key stands, or the heading of a table of that name."""
        return self._keys.get(path, Spot())

    def value(self, path: Path) -> Spot:
        """Return where a value begins, else its key."""
        return self._values.get(path, self.key(path))


class _Token(Record):
    kind: str
    text: str
    spot: Spot


def _tokens(text: str) -> Iterator[_Token]:
    line, start = 1, 0
    for found in _TOKEN.finditer(text):
        kind, word = found.lastgroup or "", found[0]
        if kind != "skipped":
            yield _Token(kind, word, Spot(line, found.start() - start + 1))
        if breaks := word.count("\n"):
            line += breaks
            start = found.start() + word.rindex("\n") + 1
    yield _Token("sign", _END, Spot(line, 1))


class _Reader:
    """Walks through the tokens of a text that is known to be TOML."""

    def __init__(self, text: str, keys: dict[Path, Spot], values: dict[Path, Spot]) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._keys, self._values = keys, values
        self._last: dict[Path, int] = {}
        """Array of tables -> the index of its last table so far."""

    def document(self) -> None:
        table: Path = ()
        while self._next.text != _END:
            if self._next.text == "\n":
                self._take()
            elif self._next.text == "[":
                table = self._heading()
            else:
                self._entry(table)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _heading(self) -> Path:
        """Read [a.b] or [[a.b]]; return the path of the table that it begins."""
        self._take()
        array = self._next.text == "["
        if array:
            self._take()
        words = self._dotted()
        for _ in range(1 + array):
            self._take()
        path: Path = ()
        for number, (word, spot) in enumerate(words, 1):
            path = (*path, word)
            self._keys.setdefault(path, spot)
            if array and number == len(words):
                self._last[path] = self._last.get(path, -1) + 1
            if path in self._last:
                path = (*path, self._last[path])
                self._keys.setdefault(path, spot)
        return path

    def _dotted(self) -> list[tuple[str, Spot]]:
        words = [self._name()]
        while self._next.text == ".":
            self._take()
            words.append(self._name())
        return words

    def _name(self) -> tuple[str, Spot]:
        import tomllib

        token = self._take()
        quoted = token.kind == "quoted"
        return (tomllib.loads(f"x = {token.text}")["x"] if quoted else token.text), token.spot

    def _entry(self, table: Path) -> None:
        path = table
        for word, spot in self._dotted():
            path = (*path, word)
            self._keys.setdefault(path, spot)
        self._take()  # =
        self._value(path)

    def _value(self, path: Path) -> None:
        self._values.setdefault(path, self._next.spot)
        opening = self._next.text
        if opening not in {"[", "{"}:
            while self._next.text not in {",", "]", "}", "\n", _END}:
                self._take()
            return
        self._take()
        number = 0
        while self._next.text not in {"]", "}"}:
            if self._next.text == _END:
                raise ValueError("a bracket is not closed")
            if self._next.text in {",", "\n"}:
                self._take()
            elif opening == "{":
                self._entry(path)
            else:
                self._value((*path, number))
                number += 1
        self._take()
