"""From YAML nodes to the syntax tree of bodies: items, joins, branches and groups."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from cnncalc import ops
from cnncalc.errors import Problem
from cnncalc.ops.base import Argument
from cnncalc.spec.binding import bind, require, spellings
from cnncalc.spec.collector import PROBLEM_LIMIT
from cnncalc.spec.loader import entries, scalar
from cnncalc.spec.slots import compile_slot
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tree import Block, Branch, Find, Item, NodeError, PartCall, Reference, Slot, Unit
from cnncalc.spec.unknown import NAME_HINT, layer_type_hint
from cnncalc.spec.words import (
    MODIFIERS,
    PART_FAMILIES,
    check_name,
    check_part,
    is_call,
    is_name,
    is_path,
)

REPEAT_LIMIT = 10_000
WHEN = Argument("when", "bool", "")
REPEAT = Argument("repeat", "int", "", low=0, high=REPEAT_LIMIT)
NO_LAYER_HINT = "write one, or identity, which changes nothing"


class Reader:
    """Reads the bodies of one file. Problems are collected: all of them come at once."""

    def __init__(self, unit: Unit, problems: list[Problem]) -> None:
        self.unit = unit
        self.problems = problems
        self.calls: dict[str, Item] = {}

    def block(self, block: Block) -> None:
        """Read the body of a block, and note which blocks it calls."""
        self.calls = block.calls
        block.body = self.body(block.node)

    def body(self, node: yaml.Node) -> tuple[Item, ...]:
        """Read a body: a list of items, a mapping of named items, or one item."""
        if isinstance(node, yaml.SequenceNode):
            if not node.value:
                self._report(NodeError(node, "an empty list has no layers", hint=NO_LAYER_HINT))
            return tuple(self._items((each, None, None) for each in node.value))
        if isinstance(node, yaml.MappingNode) and not self._is_item(node):
            named = entries(self.unit.document, node)
            if not named:
                text = "an empty mapping has no layers"
                self._report(NodeError(node, text, hint=NO_LAYER_HINT))
            return tuple(self._items((value, key, name) for name, key, value in named))
        return tuple(self._items([(node, None, None)]))

    def _items(
        self,
        nodes: list[tuple[yaml.Node, yaml.Node | None, str | None]]
        | Iterator[tuple[yaml.Node, yaml.Node | None, str | None]],
    ) -> Iterator[Item]:
        for node, key, name in nodes:
            try:
                if name is not None and key is not None:
                    check_name(key, name)
                item = self.item(node, name)
            except NodeError as error:
                self._report(error)
                item = self._failed(node)
            if item.label is None:
                item.label = name
            yield item

    def _failed(self, node: yaml.Node) -> Item:
        """Return an item in the place of one that cannot be read, so that the rest can be checked.

        It counts under the layer type that it seems to call, lest the names behind it move.
        """
        words = [node.value] if isinstance(node, yaml.ScalarNode) else []
        if isinstance(node, yaml.MappingNode):
            words = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        known = [word for word in words if isinstance(word, str) and is_call(word)]
        name = known[0] if known else "failed"
        return Item(self.unit, "failed", ops.canonical(name) or name, node)

    def _report(self, error: NodeError) -> None:
        if len(self.problems) < PROBLEM_LIMIT:
            self.problems.append(error.problem(self.unit.document))

    def _is_item(self, node: yaml.MappingNode) -> bool:
        keys = [key for key, _, _ in entries(self.unit.document, node)]
        if any(is_call(key) for key in keys):
            return True
        return any(key in MODIFIERS for key in keys)

    def item(self, node: yaml.Node, label: str | None = None) -> Item:
        """Read one item; raises NodeError."""
        if isinstance(node, yaml.SequenceNode):
            return self._group(node, label)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, label)
        word = scalar(node)
        if not isinstance(word, str):
            text = f"'{node.value}' is not a layer" if node.value else "a layer is missing here"
            raise NodeError(node, text, hint="write a layer type, such as relu or conv: [64, 3]")
        return self._call(word, node, _nothing(node))

    def _group(self, node: yaml.SequenceNode, label: str | None) -> Item:
        if label is None:
            raise NodeError(
                node,
                "a list inside a list has no name",
                hint="write the layers in one list, or give the group a name: {name: [...]}",
            )
        item = Item(self.unit, "group", "group", node)
        item.body = self.body(node)
        return item

    def _mapping(self, node: yaml.MappingNode, label: str | None) -> Item:
        found = entries(self.unit.document, node)
        calls = [entry for entry in found if entry[0] not in MODIFIERS]
        if len(calls) != 1:
            raise self._not_one_call(node, calls)
        name, key, value = calls[0]
        if label is None and not is_call(name) and is_name(name) and len(found) == 1:
            return self._named_in_list(name, key, value)
        item = self._call(name, key, value)
        for modifier, key_node, value_node in found:
            if modifier in MODIFIERS:
                self._modify(item, modifier, key_node, value_node)
        return item

    def _named_in_list(self, name: str, key: yaml.Node, value: yaml.Node) -> Item:
        """Read `- stem: {conv: 64}`, `- head: [gap, fc: 10]` or `- out: relu`: a name in a list."""
        inside = isinstance(value, yaml.MappingNode) and self._is_item(value)
        inside = inside or (isinstance(value, yaml.ScalarNode) and is_call(value.value))
        if not inside and not isinstance(value, yaml.SequenceNode):
            raise _unknown_call(self.unit, name, key)
        if isinstance(value, yaml.SequenceNode) and not _looks_like_group(value):
            raise _unknown_call(self.unit, name, key)
        check_name(key, name)
        item = self.item(value, name)
        item.label = name
        return item

    def _not_one_call(
        self,
        node: yaml.MappingNode,
        calls: list[tuple[str, yaml.Node, yaml.Node]],
    ) -> NodeError:
        if not calls:
            return NodeError(
                node,
                "there is no layer here, only modifiers",
                hint="add one call, such as conv: [64, 3]",
            )
        names = " and ".join(f"'{name}'" for name, _, _ in calls[:3])
        known = [entry for entry in calls if is_call(entry[0])]
        unknown = [entry for entry in calls if not is_call(entry[0])]
        if len(known) == 1:
            call, (name, key, value) = known[0], unknown[0]
            if not isinstance(value, yaml.ScalarNode) and is_name(name):
                hint = f"give it a name as well, or write a list: - {call[0]}: …"
                text = f"{call[0]}: a call without a name stands among named layers"
                return NodeError(call[1], text, hint=hint)
            return self._unknown_modifier(call[0], name, key)
        hint = "write a list: [" + ", ".join(f"{name}: …" for name, _, _ in calls[:3]) + "]"
        return NodeError(calls[1][1], f"one item has {len(calls)} calls: {names}", hint=hint)

    def _unknown_modifier(self, call: str, name: str, key: yaml.Node) -> NodeError:
        block, op = self.unit.blocks.get(call), ops.find(call)
        arguments = block.parameters if block else op.arguments if op else ()
        if name in spellings(arguments):
            hint = f"write {call}: {{{name}: …}}, or indent it below {call}:"
            return NodeError(key, f"{call}: argument '{name}' stands beside the call", hint=hint)
        hint = suggest(name, MODIFIERS) or f"an item takes {', '.join(MODIFIERS)}"
        return NodeError(key, f"{call}: unknown modifier '{name}'", hint=hint)

    def _call(self, name: str, key: yaml.Node, value: yaml.Node) -> Item:
        canonical = ops.canonical(name)
        if canonical is not None:
            return self._op(canonical, key, value)
        if name in self.unit.blocks:
            return self._block(self.unit.blocks[name], key, value)
        raise _unknown_call(self.unit, name, key)

    def _block(self, block: Block, key: yaml.Node, value: yaml.Node) -> Item:
        item = Item(self.unit, "block", block.name, key)
        item.block = block
        item.slots = self._slots(block.name, block.parameters, {}, key, value, item)
        self.calls.setdefault(block.name, item)
        return item

    def _op(self, name: str, key: yaml.Node, value: yaml.Node) -> Item:
        op = ops.find(name)
        if op is None:
            raise _unknown_call(self.unit, name, key)
        item = Item(self.unit, "join" if op.join else "op", name, key)
        item.op = op
        if op.join:
            item.branches = tuple(self._branches(name, key, value))
        else:
            defaults = self.unit.defaults.get(name, {})
            item.slots = self._slots(name, op.arguments, defaults, key, value, item)
        return item

    def _slots(
        self,
        owner: str,
        arguments: tuple[Argument, ...],
        defaults: dict[str, yaml.Node],
        key: yaml.Node,
        value: yaml.Node,
        item: Item,
    ) -> tuple[Slot, ...]:
        bound = defaults | bind(self.unit.document, owner, arguments, value)
        require(owner, arguments, bound, key)
        item.given = frozenset(bound)
        return tuple(self._slot(owner, a, bound[a.name]) for a in arguments if a.name in bound)

    def _slot(self, owner: str, argument: Argument, node: yaml.Node) -> Slot:
        if argument.kind == "ref":
            return Slot(argument, node, self.reference(node))
        if argument.kind not in PART_FAMILIES:
            return compile_slot(owner, argument, node)
        if isinstance(node, yaml.MappingNode):
            return self._part_call(argument, node)
        slot = compile_slot(owner, argument, node)
        if slot.compute is None and slot.constant is not None:
            check_part(argument, slot.constant, node)
        return slot

    def _part_call(self, argument: Argument, node: yaml.MappingNode) -> Slot:
        for key, key_node, _ in entries(self.unit.document, node):
            if key in MODIFIERS:
                text = f"{argument.name}: '{key}' is for layers, and this is a part of one"
                raise NodeError(key_node, text, hint="write the part as a layer of its own")
            check_part(argument, key, key_node)
        part = self.item(node, argument.name)
        slots = part.slots
        constants = tuple(slot.constant for slot in slots)
        if all(slot.compute is None for slot in slots):
            return Slot(argument, node, PartCall(part, constants))

        def compute(find: Find, resolve: Find) -> PartCall:
            values = (each.compute and each.compute(find, resolve) for each in slots)
            pairs = zip(slots, constants, values, strict=True)
            return PartCall(part, tuple(v if s.compute else c for s, c, v in pairs))

        return Slot(argument, node, None, compute)

    def _modify(self, item: Item, modifier: str, key: yaml.Node, value: yaml.Node) -> None:
        if modifier == "name":
            name = scalar(value)
            if not isinstance(name, str):
                raise NodeError(value, "name: must be a word", hint=NAME_HINT)
            check_name(value, name)
            item.label = name
        elif modifier == "when":
            item.when = compile_slot(item.name, WHEN, value)
        elif modifier == "repeat":
            item.repeat = compile_slot(item.name, REPEAT, value)
        elif modifier == "from":
            item.source = self.reference(value)
        else:
            item.share = self.reference(value)

    def reference(self, node: yaml.Node) -> Reference:
        word = scalar(node)
        if not isinstance(word, str) or not is_path(word):
            shown = f"'{node.value}'" if isinstance(node, yaml.ScalarNode) else "this"
            raise NodeError(
                node,
                "a reference is missing here" if shown == "''" else f"{shown} is not a reference",
                hint="write prev, in, or the name of an earlier layer",
            )
        return Reference(node, word)

    def _branches(
        self, join: str, key: yaml.Node, value: yaml.Node
    ) -> Iterator[tuple[str | None, Branch]]:
        if isinstance(value, yaml.SequenceNode):
            found: list[tuple[str | None, yaml.Node, yaml.Node]] = [
                (None, each, each) for each in value.value
            ]
        elif isinstance(value, yaml.MappingNode):
            found = [(name, at, each) for name, at, each in entries(self.unit.document, value)]
        else:
            found = [] if _is_nothing(value) else [(None, value, value)]
        if len(found) < 2:
            raise NodeError(
                key,
                f"{join}: a join needs two branches or more, got {len(found)}",
                hint=f"write {join}: [prev, skip]",
            )
        for name, at, each in found:
            if name is not None:
                check_name(at, name)
            yield name, self._branch(name, each)

    def _branch(self, name: str | None, node: yaml.Node) -> Branch:
        if isinstance(node, yaml.SequenceNode):
            return self._group(node, name or "branch")
        if isinstance(node, yaml.MappingNode):
            return self.item(node, name)
        word = scalar(node)
        if not isinstance(word, str):
            shown = f"'{node.value}' is not a branch" if node.value else "a branch is missing here"
            hint = "a join takes branches alone: references, layers or lists of layers"
            raise NodeError(node, shown, hint=hint)
        if ops.canonical(word):
            raise NodeError(
                node,
                f"'{word}' is a layer type, and a word in a join is a reference",
                hint=f"write [{word}] for a branch of one layer",
            )
        return self.reference(node)


def _looks_like_group(node: yaml.SequenceNode) -> bool:
    return all(
        isinstance(each, yaml.MappingNode)
        or (isinstance(each, yaml.ScalarNode) and is_call(str(each.value)))
        for each in node.value
    )


def _unknown_call(unit: Unit, name: str, node: yaml.Node) -> NodeError:
    if name[:1].isupper():
        kind, hint = "block", suggest(name, unit.blocks)
        lower = ops.canonical(name.lower()) or ops.FOREIGN.get(name.lower())
        if not hint and lower:
            hint = f"the layer type is called '{lower}'"
        hint = hint or "define it under blocks:, or include its file; layers have lower-case names"
    else:
        kind, hint = "layer type", layer_type_hint(name)
    return NodeError(node, f"unknown {kind} '{name}'", hint=hint)


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and scalar(node) is None


def _nothing(node: yaml.Node) -> yaml.ScalarNode:
    return yaml.ScalarNode("", "", node.start_mark, node.end_mark)
