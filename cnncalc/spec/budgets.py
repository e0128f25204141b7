"""The budget lines of a spec, with their places."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from cnncalc.net import Budget
from cnncalc.spec.header import check_length, listed, mapping, scalar_of
from cnncalc.spec.loader import entries
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tree import NodeError, Unit

KEYS = ("assert", "level", "why", "id", "only")
LEVELS = ("error", "warn", "info")


def budgets(unit: Unit) -> Iterator[Budget]:
    """Yield the budget lines of a file, whatever variants they are for; raises NodeError."""
    for node in listed(unit, "budgets", "params <= 26M"):
        fields = {"assert": node}
        if isinstance(node, yaml.MappingNode):
            fields = _fields(unit, node)
        yield _budget(unit, fields)


def _fields(unit: Unit, node: yaml.MappingNode) -> dict[str, yaml.Node]:
    fields: dict[str, yaml.Node] = {}
    for key, at, value in entries(unit.document, node):
        if key not in KEYS:
            hint = suggest(key, KEYS) or f"a budget has {', '.join(KEYS)}"
            raise NodeError(at, f"budget: unknown key '{key}'", hint=hint)
        fields[key] = value
    if "assert" not in fields:
        hint = "write assert: params <= 26M"
        raise NodeError(node, "budget: the key assert is missing", hint=hint)
    return fields


def _only(unit: Unit, node: yaml.Node) -> tuple[str, ...]:
    """Return the variants that a budget is for; raises NodeError for one that does not exist."""
    known = [name for name, _, _ in mapping(unit, "variants")]
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for each in nodes:
        if scalar_of(each) not in known:
            hint = suggest(str(scalar_of(each)), known) or "only: lists variants of this spec"
            raise NodeError(each, f"budget: no variant '{scalar_of(each)}'", hint=hint)
    if not nodes:
        raise NodeError(node, "budget: only: lists no variant", hint="leave only out for all")
    return tuple(each.value for each in nodes)


def _budget(unit: Unit, fields: dict[str, yaml.Node]) -> Budget:
    node = fields["assert"]
    text = scalar_of(node)
    if not isinstance(text, str):
        shown = f"'{node.value}'" if isinstance(node, yaml.ScalarNode) else "this"
        hint = "write a line such as: params <= 26M"
        raise NodeError(node, f"budget: {shown} is not a line of text", hint=hint)
    check_length("budget", text, node)
    level = scalar_of(fields["level"]) if "level" in fields else "error"
    if level not in LEVELS:
        hint = suggest(str(level), LEVELS)
        text = f"budget: level must be one of {', '.join(LEVELS)}, not {level}"
        raise NodeError(fields["level"], text, hint=hint)
    only = _only(unit, fields["only"]) if "only" in fields else ()
    mark = node.start_mark
    problem = unit.document.problem(node, "")
    return Budget(
        text,
        level,
        unit.document.file,
        mark.line + 1,
        mark.column + 1,
        problem.excerpt,
        _text(fields, "id"),
        _text(fields, "why"),
        only,
    )


def _text(fields: dict[str, yaml.Node], key: str) -> str:
    if key not in fields:
        return ""
    node = fields[key]
    if not isinstance(node, yaml.ScalarNode) or scalar_of(node) is None:
        raise NodeError(node, f"budget: {key} must be a text")
    check_length(key, node.value, node)
    return str(node.value)
