"""What stands in a cell: shapes, fields and annotations in words, and the order of values."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from cnncalc.records import Record
from cnncalc.report import Axes, Row

Value = int | str | tuple[int | str, ...] | None
"""What a program reads: a count, a text, a number an axis, or nothing."""

LONGEST_BRANCHES = 16


class Entry(Record):
    """A line of the table: a layer, or the sum of some."""

    row: Row
    layers: int = 0
    """How many layers are summed up; 0 for a layer of its own."""


def shape_text(shape: Iterable[int | str]) -> str:
    """Return a shape as people write it: 3×224×224."""
    return "×".join(map(str, shape))


def axes_text(axes: tuple[int | str, ...]) -> str:
    """Return one number where all axes agree, else one an axis: 7, or 427×213."""
    return str(axes[0]) if len(set(axes)) == 1 else shape_text(axes)


def field_sizes(rf: Axes) -> tuple[int | str, ...]:
    """Return the size on each axis; a range such as 188–204 where phases differ."""
    if rf.phases is None:
        return rf.size
    ranges = [(min(size for size, _ in axis), max(size for size, _ in axis)) for axis in rf.phases]
    return tuple(low if low == high else f"{low}–{high}" for low, high in ranges)


def field_text(row: Row) -> str:
    """Return the local field with its marks: * the whole map enters, too; ~ not aligned."""
    if row.rf is None:
        return "all" if row.sees_all else "–"
    marks = ("~" if not row.rf.aligned else "") + ("*" if row.sees_all else "")
    return axes_text(field_sizes(row.rf)) + marks


def kernel_text(row: Row) -> str:
    """Return kernel and stride; for a join, the branches that it joins."""
    if row.kernel or not row.branches:
        return row.kernel
    names = f"← {', '.join(row.branches)}"
    return names if len(names) <= LONGEST_BRANCHES else f"← {len(row.branches)} branches"


def annotation(row: Row) -> str:
    """Return what stands behind a path: whose parameters the layer uses, too."""
    return f" = {row.shares}" if row.shares else ""


def rank(value: Value) -> tuple[int, float, str]:
    """Return a sort key: numbers from the largest, sizes by their product, texts from a to z."""
    if value is None or value == ():
        return 2, 0, ""
    if isinstance(value, str):
        return 1, 0, value
    return 0, -(prod(map(_amount, value)) if isinstance(value, tuple) else value), ""


def _amount(value: int | str) -> float:
    over, _, under = str(value).partition("/")
    return int(over) / int(under) if under else int(over)
