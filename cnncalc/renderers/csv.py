"""One line a layer, for spreadsheets and scripts: plain integers under a stable header."""

from __future__ import annotations

import csv
from io import StringIO

from cnncalc.renderers.cells import Value
from cnncalc.renderers.columns import COLUMNS
from cnncalc.renderers.options import Options
from cnncalc.renderers.selection import select
from cnncalc.report import Report

HEADER = (
    "path",
    "op",
    "kernel",
    "in",
    "out",
    "params",
    "buffers",
    "macs",
    "flops",
    "activations",
    "live",
    "rf",
    "jump",
    "start",
    "line",
)
"""The columns where none are asked for. New ones are put at the end: scripts may count them."""


def render(report: Report, options: Options) -> str:
    """Return the chosen columns as CSV. Sizes are joined by x: 64x56x56; `live` is in bytes."""
    keys = tuple(dict.fromkeys(options.columns or HEADER))
    chosen = select(report, options)
    columns = [COLUMNS[key] for key in keys]
    page = StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(keys)
    for entry in chosen.entries:
        writer.writerow([_cell(column.value(entry, report.totals)) for column in columns])
    return page.getvalue().rstrip("\n")


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
