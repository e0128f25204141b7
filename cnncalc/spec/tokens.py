"""Expression text as tokens, and the error that tells where in the text it went wrong."""

from __future__ import annotations

import re

from cnncalc.errors import CnncalcError, Problem
from cnncalc.records import Record
from cnncalc.spec.suggest import ternary_hint


class ExpressionError(CnncalcError):
    """An expression that cannot be read or has no value.

    `offset` counts characters from the start of the expression, from 0; `width` is how many to
    mark; `label` shows the values.
    """

    def __init__(
        self, text: str, offset: int = 0, width: int = 1, hint: str = "", label: str = ""
    ) -> None:
        super().__init__(text, hint=hint)
        self.offset = offset
        self.width = width
        self.label = label

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The error without a place in a file, for an expression that stands in none."""
        return (Problem(self.text, width=self.width, label=self.label, hint=self.hint),)


class Token(Record):
    """A piece of an expression; `kind` is number, text, name, mark (also a keyword) or end."""

    kind: str
    text: str
    offset: int

    @property
    def end(self) -> int:
        """The offset behind the token."""
        return self.offset + len(self.text)


KEYWORDS = frozenset(("if", "else", "and", "or", "not"))

_TOKEN = re.compile(
    r"""\s+
    | (?P<number>(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<mark>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\],=])""",
    re.VERBOSE,
)
_FOREIGN = {
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "&": "write `and`",
    "|": "write `or`",
    "^": "write `**` for a power",
    "$": "write the name alone, without ${ }",
    "{": "write the name alone, without { }",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "×": "write `*`",
    "·": "write `*`",
    "−": "write `-`",
}


def tokenise(text: str) -> list[Token]:
    """Return the tokens of an expression, with an end token; raise ExpressionError."""
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _foreign(text, position)
        kind = match.lastgroup
        if kind:
            word = match[0]
            token = Token("mark" if word in KEYWORDS else kind, word, position)
            if kind == "name" and tokens and tokens[-1].kind == "number":
                _refuse_suffix(tokens[-1], token)
            tokens.append(token)
        position = match.end()
    tokens.append(Token("end", "", len(text.rstrip())))
    return tokens


def _foreign(text: str, position: int) -> ExpressionError:
    if text[position] in "'\"":
        return ExpressionError("the quote is not closed", position, len(text) - position)
    pair = text[position : position + 2]
    found = pair if pair in _FOREIGN else text[position]
    hint = ternary_hint(text) if found == "?" else _FOREIGN.get(found, "")
    shown = found if found.isprintable() else ascii(found)[1:-1]
    return ExpressionError(f"`{shown}` is not part of an expression", position, len(found), hint)


def _refuse_suffix(number: Token, name: Token) -> None:
    if number.end == name.offset:
        raise ExpressionError(
            f"`{name.text}` cannot follow the number {number.text} directly",
            name.offset,
            len(name.text),
            f"write `{number.text} * {name.text}` for a product",
        )
