"""Budget lines as data: a chain of comparisons between expressions over metrics.

assertion = chain ["for each" glob]
chain     = sum relation sum {relation sum} ["±" NUM "%"]
sum       = term {("+" | "-") (NUM "%" | term)}          x + 2% is x · 1.02
term      = factor {("*" | "/") factor}
factor    = quantity | NUM "%" ["of" factor] | metric ["(" glob ")"] | input | baseline
          | "(" sum ")" | min(sum, …) | max(sum, …)
"""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.budget.metrics import METRICS
from cnncalc.budget.tokens import EXAMPLE, RELATIONS, Token, Tokens, numbers_in_a_call
from cnncalc.errors import BudgetError, did_you_mean
from cnncalc.records import Record
from cnncalc.units import DTYPE_BYTES, Quantity, parse_quantity

DEEPEST = 40
LONGEST_LINE = 1000
MOST_PARTS = 100
"""Of a line; each may be one level of its tree, which is read and evaluated recursively."""

_A_VALUE = "write, for example, params(head) or 5M"
_CALLS = ("min", "max")
_OPERATORS = {"*": "mul", "/": "div", "+": "add", "-": "sub"}


class Expression(Record):
    """A part of a line: its `kind`, the text it stands for, and what it is made of.

    Kinds: quantity percent metric input baseline, of (a percent of a part), grow and shrink (by a
    percent), add sub mul div min max.
    """

    kind: str
    text: str
    offset: int
    parts: tuple[Expression, ...] = ()
    quantity: Quantity | None = None
    """Of a quantity; of a percent its share, such as 1/50."""
    name: str = ""
    """The metric's."""
    glob: str = ""
    """The layers that a metric is restricted to."""
    dtype: str = ""

    def walk(self) -> Iterator[Expression]:
        """Yield this and all parts in it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def has(self, kind: str) -> bool:
        """Whether a part of this kind is in it."""
        return any(part.kind == kind for part in self.walk())


class Assertion(Record):
    """A budget line: `sides` with a relation between each two.

    `tolerance` is what ± allows, as a share; `each` is the glob of `for each`.
    """

    text: str
    sides: tuple[Expression, ...]
    relations: tuple[str, ...]
    tolerance: Quantity | None = None
    each: str = ""
    each_offset: int = 0

    @property
    def needs_base(self) -> bool:
        """Whether the line compares with a baseline."""
        return any(side.has("baseline") for side in self.sides)


def read(text: str) -> Assertion:
    """Return a budget line as an assertion; raise BudgetError, with the place, where it is not one.

    The relations are <= >= < > == and ≈ (to within 1 %), also written ≤ ≥ =; a chain such as
    25M <= params <= 26M holds where each of its comparisons does. A line has at most 1,000
    characters and 100 metrics, quantities, calls and brackets.
    """
    if len(text) > LONGEST_LINE:
        raise BudgetError(
            f"a line has at most {LONGEST_LINE:,} characters", hint=_SHORTER, offset=LONGEST_LINE
        )
    return _Parser(text.rstrip()).assertion()


class _Parser:
    def __init__(self, line: str) -> None:
        self.line = line
        self.tokens = Tokens(line)
        self.depth = 0
        self.calls = 0
        self.parts = 0

    def assertion(self) -> Assertion:
        sides, relations = [self._side()], []
        while self.tokens.peek().kind == "relation":
            relations.append(RELATIONS[self.tokens.take().text])
            sides.append(self._side())
        if not relations:
            self._nothing_compared()
        tolerance = self._tolerance(relations) if self.tokens.peek().text == "±" else None
        each, offset = self._each() if self.tokens.peek().kind == "each" else ("", 0)
        self._end()
        self._check_names_a_metric(sides)
        text = self.line.strip()
        return Assertion(text, tuple(sides), tuple(relations), tolerance, each, offset)

    def _nothing_compared(self) -> None:
        self._end()
        shown = self.line.strip()
        raise BudgetError(f"{shown!r} compares nothing", hint=EXAMPLE, offset=len(self.line))

    def _end(self) -> None:
        token = self.tokens.peek()
        if token.kind != "end":
            raise _wrong(token, f"{token.text!r} is not expected here", _after(token))

    def _check_names_a_metric(self, sides: list[Expression]) -> None:
        if not any(side.has("metric") for side in sides):
            hint = f"compare one of {', '.join(METRICS)}"
            raise BudgetError(f"{self.line.strip()!r} names no metric", hint=hint, offset=0)

    def _side(self) -> Expression:
        token = self.tokens.peek()
        if token.kind in {"relation", "end", "each"} and (self.line.strip() or token.kind != "end"):
            hint = "write a metric or a quantity on each side"
            raise _wrong(token, f"{self.line.strip()!r} has an empty side", hint)
        if token.kind == "end":
            raise _wrong(token, f"{self.line.strip()!r} compares nothing", EXAMPLE)
        return self._sum()

    def _tolerance(self, relations: list[str]) -> Quantity:
        sign = self.tokens.take()
        if not set(relations) <= {"=", "≈"}:
            raise _wrong(sign, "± belongs to == or ≈", "write params == 25.6M ± 2%")
        token = self.tokens.take()
        if token.kind != "number" or not self.tokens.takes("%"):
            raise _wrong(token, "± takes a percentage", "write ± 2%")
        return _share(token)

    def _each(self) -> tuple[str, int]:
        keyword = self.tokens.take()
        glob = self.tokens.rest()
        if not glob.text:
            raise _wrong(keyword, "for each of what?", "write for each stage*")
        _check_glob(glob)
        return glob.text, glob.offset

    def _sum(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _wrong(self.tokens.peek(), f"more than {DEEPEST} brackets deep", "write it flat")
        left = self._term()
        while self.tokens.peek().text in {"+", "-"}:
            sign = self.tokens.take().text
            right = self._term()
            kind = _OPERATORS[sign]
            if right.kind == "percent":
                kind = "grow" if sign == "+" else "shrink"
            left = self._joined(kind, left, right)
        self.depth -= 1
        return left

    def _term(self) -> Expression:
        left = self._factor()
        while self.tokens.peek().text in {"*", "/"}:
            sign = self.tokens.take().text
            left = self._joined(_OPERATORS[sign], left, self._factor())
        return left

    def _joined(self, kind: str, left: Expression, right: Expression) -> Expression:
        end = right.offset + len(right.text)
        return Expression(kind, self.line[left.offset : end], left.offset, (left, right))

    def _factor(self) -> Expression:
        token = self.tokens.take()
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise _wrong(token, f"a line has at most {MOST_PARTS} parts", _SHORTER)
        if token.kind == "number":
            return self._number(token)
        if token.text == "(":
            inside = self._sum()
            end = self._close()
            return inside._replace(text=self.line[token.offset : end], offset=token.offset)
        if token.kind != "word":
            shown = self.line.strip() if token.kind == "end" else token.text
            text = f"{shown!r} has an empty side" if token.kind == "end" else _NEITHER.format(shown)
            raise _wrong(token, text, _A_VALUE)
        if token.text in _CALLS:
            return self._call(token)
        if token.text in {"input", "baseline"}:
            return self._word(token)
        return self._metric(token)

    def _number(self, token: Token) -> Expression:
        if self.calls:
            numbers_in_a_call(token)
        if self.tokens.peek().text == "%":
            end = self.tokens.take().end
            percent = Expression(
                "percent", self.line[token.offset : end], token.offset, quantity=_share(token)
            )
            return self._joined("of", percent, self._factor()) if self._of() else percent
        token = self.tokens.unit(token)
        return Expression("quantity", token.text, token.offset, quantity=_quantity(token))

    def _of(self) -> bool:
        return self.tokens.takes("of")

    def _close(self) -> int:
        token = self.tokens.peek()
        if token.text != ")":
            raise _wrong(token, f"')' is missing in {self.line.strip()!r}", "close the bracket")
        return self.tokens.take().end

    def _call(self, token: Token) -> Expression:
        if not self.tokens.takes("("):
            raise _wrong(token, f"{token.text} needs brackets", f"write {token.text}(1M, 2M)")
        self.calls += 1
        parts = [self._sum()]
        while self.tokens.takes(","):
            parts.append(self._sum())
        self.calls -= 1
        end = self._close()
        if len(parts) < 2:
            hint = f"write {token.text}(1M, 2M)"
            raise _wrong(token, f"{token.text} compares two or more values", hint)
        return Expression(token.text, self.line[token.offset : end], token.offset, tuple(parts))

    def _word(self, token: Token) -> Expression:
        if self.tokens.peek().text == "(":
            self.tokens.take()
            end = self.tokens.until(")").end
            shown = self.line[token.offset : end + 1]
            if token.text == "baseline":
                hint = "baseline stands for the other side at the base"
                raise _wrong(token, f"{shown!r} takes no layers", hint)
            raise _wrong(token, f"{shown!r} restricts nothing", f"write {token.text}")
        return Expression(token.text, token.text, token.offset)

    def _metric(self, token: Token) -> Expression:
        known = ("input", "baseline", *METRICS)
        if token.text not in METRICS:
            hint = did_you_mean(token.text, known)
            raise _wrong(token, f"{token.text!r} is not a metric", hint)
        end, dtype, glob = token.end, "", ""
        if self.tokens.peek().text == "[":
            self.tokens.take()
            dtype = self._dtype(token, self.tokens.until("]"))
            end = self.line.index("]", end) + 1
        if self.tokens.peek().text == "(":
            self.tokens.take()
            inside = self.tokens.until(")")
            end = self.line.index(")", end) + 1
            if not inside.text:
                shown = self.line[token.offset : end]
                raise _wrong(token, f"{shown!r} restricts nothing", f"write {token.text}")
            _check_glob(inside)
            glob = inside.text
        text = self.line[token.offset : end]
        return Expression("metric", text, token.offset, (), None, token.text, glob, dtype)

    def _dtype(self, metric: Token, inside: Token) -> str:
        if metric.text != "weights":
            raise _wrong(inside, f"{metric.text} has no data type", "write weights[int8]")
        if inside.text not in DTYPE_BYTES:
            hint = did_you_mean(inside.text, DTYPE_BYTES)
            raise _wrong(inside, f"unknown data type {inside.text!r}", hint)
        return inside.text


_SHORTER = "write several lines"
_NEITHER = "{!r} is neither a metric nor a quantity"


def _check_glob(glob: Token) -> None:
    bad = next((each for each in glob.text if each.isspace() or each in "()<>=,"), "")
    if bad:
        raise _wrong(glob, f"{glob.text!r} is not a path of layers", "write stage*, or type:conv")


def _quantity(token: Token) -> Quantity:
    try:
        return parse_quantity(token.text)
    except BudgetError as error:
        number, _, word = token.text.partition(" ")
        hint = f"write a sign between {number} and {word}" if word in METRICS else error.hint
        raise _wrong(token, error.text, hint) from None


def _share(token: Token) -> Quantity:
    """Return a percentage as a share of one."""
    from fractions import Fraction

    value = Fraction(_quantity(token).value, 100)
    return Quantity(int(value) if value.denominator == 1 else value, "")


def _after(token: Token) -> str:
    if token.text == "±":
        return "± stands behind the last comparison"
    if token.kind == "number":
        return "write a relation or a sign between two values"
    return "a line is a comparison, then `± 2%`, then `for each stage*`"


def _wrong(token: Token, text: str, hint: str) -> BudgetError:
    return BudgetError(text, hint=hint, offset=token.offset, width=max(1, len(token.text)))
