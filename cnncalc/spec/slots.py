"""From a YAML value to an argument's value: words, numbers, expressions and lists of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from cnncalc.errors import CnncalcError
from cnncalc.ops.base import Argument
from cnncalc.spec.expressions import Expression, ExpressionError, as_int, compile_expression
from cnncalc.spec.loader import is_plain, scalar
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tree import UNBOUND, Find, LookUpError, NodeError, Slot

PADDING_WORDS = ("valid", "half", "same")
YES_OR_NO = frozenset({"yes", "no", "on", "off", "y", "n"})
WORD_KINDS = frozenset({"word", "str", "norm", "act"})
SIZE_LIMIT = 2**31
Compute = Callable[[Find, Find], Any]


def compile_slot(owner: str, argument: Argument, node: yaml.Node) -> Slot:
    """Return the slot of an argument of `owner`; raises NodeError where the value cannot be right.

    A value without expressions is settled at once, so that its errors show even in a block that is
    never called.
    """
    raw = _raw(owner, argument, node)
    if not _has_expressions(raw):
        return Slot(argument, node, _settle(owner, argument, node, raw))

    def compute(find: Find, resolve: Find) -> Any:
        value = _evaluate(owner, argument, raw, find, resolve)
        return _settle(owner, argument, node, value, raw, find)

    if isinstance(raw, _Here) and raw.one_word and argument.kind in ("int", "sizes"):
        return Slot(argument, node, None, _quickly(raw.expression.text, argument, compute))
    return Slot(argument, node, None, compute)


def _quickly(name: str, argument: Argument, slowly: Compute) -> Compute:
    """Return a rule for one variable where an integer is expected, as most arguments are."""
    low = -SIZE_LIMIT if argument.low is None else argument.low
    high = SIZE_LIMIT if argument.high is None else min(argument.high, SIZE_LIMIT)

    def compute(find: Find, resolve: Find) -> Any:
        value = find(name)
        if type(value) is int and low <= value <= high:
            return value
        return slowly(find, resolve)

    return compute


def _settle(
    owner: str,
    argument: Argument,
    node: yaml.Node,
    value: Any,
    raw: Any = None,
    find: Find | None = None,
) -> Any:
    """Return the value in the form that the argument's kind asks for; raises NodeError."""
    try:
        return _CONVERT[argument.kind](argument, value)
    except _RefusedError as refused:
        written = _written(raw, value, find) if find is not None else ""
        raise NodeError(
            node,
            f"{_subject(owner, argument)} {refused.text}",
            label=written or f"{argument.name} is {_shown(value)}",
            hint=refused.hint,
        ) from None


def _subject(owner: str, argument: Argument) -> str:
    return owner if owner == argument.name else f"{owner}: {argument.name}"


class _RefusedError(CnncalcError):
    """The value does not suit the kind of argument: the rule as the rest of a sentence."""


class _Here:
    """An expression and the node where it stands, for errors inside lists."""

    __slots__ = ("expression", "node", "one_word")

    def __init__(self, expression: Expression, node: yaml.Node) -> None:
        self.expression = expression
        self.node = node
        self.one_word = _is_word(expression.text)


def _raw(owner: str, argument: Argument, node: yaml.Node) -> Any:
    """Return numbers, words, and expressions not yet evaluated, in nested lists."""
    if isinstance(node, yaml.SequenceNode):
        return [_raw(owner, argument, each) for each in node.value]
    if isinstance(node, yaml.MappingNode):
        raise NodeError(
            node,
            f"{_subject(owner, argument)} cannot be a mapping",
            hint="write a value or a list",
        )
    value = scalar(node)
    if not isinstance(value, str) or (argument.kind == "padding" and value in PADDING_WORDS):
        return value
    if not is_plain(node) and argument.kind in {*WORD_KINDS, "list"} and _is_word(value):
        return value
    try:
        return _Here(compile_expression(value), node)
    except ExpressionError as error:
        raise _located(owner, argument, node, error) from None


def _is_word(text: str) -> bool:
    return text.isascii() and text.isidentifier()


def _has_expressions(raw: Any) -> bool:
    if isinstance(raw, list):
        return any(_has_expressions(each) for each in raw)
    return isinstance(raw, _Here)


def _evaluate(owner: str, argument: Argument, raw: Any, find: Find, resolve: Find) -> Any:
    if isinstance(raw, list):
        return [_evaluate(owner, argument, each, find, resolve) for each in raw]
    if not isinstance(raw, _Here):
        return raw
    lenient = argument.kind in WORD_KINDS or (raw.one_word and argument.kind == "list")
    try:
        return raw.expression.evaluate(_or_word(find) if lenient else resolve)
    except ExpressionError as error:
        raise _located(owner, argument, raw.node, error) from None
    except LookUpError as error:
        names = raw.expression.names
        offset = raw.expression.offsets[names.index(error.name)] if error.name in names else 0
        hint = _word_hint(argument, raw) or error.hint
        found = ExpressionError(error.text, offset, len(error.name), hint)
        raise _located(owner, argument, raw.node, found) from None


def _word_hint(argument: Argument, raw: _Here) -> str:
    """Return a hint for a word that stands where only some words, or none, make sense."""
    if not raw.one_word:
        return ""
    if argument.kind == "padding":
        words = ", ".join(PADDING_WORDS)
        return suggest(raw.expression.text, PADDING_WORDS) or f"the words here are {words}"
    yes_or_no = argument.kind == "bool" and raw.expression.text.lower() in YES_OR_NO
    return "write true or false" if yes_or_no else ""


def _or_word(find: Find) -> Find:
    """Return a look-up where a name that is bound to nothing is a word, such as relu."""

    def look(name: str) -> Any:
        value = find(name)
        return name if value is UNBOUND else value

    return look


def _located(owner: str, argument: Argument, node: yaml.Node, error: ExpressionError) -> NodeError:
    return NodeError(
        node,
        f"{_subject(owner, argument)}: {error.text}",
        label=error.label,
        hint=error.hint,
        offset=error.offset,
        width=error.width,
    )


def _written(raw: Any, value: Any, find: Find) -> str:
    """Return `32 * width = 22.4 with width=0.7`."""
    if not isinstance(raw, _Here):
        return ""
    bound = [(name, find(name)) for name in dict.fromkeys(raw.expression.names)]
    given = ", ".join(f"{name}={_shown(each)}" for name, each in bound if each is not UNBOUND)
    if raw.one_word:
        return given
    return f"{raw.expression.text} = {_shown(value)}" + (f" with {given}" if given else "")


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = "nothing" if value is None else text
    return text if len(text) <= 60 else text[:57] + "..."


def _integer(argument: Argument, value: Any) -> int:
    number = None if isinstance(value, bool) else as_int(value)
    if number is None:
        raise _RefusedError(f"must be an integer, got {_shown(value)}")
    if abs(number) > SIZE_LIMIT:
        raise _RefusedError(f"must be at most {SIZE_LIMIT:,}, got {number:,}")
    _within(argument, number)
    return number


def _number(argument: Argument, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _RefusedError(f"must be a number, got {_shown(value)}")
    _within(argument, value)
    return value


def _within(argument: Argument, number: float) -> None:
    if argument.low is not None and number < argument.low:
        raise _RefusedError(f"must be at least {argument.low:g}, got {number}")
    if argument.high is not None and number > argument.high:
        raise _RefusedError(f"must be at most {argument.high:g}, got {number}")


def _boolean(_: Argument, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _RefusedError(f"must be true or false, got {_shown(value)}")
    return value


def _word(argument: Argument, value: Any) -> str:
    if not isinstance(value, str):
        raise _RefusedError(f"must be a word, got {_shown(value)}")
    if argument.choices and value not in argument.choices:
        raise _RefusedError(
            f"must be one of {', '.join(argument.choices)}, got {value}",
            hint=suggest(value, argument.choices),
        )
    return value


def _each(one: Callable[[Argument, Any], Any]) -> Callable[[Argument, Any], Any]:
    def convert(argument: Argument, value: Any) -> Any:
        if isinstance(value, list):
            if not 1 <= len(value) <= 3:
                raise _RefusedError(f"must have 1 to 3 values, one an axis, got {len(value)}")
            return tuple(one(argument, each) for each in value)
        return one(argument, value)

    return convert


def _padding(argument: Argument, value: Any) -> Any:
    if isinstance(value, str):
        return _word(argument._replace(choices=PADDING_WORDS), value)
    if isinstance(value, list) and any(isinstance(each, list) for each in value):
        if not all(isinstance(each, list) and len(each) == 2 for each in value):
            raise _RefusedError(
                "must give [low, high] for every axis", hint="such as [[0, 1], [0, 1]]"
            )
        return tuple((_integer(argument, lo), _integer(argument, hi)) for lo, hi in value)
    return _each(_integer)(argument, value)


def _shape(argument: Argument, value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= 4:
        hint = "channels, then up to 3 spatial axes; no batch axis"
        raise _RefusedError(f"must have 1 to 4 axes, got {len(values)}", hint=hint)
    return tuple(_integer(argument, each) for each in values)


def _list(_: Argument, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _RefusedError(f"must be a list, got {_shown(value)}")
    return value


def _part(argument: Argument, value: Any) -> str | None:
    """Return the name of a layer type; none means that there is no such part."""
    word = None if value is None else _word(argument, value)
    return None if word == "none" else word


_CONVERT: dict[str, Callable[[Argument, Any], Any]] = {
    "int": _integer,
    "num": _number,
    "bool": _boolean,
    "word": _word,
    "str": _word,
    "list": _list,
    "sizes": _each(_integer),
    "scale": _each(_number),
    "padding": _padding,
    "shape": _shape,
    "norm": _part,
    "act": _part,
}
