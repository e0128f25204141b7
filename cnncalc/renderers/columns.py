"""The columns of a report: what each shows, how it sorts, and which go first for want of width."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnncalc.records import Record
from cnncalc.renderers.cells import Entry, Value, axes_text, field_text, kernel_text, shape_text
from cnncalc.renderers.text import bar
from cnncalc.report import Axes, Row, Totals
from cnncalc.units import iec, percent, si

BAR_WIDTH = 5


class Scale(Record):
    """What shares and bars are measured against."""

    totals: Totals
    most_params: int
    most_macs: int
    ascii: bool


class Column(Record):
    """A column by its `key`. `priority` 1 is the last to go when the page is narrow."""

    key: str
    title: str
    right: bool
    priority: int
    text: Callable[[Entry, Scale], str]
    """The cell for people."""
    value: Callable[[Entry, Totals], Value]
    """The cell for programs; it decides the order, too."""
    style: str = ""
    gap: int = 2
    """Columns of space before it."""
    total: str = ""
    """The name of the network's sum in `Totals`, where there is one."""


def scale_of(entries: Iterable[Entry], totals: Totals, *, ascii_only: bool) -> Scale:
    """Return what the shares and bars of these entries are measured against."""
    params = macs = 0
    for entry in entries:
        params = max(params, entry.row.params)
        macs = max(macs, entry.row.macs)
    return Scale(totals, params, macs, ascii_only)


def _of_field(entry: Entry, get: Callable[[Axes], tuple[int | str, ...]]) -> str:
    return axes_text(get(entry.row.rf)) if entry.row.rf else ""


def _line(entry: Entry) -> int | None:
    source = entry.row.source
    return source[0].line if source and not entry.layers else None


def _word(
    key: str, title: str, priority: int, get: Callable[[Row], str], style: str = ""
) -> Column:
    return Column(
        key, title, False, priority, lambda e, _: get(e.row), lambda e, _: get(e.row), style
    )


def _count(
    key: str,
    title: str,
    priority: int,
    get: Callable[[Entry], int | None],
    show: Callable[[int], str] = si,
    total: str = "",
) -> Column:
    def text(entry: Entry, _: Scale) -> str:
        value = get(entry)
        return "" if value is None else show(value)

    return Column(key, title, True, priority, text, lambda e, _: get(e), total=total)


def _share(
    of: str, priority: int, get: Callable[[Row], int], whole: Callable[[Totals], int]
) -> Column:
    def text(entry: Entry, scale: Scale) -> str:
        part = get(entry.row)
        return percent(part, whole(scale.totals)) if part else ""

    def value(entry: Entry, totals: Totals) -> int:
        return get(entry.row) * 100 // whole(totals) if whole(totals) else 0

    return Column(f"{of}%", "", True, priority, text, value, gap=1)


def _bar(of: str, priority: int, get: Callable[[Row], int], most: Callable[[Scale], int]) -> Column:
    def text(entry: Entry, scale: Scale) -> str:
        return bar(get(entry.row), most(scale), BAR_WIDTH, ascii_only=scale.ascii)

    return Column(f"{of}_bar", "", False, priority, text, lambda e, _: get(e.row), "bar", 1)


def _shape(
    key: str,
    right: bool,
    priority: int,
    show: Callable[[Entry], str],
    get: Callable[[Entry], Value],
) -> Column:
    return Column(key, key, right, priority, lambda e, _: show(e), lambda e, _: get(e))


_ALL = (
    _word("path", "layer", 1, lambda row: row.path, "path"),
    _word("op", "op", 6, lambda row: row.op),
    _word("kernel", "kernel", 6, lambda row: row.kernel)._replace(
        text=lambda e, _: kernel_text(e.row)
    ),
    _count("layers", "layers", 6, lambda e: e.layers or 1, str, "layers"),
    _shape(
        "in",
        False,
        7,
        lambda e: ", ".join(map(shape_text, e.row.in_shapes)),
        lambda e: " ".join("x".join(map(str, shape)) for shape in e.row.in_shapes),
    ),
    _shape("out", False, 4, lambda e: shape_text(e.row.out_shape), lambda e: e.row.out_shape),
    _count("params", "params", 2, lambda e: e.row.params, total="params"),
    _share("params", 8, lambda row: row.params, lambda totals: totals.params),
    _bar("params", 10, lambda row: row.params, lambda scale: scale.most_params),
    _count("macs", "MACs", 3, lambda e: e.row.macs, total="macs"),
    _share("macs", 7, lambda row: row.macs, lambda totals: totals.macs),
    _bar("macs", 9, lambda row: row.macs, lambda scale: scale.most_macs),
    _count("flops", "FLOPs", 11, lambda e: e.row.flops, total="flops"),
    _shape(
        "RF", True, 5, lambda e: field_text(e.row), lambda e: e.row.rf and e.row.rf.size
    )._replace(key="rf"),
    _shape(
        "jump",
        True,
        12,
        lambda e: _of_field(e, lambda rf: rf.jump),
        lambda e: e.row.rf and e.row.rf.jump,
    ),
    _shape(
        "start",
        True,
        12,
        lambda e: _of_field(e, lambda rf: rf.start),
        lambda e: e.row.rf and e.row.rf.start,
    ),
    _count("buffers", "buffers", 9, lambda e: e.row.buffers, total="buffers"),
    _count("activations", "activations", 9, lambda e: e.row.activations, total="activations"),
    _count("live", "live", 9, lambda e: e.row.live_bytes, iec),
    _count("line", "line", 13, _line, str),
)
COLUMNS = {column.key: column for column in _ALL}
DEFAULT = (
    "path",
    "kernel",
    "out",
    "params",
    "params%",
    "params_bar",
    "macs",
    "macs%",
    "macs_bar",
    "flops",
    "rf",
    "jump",
    "line",
)
DEFAULT_BY = (
    "op",
    "layers",
    "params",
    "params%",
    "params_bar",
    "macs",
    "macs%",
    "macs_bar",
    "flops",
    "activations",
)
