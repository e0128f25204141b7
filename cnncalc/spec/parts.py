"""From an item's values to its ops: the layer, then the norm and the activation behind it."""

from __future__ import annotations

from typing import Any

import yaml

from cnncalc import ops
from cnncalc.errors import CnncalcError
from cnncalc.ops.base import REQUIRED, Argument, Op
from cnncalc.spec.scope import Scope
from cnncalc.spec.slots import compile_slot
from cnncalc.spec.tree import Item, NodeError, PartCall, Slot
from cnncalc.spec.words import check_part


def slot_value(slot: Slot | None, scope: Scope) -> Any:
    """Return the value of an argument in a scope; None without a slot. Raises NodeError."""
    if slot is None or slot.compute is None:
        return slot and slot.constant
    return slot.compute(scope.find, scope.resolve)


def build(item: Item, values: tuple[Any, ...], scope: Scope) -> tuple[tuple[Op, ...], bool]:
    """Return the op and its parts (norm, then activation), and whether `values` settle them all.

    A `norm:` switches the bias off unless `bias:` is written.
    """
    given = {slot.argument.name: value for slot, value in zip(item.slots, values, strict=True)}
    parts: list[Op] = []
    settled = True
    for slot in item.slots:
        name = slot.argument.name
        part = given.pop(name) if name in ("norm", "act") else None
        if part is None:
            continue
        op, constant = _part(slot, part, item, scope)
        settled = settled and constant
        parts.append(op)
        if name == "norm" and "bias" not in item.given:
            given["bias"] = False
    if item.op is None:
        raise CnncalcError(f"{item.name} has no op")
    return (item.op(**given), *parts), settled


def _part(slot: Slot, part: str | PartCall, item: Item, scope: Scope) -> tuple[Op, bool]:
    if isinstance(part, PartCall):
        (op, *_), settled = build(part.item, part.values, scope)
        return op, settled
    check_part(slot.argument, part, slot.node)
    found = ops.find(part)
    if found is None:
        raise NodeError(slot.node, f"unknown layer type '{part}'")
    return _by_defaults(slot, found, item.unit.defaults.get(found.name, {}), scope)


def _by_defaults(
    slot: Slot, op: type[Op], defaults: dict[str, yaml.Node], scope: Scope
) -> tuple[Op, bool]:
    """Return a part that is written as a word alone, with the arguments of the file's defaults."""
    for argument in op.arguments:
        if argument.default is REQUIRED and argument.name not in defaults:
            raise _missing(slot, op, argument)
    slots = [compile_slot(op.name, a, defaults[a.name]) for a in op.arguments if a.name in defaults]
    values = {each.argument.name: slot_value(each, scope) for each in slots}
    return op(**values), all(each.compute is None for each in slots)


def _missing(slot: Slot, op: type[Op], argument: Argument) -> NodeError:
    return NodeError(
        slot.node,
        f"{op.name}: argument '{argument.name}' is missing",
        hint=f"write {slot.argument.name}: {{{op.name}: {{{argument.name}: …}}}}",
    )
