"""Exact amounts with dimensions, one number or one an axis, and arithmetic between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cnncalc.errors import BudgetError
from cnncalc.records import Record

if TYPE_CHECKING:
    from fractions import Fraction

AXES = {1: ("w",), 2: ("h", "w"), 3: ("d", "h", "w")}
LARGEST = 10**150
"""So that no line takes long, and every number can be a float."""

_WORDS = {"MAC": "MACs", "FLOP": "FLOPs", "byte": "bytes", "ratio": "a ratio", "": "a number"}


class NumberError(BudgetError):
    """A number that is out of reach, where others would do: a division by zero, far too large."""


class Amount(Record):
    """An exact number, or one for each of `axes`, in a dimension of `units.Quantity`.

    The size on one axis is a number as any other: it goes with a size on each of its axes. Only the
    size of the input (`of_input`) is then taken on that axis.

    More dimensions are counts of their own: `layers`, `channels`, and `values` of feature maps;
    `ratio` is what a quotient of two equal ones has, `percent` a share of nothing said, and
    `MAC/byte` a quotient of two that differ. A bare number has none, and takes any.
    """

    values: tuple[int | Fraction, ...]
    dimension: str
    axes: tuple[str, ...] = ()
    note: str = ""
    of_input: bool = False


def word(dimension: str) -> str:
    """Return what a dimension is called: MACs, bytes, MACs per byte."""
    above, slash, below = dimension.partition("/")
    name = _WORDS.get(above, above)
    return f"{name} per {below}" if slash else name


def common_axes(left: Amount, right: Amount) -> tuple[str, ...]:
    """Return the axes that two amounts are put together on, none for two numbers.

    Raises BudgetError for sizes on different axes: none may be passed over.
    """
    if len(left.values) == 1 or len(right.values) == 1:
        more = left if len(left.values) > 1 else right
        return more.axes if len(more.values) > 1 else ()
    if left.axes != right.axes:
        has = f"{', '.join(left.axes)} and {', '.join(right.axes)}"
        raise BudgetError(f"the axes {has} do not meet", hint="name one axis on both sides")
    return left.axes


def on_axes(left: Amount, right: Amount) -> Iterator[tuple[str, int | Fraction, int | Fraction]]:
    """Yield the values to compare, with their axis: one by one, or each with the only one."""
    left, right = _met(left, right)
    axes = common_axes(left, right)
    many = max(len(left.values), len(right.values))
    ones, others = (each.values * (many // len(each.values)) for each in (left, right))
    yield from zip(axes or ("",) * many, ones, others, strict=True)


def _met(left: Amount, right: Amount) -> tuple[Amount, Amount]:
    """Return both, the size of the input on the one axis that the other has."""
    return on_axis(left, right.axes), on_axis(right, left.axes)


def on_axis(amount: Amount, axes: tuple[str, ...]) -> Amount:
    """Return the size of the input on the only one of some axes; all other amounts as they are."""
    if not amount.of_input or len(axes) != 1 or axes[0] not in amount.axes:
        return amount
    return amount._replace(values=(amount.values[amount.axes.index(axes[0])],), axes=axes)


def distance(one: int | Fraction, other: int | Fraction) -> int | Fraction:
    """Return how far two numbers are apart."""
    return one - other if one > other else other - one


def add(left: Amount, right: Amount) -> Amount:
    """Return the sum; raises BudgetError where the two are not of one kind."""
    return _together(left, right, lambda one, other: one + other, _same(left, right, "add"))


def subtract(left: Amount, right: Amount) -> Amount:
    """Return the difference; raises BudgetError where the two are not of one kind."""
    return _together(left, right, lambda one, other: one - other, _same(left, right, "subtract"))


def smaller(left: Amount, right: Amount) -> Amount:
    """Return the smaller one, on each axis."""
    return _together(left, right, min, _same(left, right, "compare"))


def larger(left: Amount, right: Amount) -> Amount:
    """Return the larger one, on each axis."""
    return _together(left, right, max, _same(left, right, "compare"))


def multiply(left: Amount, right: Amount) -> Amount:
    """Return the product; one of the two must be a plain number, or a percentage of the other."""
    plain = {"", "ratio", "percent"}
    both = {left.dimension, right.dimension}
    if "percent" in both and both <= {"", "percent"}:
        raise _of_nothing("multiply")
    if left.dimension not in plain and right.dimension not in plain:
        raise BudgetError(
            f"cannot multiply {word(left.dimension)} by {word(right.dimension)}",
            hint="multiply by a number",
        )
    dimension = right.dimension if left.dimension in plain else left.dimension
    if dimension == "percent":
        dimension = left.dimension
    return _together(left, right, lambda one, other: one * other, dimension)


def divide(left: Amount, right: Amount) -> Amount:
    """Return the quotient: a ratio where both are of one kind, else such as MACs per byte."""
    from fractions import Fraction

    above, below = left.dimension, right.dimension
    if above == "percent" or (below == "percent" and not above):
        raise _of_nothing("divide")
    if below in {"", "ratio", "percent"}:
        dimension = above
    elif above == below:
        dimension = "ratio"
    elif above and not {"/"} & {*above, *below}:
        dimension = f"{above}/{below}"
    else:
        raise BudgetError(
            f"cannot divide {word(above)} by {word(below)}", hint="divide one metric by another"
        )
    if 0 in right.values:
        raise NumberError("division by zero", hint="divide by something that is there")
    return _together(left, right, lambda one, other: whole(Fraction(one) / other), dimension)


def scale(amount: Amount, share: int | Fraction) -> Amount:
    """Return an amount times a number."""
    return amount._replace(values=tuple(whole(value * share) for value in amount.values))


def whole(value: int | Fraction) -> int | Fraction:
    """Return an integer where a fraction is one; raises NumberError beyond all reason."""
    if abs(value.numerator) > LARGEST or value.denominator > LARGEST:
        raise NumberError("a number has more than 150 digits", hint="write smaller numbers")
    return value.numerator if value.denominator == 1 else value


def _same(left: Amount, right: Amount, verb: str) -> str:
    one, other = left.dimension, right.dimension
    if "percent" in {one, other}:
        raise _of_nothing(verb)
    if one and other and one != other:
        to = {"add": "to", "subtract": "from", "compare": "with"}[verb]
        first, second = (one, other) if verb == "compare" else (other, one)
        raise BudgetError(
            f"cannot {verb} {word(first)} {to} {word(second)}", hint="keep to one kind of amount"
        )
    return one or other


def _of_nothing(verb: str) -> BudgetError:
    hint = "write 10% of params"
    return BudgetError(f"cannot {verb} a percentage of nothing said", hint=hint)


def _together(
    left: Amount,
    right: Amount,
    function: Callable[[int | Fraction, int | Fraction], int | Fraction],
    dimension: str,
) -> Amount:
    """Return the amounts combined, axis by axis."""
    left, right = _met(left, right)
    values = tuple(whole(function(one, other)) for _, one, other in on_axes(left, right))
    sizes = [each for each in (left, right) if len(each.values) > 1]
    of_input = bool(sizes) and all(each.of_input for each in sizes)
    axes = common_axes(left, right)
    if not axes and () in (left.axes, right.axes):  # a size on one axis, and a number
        axes = left.axes or right.axes
    return Amount(values, dimension, axes, left.note or right.note, of_input)
