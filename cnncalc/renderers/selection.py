"""Which rows and columns of a report are printed, and what that leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.records import Record
from cnncalc.renderers.cells import Entry, rank
from cnncalc.renderers.columns import COLUMNS, DEFAULT, DEFAULT_BY, Column
from cnncalc.renderers.options import Options
from cnncalc.report import Report, Row
from cnncalc.units import percent

BY: dict[str, Callable[[Row], str]] = {"type": lambda row: row.op}
"""What rows can be summed up by."""


class Selection(Record):
    """The entries and columns to print, and sentences on what is not printed."""

    entries: tuple[Entry, ...]
    columns: tuple[Column, ...]
    left_out: tuple[str, ...]


def select(report: Report, options: Options) -> Selection:
    """Return what the options choose; raise CnncalcError for a choice that is not there."""
    _check(options)
    columns = _columns(options)
    rows = report.parts if options.parts else report.rows
    entries, left_out = _summed(rows, options)
    if options.sort or options.top:
        entries = _sorted(entries, report, options.sort or "macs")
    if options.top and options.top < len(entries):
        rest = entries[options.top :]
        left_out.append(_rest(rest, report, len(entries)))
        entries = entries[: options.top]
    return Selection(tuple(entries), columns, tuple(left_out))


def _check(options: Options) -> None:
    for name, value in (("depth", options.depth), ("top", options.top)):
        if value is not None and value < 1:
            raise CnncalcError(
                f"{name} is {value}, and must be at least 1", hint=f"leave {name} out to see all"
            )
    if options.by is not None and options.by not in BY:
        raise CnncalcError(f"cannot sum up by {options.by!r}", hint=did_you_mean(options.by, BY))
    for key in (*(options.columns or ()), *([options.sort] if options.sort else ())):
        if key not in COLUMNS:
            raise CnncalcError(f"no column {key!r}", hint=did_you_mean(key, COLUMNS))


def _columns(options: Options) -> tuple[Column, ...]:
    keys = options.columns or (DEFAULT_BY if options.by else DEFAULT)
    return tuple(COLUMNS[key] for key in dict.fromkeys(keys))


def _summed(rows: Sequence[Row], options: Options) -> tuple[list[Entry], list[str]]:
    if options.by:
        entries = _groups(rows, BY[options.by])
        return [_without_place(entry) for entry in entries], []
    if options.depth:
        entries = _to_depth(rows, options.depth)
        hidden = sum(entry.layers for entry in entries)
        summed = f"{_layers(hidden)} summed up in groups by depth {options.depth}"
        return entries, [summed] if hidden else []
    return [Entry(row) for row in rows], []


def _to_depth(rows: Sequence[Row], depth: int) -> list[Entry]:
    def key(row: Row) -> str:
        return ".".join(row.path.split(".", depth)[:depth])

    return [
        Entry(members[0]) if entry.row.path == members[-1].path else entry
        for entry, members in _grouped(rows, key)
    ]


def _groups(rows: Sequence[Row], key: Callable[[Row], str]) -> list[Entry]:
    return [entry for entry, _ in _grouped(rows, key)]


def _grouped(rows: Sequence[Row], key: Callable[[Row], str]) -> list[tuple[Entry, list[Row]]]:
    members: dict[str, list[Row]] = {}
    for row in rows:
        members.setdefault(key(row), []).append(row)
    return [(Entry(_sum(path, group), len(group)), group) for path, group in members.items()]


def _sum(path: str, rows: list[Row]) -> Row:
    """Return sums under one path; shapes and the field are those of the last layer."""
    return rows[-1]._replace(
        path=path,
        op=rows[0].op if len({row.op for row in rows}) == 1 else "group",
        in_shapes=rows[0].in_shapes,
        kernel=_layers(len(rows)),
        params=sum(row.params for row in rows),
        buffers=sum(row.buffers for row in rows),
        macs=sum(row.macs for row in rows),
        flops=sum(row.flops for row in rows),
        activations=sum(row.activations for row in rows),
        live_bytes=max(row.live_bytes for row in rows),
        branches=(),
        shares="",
    )


def _without_place(entry: Entry) -> Entry:
    """Layers of one type have no common shape or field."""
    row = entry.row._replace(in_shapes=(), out_shape=(), rf=None, sees_all=False)
    return entry._replace(row=row)


def _sorted(entries: list[Entry], report: Report, key: str) -> list[Entry]:
    value = COLUMNS[key].value
    return sorted(entries, key=lambda entry: rank(value(entry, report.totals)))


def _rest(rest: list[Entry], report: Report, count: int) -> str:
    macs = percent(sum(entry.row.macs for entry in rest), report.totals.macs)
    share = f" ({macs} of the MACs)" if macs else ""
    return f"{len(rest)} of {count} rows{share}"


def _layers(count: int) -> str:
    return f"{count} layer{'' if count == 1 else 's'}"
