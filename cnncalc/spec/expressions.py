"""The expression language: Python's arithmetic and conditions on numbers, bools, text and lists.

An expression is parsed once by precedence climbing into closures, and evaluated for every layer.
Python's own parser is not used: `in.c` holds one of its keywords.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cnncalc.spec import operations, steps
from cnncalc.spec.arguments import bind, misfit
from cnncalc.spec.operations import FUNCTIONS, Value, as_int
from cnncalc.spec.scalars import LARGEST
from cnncalc.spec.steps import Resolve, Span, Step, Tail
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tokens import ExpressionError, Token, tokenise

__all__ = ["Expression", "ExpressionError", "Resolve", "Value", "as_int", "compile_expression"]

LONGEST_SOURCE = 1000
DEEPEST_NESTING = 64

_LITERALS = {"true": True, "false": False, "True": True, "False": False}
_COMPARISON = 4
_NEGATION = 3
_LEVELS = {"or": 1, "and": 2} | {
    **dict.fromkeys((*operations.ORDERINGS, *operations.EQUALITIES), _COMPARISON),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys(("*", "/", "//", "%"), 6),
}
_UNEXPECTED = {"=": "compare with `==`", "in": "compare with `==` and `or`"}


class Expression:
    """A compiled expression.

    `names` holds every name it uses, dotted ones whole ("in.c"), once each, in order; `offsets`
    holds where each is first written, in characters from 0.
    """

    __slots__ = ("_constant", "_step", "names", "offsets", "text")

    def __init__(self, text: str, step: Step, places: dict[str, int]) -> None:
        self.text = text
        self.names = tuple(places)
        self.offsets = tuple(places.values())
        self._step = step
        self._constant: Value | None = None
        if not places:
            found = self._run(_no_names)
            self._constant = None if isinstance(found, list) else found

    def evaluate(self, resolve: Resolve) -> Value:
        """Return the value, with `resolve` giving the value of each name.

        What `resolve` returns may be anything where the whole expression is that name. Raises
        ExpressionError, and whatever `resolve` raises.
        """
        if self._constant is not None:
            return self._constant
        return self._run(resolve)

    def _run(self, resolve: Resolve) -> Value:
        try:
            value: Value = self._step(resolve)
        except RecursionError:
            raise _too_deep(0, len(self.text)) from None
        return value

    def describe(self, resolve: Resolve) -> str:
        """Return the names with their values, for an error text: "width = 0.35, c = 64"."""
        return ", ".join(f"{name} = {operations.show(resolve(name))}" for name in self.names)


def _no_names(name: str) -> Any:
    raise ExpressionError(f"'{name}' is not defined")


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Return the compiled expression; raise ExpressionError with the place in `text`.

    At most 1,000 characters and 64 levels of nesting. One without names is evaluated here, so that
    `7 // 0` fails at once.
    """
    if len(text) > LONGEST_SOURCE:
        raise ExpressionError(
            f"an expression has at most {LONGEST_SOURCE:,} characters",
            label=f"{len(text):,} characters",
            hint="split it into variables",
        )
    try:
        return _Parser(text, tokenise(text)).parse()
    except RecursionError:
        raise _too_deep(0, len(text)) from None


def _too_deep(offset: int, width: int) -> ExpressionError:
    return ExpressionError(
        f"an expression nests at most {DEEPEST_NESTING} deep",
        offset,
        width,
        "split it into variables",
    )


class _Parser:
    __slots__ = ("depth", "places", "position", "text", "tokens")

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.places: dict[str, int] = {}

    def parse(self) -> Expression:
        step = self.ternary()
        if self.token.kind != "end":
            raise self.unexpected()
        return Expression(self.text, step, self.places)

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def advance(self) -> Token:
        self.position += 1
        return self.tokens[self.position - 1]

    def at(self, mark: str) -> bool:
        token = self.tokens[self.position]
        return token.text == mark and token.kind == "mark"

    def take(self, mark: str) -> bool:
        found = self.at(mark)
        self.position += found
        return found

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            raise self.unexpected(f"`{mark}`")

    def unexpected(self, wanted: str = "") -> ExpressionError:
        token = self.token
        if not self.text.strip():
            return ExpressionError("the expression is empty", hint="write a number or a name")
        found = f"`{token.text}`" if token.text else "the end"
        text = f"expected {wanted}, found {found}" if wanted else f"{found} is unexpected here"
        hint = _UNEXPECTED.get(token.text, "")
        return ExpressionError(text, token.offset, max(len(token.text), 1), hint)

    def span(self, start: int) -> Span:
        return start, self.tokens[self.position - 1].end - start

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise _too_deep(self.token.offset, 1)

    def ternary(self) -> Step:
        self.deeper()
        step = self.binary(1)
        if self.take("if"):
            start = self.token.offset
            condition = self.binary(1)
            span = self.span(start)
            self.expect("else")
            step = steps.choice(condition, step, self.ternary(), span)
        self.depth -= 1
        return step

    def binary(self, lowest: int) -> Step:
        start = self.token.offset
        step = self.unary()
        while True:
            level = self.level()
            if level < lowest:
                return step
            tails: list[Tail] = []
            while self.level() == level:
                symbol = self.advance().text
                operand = self.binary(level + 1)
                tails.append((symbol, operand, self.span(start)))
            step = self.chain(step, level, tails, start)

    def level(self) -> int:
        token = self.tokens[self.position]
        return _LEVELS.get(token.text, 0) if token.kind == "mark" else 0

    def chain(self, first: Step, level: int, tails: list[Tail], start: int) -> Step:
        if level < _NEGATION:
            return steps.logic(first, tails, self.span(start))
        if level == _COMPARISON:
            return steps.comparison(first, tails)
        return steps.arithmetic(first, tails)

    def unary(self) -> Step:
        token = self.token
        if token.kind != "mark" or token.text not in {"-", "+", "not"}:
            return self.power()
        self.deeper()
        self.advance()
        if token.text == "not":
            operand = self.binary(_NEGATION)
            step = steps.inversion(operand, self.span(token.offset))
        else:
            operand = self.unary()
            step = steps.sign(token.text, operand, self.span(token.offset))
        self.depth -= 1
        return step

    def power(self) -> Step:
        start = self.token.offset
        base = self.postfix()
        if not self.take("**"):
            return base
        self.deeper()
        exponent = self.unary()
        self.depth -= 1
        return steps.arithmetic(base, [("**", exponent, self.span(start))])

    def postfix(self) -> Step:
        start = self.token.offset
        before = self.depth
        step = self.atom()
        while self.take("["):
            self.deeper()
            position = self.ternary()
            self.expect("]")
            step = steps.index(step, position, self.span(start))
        self.depth = before
        return step

    def atom(self) -> Step:
        token = self.token
        if token.kind == "end" or (token.kind == "mark" and token.text not in {"(", "["}):
            raise self.unexpected("a value")
        self.advance()
        if token.kind == "number":
            return steps.constant(_number(token))
        if token.kind == "text":
            return steps.constant(token.text[1:-1])
        if token.kind == "name":
            return self.call(token) if self.at("(") else self.name(token)
        if token.text == "[":
            return steps.sequence(self.elements("]"))
        step = self.ternary()
        self.expect(")")
        return step

    def name(self, token: Token) -> Step:
        if token.text in _LITERALS:
            return steps.constant(_LITERALS[token.text])
        self.places.setdefault(token.text, token.offset)
        return steps.name(token.text)

    def elements(self, closing: str) -> list[Step]:
        found: list[Step] = []
        while not self.at(closing):
            found.append(self.ternary())
            if not self.take(","):
                break
        self.expect(closing)
        return found

    def call(self, token: Token) -> Step:
        if token.text not in FUNCTIONS:
            raise _unknown_function(token)
        self.advance()
        positional: list[Step] = []
        keywords: dict[str, Step] = {}
        while not self.at(")"):
            self.argument(positional, keywords)
            if not self.take(","):
                break
        self.expect(")")
        span = self.span(token.offset)
        return steps.call(token.text, bind(token.text, positional, keywords, span), span)

    def argument(self, positional: list[Step], keywords: dict[str, Step]) -> None:
        token = self.token
        following = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        if token.kind == "name" and following.text == "=":
            if token.text in keywords:
                raise misfit(f"argument {token.text} is given twice", _span_of(token))
            self.position += 2
            keywords[token.text] = self.ternary()
            return
        if keywords:
            raise misfit("a positional argument follows a named one", _span_of(token))
        positional.append(self.ternary())


def _number(token: Token) -> int | float:
    digits = token.text.replace("_", "")
    value = int(digits) if digits.isdigit() else float(digits)
    if value > LARGEST:
        raise ExpressionError("a number is at most 2^53", *_span_of(token))
    return value


def _span_of(token: Token) -> Span:
    return token.offset, len(token.text)


def _unknown_function(token: Token) -> ExpressionError:
    hint = suggest(token.text, FUNCTIONS) or f"the functions are {', '.join(FUNCTIONS)}"
    return ExpressionError(f"unknown function '{token.text}'", *_span_of(token), hint)
