"""The report laid out as lines of styled spans, and printed without style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from cnncalc.records import Record
from cnncalc.renderers.cells import Entry, annotation
from cnncalc.renderers.columns import Column
from cnncalc.renderers.header import Fact, foot_facts, head_facts, title
from cnncalc.renderers.layout import Laid, fit
from cnncalc.renderers.options import Options
from cnncalc.renderers.selection import select
from cnncalc.renderers.text import clean, pad, shorten, width_of, wrap
from cnncalc.report import Report

LABEL_WIDTH = 9


class Span(Record):
    """Text and the name of its style: title label path dim good bad bar, or none."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def render(report: Report, options: Options) -> str:
    """Return the report as plain text, without a newline at its end."""
    return "\n".join(
        "".join(span.text for span in line).rstrip() for line in lay_out(report, options)
    )


def lay_out(report: Report, options: Options) -> Iterator[Line]:
    """Yield the lines of the report; none is wider than the page, and no number is cut."""
    chosen = select(report, options)
    entries = chosen.entries
    columns, dropped = fit(chosen, report.totals, options)
    left_out = (*chosen.left_out, *dropped)
    yield _title(report, options)
    yield from _facts(head_facts(report), options)
    yield ()
    yield from _table(columns, entries, options)
    yield ()
    yield from _facts(foot_facts(report, entries, left_out), options)


def _title(report: Report, options: Options) -> Line:
    name, place = (clean(text, ascii_only=options.ascii) for text in title(report))
    ellipsis = _ellipsis(options)
    room = options.width - 3 - min(width_of(place), options.width // 2)
    name = shorten(name, room if place else options.width, ellipsis)
    place = shorten(place, options.width - width_of(name) - 3, ellipsis)
    return (Span(name, "title"), Span("   " + place, "dim")) if place else (Span(name, "title"),)


def _facts(facts: Sequence[Fact], options: Options) -> Iterator[Line]:
    for fact in facts:
        text = clean(fact.text, ascii_only=options.ascii)
        for index, piece in enumerate(wrap(text, options.width - LABEL_WIDTH)):
            label = fact.label if index == 0 else ""
            yield Span(label.ljust(LABEL_WIDTH), "label"), Span(piece, fact.style)


def _table(columns: list[Laid], entries: Sequence[Entry], options: Options) -> Iterator[Line]:
    width = sum(laid.column.gap + laid.width for laid in columns)
    rule = Span(("-" if options.ascii else "─") * width, "dim")
    cells = [
        _paths(laid, entries, options) if laid.column.key == "path" else _texts(laid)
        for laid in columns
    ]
    yield tuple(_outer(columns, 0, "label"))
    yield (rule,)
    yield from (tuple(chain.from_iterable(line)) for line in zip(*cells, strict=True))
    yield (rule,)
    yield tuple(_outer(columns, -1, "title"))


def _outer(columns: list[Laid], index: int, style: str) -> Iterator[Span]:
    """Yield the titles or the totals."""
    for laid in columns:
        text = shorten(laid.cells[index], laid.width)
        yield Span(" " * laid.column.gap + pad(text, laid.width, right=laid.column.right), style)


def _texts(laid: Laid) -> list[Line]:
    """Return the cells of the entries. Most cells are like others: each text is padded once."""
    column, entries = laid.column, laid.cells[1:-1]
    spans = {
        cell: (
            Span(
                " " * column.gap + pad(cell, laid.width, right=column.right), _style(column, cell)
            ),
        )
        for cell in set(entries)
    }
    return [spans[cell] for cell in entries]


def _style(column: Column, cell: str) -> str:
    return column.style or ("dim" if cell.strip() in {"0", "–", "-"} else "")


def _paths(laid: Laid, entries: Sequence[Entry], options: Options) -> list[Line]:
    """Return paths; where room is short an annotation goes first, then the middle of a path."""
    lines: list[Line] = []
    gap, ellipsis = " " * laid.column.gap, _ellipsis(options)
    for cell, entry in zip(laid.cells[1:-1], entries, strict=True):
        path = shorten(cell, laid.width, ellipsis)
        note = clean(annotation(entry.row), ascii_only=options.ascii)
        room = laid.width - width_of(path)
        note = pad(note if width_of(note) <= room else "", room)
        lines.append((Span(gap + path, "path"), Span(note, "dim")))
    return lines


def _ellipsis(options: Options) -> str:
    return "..." if options.ascii else "…"
