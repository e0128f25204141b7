"""What a budget can limit: numbers of a report, for the whole network or the layers of a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from cnncalc.errors import BudgetError, did_you_mean
from cnncalc.records import Record
from cnncalc.report import Axes, Report, Row

if TYPE_CHECKING:
    from fractions import Fraction

AXES = {1: ("w",), 2: ("h", "w"), 3: ("d", "h", "w")}
_MOST_SUGGESTIONS = 2000


class Amount(Record):
    """An exact number, or one for each of `axes`, in a dimension of `units.Quantity`.

    Two more dimensions are counts of their own: `layers`, and `values` of feature maps.
    """

    values: tuple[int | Fraction, ...]
    dimension: str
    axes: tuple[str, ...] = ()
    note: str = ""


def on_axes(left: Amount, right: Amount) -> Iterator[tuple[int | Fraction, int | Fraction]]:
    """Yield the values to compare: axis by axis where both have axes, else each with the one."""
    if not left.axes or not right.axes:
        for one in left.values:
            yield from ((one, other) for other in right.values)
        return
    others = dict(zip(right.axes, right.values, strict=True))
    for axis, one in zip(left.axes, left.values, strict=True):
        if axis in others:
            yield one, others[axis]


def distance(one: int | Fraction, other: int | Fraction) -> int | Fraction:
    """Return how far two numbers are apart."""
    return one - other if one > other else other - one


Rows = Sequence[Row] | None
"""The layers of a part; None for the whole network, whose totals are at hand."""


class Metric(Record):
    """A metric; `value` returns None where the report does not hold it for a part."""

    dimension: str
    value: Callable[[Report, Rows], Amount | None]
    in_bytes: str = ""
    """The metric to use where somebody means bytes."""


def measure(report: Report, name: str, path: str) -> Amount | None:
    """Return a metric of the network, or of the layers whose path is `path` or below it.

    Raises BudgetError where no layer matches, or the network has no such axis or field.
    """
    return METRICS[name].value(report, _part(report, path) if path else None)


def input_size(report: Report) -> Amount:
    """Return the spatial size of the network's input, in px."""
    sizes = {shape[1:] for shape in report.head.inputs.values()}
    if len(sizes) > 1:
        given = ", ".join(report.head.inputs)
        raise BudgetError(f"input is one of {given}", hint="write the size in px")
    size = sizes.pop()
    if not size:
        raise BudgetError("the input is a vector, without a size in px", hint="use another limit")
    return Amount(size, "px", AXES[len(size)])


def _part(report: Report, path: str) -> list[Row]:
    for rows in (report.rows, report.parts):
        found = [row for row in rows if f"{row.path}.".startswith(f"{path}.")]
        if found:
            return found
    known = [*(group.path for group in report.groups), *(row.path for row in report.rows)]
    near = did_you_mean(path, islice(known, _MOST_SUGGESTIONS))
    raise BudgetError(f"{path!r} matches no layer", hint=near)


def _sum(name: str, dimension: str, in_bytes: str = "") -> Metric:
    def value(report: Report, rows: Rows) -> Amount:
        if rows is None:
            return Amount((getattr(report.totals, name),), dimension)
        return Amount((sum(getattr(row, name) for row in rows),), dimension)

    return Metric(dimension, value, in_bytes)


def _trainable(report: Report, rows: Rows) -> Amount | None:
    totals = report.totals
    if rows is None:
        return Amount((totals.trainable,), "params")
    if totals.trainable != totals.params:  # rows do not tell the two apart
        return None
    return Amount((sum(row.params for row in rows),), "params")


def _weights(report: Report, rows: Rows) -> Amount:
    totals = report.totals
    if rows is None or not totals.params:
        return Amount((totals.weights_bytes,), "byte")
    params = sum(row.params for row in rows)
    return Amount((-(-params * totals.weights_bytes // totals.params),), "byte")


def _peak_memory(report: Report, rows: Rows) -> Amount:
    if rows is None:
        return Amount((report.totals.peak_memory_bytes,), "byte")
    return Amount((max(row.live_bytes for row in rows),), "byte")


def _layers(report: Report, rows: Rows) -> Amount:
    return Amount((report.totals.layers if rows is None else len(rows),), "layers")


def _field(get: Callable[[Axes], Sequence[int | str]], axis: str = "") -> Metric:
    """Measure the last layer that has a local field, on all axes or on one."""

    def value(report: Report, rows: Rows) -> Amount:
        fields = [(row.rf, row.sees_all) for row in rows or () if row.rf]
        if rows is None and report.rf:
            fields = [report.rf[1:]]
        if not fields:
            where = f"layer of {rows[0].path!r} … {rows[-1].path!r}" if rows else "layer"
            raise BudgetError(f"no {where} has a local field", hint="name an earlier layer")
        rf, sees_all = fields[-1]
        note = "the local field; the whole map enters, too" if sees_all else ""
        amount = Amount(tuple(map(_exact, get(rf))), "px", AXES[len(rf.size)], note)
        return _on_axis(amount, axis) if axis else amount

    return Metric("px", value)


def _on_axis(amount: Amount, axis: str) -> Amount:
    if axis not in amount.axes:
        has = ", ".join(amount.axes)
        raise BudgetError(f"the input has no axis {axis!r}, only {has}", hint="choose one of them")
    return amount._replace(values=(amount.values[amount.axes.index(axis)],), axes=(axis,))


def _exact(value: int | str) -> int | Fraction:
    if isinstance(value, int):
        return value
    from fractions import Fraction

    return Fraction(value)


METRICS = {
    "params": _sum("params", "params", "weights"),
    "params.trainable": Metric("params", _trainable, "weights"),
    "buffers": _sum("buffers", "params"),
    "macs": _sum("macs", "MAC"),
    "flops": _sum("flops", "FLOP"),
    "weights": Metric("byte", _weights),
    "activations": _sum("activations", "values", "peak_memory"),
    "peak_memory": Metric("byte", _peak_memory),
    "layers": Metric("layers", _layers),
    "rf": _field(lambda rf: rf.size),
    "rf.h": _field(lambda rf: rf.size, "h"),
    "rf.w": _field(lambda rf: rf.size, "w"),
    "rf.d": _field(lambda rf: rf.size, "d"),
    "jump": _field(lambda rf: rf.jump),
}
