"""The report for a pull request or a README: a table as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnncalc.renderers import escape
from cnncalc.renderers.cells import Entry, annotation
from cnncalc.renderers.columns import Column, Scale, scale_of
from cnncalc.renderers.header import Fact, foot_facts, head_facts, title
from cnncalc.renderers.options import Options
from cnncalc.renderers.selection import Selection, select
from cnncalc.report import Report
from cnncalc.units import exact

_CODE = re.compile(r"[\w.]+", re.ASCII)


def render(report: Report, options: Options) -> str:
    """Return the report as GitHub-flavoured markdown. Names cannot break out of their cells."""
    chosen = select(report, options)
    columns = [column for column in chosen.columns if not column.key.endswith("_bar")]
    scale = scale_of(chosen.entries, report.totals, ascii_only=options.ascii)
    name, place = title(report)
    lines = [
        f"### {_escape(name, options)}" + (f" ({_escape(place, options)})" if place else ""),
        "",
        *_list(head_facts(report), options),
        "",
        *_table(columns, chosen, scale),
        "",
        *_list(foot_facts(report, chosen.entries, chosen.left_out), options),
    ]
    return "\n".join(lines).rstrip()


def _list(facts: list[Fact], options: Options) -> Iterator[str]:
    for fact in facts:
        text = _escape(fact.text, options)
        yield f"- **{_escape(fact.label, options)}** {text}" if fact.label else f"  <br>{text}"


def _table(columns: list[Column], chosen: Selection, scale: Scale) -> Iterator[str]:
    options = Options(ascii=scale.ascii)
    yield _line(column.title or column.key for column in columns)
    yield _line("---:" if column.right else ":---" for column in columns)
    for entry in chosen.entries:
        yield _line(_cell(column, entry, scale, options) for column in columns)
    totals = scale.totals
    sums = [exact(getattr(totals, column.total)) if column.total else "" for column in columns]
    yield _line(f"**{each}**" if each else "" for each in (sums[0] or "total", *sums[1:]))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(column: Column, entry: Entry, scale: Scale, options: Options) -> str:
    text = column.text(entry, scale)
    if column.key != "path":
        return _escape(text, options)
    note = _escape(annotation(entry.row), options)
    return f"{f'`{text}`' if _CODE.fullmatch(text) else _escape(text, options)}{note}"


def _escape(text: str, options: Options) -> str:
    return escape.markdown(text, ascii_only=options.ascii)
