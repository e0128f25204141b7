"""A block's signature: Name(c, s=1, w=c // 4), parameters with their types and defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from cnncalc.ops.base import Argument
from cnncalc.spec.expressions import as_int
from cnncalc.spec.loader import is_plain, scalar
from cnncalc.spec.slots import compile_slot
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tree import Block, Default, NodeError, Unit
from cnncalc.spec.unknown import LONGEST_NAME
from cnncalc.spec.words import WORDS, is_name

BLOCK = re.compile(r"([A-Z][A-Za-z0-9]*)(?:\((.*)\))?", re.DOTALL)
PARAMETER = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*(?::\s*([a-z]+)\s*)?(?:=\s*(.*?)\s*)?", re.DOTALL)
TYPES = ("int", "num", "bool", "str", "list", "ref")


def block_of(unit: Unit, text: str, key: yaml.Node, node: yaml.Node) -> Block:
    """Return a block with its parameters, the body not yet read; raises NodeError."""
    match = BLOCK.fullmatch(text.strip())
    if match is None:
        raise NodeError(
            key,
            f"'{text}' is not a block's signature",
            hint="write Name(c, s=1): with a capital letter, so that layers and blocks never mix",
        )
    name, inside = match.groups()
    if len(name) > LONGEST_NAME:
        raise NodeError(key, f"a block's name has at most {LONGEST_NAME} characters")
    parameters: list[Argument] = []
    for offset, part in _split(inside or "", match.start(2)):
        parameter = _parameter(name, part, key, offset)
        _need_no_trap(name, parameter, {*unit.vars, *(each.name for each in parameters)}, key)
        if any(parameter.name == each.name for each in parameters):
            text = f"{name}: parameter '{parameter.name}' is written twice"
            raise NodeError(key, text, hint="keep one of them")
        parameters.append(parameter)
    return Block(unit, name, tuple(parameters), key, node)


def _need_no_trap(block: str, parameter: Argument, known: set[str], key: yaml.Node) -> None:
    """Raise NodeError where a default is a word that may be meant as a name: k=kind."""
    if parameter.kind == "str" and parameter.default in known:
        name, word = parameter.name, parameter.default
        raise NodeError(
            key,
            f"{block}: the default of '{name}' is the word '{word}', which is a name here, too",
            hint=f"write {name}:int={word} or another type for its value, or rename it",
        )


def _split(inside: str, offset: int) -> Iterator[tuple[int, str]]:
    """Yield each parameter's text and where it starts: commas in brackets separate nothing."""
    start = depth = 0
    for position, character in enumerate(inside):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            yield offset + start, inside[start:position]
            start = position + 1
    if inside.strip():
        yield offset + start, inside[start:]


def _parameter(block: str, text: str, key: yaml.Node, offset: int) -> Argument:
    """Return a parameter; `offset` is where its text starts in the signature."""
    match = PARAMETER.fullmatch(text)
    indent = len(text) - len(text.lstrip())

    def wrong(what: str, hint: str) -> NodeError:
        width = max(len(text.strip()), 1)
        return NodeError(key, f"{block}: {what}", hint=hint, offset=offset + indent, width=width)

    if match is None or match[1] in WORDS:
        raise wrong(f"'{text.strip()}' is not a parameter", "write c, s=1 or skip:ref")
    name, kind, written = match.groups()
    value = scalar(yaml.ScalarNode("", written or "", key.start_mark, key.end_mark))
    rule = _is_rule(kind, value)
    if max(len(name), 0 if rule else len(written or "")) > LONGEST_NAME:
        raise wrong(f"a parameter has at most {LONGEST_NAME} characters", "write shorter ones")
    if kind is not None and kind not in TYPES:
        hint = suggest(kind, TYPES) or f"types are {', '.join(TYPES)}"
        raise wrong(f"unknown type '{kind}' of parameter '{name}'", hint)
    if written is None:
        return Argument(name, kind or "int", "")
    if rule:
        argument = Argument(name, kind or "int", "")
        value = _rule(block, argument, written, key, offset + match.start(3))
        return argument._replace(default=value)
    settled = _literal(kind or _kind_of(value), value)
    if settled is None:
        of_type = f" of type {kind}" if kind else ""
        hint = "defaults are numbers, true, false, words, or expressions of what stands before"
        hint = "each call hands a layer over" if kind == "ref" else hint
        raise wrong(f"'{written}' is not a default for parameter '{name}'{of_type}", hint)
    return Argument(name, kind or _kind_of(value), "", settled)


def _is_rule(kind: str | None, value: Any) -> bool:
    """Whether a default is an expression; one word alone is one where no word is expected."""
    if not isinstance(value, str) or not value or kind == "ref":
        return False
    return not is_name(value) or kind not in (None, "str")


def _rule(block: str, argument: Argument, text: str, key: yaml.Node, offset: int) -> Any:
    """Return the value of a default that is an expression, or a Default to evaluate in a call."""
    line, column = key.start_mark.line, key.start_mark.column + (0 if is_plain(key) else 1) + offset
    start, end = (yaml.Mark("", 0, line, each, None, 0) for each in (column, column + len(text)))
    slot = compile_slot(block, argument, yaml.ScalarNode("", text, start, end))
    return slot.constant if slot.compute is None else Default(slot, text)


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "num" if isinstance(value, float) else "str"


def _literal(kind: str, value: Any) -> Any:
    """Return a parameter's default in its type; None where it does not suit."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    suits = {
        "int": number and as_int(value) is not None,
        "num": number,
        "bool": isinstance(value, bool),
        "str": isinstance(value, str) and is_name(value),
    }
    if not suits.get(kind, False):
        return None
    return as_int(value) if kind == "int" else value
