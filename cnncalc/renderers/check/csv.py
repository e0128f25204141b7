"""One line a budget, for spreadsheets and scripts."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from cnncalc.outcome import Outcome
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean

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
            row = dict.fromkeys(HEADER) | {
                "spec": checked.spec,
                "variant": checked.variant,
                "level": "error",
                "status": "invalid",
                "detail": problem.text,
                "file": problem.file,
                "line": problem.line or None,
            }
            writer.writerow([_cell(row[key]) for key in HEADER])
    return page.getvalue().rstrip("\n")


def _cell(value: Any) -> str:
    """Return a cell; text is one line of it, without what a terminal or a log would act upon."""
    if value is None:
        return ""
    return "x".join(map(str, value)) if isinstance(value, list) else clean(str(value))
