"""Write docs/reference.md from the code: layer types, conventions, columns, commands, JSON.

python docs/generate_reference.py
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

import cnncalc.renderers
from cnncalc import ops
from cnncalc.analyses.measures import MEASURES
from cnncalc.analyses.presets import TABLE, Preset, weights_of
from cnncalc.analyses.work import NAMES
from cnncalc.analyses.work import convention as find_convention
from cnncalc.cli import application
from cnncalc.listing import FAMILIES, aliases_of, argument_text, call_text, op_of
from cnncalc.ops.base import Op
from cnncalc.renderers.columns import COLUMNS

HERE = Path(__file__).parent
HEAD = """\
# Reference

Generated from the code by `python docs/generate_reference.py`; a test fails when it is stale.
`cnncalc layers NAME` prints the same about one layer type.

- [Layer types](#layer-types)
- [FLOP conventions](#flop-conventions)
- [Commands](#commands)
- [Columns](#columns)
- [JSON of analyze](#json-of-analyze)
- [JSON of check and diff](#json-of-check-and-diff)
"""


def reference() -> str:
    """Return the whole page."""
    parts = [HEAD, *_layers(), *_conventions(), *_commands(), *_columns()]
    parts += [*_json(), *_check_json()]
    return "\n".join(parts).rstrip() + "\n"


def _layers() -> Iterator[str]:
    yield "## Layer types\n"
    yield (
        "Arguments may be given in the order of the signature or by name. Every layer takes the "
        "modifiers `name`, `from`, `when`, `repeat` and `share`."
    )
    for family, title in FAMILIES.items():
        yield f"\n### {title}"
        for name, its in ops.OPS.items():
            if its == family:
                yield from _layer(op_of(name))


def _layer(op: type[Op]) -> Iterator[str]:
    aliases = aliases_of(op.name)
    yield f"\n#### {op.name}" + (f" ({aliases})" if aliases else "")
    yield f"\n`{call_text(op)}`\n"
    yield inspect.getdoc(op) or ""
    if op.arguments:
        yield "\n| argument | meaning | may be | default |\n|---|---|---|---|"
    for argument in op.arguments:
        name = f"`{argument.name}`" + (f", `{argument.alias}`" if argument.alias else "")
        may_be, _, default = argument_text(argument).replace("|", "\\|").rpartition("; ")
        yield f"| {name} | {argument.doc} | {may_be} | {default} |"
    yield f"\nWork: {op.notes}"


def _conventions() -> Iterator[str]:
    yield "\n## FLOP conventions\n"
    yield "Chosen with `--convention`. They count the same ledger of primitive operations.\n"
    yield "| name | counts |\n|---|---|"
    for name in NAMES:
        yield f"| `{name}` | {find_convention(name).rule} |"
    yield (
        "\nThe last seven count as a tool does: [Counting as other tools do](conventions.md) says "
        "more. Their rules for each layer type, where an empty cell is nothing and – no rule:\n"
    )
    yield f"| layer type | {' | '.join(TABLE)} |\n|---|{'---|' * len(TABLE)}"
    weights = [weights_of(preset) for preset in TABLE.values()]
    rows = {kind: [_rule(table, kind) for table in weights] for kind in ops.OPS}
    for kind, cells in rows.items():
        if any(cells):
            yield f"| `{kind}` | {' | '.join(cells)} |"
    nothing = [f"`{kind}`" for kind, cells in rows.items() if not any(cells)]
    yield f"\nNone of them counts anything of {', '.join(nothing)}."
    yield "\n| word of a rule | counts |\n|---|---|"
    for name, (phrase, _) in MEASURES.items():
        yield f"| {_words(name)} | {phrase} |"
    for preset in TABLE.values():
        yield from _preset(preset)


def _rule(table: dict[str, tuple[tuple[str, int], ...]], kind: str) -> str:
    if kind not in table:
        return "–"
    terms = (f"{weight} {_words(name)}".removeprefix("1 ") for name, weight in table[kind])
    return " + ".join(terms).replace("+ -", "− ")


def _words(measure: str) -> str:
    return measure.replace("_", " ")


def _preset(preset: Preset) -> Iterator[str]:
    yield f"\n### {preset.name}\n\n{preset.tool}, `{preset.call}`. {preset.remarks}".rstrip()
    for argument, kinds in _inverted(preset.unsure).items():
        yield f"\nNo rule with `{argument}`: {', '.join(kinds)}."
    if preset.left_out:
        yield "\nNetworks of torchvision of which the tool prints another figure:\n"
    for names, reason in preset.left_out.items():
        yield f"- {', '.join(names.split())}: {reason}."


def _inverted(unsure: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, arguments in unsure.items():
        for argument in arguments.split():
            found.setdefault(argument, []).append(kind)
    return found


def _commands() -> Iterator[str]:
    yield "\n## Commands"
    group: Any = typer.main.get_command(application())
    for name, command in group.commands.items():
        arguments = [
            p.make_metavar(None) for p in command.params if p.param_type_name == "argument"
        ]
        yield f"\n### cnncalc {' '.join([name, *arguments])}\n"
        yield command.help
        options = [p for p in command.params if p.param_type_name == "option"]
        if options:
            yield "\n| option | meaning | default |\n|---|---|---|"
        for option in options:
            default = "" if option.default in (None, False) else f"`{option.default}`"
            yield f"| `{', '.join(option.opts)}` | {option.help} | {default} |"


def _columns() -> Iterator[str]:
    yield "\n## Columns\n"
    yield "The keys of `--columns` and `--sort`.\n"
    yield "| key | title |\n|---|---|"
    for key, column in COLUMNS.items():
        yield f"| `{key}` | {column.title} |"


def _json() -> Iterator[str]:
    path = Path(str(cnncalc.renderers.__file__)).parent / "analysis.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    yield "\n## JSON of analyze\n"
    yield (
        "`cnncalc analyze SPEC -o json` prints `cnncalc.analysis/1`. Its JSON Schema comes with "
        "the package, as `cnncalc/renderers/analysis.schema.json`.\n"
    )
    yield "| key | what it holds |\n|---|---|"
    for key, value in schema["properties"].items():
        yield f"| `{key}` | {value.get('description', '')} |"
    yield "\nOf each entry of `layers`:\n"
    yield "| key | what it holds |\n|---|---|"
    for key, value in schema["$defs"]["layer"]["properties"].items():
        target = schema["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
        yield f"| `{key}` | {value.get('description', target.get('description', ''))} |"


def _check_json() -> Iterator[str]:
    folder = Path(str(cnncalc.renderers.__file__)).parent
    check = json.loads((folder / "check.schema.json").read_text(encoding="utf-8"))
    diff = json.loads((folder / "diff.schema.json").read_text(encoding="utf-8"))
    yield "\n## JSON of check and diff\n"
    yield (
        "`cnncalc check -o json` prints `cnncalc.check/1`, `cnncalc diff -o json` prints "
        "`cnncalc.diff/1`. Their JSON Schemas come with the package, as "
        "`cnncalc/renderers/check.schema.json` and `diff.schema.json`."
    )
    tables = {
        "Of `cnncalc.check/1`": check,
        "Of each entry of `specs`": check["$defs"]["spec"],
        "Of each entry of `budgets`": check["$defs"]["budget"],
        "Of `cnncalc.diff/1`": diff,
        "Of each entry of `causes`": diff["$defs"]["cause"],
        "Of each entry of `changes`": diff["$defs"]["change"],
    }
    for title, schema in tables.items():
        yield f"\n{title}:\n"
        yield "| key | what it holds |\n|---|---|"
        for key, value in schema["properties"].items():
            target = check["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
            said = value.get("description") or target.get("description") or _either(value)
            yield f"| `{key}` | {said} |"


def _either(schema: Mapping[str, Any]) -> str:
    return ", ".join(f"`{word}`" for word in schema.get("enum", ()))


if __name__ == "__main__":
    (HERE / "reference.md").write_text(reference(), encoding="utf-8")
