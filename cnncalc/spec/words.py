"""Which words may stand where: calls, modifiers, names, references, and parts of a layer."""

from __future__ import annotations

import yaml

from cnncalc import ops
from cnncalc.ops.base import Argument
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tree import NodeError
from cnncalc.spec.unknown import LONGEST_NAME, NAME_HINT

MODIFIERS = ("name", "from", "when", "repeat", "share")
WORDS = frozenset({"prev", "in", "input", "true", "false", "if", "else", "and", "or", "not"})
"""What means something in every expression, so that no variable or parameter is called so."""
RESERVED = frozenset({"prev", "in", "input", *MODIFIERS})
PART_FAMILIES = {"norm": "norm", "act": "activation"}
"""Kind of argument -> family of the layer types that it names."""


def is_name(text: str) -> bool:
    """Whether a text is a name: lower-case ASCII letters, digits and _, no digit first."""
    return text.isascii() and text.isidentifier() and text == text.lower()


def is_path(text: str) -> bool:
    """Whether a text is names with dots between them."""
    return all(is_name(part) for part in text.split("."))


def is_call(key: str) -> bool:
    """Whether a key calls something: a layer type or a Capitalised block."""
    return key[:1].isupper() or ops.canonical(key) is not None


def check_part(argument: Argument, name: str, node: yaml.Node) -> None:
    """Raise NodeError where a norm or act is not a layer type of that family."""
    family = PART_FAMILIES[argument.kind]
    canonical = ops.canonical(name)
    if canonical is None or ops.OPS[canonical] != family:
        known = [each for each, its in ops.OPS.items() if its == family]
        foreign = ops.FOREIGN.get(name, "")
        hint = f"here it is called '{foreign}'" if foreign in known else suggest(name, known)
        raise NodeError(
            node,
            f"{argument.name}: '{name}' is not a layer type of the {family} family",
            hint=hint or f"choose one of {', '.join(known)}, or none",
        )


def check_name(node: yaml.Node, name: str) -> None:
    """Raise NodeError where a name cannot name a layer."""
    if name in RESERVED:
        raise NodeError(node, f"'{name}' is a word of the language", hint="choose another name")
    if ops.canonical(name):
        raise NodeError(
            node,
            f"'{name}' is a layer type, and cannot name a layer",
            hint=f"write {name}1, or say what the layer is for",
        )
    if len(name) > LONGEST_NAME:
        label = f"{len(name):,} characters"
        raise NodeError(node, f"a name has at most {LONGEST_NAME} characters", label=label)
    if not is_name(name):
        raise NodeError(
            node,
            f"'{name}' is not a name",
            hint=NAME_HINT,
        )
