"""The syntax tree of a spec: what stands in the file, checked, before anything is expanded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from cnncalc.errors import CnncalcError, Problem
from cnncalc.ops.base import Argument, Op
from cnncalc.records import Record
from cnncalc.spec.loader import Document

Place = tuple[str, int, int]
"""(file, line, column), counted from 1."""

Find = Callable[[str], Any]
"""Looks a name up; returns UNBOUND where it means nothing."""


class _Unbound:
    def __repr__(self) -> str:
        return "unbound"


UNBOUND: Any = _Unbound()


class NodeError(CnncalcError):
    """Something wrong at a place inside a file, with the values in `label`."""

    def __init__(
        self,
        node: yaml.Node,
        text: str,
        *,
        label: str = "",
        hint: str = "",
        offset: int = 0,
        width: int = 0,
    ) -> None:
        super().__init__(text, hint=hint)
        self.node = node
        self.label = label
        self.offset = offset
        self.width = width
        self.document: Document | None = None
        """Where the node stands, if that is not the file that is being read."""

    def problem(self, document: Document) -> Problem:
        """Return the error as a problem of the document that the node belongs to."""
        return (self.document or document).problem(
            self.node,
            self.text,
            label=self.label,
            hint=self.hint,
            offset=self.offset,
            width=self.width,
        )


class LookUpError(CnncalcError):
    """A name in an expression that means nothing there. The slot adds the place."""

    def __init__(self, name: str, text: str, hint: str = "") -> None:
        super().__init__(text, hint=hint)
        self.name = name


class Slot:
    """An argument as written: a settled value, or a rule to compute it where it is used.

    `compute(find, resolve)` gets two ways to look a name up: `find` returns UNBOUND for an unknown
    name, `resolve` raises.
    """

    __slots__ = ("argument", "compute", "constant", "node")

    def __init__(
        self,
        argument: Argument,
        node: yaml.Node,
        constant: Any = None,
        compute: Callable[[Find, Find], Any] | None = None,
    ) -> None:
        self.argument = argument
        self.node = node
        self.constant = constant
        self.compute = compute


class Default:
    """A parameter's default that is an expression: of what stands before it, `in`, and vars."""

    __slots__ = ("slot", "text")

    def __init__(self, slot: Slot, text: str) -> None:
        self.slot = slot
        self.text = text

    def __str__(self) -> str:
        return self.text


class Reference:
    """A word that names a tensor: prev, in, or the path of an earlier layer."""

    __slots__ = ("node", "word")

    def __init__(self, node: yaml.Node, word: str) -> None:
        self.node = node
        self.word = word


class Item:
    """One entry of a body: a call, a join or a group, with its modifiers."""

    __slots__ = (
        "block",
        "body",
        "branches",
        "given",
        "key",
        "kind",
        "label",
        "memo",
        "name",
        "op",
        "place",
        "repeat",
        "share",
        "slots",
        "source",
        "unit",
        "when",
    )

    def __init__(self, unit: Unit, kind: str, name: str, key: yaml.Node) -> None:
        self.unit = unit
        self.kind = kind
        """op, join, block, group, or failed: one that could not be read"""
        self.name = name
        """Canonical layer type, or the block's name."""
        self.key = key
        mark = key.start_mark
        self.place: Place = (unit.document.file, mark.line + 1, mark.column + 1)
        self.label: str | None = None
        self.source: Reference | None = None
        self.share: Reference | None = None
        self.when: Slot | None = None
        self.repeat: Slot | None = None
        self.op: type[Op] | None = None
        self.block: Block | None = None
        self.slots: tuple[Slot, ...] = ()
        self.given: frozenset[str] = frozenset()
        """Names of the arguments that are written, here or in the file's defaults."""
        self.branches: tuple[tuple[str | None, Branch], ...] = ()
        self.body: tuple[Item, ...] = ()
        self.memo: dict[tuple[Any, ...], tuple[Op, ...]] = {}

    @property
    def component(self) -> str:
        """What an unnamed item is called in a path, before its number."""
        return self.name.lower()


class PartCall(Record):
    """A norm or an activation written as a call: its item, and the values of its slots."""

    item: Item
    values: tuple[Any, ...]


Branch = Reference | Item
"""A branch of a join: a reference, an item, or a group."""


class Block:
    """A block: a function from parameters to a body."""

    __slots__ = ("body", "calls", "key", "name", "node", "parameters", "unit")

    def __init__(
        self,
        unit: Unit,
        name: str,
        parameters: tuple[Argument, ...],
        key: yaml.Node,
        node: yaml.Node,
    ) -> None:
        self.unit = unit
        self.name = name
        self.parameters = parameters
        self.key = key
        self.node = node
        self.body: tuple[Item, ...] = ()
        self.calls: dict[str, Item] = {}
        """The blocks that the body calls, with the first call of each."""


class Unit:
    """One file: its document, its variables and defaults, and the blocks it can call."""

    __slots__ = ("blocks", "defaults", "document", "sections", "vars")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.sections: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        """Top-level key -> (node of the key, node of the value)."""
        self.vars: dict[str, Any] = {}
        self.defaults: dict[str, dict[str, yaml.Node]] = {}
        """Canonical layer type -> argument -> value."""
        self.blocks: dict[str, Block] = {}
