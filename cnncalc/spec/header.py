"""The top level of a file: variables, variants, defaults, block signatures, meta."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from cnncalc import ops
from cnncalc.ops.base import Argument
from cnncalc.records import Record
from cnncalc.spec.binding import spellings
from cnncalc.spec.loader import Document, entries, is_plain, scalar
from cnncalc.spec.signatures import BLOCK
from cnncalc.spec.slots import compile_slot
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tree import UNBOUND, LookUpError, NodeError, Unit
from cnncalc.spec.unknown import (
    LONGEST_NAME,
    LONGEST_TEXT,
    NAME_HINT,
    argument_hint,
    layer_type_hint,
)
from cnncalc.spec.words import WORDS, is_name

SECTIONS = (
    "cnncalc", "name", "meta", "include", "input", "inputs", "vars", "variants", "defaults",
    "blocks", "layers", "outputs", "budgets",
)  # fmt: skip
META = "meta"
"""What a variant says about itself, beside the variables that it sets."""


def sections(unit: Unit) -> None:
    """Sort a file's top level into its sections; raises NodeError."""
    root = unit.document.root
    if not isinstance(root, yaml.MappingNode):
        raise NodeError(
            root,
            "a spec is a mapping with the keys input and layers",
            hint="start with `input: [3, 224, 224]`",
        )
    for key, node, value in entries(unit.document, root):
        if key not in SECTIONS:
            hint = suggest(key, SECTIONS) or f"a spec has {', '.join(SECTIONS)}"
            raise NodeError(node, f"unknown key '{key}'", hint=hint)
        unit.sections[key] = (node, value)
    if "cnncalc" in unit.sections:
        value = unit.sections["cnncalc"][1]
        if scalar_of(value) != 1:
            raise NodeError(
                value, "cnncalc: this is version 1 of the language", hint="write cnncalc: 1"
            )


def scalar_of(node: yaml.Node) -> Any:
    return scalar(node) if isinstance(node, yaml.ScalarNode) else UNBOUND


def check_length(what: str, text: str, node: yaml.Node) -> None:
    """Raise NodeError for a text that no report has room for."""
    if len(text) > LONGEST_TEXT:
        label = f"{len(text):,} characters"
        raise NodeError(node, f"{what}: at most {LONGEST_TEXT:,} characters", label=label)


def text_of(unit: Unit, key: str) -> str:
    """Return a section that holds a text, or an empty text."""
    if key not in unit.sections:
        return ""
    node = unit.sections[key][1]
    if not isinstance(node, yaml.ScalarNode) or scalar(node) is None:
        raise NodeError(node, f"{key}: must be a text")
    text = str(node.value)
    check_length(key, text, node)
    return text


def mapping(unit: Unit, key: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """Return the entries of a section that is a mapping; none where it is missing."""
    if key not in unit.sections:
        return []
    return mapping_of(unit.document, key, unit.sections[key][1])


def mapping_of(
    document: Document, what: str, node: yaml.Node
) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """Return the entries of a mapping; raises NodeError where it is something else."""
    if isinstance(node, yaml.ScalarNode) and scalar(node) is None and is_plain(node):
        return []
    if not isinstance(node, yaml.MappingNode):
        hint = f"write {what.rpartition(' ')[2]}: {{key: value}}"
        raise NodeError(node, f"{what}: must be a mapping", hint=hint)
    return entries(document, node)


def listed(unit: Unit, key: str, example: str = "...") -> list[yaml.Node]:
    """Return the entries of a section that is a list; none where it is missing."""
    if key not in unit.sections:
        return []
    node = unit.sections[key][1]
    if not isinstance(node, yaml.SequenceNode):
        raise NodeError(node, f"{key}: must be a list", hint=f"write {key}: [{example}]")
    return list(node.value)


def plain(document: Document, node: yaml.Node) -> Any:
    """Return a node as plain data, for meta."""
    if isinstance(node, yaml.MappingNode):
        return {key: plain(document, value) for key, _, value in entries(document, node)}
    if isinstance(node, yaml.SequenceNode):
        return [plain(document, each) for each in node.value]
    return scalar(node)


class Override(Record):
    """A value that replaces one under vars, and the text it stands in: the spec or an option."""

    node: yaml.Node
    document: Document


def check_name(what: str, name: str, key: yaml.Node, allowed: str = "") -> None:
    """Raise NodeError where a name cannot be one, or means something in expressions."""
    if name in WORDS and name != allowed:
        text = f"{what}: '{name}' is a word of the language"
        raise NodeError(key, text, hint="choose another name")
    if len(name) > LONGEST_NAME:
        text, label = f"{what}: a name has at most {LONGEST_NAME} characters", f"{len(name):,}"
        raise NodeError(key, text, label=label)
    if not is_name(name):
        raise NodeError(key, f"{what}: '{name}' is not a name", hint=NAME_HINT)


def variables(unit: Unit, overrides: Mapping[str, Override]) -> None:
    """Evaluate `vars` in order, with overridden values; raises NodeError."""

    def find(name: str) -> Any:
        return unit.vars.get(name, UNBOUND)

    for name, key, node in mapping(unit, "vars"):
        check_name("vars", name, key)
        if name == META:
            text = "vars: 'meta' cannot be a variable: in a variant it says what the variant is"
            raise NodeError(key, text, hint="choose another name")
        value, document = overrides.get(name, Override(node, unit.document))
        try:
            slot = compile_slot("vars", Argument(name, "list", ""), _as_list(value))
            resolve = resolver(unit.vars, unit.vars)
            values = slot.constant if slot.compute is None else slot.compute(find, resolve)
        except NodeError as error:
            error.document = document
            raise
        unit.vars[name] = values[0]


def _as_list(node: yaml.Node) -> yaml.SequenceNode:
    return yaml.SequenceNode("", [node], node.start_mark, node.end_mark)


def resolver(values: Mapping[str, Any], names: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return a look-up of variables alone, for the places where no layer exists yet."""

    def resolve(name: str) -> Any:
        if name not in values:
            hint = suggest(name, names) or "only vars that stand above are known here"
            raise LookUpError(name, f"unknown name '{name}'", hint)
        return values[name]

    return resolve


def variants(unit: Unit) -> dict[str, dict[str, yaml.Node]]:
    """Return variant -> variable -> value; raises NodeError for unknown variables."""
    known = [name for name, _, _ in mapping(unit, "vars")]
    found: dict[str, dict[str, yaml.Node]] = {}
    for name, key, node in mapping(unit, "variants"):
        check_name("variants", name, key)
        found[name] = {}
        for variable, at, value in mapping_of(unit.document, f"variant {name}", node):
            if variable == META:
                mapping_of(unit.document, f"variant {name}: meta", value)
                continue
            if variable not in known:
                hint = suggest(variable, known) or "a variant sets variables that vars declares"
                raise NodeError(at, f"variant {name}: unknown variable '{variable}'", hint=hint)
            found[name][variable] = value
    return found


def meta(unit: Unit, variant: str | None) -> dict[str, Any]:
    """Return what a spec says about itself, and then about the variant; raises NodeError."""
    nodes = [unit.sections[META][1]] if META in unit.sections else []
    for name, _, node in mapping(unit, "variants"):
        if name == variant:
            said = mapping_of(unit.document, f"variant {name}", node)
            nodes += [value for key, _, value in said if key == META]
    found: dict[str, Any] = {}
    for node in nodes:
        said = mapping_of(unit.document, META, node)
        found |= {key: plain(unit.document, value) for key, _, value in said}
    return found


def defaults(unit: Unit) -> None:
    """Read the defaults of layer types; raises NodeError."""
    for name, key, node in mapping(unit, "defaults"):
        op = ops.find(name)
        if op is None:
            raise _no_defaults(key, name)
        names = spellings(op.arguments)
        bound = unit.defaults.setdefault(op.name, {})
        for argument, at, value in mapping_of(unit.document, f"defaults: {name}", node):
            if argument not in names:
                hint = argument_hint(argument, names)
                raise NodeError(at, f"defaults: {name} has no argument '{argument}'", hint=hint)
            if names[argument] in bound:
                text = f"defaults: {name}: argument '{names[argument]}' is given twice"
                raise NodeError(at, text, hint="keep one of them")
            bound[names[argument]] = value


def _no_defaults(key: yaml.Node, name: str) -> NodeError:
    if BLOCK.fullmatch(name) and name.lower() not in ops.FOREIGN:
        hint = f"give its parameters defaults under blocks: {name}(s=1)"
        return NodeError(key, f"defaults: '{name}' is a block, not a layer type", hint=hint)
    text = f"defaults: unknown layer type '{name}'"
    return NodeError(key, text, hint=layer_type_hint(name))
