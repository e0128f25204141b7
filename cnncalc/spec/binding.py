"""Which value belongs to which argument: positional or by name, alike for layers and blocks."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from cnncalc.ops.base import REQUIRED, Argument
from cnncalc.spec.loader import Document, entries, is_plain, scalar
from cnncalc.spec.tree import NodeError
from cnncalc.spec.unknown import argument_hint, counted

LIST_KINDS = frozenset({"sizes", "scale", "shape", "padding", "list"})


def signature(owner: str, arguments: Iterable[Argument]) -> str:
    """Return a call as the documentation writes it: conv(out, kernel, stride=1)."""
    shown = [a.name if a.default is REQUIRED else f"{a.name}={default(a)}" for a in arguments]
    return f"{owner}({', '.join(shown)})"


def default(argument: Argument) -> str:
    """Return a default value as a spec writes it."""
    value = argument.default
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def spellings(arguments: Iterable[Argument]) -> dict[str, str]:
    """Return every way to write an argument's name, with the name."""
    arguments = tuple(arguments)
    return {a.name: a.name for a in arguments} | {a.alias: a.name for a in arguments if a.alias}


def bind(
    document: Document, owner: str, arguments: tuple[Argument, ...], node: yaml.Node
) -> dict[str, yaml.Node]:
    """Return argument name -> node for a call's arguments; raises NodeError."""
    if isinstance(node, yaml.MappingNode):
        bound: dict[str, yaml.Node] = {}
        _by_name(document, owner, arguments, node, bound)
        return bound
    if not isinstance(node, yaml.SequenceNode):
        nothing = scalar(node) is None and is_plain(node)
        return {} if nothing else _positional(owner, arguments, node, [node])
    if _is_one_list(arguments, node):
        return {arguments[0].name: node}
    return _from_list(document, owner, arguments, node)


def _is_one_list(arguments: tuple[Argument, ...], node: yaml.SequenceNode) -> bool:
    """Whether the list is the value of the only argument, as in `reshape: [64, 7, 7]`."""
    return (
        len(arguments) == 1
        and arguments[0].kind in LIST_KINDS
        and len(node.value) > 0
        and all(isinstance(each, yaml.ScalarNode) for each in node.value)
    )


def _from_list(
    document: Document, owner: str, arguments: tuple[Argument, ...], node: yaml.SequenceNode
) -> dict[str, yaml.Node]:
    positional = []
    named = []
    for each in node.value:
        if isinstance(each, yaml.MappingNode):
            named.append(each)
        elif named:
            raise NodeError(
                each,
                f"{owner}: a positional argument stands behind a named one",
                hint="write positional arguments first",
            )
        else:
            positional.append(each)
    bound = _positional(owner, arguments, node, positional)
    for each in named:
        _by_name(document, owner, arguments, each, bound)
    return bound


def _positional(
    owner: str, arguments: tuple[Argument, ...], node: yaml.Node, values: list[yaml.Node]
) -> dict[str, yaml.Node]:
    if len(values) > len(arguments):
        takes = f"takes {len(arguments)}" if arguments else "takes none"
        raise NodeError(
            node,
            f"{owner}: {counted(len(values), 'argument')}, but it {takes}",
            hint=f"write {signature(owner, arguments)}" if arguments else f"write {owner} alone",
        )
    return {a.name: value for a, value in zip(arguments, values, strict=False)}


def _by_name(
    document: Document,
    owner: str,
    arguments: tuple[Argument, ...],
    node: yaml.MappingNode,
    bound: dict[str, yaml.Node],
) -> None:
    names = spellings(arguments)
    for key, key_node, value in entries(document, node):
        name = names.get(key)
        if name is None:
            hint = argument_hint(key, names)
            raise NodeError(key_node, f"{owner}: unknown argument '{key}'", hint=hint)
        if name in bound:
            hint = "keep one of them"
            raise NodeError(key_node, f"{owner}: argument '{name}' is given twice", hint=hint)
        bound[name] = value


def require(
    owner: str, arguments: Iterable[Argument], bound: dict[str, yaml.Node], node: yaml.Node
) -> None:
    """Raise NodeError where an argument without a default is missing."""
    arguments = tuple(arguments)
    for argument in arguments:
        if argument.default is REQUIRED and argument.name not in bound:
            raise NodeError(
                node,
                f"{owner}: argument '{argument.name}' is missing",
                hint=f"write {signature(owner, arguments)}",
            )
