"""The words of a budget line, each with its place in it."""

from __future__ import annotations

import re

from cnncalc.errors import BudgetError
from cnncalc.records import Record

RELATIONS = {"<=": "≤", ">=": "≥", "==": "=", **{each: each for each in "≤≥=<>≈"}}
"""How a relation may be written -> how it is printed."""

EXAMPLE = "write a line such as params <= 5M"

_MISSPELT = {
    "=<": "write <=",
    "=>": "write >=",
    "!=": "write <=, >= or ==",
    "~=": "write ≈ for equal to within 1 %",
    "+-": "write ±",
    "+/-": "write ±",
}
_LEXEME = (
    r"\s*(?:"
    r"(?P<misspelt>=<|=>|!=|~=|\+/?-(?=\s*\d))"
    r"|(?P<relation><=|>=|==|[≤≥≈=<>])"
    r"|(?P<number>\d(?:[\d_]|,\d{3}(?!\d))*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)"
    r"|(?P<each>for\s+each\b)"
    r"|(?P<word>[^\W\d]\w*(?:\.[a-z_]+)*)"
    r"|(?P<sign>[-+*/%±(),\[\]])"
    r")"
)
_UNIT = r"\s*(?!(?:of|for)\b)([^\W\d_][\w.]*)(?:\s+(?!(?:of|for)\b)([^\W\d_][\w.]*))?"
"""A unit, or a prefix and a unit; a word is taken as a whole, so that an error can name it."""

_PREFIXES = frozenset(("k", "M", "G", "T", "P", "E"))


class Token(Record):
    """A word: its kind (relation number each word sign end), its text, and where it starts."""

    kind: str
    text: str
    offset: int

    @property
    def end(self) -> int:
        """Where the text behind it starts."""
        return self.offset + len(self.text)


class Tokens:
    """The words of a line, one after the other.

    A glob in parentheses and a unit behind a number are read where the grammar expects them: `*` is
    a sign elsewhere, and `of` a word.
    """

    def __init__(self, line: str) -> None:
        self.line = line
        self._at = 0
        self._next: Token | None = None
        self._pattern = re.compile(_LEXEME)

    def peek(self) -> Token:
        """Return the next word without taking it."""
        if self._next is None:
            self._next = self._read()
        return self._next

    def take(self) -> Token:
        """Return the next word and go on."""
        token = self.peek()
        self._at, self._next = token.end, None
        return token

    def takes(self, text: str) -> bool:
        """Take the next word if it is `text`."""
        found = self.peek().text == text
        if found:
            self.take()
        return found

    def until(self, closing: str) -> Token:
        """Return all text up to a closing bracket, and take that, too."""
        end = self.line.find(closing, self._at)
        if end < 0:
            hint = f"close it with {closing}"
            raise BudgetError(f"{closing!r} is missing", hint=hint, offset=len(self.line))
        text = self.line[self._at : end]
        start = self._at + len(text) - len(text.lstrip())
        self._at, self._next = end + 1, None
        return Token("glob", text.strip(), start)

    def rest(self) -> Token:
        """Return all text that is left."""
        text = self.line[self._at :]
        start = self._at + len(text) - len(text.lstrip())
        self._at, self._next = len(self.line), None
        return Token("glob", text.strip(), start)

    def unit(self, number: Token) -> Token:
        """Return a number with the unit that follows it, if one does."""
        match = re.compile(_UNIT).match(self.line, number.end)
        if match is None:
            return number
        end = match.end() if match[2] and match[1] in _PREFIXES else match.end(1)
        self._at, self._next = end, None
        return number._replace(text=self.line[number.offset : end])

    def _read(self) -> Token:
        match = self._pattern.match(self.line, self._at)
        if match is None or match.lastgroup is None:
            rest = self.line[self._at :]
            at = self._at + len(rest) - len(rest.lstrip())
            if not rest.strip():
                return Token("end", "", len(self.line.rstrip()))
            raise BudgetError(f"{self.line[at]!r} means nothing here", offset=at, hint=EXAMPLE)
        kind = match.lastgroup
        token = Token(kind, match[kind], match.start(kind))
        if kind == "misspelt":
            raise BudgetError(
                f"{token.text} is not a relation" if "-" not in token.text else "± is one sign",
                hint=_MISSPELT[token.text],
                offset=token.offset,
                width=len(token.text),
            )
        return token


def numbers_in_a_call(token: Token) -> None:
    """Refuse 1,000 between the brackets of a call: it may be one number or two."""
    if "," in token.text:
        raise BudgetError(
            f"{token.text} in a call may be one number or two",
            hint=f"write {token.text.replace(',', '_')} or {token.text.replace(',', ', ')}",
            offset=token.offset,
            width=len(token.text),
        )
