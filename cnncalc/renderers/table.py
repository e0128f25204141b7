"""The report for a terminal: the plain layout, and colour where it is wanted."""

from __future__ import annotations

from io import StringIO

from cnncalc.renderers import plain
from cnncalc.renderers.options import Options
from cnncalc.report import Report

STYLES = {
    "": "",
    "title": "bold",
    "label": "bold cyan",
    "path": "",
    "dim": "dim",
    "good": "green",
    "bad": "bold red",
    "bar": "cyan",
}


def render(report: Report, options: Options) -> str:
    """Return the report as text; with colour it holds the terminal's escape sequences."""
    if not options.color:
        return plain.render(report, options)
    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=StringIO(), force_terminal=True, width=options.width, legacy_windows=False
    )
    with console.capture() as captured:
        for line in plain.lay_out(report, options):
            spans = [(span.text, STYLES[span.style]) for span in line]
            text = Text.assemble(*spans)
            text.rstrip()
            console.print(text, highlight=False, soft_wrap=True)
    return captured.get().rstrip("\n")
