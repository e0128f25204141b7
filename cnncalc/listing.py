"""Texts for reading: the layer types with their arguments, and a network expanded flat."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from cnncalc import ops
from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.net import Layer, Net
from cnncalc.ops.base import REQUIRED, Argument, Op, shape_text
from cnncalc.spec.binding import default, signature

KINDS = {
    "int": "an integer",
    "num": "a number",
    "bool": "true or false",
    "word": "a word",
    "sizes": "an integer, or one an axis",
    "scale": "a number, or one an axis",
    "padding": "an integer, one an axis, [low, high] an axis, or valid, half, same",
    "shape": "a list of integers",
    "norm": "a layer type of the norm family, or none",
    "act": "a layer type of the activation family, or none",
}
"""Kind of argument -> what may be written for it."""

FAMILIES = {
    "conv": "Convolutions",
    "linear": "Fully connected layers and scales",
    "pool": "Pooling",
    "norm": "Normalisation",
    "activation": "Activations",
    "noise": "Dropout",
    "reshape": "Reshaping",
    "resample": "Resampling",
    "merge": "Joins",
}
"""Family of layer types -> its title; every family of the index has one."""


def layers_text(name: str | None = None) -> str:
    """Return a list of all layer types, or the documentation of one by its name or alias.

    Raises CnncalcError for an unknown name.
    """
    if name is None:
        return "\n\n".join(_family(family, title) for family, title in FAMILIES.items())
    op = ops.find(name)
    if op is None:
        foreign = ops.FOREIGN.get(name.lower(), "")
        hint = f"here it is called '{foreign}'" if foreign else ""
        known = [*ops.OPS, *ops.ALIASES]
        raise CnncalcError(f"unknown layer type '{name}'", hint=hint or did_you_mean(name, known))
    return "\n".join(_document(op))


def op_of(name: str) -> type[Op]:
    """Return the layer type of a canonical name."""
    op = ops.find(name)
    if op is None:
        raise CnncalcError(f"unknown layer type '{name}'")
    return op


def aliases_of(name: str) -> str:
    """Return the short names of a layer type, with a comma between them."""
    return ", ".join(alias for alias, its in ops.ALIASES.items() if its == name)


def summary(op: type[Op]) -> str:
    """Return the first sentence of a layer type's documentation."""
    return (inspect.getdoc(op) or "").split("\n\n")[0].replace("\n", " ")


def call_text(op: type[Op]) -> str:
    """Return a layer type's call with its arguments and defaults; joins take branches."""
    return f"{op.name}: [branch, branch, …]" if op.join else signature(op.name, op.arguments)


def argument_text(argument: Argument) -> str:
    """Return what an argument may be, with its bounds and default."""
    text = " | ".join(argument.choices) if argument.choices else KINDS[argument.kind]
    if argument.low is not None and argument.high is not None:
        text += f", {argument.low:g} to {argument.high:g}"
    elif argument.low is not None:
        text += f", at least {argument.low:g}"
    return text + ("; required" if argument.default is REQUIRED else f"; {default(argument)}")


def _family(family: str, title: str) -> str:
    names = [name for name, its in ops.OPS.items() if its == family]
    rows = [(_with_alias(name), summary(op_of(name))) for name in names]
    width = max(len(name) for name, _ in rows)
    return "\n".join([title, *(f"  {name:{width}}  {text}" for name, text in rows)])


def _with_alias(name: str) -> str:
    aliases = aliases_of(name)
    return f"{name}, {aliases}" if aliases else name


def _document(op: type[Op]) -> Iterator[str]:
    yield _with_alias(op.name)
    yield ""
    yield from (inspect.getdoc(op) or "").splitlines()
    yield ""
    yield f"  {call_text(op)}"
    if op.arguments:
        yield ""
        width = max(len(_spelled(argument)) for argument in op.arguments)
        for argument in op.arguments:
            yield f"  {_spelled(argument):{width}}  {argument.doc} ({argument_text(argument)})"
    if op.notes:
        yield ""
        yield f"Work: {op.notes}"


def _spelled(argument: Argument) -> str:
    return f"{argument.name}, {argument.alias}" if argument.alias else argument.name


def expand_text(net: Net) -> str:
    """Return the flat network: a line a layer with op, inputs, output shape and source line."""
    rows: list[tuple[str, ...]] = [
        (name, "input", "", shape_text(shape), "") for name, shape in net.graph.inputs.items()
    ]
    rows += [_flat(net, layer) for layer in net.layers]
    outputs = ", ".join(net.graph.name_of(tensor) for tensor in net.graph.outputs)
    return "\n".join([*_aligned(rows), f"outputs: {outputs}"])


def _flat(net: Net, layer: Layer) -> tuple[str, ...]:
    node = layer.node
    args = node.op.args()
    given = [
        f"{a.name}={_value(args[a.name])}" for a in node.op.arguments if args[a.name] != a.default
    ]
    call = f"{node.op.name}({', '.join(given)})"
    if node.shares is not None:
        call += f" = {node.shares.path}"
    inputs = ", ".join(net.graph.name_of(tensor) for tensor in node.inputs)
    source = node.source
    place = f"{source.file}:{source.line}" if source.line else ""
    return node.path, call, f"({inputs})", shape_text(layer.out), place


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
