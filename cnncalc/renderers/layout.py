"""Which columns fit on the page, how wide each is, and how its cells line up."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.records import Record
from cnncalc.renderers.cells import Entry, annotation
from cnncalc.renderers.columns import Column, Scale, scale_of
from cnncalc.renderers.options import Options
from cnncalc.renderers.selection import Selection
from cnncalc.renderers.text import clean, width_of
from cnncalc.report import Totals
from cnncalc.units import si

SHORTEST_PATH = 24


class Laid(Record):
    """A column with its cells (title, entries, total) and the columns of the page it takes."""

    column: Column
    cells: list[str]
    width: int


def fit(chosen: Selection, totals: Totals, options: Options) -> tuple[list[Laid], list[str]]:
    """Return the columns that fit the page, in their order, and a sentence on those that do not.

    The most important columns are placed first; a less important one that is narrow can still
    take the room that a wider one could not use. A path shrinks, a number never does.
    """
    scale = scale_of(chosen.entries, totals, ascii_only=options.ascii)
    columns = [_laid(column, chosen.entries, scale) for column in chosen.columns]
    kept = _fitting(columns, options.width)
    gone = [laid.column.key for laid in columns if laid not in kept]
    dropped = [f"columns {', '.join(gone)} (page of {options.width} columns)"] if gone else []
    return _placed(kept, options.width), dropped


def _laid(column: Column, entries: Sequence[Entry], scale: Scale) -> Laid:
    cells = [clean(column.text(entry, scale), ascii_only=scale.ascii) for entry in entries]
    total = _total(column, scale.totals)
    if column.right:
        *cells, total = _line_up([*cells, total])
    needs = [column.title, total, *cells]
    if column.key == "path":
        notes = (clean(annotation(entry.row), ascii_only=scale.ascii) for entry in entries)
        needs += [cell + note for cell, note in zip(cells, notes, strict=True) if note]
    return Laid(column, [column.title, *cells, total], max(map(width_of, set(needs))))


def _total(column: Column, totals: Totals) -> str:
    """Return the cell of the last line: the sum over the whole network, whatever is shown."""
    if column.key in {"path", "op"}:
        return "total" if totals.layers == 1 else f"total of {totals.layers} layers"
    return si(getattr(totals, column.total)) if column.total else ""


def _tail(cell: str) -> int:
    """Return the length of what follows the digits of a number: a unit, or a mark."""
    _, space, unit = cell.rpartition(" ")
    if space and unit.isascii() and unit.isalpha():
        return len(unit) + 1
    return len(cell) - len(cell.rstrip("~*"))


def _line_up(cells: list[str]) -> list[str]:
    """Return the cells with spaces behind them, so that the digits of numbers are aligned."""
    tails = {cell: _tail(cell) for cell in set(cells)}
    longest = max(tails.values())
    lined_up = {
        cell: cell + " " * (longest - tail) if cell[:1].isdigit() else cell
        for cell, tail in tails.items()
    }
    return [lined_up[cell] for cell in cells]


def _fitting(columns: list[Laid], width: int) -> list[Laid]:
    kept: list[Laid] = []
    for laid in sorted(columns, key=lambda laid: laid.column.priority):
        wider = [each for each in columns if each in kept or each is laid]
        if not kept or _taken(wider, width) <= width:
            kept = wider
    return kept


def _taken(columns: list[Laid], width: int) -> int:
    """Return the least columns of the page that these take: a path can shrink."""
    path_width = max(SHORTEST_PATH, width * 3 // 10)
    needs = (
        laid.column.gap + (min(laid.width, path_width) if laid.column.key == "path" else laid.width)
        for laid in columns
    )
    return sum(needs) - columns[0].column.gap


def _placed(columns: list[Laid], width: int) -> list[Laid]:
    """Start the first column at the margin, and give the path the room that the others leave."""
    first = columns[0].column._replace(gap=0)
    columns = [columns[0]._replace(column=first), *columns[1:]]
    others = sum(laid.column.gap + laid.width for laid in columns if laid.column.key != "path")
    return [
        laid._replace(width=min(laid.width, width - others - laid.column.gap))
        if laid.column.key == "path"
        else laid
        for laid in columns
    ]
