"""Two reports as a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.comparison.align import Alignment, align
from cnncalc.comparison.causes import causes
from cnncalc.comparison.wiring import rewired
from cnncalc.comparison.words import argument_difference
from cnncalc.outcome import Cause, Change, Comparison
from cnncalc.report import Report, Row

FIGURES = (
    "params",
    "buffers",
    "macs",
    "flops",
    "weights_bytes",
    "activations",
    "peak_memory_bytes",
    "layers",
)


def compare(one: Report, other: Report, *, before: str = "", after: str = "") -> Comparison:
    """Return what changed from one report to the other.

    Layers are paired by path, then by what they are, so that a rename is not a removal.
    """
    alignment = align(one.rows, other.rows)
    order = {row.path: index for index, row in enumerate(other.rows)}
    wiring = rewired(one.rows, other.rows, alignment)
    changes = sorted(_changes(alignment, wiring), key=lambda each: order.get(each.path, len(order)))
    differing = sum(1 for change in changes if change.kind != "renamed")
    return Comparison(
        before or _title(one),
        after or _title(other),
        (*_totals(one, other), ("rf", _field(one), _field(other))),
        (*_variables(one, other), *causes(one, other, alignment, wiring)),
        tuple(changes),
        len(alignment.pairs) - differing,
        sum(1 for old, new in alignment.pairs if old and new and _size(old) != _size(new)),
        _names(alignment),
        other.head.spec,
    )


def _names(alignment: Alignment) -> dict[str, str]:
    """Return path now -> path before, of what goes by another name."""
    layers = {new.path: old.path for old, new in alignment.pairs if old and new}
    both = alignment.groups | layers
    return {now: before for now, before in both.items() if now != before}


def _title(report: Report) -> str:
    head = report.head
    return f"{head.spec}@{head.variant}" if head.variant else head.spec


def _totals(one: Report, other: Report) -> Iterator[tuple[str, int, int]]:
    for name in FIGURES:
        yield name, getattr(one.totals, name), getattr(other.totals, name)


def _field(report: Report) -> tuple[int, ...] | None:
    return report.rf[1].size if report.rf else None


def _variables(one: Report, other: Report) -> Iterator[Cause]:
    """Yield the variables that differ; the lines that use them are causes, too."""
    old, new = one.head.vars, other.head.vars
    for name in dict.fromkeys((*old, *new)):
        if name in old and name in new and old[name] != new[name]:
            what = f"{name} {_word(old[name])} → {_word(new[name])}"
            line = other.head.lines.get(f"vars.{name}", 0)
            yield Cause("vars", other.head.spec, line, what, 0, 0, 0)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _changes(alignment: Alignment, wiring: Mapping[str, str]) -> Iterator[Change]:
    for before, after, layers in alignment.renamed:
        yield Change("renamed", after, before, f"{layers} layers", 0, 0, 0)
    moved = {after for _, after, _ in alignment.renamed}
    for old, new in alignment.pairs:
        change = _change(old, new, moved, wiring)
        if change is not None:
            yield change


def _change(
    old: Row | None, new: Row | None, moved: set[str], wiring: Mapping[str, str]
) -> Change | None:
    if old is None or new is None:
        row = new or old
        if row is None:
            return None
        sign, kind = (1, "added") if old is None else (-1, "removed")
        place = _place(row) if new else (0, "")
        text = row.source[0].call.removesuffix("()") if row.source else row.op
        was = "" if new else row.path
        return Change(kind, row.path, was, text, sign * row.params, sign * row.macs, *place)
    texts = [*_differences(old, new), wiring.get(new.path, "")]
    what = ", ".join(text for text in texts if text)
    params, macs = new.params - old.params, new.macs - old.macs
    if what or params or macs:
        return Change("changed", new.path, old.path, what, params, macs, *_place(new))
    if old.path.rpartition(".")[2] != new.path.rpartition(".")[2] or (
        old.path != new.path and not any(new.path.startswith(f"{path}.") for path in moved)
    ):
        return Change("renamed", new.path, old.path, "", 0, 0, *_place(new))
    return None


def _differences(old: Row, new: Row) -> Iterator[str]:
    text = argument_difference(old, new)
    if text:
        yield text.removeprefix(f"{new.op} ")
    if old.in_shapes != new.in_shapes and not text:
        yield f"input {_shapes(old.in_shapes)} → {_shapes(new.in_shapes)}"
    if old.out_shape != new.out_shape:
        yield f"output {_shapes((old.out_shape,))} → {_shapes((new.out_shape,))}"


def _size(row: Row) -> str:
    return "×".join(map(str, dict.fromkeys(row.rf.size))) if row.rf else "none"


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join("×".join(map(str, shape)) for shape in shapes)


def _place(row: Row) -> tuple[int, str]:
    return (row.source[0].line, row.source[0].file) if row.source else (0, "")
