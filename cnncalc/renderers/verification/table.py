"""Findings for people: a row for each layer, what failed once more in words, and a summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from cnncalc.findings import TITLES, Finding, Verification
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean
from cnncalc.renderers.verification.words import failure_text, value_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("–", "dim")}
HEADS = {"gradient": "grad", "gradient sum": "sum", "statistics": "norm"}
"""Titles that are too long for a column of marks."""
VALUES = ("shape", "params", "macs", "field")
"""Findings whose value is worth a cell; of the others the mark is enough."""


def render(verifications: Sequence[Verification], options: Options) -> str:
    """Return a table for each network; without colour it is plain text."""
    from rich.console import Console

    console = Console(
        file=StringIO(),
        width=options.width,
        force_terminal=options.color,
        no_color=not options.color,
        legacy_windows=False,
        highlight=False,
    )
    with console.capture() as captured:
        for verification in verifications:
            for part in _parts(verification, options, console):
                console.print(part)
        if len(verifications) > 1:
            console.print(_total(verifications, options))
    lines = captured.get().rstrip("\n").split("\n")
    return "\n".join(line.rstrip() for line in lines)


def _parts(
    verification: Verification, options: Options, console: Console
) -> Iterator[RenderableType]:
    from rich.measure import Measurement
    from rich.text import Text

    inputs = ", ".join("×".join(map(str, shape)) for shape in verification.inputs.values())
    title = f"{verification.name or verification.title}   {verification.title}   input {inputs}"
    yield Text(_shown(title, options), style="bold")
    table = _table(verification, options, values=True)
    if Measurement.get(console, console.options.update(width=1000), table).minimum > options.width:
        table = _table(verification, options, values=False)  # numbers are never cut: marks alone
    yield table
    for finding in verification.failed:
        yield _failure(finding, options)
    for finding in verification.findings:
        if finding.ok is None:
            where = finding.path or "network"
            yield Text(_shown(f"– {where}: {finding.key}: {finding.detail}", options), style="dim")
    yield _summary(verification, options)


def _table(verification: Verification, options: Options, *, values: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    keys = [key for key in TITLES if any(f.key == key for f in verification.findings)]
    style = box.ASCII if options.ascii else box.SIMPLE_HEAD
    table = Table(box=style, pad_edge=False, collapse_padding=not values)
    table.add_column("layer", overflow="fold", min_width=8)
    for key in keys:
        numbers = key in ("params", "macs")
        table.add_column(
            TITLES[key] if values else HEADS.get(key, TITLES[key]),
            justify="right" if numbers else "left",
            no_wrap=numbers or key == "shape",
        )
    table.add_column("line", justify="right")
    found: dict[str, dict[str, Finding]] = {}
    for finding in verification.findings:
        cells = found.setdefault(finding.path, {})
        if finding.key not in cells or finding.ok is False:  # what failed hides what did not
            cells[finding.key] = finding
    for path, cells in found.items():
        line = max(finding.line for finding in cells.values())
        row = [_cell(cells.get(key), options, values=values) for key in keys]
        title = Text(_shown(path or "the network", options))
        table.add_row(title, *row, str(line) if line else "")
    return table


def _cell(finding: Finding | None, options: Options, *, values: bool) -> Text:
    from rich.text import Text

    if finding is None:
        return Text("")
    sign, style = MARKS[finding.ok]
    shown = values and finding.key in VALUES and finding.ok is not None
    value = f" {value_text(finding, finding.executed)}" if shown else ""
    return Text(_shown(sign + value, options), style="" if finding.ok else style)


def _failure(finding: Finding, options: Options) -> Text:
    from rich.text import Text

    place = f"   {finding.file}:{finding.line}" if finding.line else ""
    detail = f" ({finding.detail})" if finding.detail else ""
    text = (
        f"✗ {finding.path or 'the network'}: {TITLES[finding.key]}: "
        f"{failure_text(finding)}{detail}{place}"
    )
    return Text(_shown(text, options), style="bold red")


def _summary(verification: Verification, options: Options) -> Text:
    from rich.text import Text

    failed, checks = len(verification.failed), _asked(verification)
    layers = len(verification.layers)
    if failed:
        text = f"✗ {verification.title}: {failed} of {checks:,} checks failed"
    else:
        word = "layer" if layers == 1 else "layers"
        text = f"✓ {verification.title}: {checks:,} checks hold at {layers:,} {word}"
    return Text(_shown(text, options) + "\n", style="bold red" if failed else "green")


def _total(verifications: Sequence[Verification], options: Options) -> Text:
    from rich.text import Text

    bad = sum(not each.ok for each in verifications)
    checks = sum(map(_asked, verifications))
    count = len(verifications)
    text = f"✗ {bad} of {count} networks failed" if bad else f"✓ all {count} networks hold"
    return Text(_shown(f"{text}, {checks:,} checks", options), style="bold red" if bad else "green")


def _asked(verification: Verification) -> int:
    return sum(finding.ok is not None for finding in verification.findings)


def _shown(text: str, options: Options) -> str:
    return clean(text, ascii_only=options.ascii)
