"""Values of expressions, and the functions and operators on them, with their limits.

Nothing here knows its place in a file: the expression adds that to an `OperationError`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.records import Record
from cnncalc.spec.scalars import LARGEST

Value: TypeAlias = "int | float | bool | str | list[Value]"

LARGEST_EXPONENT = 64
BEYOND = "the result is beyond ±2^53"
LONGEST_LIST = 1000
_LONGEST_SHOWN = 60


class OperationError(Exception):
    """An operation that is not defined for its values; `label` shows the values."""

    def __init__(self, text: str, label: str = "", hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.label = label
        self.hint = hint


def show(value: Any) -> str:
    """Return a value as it would be written in a spec, cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        few = ", ".join(show(each) if not isinstance(each, list) else "[…]" for each in value[:6])
        return f"[{few}, … {len(value)} values]" if len(value) > 6 else f"[{few}]"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…")
    return str(value) if isinstance(value, int | float) else "a reference"


def as_int(value: object) -> int | None:
    """Return an integer value as an int: 32 and 32.0 are 32. Anything else, 22.4 too, is None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def bounded(value: Any, label: str) -> Any:
    """Return a number that is within ±2^53; raise OperationError for another."""
    if isinstance(value, complex):
        raise OperationError("the result is not a real number", label)
    if not -LARGEST <= value <= LARGEST:
        raise OperationError(BEYOND, label)
    return value


def truth(value: Any) -> bool:
    """Return whether a value counts as true, as in Python; raise OperationError for a reference."""
    if isinstance(value, int | float | str | list):
        return bool(value)
    raise OperationError("a reference is neither true nor false")


def _number(value: Any, label: str) -> None:
    if not isinstance(value, int | float):
        kind = "text" if isinstance(value, str) else "a list"
        kind = kind if isinstance(value, str | list) else "a reference"
        raise OperationError(f"needs numbers, not {kind}", label)


def _power(base: Any, exponent: Any) -> Any:
    if not -LARGEST_EXPONENT <= exponent <= LARGEST_EXPONENT:
        raise OperationError(
            f"an exponent is at most {LARGEST_EXPONENT}", f"{show(base)} ** {exponent}"
        )
    return base**exponent


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
}
ORDERINGS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EQUALITIES: dict[str, Callable[[Any, Any], Any]] = {"==": operator.eq, "!=": operator.ne}


def calculate(symbol: str, left: Any, right: Any) -> Any:
    """Return `left symbol right` for an arithmetic operator; raise OperationError."""
    label = f"{show(left)} {symbol} {show(right)}"
    _number(left, label)
    _number(right, label)
    try:
        return bounded(ARITHMETIC[symbol](left, right), label)
    except ZeroDivisionError:
        raise OperationError("division by zero", label) from None
    except OverflowError:
        raise OperationError(BEYOND, label) from None


def signed(symbol: str, value: Any) -> Any:
    """Return `+value` or `-value`; raise OperationError for what is not a number."""
    _number(value, f"{symbol}{show(value)}" if isinstance(value, str | list) else "")
    return -value if symbol == "-" else +value


def compare(symbol: str, left: Any, right: Any) -> bool:
    """Return `left symbol right` for a comparison; only numbers have an order."""
    if symbol in ORDERINGS:
        label = f"{show(left)} {symbol} {show(right)}"
        _number(left, label)
        _number(right, label)
        return bool(ORDERINGS[symbol](left, right))
    for value in (left, right):
        if not isinstance(value, int | float | str | list):
            raise OperationError("a reference cannot be compared")
        _short(value)
    return bool(EQUALITIES[symbol](left, right))


def index(values: Any, position: Any) -> Any:
    """Return `values[position]`; negative positions count from the end, as in Python."""
    whole = as_int(position)
    if isinstance(values, list) and whole is not None and -len(values) <= whole < len(values):
        return values[whole]
    label = f"{show(values)}[{show(position)}]"
    if not isinstance(values, list):
        raise OperationError("only a list can be indexed", label)
    if whole is None:
        raise OperationError("an index is an integer", label)
    raise OperationError(f"index {whole} is outside a list of {len(values)}", label)


def _short(value: Any) -> None:
    if isinstance(value, list) and len(value) > LONGEST_LIST:
        raise OperationError(
            f"a list has at most {LONGEST_LIST:,} values", f"{len(value):,} values"
        )


def _choose(name: str, best: Callable[[list[Any]], Any], values: tuple[Any, ...]) -> Any:
    chosen = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    _short(chosen)
    if not chosen:
        raise OperationError(f"{name} needs a value", f"{name}([])")
    for value in chosen:
        if not isinstance(value, int | float):
            _number(value, f"{name}({', '.join(map(show, values[:6]))})")
    return best(chosen)


def _minimum(*values: Any) -> Any:
    return _choose("min", min, values)


def _maximum(*values: Any) -> Any:
    return _choose("max", max, values)


def _length(value: Any) -> int:
    if not isinstance(value, str | list):
        raise OperationError("len needs a list", f"len({show(value)})")
    return len(value)


def _square_root(value: Any) -> float:
    if value < 0:
        raise OperationError("a negative number has no square root", f"sqrt({show(value)})")
    return math.sqrt(value)


def _logarithm(value: Any) -> float:
    if value <= 0:
        raise OperationError("only positive numbers have a logarithm", f"log2({show(value)})")
    return math.log2(value)


def _divisor(name: str, value: Any) -> int:
    whole = as_int(value)
    if whole is None or whole < 1:
        raise OperationError(f"{name} needs a positive integer as d", f"d is {show(value)}")
    return whole


def make_divisible(value: float, d: int = 8, min_ratio: float = 0.9) -> int:
    """Return the multiple of d nearest to `value`, at least d and at least min_ratio · value.

    The rounding of channel counts in the MobileNet papers' published code. `d` is a positive
    integer. Raises OperationError.
    """
    divisor = _divisor("make_divisible", d)
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < min_ratio * value else rounded


def _ceil_to(value: Any, d: Any) -> int:
    divisor = _divisor("ceil_to", d)
    return (
        math.ceil(value / divisor) * divisor
        if isinstance(value, float)
        else (-(-value // divisor) * divisor)
    )


class Function(Record):
    """A function of the language: its parameters in order, and the values of the last ones.

    One without parameters takes any number of values. `numeric`: takes and gives numbers only.
    """

    call: Callable[..., Any]
    parameters: tuple[str, ...] = ("x",)
    defaults: tuple[Any, ...] = ()
    numeric: bool = True


FUNCTIONS: dict[str, Function] = {
    "min": Function(_minimum, (), numeric=False),
    "max": Function(_maximum, (), numeric=False),
    "abs": Function(abs),
    "floor": Function(math.floor),
    "ceil": Function(math.ceil),
    "round": Function(round),
    "sqrt": Function(_square_root),
    "log2": Function(_logarithm),
    "len": Function(_length, numeric=False),
    "div8": Function(make_divisible, ("v",)),
    "make_divisible": Function(make_divisible, ("v", "d", "min_ratio"), (8, 0.9)),
    "ceil_to": Function(_ceil_to, ("v", "d")),
}


def apply(name: str, arguments: list[Any]) -> Any:
    """Return the function's value, within the limits; raise OperationError."""
    function = FUNCTIONS[name]
    if not function.numeric:
        return function.call(*arguments)
    if all(isinstance(argument, int | float) for argument in arguments):
        value = function.call(*arguments)
        if -LARGEST <= value <= LARGEST:
            return value
    label = f"{name}({', '.join(map(show, arguments))})"
    for argument in arguments:
        _number(argument, label)
    raise OperationError(BEYOND, label)
