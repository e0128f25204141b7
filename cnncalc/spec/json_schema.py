"""A JSON Schema of the spec language, generated from the layer types, for editors.

It knows every layer type, argument, bound and word, and where each may stand. What only an
expansion can know (names, shapes, the values of expressions) it leaves to cnncalc.
"""

from __future__ import annotations

from typing import Any

from cnncalc import ops
from cnncalc.ops.base import REQUIRED, Argument, Op
from cnncalc.spec.budgets import LEVELS
from cnncalc.spec.header import SECTIONS
from cnncalc.spec.words import PART_FAMILIES

Schema = dict[str, Any]

NAME = "^[a-z_][a-z0-9_]*$"
BLOCK = "^[A-Z][A-Za-z0-9]*$"
SIGNATURE = r"^[A-Z][A-Za-z0-9]*(\(.*\))?$"
REFERENCE = r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list_of(items: Schema, low: int = 0, high: int | None = None) -> Schema:
    schema: Schema = {"type": "array", "items": items}
    if low:
        schema["minItems"] = low
    if high is not None:
        schema["maxItems"] = high
    return schema


def _any_of(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a spec file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "cnncalc.spec/1",
        "title": "cnncalc spec",
        "description": "A CNN architecture: `cnncalc analyze` reports its figures.",
        "type": "object",
        "properties": {key: _sections()[key] for key in SECTIONS},
        "additionalProperties": False,
        "$defs": _definitions(),
    }


def _sections() -> dict[str, Schema]:
    values = {"type": "object", "additionalProperties": _ref("value")}
    meta = {"type": "object", "description": "Anything: sources, published figures."}
    variant = values | {"properties": {"meta": meta}}
    return {
        "cnncalc": {"const": 1, "description": "Version of the language."},
        "name": {"type": ["string", "number"]},
        "meta": meta,
        "include": _list_of({"type": "string"}) | {"description": "Files to take blocks from."},
        "input": _ref("shape"),
        "inputs": {"type": "object", "additionalProperties": _ref("shape"), "minProperties": 1},
        "vars": values | {"propertyNames": {"pattern": NAME, "not": {"const": "meta"}}},
        "variants": {"type": "object", "additionalProperties": _any_of(variant, {"type": "null"})},
        "defaults": _defaults(),
        "blocks": {
            "type": "object",
            "propertyNames": {"pattern": SIGNATURE},
            "additionalProperties": _ref("body"),
        },
        "layers": _ref("body"),
        "outputs": _list_of(_ref("reference"), 1),
        "budgets": _list_of(_ref("budget")),
    }


def _definitions() -> dict[str, Schema]:
    return {
        "expression": {"type": "string", "minLength": 1, "maxLength": 1000},
        "value": {},
        "int": _any_of({"type": "integer"}, {"type": "number"}, _ref("expression")),
        "shape": _list_of(_ref("int"), 1, 4),
        "reference": {"type": "string", "pattern": REFERENCE},
        "budget": _budget(),
        "body": _any_of(_ref("items"), _ref("item"), _ref("named")),
        "items": _list_of(_any_of(_ref("item"), _ref("named")), 1),
        "named": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": NAME, "not": {"enum": _call_names()}},
            "additionalProperties": _any_of(_ref("item"), _ref("items")),
        },
        "word": _any_of({"enum": _call_names()}, {"type": "string", "pattern": BLOCK}),
        "item": _any_of(_ref("word"), _ref("call")),
        "call": _call(),
        "branches": _any_of(
            _list_of(_ref("branch"), 2),
            {"type": "object", "minProperties": 2, "additionalProperties": _ref("branch")},
        ),
        "branch": _any_of(_ref("reference"), _ref("call"), _ref("items")),
        **{name: _arguments(_op(name)) for name in _plain_names()},
        **{f"{name}.named": _by_name(_op(name)) for name in _plain_names()},
    }


def _call_names() -> list[str]:
    return [*ops.OPS, *ops.ALIASES]


def _plain_names() -> list[str]:
    return [name for name in ops.all_names() if not _op(name).join]


def _op(name: str) -> type[Op]:
    op = ops.find(name)
    if op is None:
        raise KeyError(name)
    return op


def _call() -> Schema:
    """Return the schema of an item: exactly one call, and modifiers."""
    modifiers = {
        "name": {"type": "string", "pattern": NAME},
        "from": _ref("reference"),
        "share": _ref("reference"),
        "when": _any_of({"type": "boolean"}, _ref("expression")),
        "repeat": _any_of({"type": "integer", "minimum": 0}, _ref("expression")),
    }
    calls = {}
    for name in _call_names():
        op = _op(name)
        calls[name] = _ref("branches") if op.join else _ref(op.name)
    return {
        "type": "object",
        "properties": modifiers | calls,
        "patternProperties": {BLOCK: _ref("value")},
        "additionalProperties": False,
        "not": {"propertyNames": {"enum": list(modifiers)}},
        "maxProperties": len(modifiers) + 1,
    }


def _arguments(op: type[Op]) -> Schema:
    """Return the schema of a call's arguments: none, one value, a list, or by name."""
    by_name = _ref(f"{op.name}.named")
    values = [_argument(argument) for argument in op.arguments]
    schemas: list[Schema] = [by_name, {"type": "null"}]
    if values:
        schemas.append(values[0])
        schemas.append(
            {
                "type": "array",
                "prefixItems": [_any_of(value, by_name) for value in values],
                "items": by_name,
            }
        )
    text = (op.__doc__ or "").strip().split("\n\n")[0]
    return _any_of(*schemas) | {"description": " ".join(text.split())}


def _by_name(op: type[Op]) -> Schema:
    named = {
        spelling: _argument(a) for a in op.arguments for spelling in (a.name, a.alias) if spelling
    }
    return {"type": "object", "properties": named, "additionalProperties": False}


def _argument(argument: Argument) -> Schema:
    schema = _kind(argument)
    described: Schema = {"description": argument.doc} if argument.doc else {}
    if argument.default is not REQUIRED and argument.default is not None:
        described["default"] = argument.default
    return schema | described


def _kind(argument: Argument) -> Schema:
    number: Schema = {"type": "number"}
    if argument.low is not None:
        number["minimum"] = argument.low
    if argument.high is not None:
        number["maximum"] = argument.high
    one = _any_of(number, _ref("expression"))
    pair = _list_of(one, 2, 2)
    kinds: dict[str, Schema] = {
        "int": one,
        "num": one,
        "bool": _any_of({"type": "boolean"}, _ref("expression")),
        "word": _any_of({"enum": list(argument.choices)}, _ref("expression")),
        "sizes": _any_of(one, _list_of(one, 1, 3)),
        "scale": _any_of(one, _list_of(one, 1, 3)),
        "padding": _any_of(one, _list_of(_any_of(one, pair), 1, 3)),
        "shape": _any_of(one, _list_of(one, 1, 4)),
    }
    return kinds[argument.kind] if argument.kind in kinds else _part(argument)


def _part(argument: Argument) -> Schema:
    """Return the schema of a norm or act: none, a layer type, or a call of one."""
    family = PART_FAMILIES[argument.kind]
    names = [name for name in _call_names() if ops.OPS[_op(name).name] == family]
    calls = {name: _ref(_op(name).name) for name in names}
    call = {
        "type": "object",
        "properties": calls,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    others = [name for name in _call_names() if name not in names]
    variable = _ref("expression") | {"not": {"enum": others}}
    return _any_of({"enum": ["none", *names]}, variable, call)


def _defaults() -> Schema:
    """Return the schema of defaults: arguments by name for each layer type."""
    plain = [name for name in _call_names() if not _op(name).join]
    properties = {name: _ref(f"{_op(name).name}.named") for name in plain}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _budget() -> Schema:
    fields = {
        "assert": {"type": "string"},
        "level": {"enum": list(LEVELS)},
        "why": {"type": "string"},
        "id": {"type": "string"},
        "only": _list_of({"type": "string"}),
    }
    by_name = {
        "type": "object",
        "properties": fields,
        "required": ["assert"],
        "additionalProperties": False,
    }
    return _any_of({"type": "string"}, by_name)
