"""The expression language: values by hand, exact error texts, and limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import CnncalcError
from cnncalc.spec.expressions import ExpressionError, as_int, compile_expression
from cnncalc.spec.suggest import suggest, ternary_hint

REFERENCE = object()
SCOPE = {
    "s": 1,
    "c": 64,
    "in.c": 64,
    "width": 0.35,
    "i": 2,
    "first": True,
    "depths": [3, 4, 6, 3],
    "act": "relu",
    "stage2.res1.conv2.c": 128,
    "skip": REFERENCE,
}

VALUES = [
    ("64", 64),
    ("1_000", 1000),
    ("1e3", 1000.0),
    (".5", 0.5),
    ("true", True),
    ("False", False),
    ("'relu'", "relu"),
    ("c", 64),
    ("stage2.res1.conv2.c", 128),
    ("in.c // 2", 32),
    ("in.c != c", False),
    ("s > 1 or in.c != c", False),
    ("s == 1 and c == 64 and first", True),
    ("2 if i == 0 else 1", 1),
    ("1 if s > 1 else 2 if c > 1 else 3", 2),
    ("not s > 1", True),
    ("not not first", True),
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("10 - 4 - 3", 3),
    ("7 // 2 * 2 + 7 % 2", 7),
    ("-7 // 2", -4),
    ("7 / 2", 3.5),
    ("-2 ** 2", -4),
    ("2 ** -1", 0.5),
    ("2 ** 3 ** 2", 512),
    ("--3", 3),
    ("+c", 64),
    ("1 < 2 < 3", True),
    ("1 < 3 < 2", False),
    ("1 == 1.0", True),
    ("act == 'relu'", True),
    ("act != 'relu'", False),
    ("[1, c, [2]]", [1, 64, [2]]),
    ("[1, 2] == [1, 2]", True),
    ("depths[i]", 6),
    ("depths[-1]", 3),
    ("depths[1.0]", 4),
    ("[[1, 2], [3]][0][1]", 2),
    ("len(depths)", 4),
    ("len('ab')", 2),
    ("min(depths)", 3),
    ("max(1, c, 2.5)", 64),
    ("abs(-3)", 3),
    ("floor(2.9)", 2),
    ("ceil(2.1)", 3),
    ("round(2.6)", 3),
    ("sqrt(16)", 4.0),
    ("log2(8)", 3.0),
    ("first + 1", 2),
    ("0 or 5", 5),
    ("0 and 5", 0),
    # The published MobileNetV2 of width 0.35 has these channels: 16, then 8 8 16 24 32 56 112.
    ("div8(32 * width)", 16),
    ("div8(16 * width)", 8),
    ("div8(24 * width)", 8),
    ("div8(64 * width)", 24),
    ("div8(96 * width)", 32),
    ("div8(160 * width)", 56),
    ("div8(320 * width)", 112),
    # 12 rounds to 16 by eights (a tie goes up); 10 to 8, which loses over a tenth, so 16.
    ("div8(12)", 16),
    ("div8(10)", 16),
    ("make_divisible(10, min_ratio=0.5)", 8),
    ("make_divisible(22.4, d=4)", 24),
    ("make_divisible(v=22.4, d=4, min_ratio=0.9)", 24),
    ("ceil_to(33, 8)", 40),
    ("ceil_to(32, 8)", 32),
    ("ceil_to(22.4, 8)", 24),
    ("skip", REFERENCE),
    ("skip if first else c", REFERENCE),
]


@pytest.mark.parametrize("text, expected", VALUES)
def test_value(text, expected):
    """An expression has the value that Python's rules give by hand, and its type."""
    value = compile_expression(text).evaluate(SCOPE.__getitem__)
    assert value == expected
    assert type(value) is type(expected)


ERRORS = [
    ("7 // 0", 0, 6, "division by zero", "7 // 0", ""),
    ("1 + c % 0", 4, 5, "division by zero", "64 % 0", ""),
    ("9**9**9**9", 3, 7, "an exponent is at most 64", "9 ** 387420489", ""),
    ("2**-65", 0, 6, "an exponent is at most 64", "2 ** -65", ""),
    ("10**16", 0, 6, "the result is beyond ±2^53", "10 ** 16", ""),
    ("c * 2**50", 0, 9, "the result is beyond ±2^53", "64 * 1125899906842624", ""),
    ("1 + 2**53 + 1", 0, 9, "the result is beyond ±2^53", "1 + 9007199254740992", ""),
    ("9007199254740993", 0, 16, "a number is at most 2^53", "", ""),
    ("1e400", 0, 5, "a number is at most 2^53", "", ""),
    ("sqrt(-1)", 0, 8, "a negative number has no square root", "sqrt(-1)", ""),
    ("log2(0)", 0, 7, "only positive numbers have a logarithm", "log2(0)", ""),
    ("(-8) ** 0.5", 0, 11, "the result is not a real number", "-8 ** 0.5", ""),
    ("depths[4]", 0, 9, "index 4 is outside a list of 4", "[3, 4, 6, 3][4]", ""),
    ("depths[0.5]", 0, 11, "an index is an integer", "[3, 4, 6, 3][0.5]", ""),
    ("c[0]", 0, 4, "only a list can be indexed", "64[0]", ""),
    ("act + 1", 0, 7, "needs numbers, not text", "'relu' + 1", ""),
    ("[1] * 3", 0, 7, "needs numbers, not a list", "[1] * 3", ""),
    ("-act", 0, 4, "needs numbers, not text", "-'relu'", ""),
    ("act < 'z'", 0, 9, "needs numbers, not text", "'relu' < 'z'", ""),
    ("skip + 1", 0, 8, "needs numbers, not a reference", "a reference + 1", ""),
    ("skip == 1", 0, 9, "a reference cannot be compared", "", ""),
    ("skip and 1", 0, 10, "a reference is neither true nor false", "", ""),
    ("abs('a')", 0, 8, "needs numbers, not text", "abs('a')", ""),
    ("min(1, 'a')", 0, 11, "needs numbers, not text", "min(1, 'a')", ""),
    ("max([])", 0, 7, "max needs a value", "max([])", ""),
    ("len(3)", 0, 6, "len needs a list", "len(3)", ""),
    ("ceil_to(3, 0)", 0, 13, "ceil_to needs a positive integer as d", "d is 0", ""),
    ("make_divisible(3, d=1.5)", 0, 24, "make_divisible needs a positive integer as d",
     "d is 1.5", ""),
    ("", 0, 1, "the expression is empty", "", "write a number or a name"),
    ("1 +", 3, 1, "expected a value, found the end", "", ""),
    ("(1", 2, 1, "expected `)`, found the end", "", ""),
    ("1)", 1, 1, "`)` is unexpected here", "", ""),
    ("2 if s", 6, 1, "expected `else`, found the end", "", ""),
    ("if", 0, 2, "expected a value, found `if`", "", ""),
    ("'relu", 0, 5, "the quote is not closed", "", ""),
    ("2x", 1, 1, "`x` cannot follow the number 2 directly", "", "write `2 * x` for a product"),
    ("c = 1", 2, 1, "`=` is unexpected here", "", "compare with `==`"),
    ("c in depths", 2, 2, "`in` is unexpected here", "", "compare with `==` and `or`"),
    ("i==0 ? 2 : 1", 5, 1, "`?` is not part of an expression", "",
     "write `2 if i == 0 else 1`"),
    ("s && c", 2, 2, "`&&` is not part of an expression", "", "write `and`"),
    ("s || c", 2, 2, "`||` is not part of an expression", "", "write `or`"),
    ("!first", 0, 1, "`!` is not part of an expression", "", "write `not`"),
    ("${c}", 0, 1, "`$` is not part of an expression", "",
     "write the name alone, without ${ }"),
    ("a\x00", 1, 1, "`\\x00` is not part of an expression", "", ""),
    ("mx(1, 2)", 0, 2, "unknown function 'mx'", "", "did you mean 'max'?"),
    ("div8(1, 2)", 0, 10, "div8 takes at most 1 argument, not 2", "", "write `div8(v)`"),
    ("min()", 0, 5, "min needs a value", "", "write `min(a, b, …)`"),
    ("min(1, k=2)", 0, 11, "min: argument k is unknown", "", "write `min(a, b, …)`"),
    ("ceil_to(3)", 0, 10, "ceil_to: argument d is missing", "", "write `ceil_to(v, d)`"),
    ("ceil_to(3, v=3)", 0, 15, "ceil_to: argument v is given twice", "",
     "write `ceil_to(v, d)`"),
    ("div8(v=1, v=2)", 10, 1, "argument v is given twice", "", ""),
    ("ceil_to(v=3, 8)", 13, 1, "a positional argument follows a named one", "", ""),
    ("(" * 64 + "1" + ")" * 64, 64, 1, "an expression nests at most 64 deep", "",
     "split it into variables"),
    ("-" * 64 + "1", 63, 1, "an expression nests at most 64 deep", "",
     "split it into variables"),
    ("1 +" * 333 + " 1", 0, 1, "an expression has at most 1,000 characters",
     "1,001 characters", "split it into variables"),
]  # fmt: skip


@pytest.mark.parametrize("text, offset, width, message, label, hint", ERRORS)
def test_error(text, offset, width, message, label, hint):
    """An error says what is wrong, with the values, at the characters that are to blame."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text).evaluate(SCOPE.__getitem__)
    error = caught.value
    assert (error.text, error.label, error.hint) == (message, label, hint)
    assert (error.offset, error.width) == (offset, width)


def test_names_in_order():
    """Every name is listed once, dotted ones whole, with its first place; functions are not."""
    expression = compile_expression("div8(in.c * width) if in.c != s else stage2.res1.conv2.c")
    assert expression.names == ("in.c", "width", "s", "stage2.res1.conv2.c")
    assert expression.offsets == (5, 12, 30, 37)


def test_describe():
    """The variables of an expression are shown with their values."""
    expression = compile_expression("c * width if first else act")
    text = expression.describe(SCOPE.__getitem__)
    assert text == "c = 64, width = 0.35, first = true, act = 'relu'"


def test_long_sum():
    """A sum as long as an expression may be does not exhaust the stack."""
    assert compile_expression("+".join("c" * 500)).evaluate({"c": 2}.__getitem__) == 1000


def test_skips_what_is_not_chosen():
    """The branch that is not chosen is not computed, so it may be undefined."""
    assert compile_expression("c // s if s else 0").evaluate({"c": 1, "s": 0}.__getitem__) == 0
    assert compile_expression("s != 0 and c // s > 1").evaluate({"s": 0}.__getitem__) is False


def test_list_limit():
    """Lists of more than 1,000 values are neither searched nor compared."""
    scope = {"long": [1] * 1001}.__getitem__
    for text in ("max(long)", "long == long"):
        with pytest.raises(ExpressionError, match="a list has at most 1,000 values"):
            compile_expression(text).evaluate(scope)


def test_error_of_the_scope_passes():
    """What the scope raises for an unknown name comes through as it is."""
    with pytest.raises(KeyError, match="nowhere"):
        compile_expression("1 + nowhere").evaluate({}.__getitem__)


def test_error_is_a_problem_of_the_project():
    """An expression error is a CnncalcError and shows as a problem with its values."""
    with pytest.raises(CnncalcError) as caught:
        compile_expression("7 // 0")
    assert caught.value.problems[0].concise() == "error: division by zero (7 // 0)"


@pytest.mark.parametrize(
    "value, expected",
    [(32, 32), (32.0, 32), (22.4, None), (True, None), ("3", None), (float("inf"), None)],
)
def test_as_int(value, expected):
    """Only a whole number is an integer; a bool and a text are not."""
    assert as_int(value) == expected


@pytest.mark.parametrize(
    "word, candidates, expected",
    [
        ("kernal", ["kernel", "stride"], "did you mean 'kernel'?"),
        ("RES", ["Res", "Down"], "did you mean 'Res'?"),
        ("zzz", ["kernel", "stride"], ""),
        ("k" * 61, ["k" * 60], ""),
        ("kernel", [f"x{number}" for number in range(2000)] + ["kernel"], ""),
    ],
)
def test_suggest(word, candidates, expected):
    """The nearest name is suggested, in any case of letters; none where none is near."""
    assert suggest(word, candidates) == expected


def test_ternary_hint_without_parts():
    """An incomplete C conditional gets the general form."""
    assert ternary_hint("a ? b") == "write `one if condition else other`"


WORDS = """( ) [ ] , + - * / // % ** < <= == != = ? : ! if else and or not
0 1 9 2.5 1e3 9007199254740992 c s depths act skip in.c true 'a' é nowhere
min( max( div8( len( sqrt( log2( ceil_to( round( make_divisible("""


def failure(text):
    """Return the ExpressionError that a text raises; no other error but the scope's may pass."""
    try:
        compile_expression(text).evaluate(SCOPE.__getitem__)
    except ExpressionError as error:
        return error
    except KeyError:
        return None
    return None


def stands_in(error, text):
    return error is None or (0 <= error.offset <= len(text) and error.width >= 1)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=40))
def test_any_pieces(pieces):
    """Whatever pieces of the language are put together: a value or an error inside the text."""
    text = " ".join(pieces)
    assert stands_in(failure(text), text)


@given(st.text(max_size=60))
def test_any_text(text):
    """Whatever the text: a value or an error inside the text."""
    assert stands_in(failure(text), text)
