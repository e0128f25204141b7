"""YAML specs to networks."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml

from cnncalc.errors import Problem, SpecError
from cnncalc.geometry import Shape
from cnncalc.net import Budget, Net, Origin
from cnncalc.ops.base import Argument
from cnncalc.records import Record
from cnncalc.spec import header
from cnncalc.spec.budgets import budgets as budgets_of
from cnncalc.spec.collector import PROBLEM_LIMIT
from cnncalc.spec.expand import LAYER_LIMIT, Expander
from cnncalc.spec.files import DISK, Disk, Files, Text, Tree, cycle, project_root, read_text
from cnncalc.spec.header import Override
from cnncalc.spec.loader import Limits, parse
from cnncalc.spec.scope import AMBIGUOUS, Scope
from cnncalc.spec.slots import compile_slot
from cnncalc.spec.suggest import suggest
from cnncalc.spec.syntax import Reader
from cnncalc.spec.tree import UNBOUND, Item, NodeError, Unit

SHAPE = Argument("shape", "shape", "", low=1)
INPUT_LIMIT = 16

__all__ = [
    "DISK",
    "LAYER_LIMIT",
    "Choice",
    "Disk",
    "Limits",
    "Text",
    "Tree",
    "read",
    "read_text",
    "variant_names",
]


class Choice(Record):
    """What a person chooses when a spec is read: the variant, variables, input shapes, limits."""

    variant: str | None = None
    set: Mapping[str, Any] = {}
    """Variable -> value: a number, a bool, a list, or YAML text as `--set` has it."""
    input: Mapping[str, Shape] = {}
    """Input name ("" for the only one) -> shape without a batch axis."""
    layers: int = LAYER_LIMIT
    limits: Limits = Limits()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Hold the collector while many small objects that all stay alive are made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def read(text: Text, choice: Choice | None = None) -> Net:
    """Return the network of a spec; raises SpecError with all independent problems of the file."""
    with _no_garbage_collection():
        return _read(text, choice or Choice())


def _read(text: Text, choice: Choice) -> Net:
    files = Files(choice.limits)
    unit = files.unit(text)
    problems = files.problems
    variants: dict[str, dict[str, yaml.Node]] = {}
    name, meta = "", dict[str, Any]()
    budgets: tuple[Budget, ...] = ()
    with files.guard(unit.document):
        variants = header.variants(unit)
    overrides = {} if problems else _overrides(unit, variants, choice)
    root = project_root(text.path, text.tree) if text.path is not None else None
    files.prepare(unit, text, root, overrides)
    with files.guard(unit.document):
        name = header.text_of(unit, "name")
    with files.guard(unit.document):
        meta = header.meta(unit, choice.variant)
    with files.guard(unit.document):
        budgets = tuple(budgets_of(unit))
    inputs: dict[str, Shape] = {}
    with files.guard(unit.document):
        inputs = _inputs(unit, choice)
    body = _layers(unit, problems, files.body_problems)
    _refuse_cycles(unit, problems)
    if problems:
        found = [*problems, *files.body_problems][:PROBLEM_LIMIT]
        raise SpecError(*sorted(found, key=lambda p: (p.file, p.line, p.column)))
    expander = Expander(choice.layers, files.body_problems)
    scope = expander.root(unit, inputs)
    expander.run(body, scope)
    outputs: list[int] = []
    with files.guard(unit.document):
        outputs = _outputs(unit, scope)
    files.body_problems += problems
    origin = Origin(
        name=name or _stem(text),
        spec=text.shown,
        variant=choice.variant,
        vars=dict(unit.vars),
        budgets=tuple(each for each in budgets if not each.only or choice.variant in each.only),
        others=tuple(each for each in budgets if each.only and choice.variant not in each.only),
        meta=meta,
        lines=_lines(unit, variants, choice),
        defaults={
            op: {name: str(header.plain(unit.document, node)) for name, node in given.items()}
            for op, given in unit.defaults.items()
        },
        files=files.read_from(text),
    )
    return expander.net(inputs, outputs, origin)


def _stem(text: Text) -> str:
    return text.path.stem if text.path is not None else text.shown


def _lines(
    unit: Unit, variants: Mapping[str, Mapping[str, yaml.Node]], choice: Choice
) -> dict[str, int]:
    """Return the lines of the input and of the variables, as far as the spec says what they are."""
    found = {}
    if not choice.input:
        section = unit.sections.get("input") or unit.sections["inputs"]
        found["input"] = section[0].start_mark.line + 1
    for name, key, _ in header.mapping(unit, "vars"):
        if name not in choice.set:
            node = variants.get(choice.variant or "", {}).get(name, key)
            found[f"vars.{name}"] = node.start_mark.line + 1
    if "defaults" in unit.sections:
        found["defaults"] = unit.sections["defaults"][0].start_mark.line + 1
    for op, given in unit.defaults.items():
        for name, node in given.items():
            found[f"defaults.{op}.{name}"] = node.start_mark.line + 1
    return found


def _overrides(
    unit: Unit, variants: Mapping[str, Mapping[str, yaml.Node]], choice: Choice
) -> dict[str, Override]:
    """Return the values that replace those under vars: the variant's, then `--set`."""
    overrides: dict[str, Override] = {}
    if choice.variant is not None:
        if choice.variant not in variants:
            hint = suggest(choice.variant, variants) or (
                f"its variants are {', '.join(variants)}" if variants else "it has no variants"
            )
            shown = unit.document.file
            raise SpecError(Problem(f"no variant '{choice.variant}'", file=shown, hint=hint))
        for name, node in variants[choice.variant].items():
            overrides[name] = Override(node, unit.document)
    known = [name for name, _, _ in header.mapping(unit, "vars")]
    for name, value in choice.set.items():
        if name not in known:
            hint = suggest(name, known) or (
                f"its variables are {', '.join(known)}" if known else "it has no vars"
            )
            raise SpecError(Problem(f"--set {name}: no such variable", hint=hint))
        overrides[name] = _written_value(name, value)
    return overrides


def _written_value(name: str, value: Any) -> Override:
    content = str(value).lower() if isinstance(value, bool) else str(value)
    document = parse(content, f"--set {name}", Limits())
    if isinstance(document.root, yaml.MappingNode):
        hint = "a variable is a number, true or false, a word, or a list"
        raise SpecError(Problem(f"--set {name}: '{content}' is a mapping", hint=hint))
    return Override(document.root, document)


def _inputs(unit: Unit, choice: Choice) -> dict[str, Shape]:
    """Return input name -> shape; raises NodeError."""
    nodes = _input_nodes(unit)
    shapes: dict[str, Shape] = {}
    find = unit.vars.get
    for name, node in nodes.items():
        owner = "input" if "input" in unit.sections else "inputs"
        slot = compile_slot(owner, SHAPE._replace(name=name), node)
        resolve = header.resolver(unit.vars, unit.vars)
        shapes[name] = (
            slot.constant
            if slot.compute is None
            else slot.compute(lambda word: find(word, UNBOUND), resolve)
        )
    for name, shape in choice.input.items():
        known = name or next(iter(shapes), "")
        if known not in shapes or (not name and len(shapes) > 1):
            example = f"--input {next(iter(shapes))}=3x224x224"
            hint = f"its inputs are {', '.join(shapes)}: write {example}"
            text = f"no input '{name}'" if name else f"which of the {len(shapes)} inputs?"
            raise SpecError(Problem(f"--input: {text}", hint=hint))
        shapes[known] = shape
    return shapes


def _input_nodes(unit: Unit) -> dict[str, yaml.Node]:
    if ("input" in unit.sections) == ("inputs" in unit.sections):
        both = "input" in unit.sections
        raise NodeError(
            unit.sections["inputs"][0] if both else unit.document.root,
            "a spec has either input or inputs" if both else "the key input is missing",
            hint="write `input: [3, 224, 224]`",
        )
    if "input" in unit.sections:
        return {"input": unit.sections["input"][1]}
    found = header.mapping(unit, "inputs")
    if not 1 <= len(found) <= INPUT_LIMIT:
        node = unit.sections["inputs"][1]
        hint = "join inputs along their channels"
        text = f"a network has 1 to {INPUT_LIMIT} inputs, got {len(found)}"
        raise NodeError(
            node, f"inputs: {text}", hint=hint if found else "write input: [3, 224, 224]"
        )
    for name, key, _ in found:
        header.check_name("inputs", name, key, allowed="input")
    return {name: node for name, _, node in found}


def _layers(unit: Unit, problems: list[Problem], body_problems: list[Problem]) -> tuple[Item, ...]:
    if "layers" not in unit.sections:
        node = unit.document.root
        error = NodeError(node, "the key layers is missing", hint="write `layers: [...]`")
        problems.append(error.problem(unit.document))
        return ()
    return Reader(unit, body_problems).body(unit.sections["layers"][1])


def _refuse_cycles(unit: Unit, problems: list[Problem]) -> None:
    circle = cycle(unit.blocks)
    if circle:
        names = " → ".join(block.name for block in [*circle, circle[0]])
        first = circle[0]
        text = f"blocks call each other in a circle: {names}"
        hint = "a block cannot contain itself; repeat: repeats one"
        problems.append(first.unit.document.problem(first.key, text, hint=hint))


def _outputs(unit: Unit, scope: Scope) -> list[int]:
    """Return the tensors of `outputs:`, or the last layer's; raises NodeError."""
    nodes = header.listed(unit, "outputs")
    if "outputs" in unit.sections and not nodes:
        hint = "leave outputs out for the output of the last layer"
        raise NodeError(unit.sections["outputs"][1], "outputs: the list is empty", hint=hint)
    reader = Reader(unit, [])
    found = [scope.tensor(reader.reference(node)) for node in nodes]
    if scope.prev == AMBIGUOUS and not nodes:
        raise NodeError(unit.sections["layers"][0], "no layer reads any of the inputs")
    return list(dict.fromkeys(found)) if nodes else [scope.prev]


def variant_names(text: Text, limits: Limits | None = None) -> dict[str, dict[str, Any]]:
    """Return the variants of a spec with the variables they set, without expanding anything."""
    files = Files(limits or Limits())
    unit = files.unit(text)
    try:
        found = header.variants(unit)
    except NodeError as error:
        raise SpecError(error.problem(unit.document)) from None
    return {
        name: {key: header.plain(unit.document, node) for key, node in values.items()}
        for name, values in found.items()
    }


class About(Record):
    """What a spec says about one of its variants (None: it has none), without its layers."""

    name: str
    variant: str | None
    inputs: Mapping[str, Shape]
    meta: Mapping[str, Any]


def describe(text: Text) -> list[About]:
    """Return what a spec says about each of its variants, without expanding any.

    Raises SpecError.
    """
    unit = Files(Limits()).unit(text)
    try:
        variants = header.variants(unit)
        return [_about(unit, text, variants, name) for name in (*variants,) or (None,)]
    except NodeError as error:
        raise SpecError(error.problem(unit.document)) from None


def _about(
    unit: Unit, text: Text, variants: Mapping[str, Mapping[str, yaml.Node]], variant: str | None
) -> About:
    choice = Choice(variant)
    unit.vars.clear()
    header.variables(unit, _overrides(unit, variants, choice))
    name = header.text_of(unit, "name") or _stem(text)
    return About(name, variant, _inputs(unit, choice), header.meta(unit, variant))
