"""The steps of a compiled expression: closures from a scope to a value.

An expression may run once for each of 100,000 layers, so the usual case of each step, two plain
numbers, is decided here; every other case goes to the careful functions of `operations`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.spec import operations
from cnncalc.spec.operations import OperationError
from cnncalc.spec.scalars import LARGEST
from cnncalc.spec.tokens import ExpressionError

Resolve = Callable[[str], Any]
"""Gives the value of a name, dotted or not; raises for a name that is not in scope."""

Step = Callable[[Resolve], Any]
Span = tuple[int, int]
"""Offset and width in the text of the expression."""

Tail = tuple[str, Step, Span]
"""An operator, the operand on its right, and the text up to there."""

_PLAIN = frozenset((int, float))


def placed(span: Span, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return `function(*arguments)`; an OperationError becomes an ExpressionError at `span`."""
    try:
        return function(*arguments)
    except OperationError as fault:
        raise ExpressionError(fault.text, *span, fault.hint, fault.label) from None


def constant(value: Any) -> Step:
    """Return a step that gives `value`."""
    return lambda _: value


def name(word: str) -> Step:
    """Return a step that asks the scope for `word`."""
    return lambda resolve: resolve(word)


def arithmetic(first: Step, tails: Sequence[Tail]) -> Step:
    """Return a step for `first op a op b …`, from left to right.

    A long sum is one loop and no tower of closures, so that it cannot exhaust the stack.
    """
    if len(tails) == 1:
        return _arithmetic_pair(first, *tails[0])

    def step(resolve: Resolve) -> Any:
        value = first(resolve)
        for symbol, operand, span in tails:
            value = placed(span, operations.calculate, symbol, value, operand(resolve))
        return value

    return step


def _arithmetic_pair(first: Step, symbol: str, second: Step, span: Span) -> Step:
    operate = operations.ARITHMETIC[symbol]

    def step(resolve: Resolve) -> Any:
        left = first(resolve)
        right = second(resolve)
        if left.__class__ in _PLAIN and right.__class__ in _PLAIN:
            try:
                value = operate(left, right)
                if -LARGEST <= value <= LARGEST:
                    return value
            except (ArithmeticError, TypeError, OperationError):
                pass  # computed again below, where the error gets its text and place
        return placed(span, operations.calculate, symbol, left, right)

    return step


def comparison(first: Step, tails: Sequence[Tail]) -> Step:
    """Return a step for `first < a < b …`: true where each pair is; stops at the first false."""
    if len(tails) == 1:
        return _comparison_pair(first, *tails[0])

    def step(resolve: Resolve) -> bool:
        left = first(resolve)
        for symbol, operand, span in tails:
            right = operand(resolve)
            if not placed(span, operations.compare, symbol, left, right):
                return False
            left = right
        return True

    return step


def _comparison_pair(first: Step, symbol: str, second: Step, span: Span) -> Step:
    operate = operations.ORDERINGS.get(symbol) or operations.EQUALITIES[symbol]

    def step(resolve: Resolve) -> Any:
        left = first(resolve)
        right = second(resolve)
        if left.__class__ in _PLAIN and right.__class__ in _PLAIN:
            return operate(left, right)
        return placed(span, operations.compare, symbol, left, right)

    return step


def _is_true(value: Any, span: Span) -> bool:
    if value is True or value is False:
        return bool(value)
    return bool(placed(span, operations.truth, value))


def logic(first: Step, tails: Sequence[Tail], span: Span) -> Step:
    """Return a step for a chain of `and`, or of `or`: the first value that decides it."""
    decides = tails[0][0] == "or"
    operands = tuple(operand for _, operand, _ in tails)

    def step(resolve: Resolve) -> Any:
        value = first(resolve)
        for operand in operands:
            if _is_true(value, span) is decides:
                return value
            value = operand(resolve)
        return value

    return step


def inversion(operand: Step, span: Span) -> Step:
    """Return a step for `not operand`."""
    return lambda resolve: not _is_true(operand(resolve), span)


def sign(symbol: str, operand: Step, span: Span) -> Step:
    """Return a step for `-operand` or `+operand`."""
    return lambda resolve: placed(span, operations.signed, symbol, operand(resolve))


def choice(condition: Step, one: Step, other: Step, span: Span) -> Step:
    """Return a step for `one if condition else other`."""

    def step(resolve: Resolve) -> Any:
        return one(resolve) if _is_true(condition(resolve), span) else other(resolve)

    return step


def index(whole: Step, position: Step, span: Span) -> Step:
    """Return a step for `whole[position]`."""
    return lambda resolve: placed(span, operations.index, whole(resolve), position(resolve))


def sequence(elements: Sequence[Step]) -> Step:
    """Return a step for a list."""
    return lambda resolve: [element(resolve) for element in elements]


def call(function: str, arguments: Sequence[Step], span: Span) -> Step:
    """Return a step for a call with its arguments in the order of the parameters."""

    def step(resolve: Resolve) -> Any:
        given = [argument(resolve) for argument in arguments]
        return placed(span, operations.apply, function, given)

    return step
