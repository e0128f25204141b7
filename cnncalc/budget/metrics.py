"""What a budget can limit: numbers of a report, for the whole network or the layers of a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cnncalc.budget.amounts import AXES, Amount
from cnncalc.errors import BudgetError
from cnncalc.records import Record
from cnncalc.report import Axes, Report, Row
from cnncalc.units import DTYPE_BYTES

if TYPE_CHECKING:
    from fractions import Fraction


Rows = Sequence[Row] | None
"""The layers of a part; None for the whole network, whose totals are at hand."""


class Metric(Record):
    """A metric; `value` returns None where the report does not hold it for a part."""

    dimension: str
    value: Callable[[Report, Rows], Amount | None]
    in_bytes: str = ""
    """The metric to use where somebody means bytes."""


def measure(report: Report, name: str, rows: Rows, dtype: str = "") -> Amount | None:
    """Return a metric of the network, or of the layers given; of weights, as another data type.

    Raises BudgetError where the network has no such axis or field.
    """
    if dtype:
        params = report.totals.params if rows is None else sum(row.params for row in rows)
        return Amount((params * DTYPE_BYTES[dtype],), "byte")
    return METRICS[name].value(report, rows)


def input_size(report: Report) -> Amount:
    """Return the spatial size of the network's input, in px."""
    sizes = {shape[1:] for shape in report.head.inputs.values()}
    if len(sizes) > 1:
        given = ", ".join(report.head.inputs)
        raise BudgetError(f"input is one of {given}", hint="write the size in px")
    size = sizes.pop()
    if not size:
        raise BudgetError("the input is a vector, without a size in px", hint="use another limit")
    return Amount(size, "px", AXES[len(size)], of_input=True)


def _sum(name: str, dimension: str, in_bytes: str = "") -> Metric:
    def value(report: Report, rows: Rows) -> Amount:
        if rows is None:
            return Amount((getattr(report.totals, name),), dimension)
        return Amount((sum(getattr(row, name) for row in rows),), dimension)

    return Metric(dimension, value, in_bytes)


def _flops(report: Report, rows: Rows) -> Amount:
    count = report.totals.flops if rows is None else sum(row.flops for row in rows)
    return Amount((count,), "FLOP", (), f"by {report.head.convention!r}")


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


def _depth(report: Report, rows: Rows) -> Amount:
    """Return the most layers with multiply-adds on one path, as names count them: ResNet-50."""
    longest: dict[str, int] = {}
    for row in report.rows if rows is None else rows:
        before = max((longest.get(name, 0) for name in row.inputs), default=0)
        longest[row.path] = before + (1 if row.work["mac"] else 0)
    return Amount((max(longest.values(), default=0),), "layers")


def _field(
    get: Callable[[Axes], Sequence[int | str]], axis: str = "", *, whole_map: bool = False
) -> Metric:
    """Measure the last layer that has a local field, on all axes or on one.

    With `whole_map`, a layer that global context reaches sees all of the input.
    """

    def value(report: Report, rows: Rows) -> Amount:
        fields = [(row.rf, row.sees_all) for row in rows or () if row.rf]
        if rows is None and report.rf:
            fields = [report.rf[1:]]
        if not fields:
            where = f"layer of {rows[0].path!r} … {rows[-1].path!r}" if rows else "layer"
            raise BudgetError(f"no {where} has a local field", hint="name an earlier layer")
        rf, sees_all = fields[-1]
        amount = Amount(tuple(map(_exact, get(rf))), "px", AXES[len(rf.size)])
        if sees_all and whole_map:
            amount = _whole_map(report, amount)
        elif sees_all:
            amount = amount._replace(note="the local field; the whole map enters, too")
        return _on_axis(amount, axis) if axis else amount

    return Metric("px", value)


def _whole_map(report: Report, local: Amount) -> Amount:
    sizes = [shape[1:] for shape in report.head.inputs.values()]
    same = [size for size in sizes if len(size) == len(local.values)]
    seen = tuple(max(each) for each in zip(local.values, *same, strict=True))
    shown = "×".join(map(str, local.values if len(set(local.values)) > 1 else local.values[:1]))
    return local._replace(values=seen, note=f"the whole map enters; the local field is {shown} px")


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


def _out(axis: str) -> Metric:
    """Measure the output of the last layer: its channels, or its size on an axis."""

    def value(report: Report, rows: Rows) -> Amount:
        shape = (report.rows if rows is None else rows)[-1].out_shape
        if axis == "c":
            return Amount((shape[0],), "channels")
        axes = AXES.get(len(shape) - 1, ())
        if axis not in axes:
            has = f"the axes {', '.join(axes)}" if axes else "no size, only channels"
            raise BudgetError(
                f"the output of the last layer has {has}", hint="name an earlier layer"
            )
        return Amount((shape[1:][axes.index(axis)],), "px", (axis,))

    return Metric("channels" if axis == "c" else "px", value)


def _size(rf: Axes) -> tuple[int, ...]:
    return rf.size


METRICS = {
    "params": _sum("params", "params", "weights"),
    "params.trainable": Metric("params", _trainable, "weights"),
    "buffers": _sum("buffers", "params"),
    "macs": _sum("macs", "MAC"),
    "flops": Metric("FLOP", _flops),
    "weights": Metric("byte", _weights),
    "activations": _sum("activations", "values", "peak_memory"),
    "peak_memory": Metric("byte", _peak_memory),
    "layers": Metric("layers", _layers),
    "depth": Metric("layers", _depth),
    "rf": _field(_size, whole_map=True),
    "rf.h": _field(_size, "h", whole_map=True),
    "rf.w": _field(_size, "w", whole_map=True),
    "rf.d": _field(_size, "d", whole_map=True),
    "local_rf": _field(_size),
    "jump": _field(lambda rf: rf.jump),
    "out.c": _out("c"),
    "out.d": _out("d"),
    "out.h": _out("h"),
    "out.w": _out("w"),
}
