"""One line a budget, for spreadsheets and scripts."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from cnncalc.outcome import Outcome
from cnncalc.renderers.options import Options

HEADER = (
    "spec",
    "variant",
    "rule",
    "id",
    "level",
    "status",
    "value",
    "limit",
    "unit",
    "detail",
    "origin",
    "file",
    "line",
)
"""New columns are put at the end: scripts may count them."""


def render(outcome: Outcome, _: Options) -> str:
    """Return the budgets as CSV; of a size with several axes, the numbers are joined by x."""
    page = StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(HEADER)
    for checked, finding in outcome.findings():
        data = finding.to_dict() | {"spec": checked.spec, "variant": checked.variant}
        writer.writerow([_cell(data[key]) for key in HEADER])
    for checked in outcome.checked:
        for problem in checked.problems:
            empty = [""] * 4
            row = [checked.spec, checked.variant or "", "", "", "error", "invalid", *empty[:3]]
            writer.writerow([*row, problem.text, "", problem.file, problem.line or ""])
    return page.getvalue().rstrip("\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)
