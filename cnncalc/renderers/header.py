"""The facts around the table: what was analysed, totals, fields, memory, checks, notes."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.records import Record
from cnncalc.renderers.cells import Entry, axes_text, field_sizes, shape_text
from cnncalc.report import Axes, Check, Report
from cnncalc.units import exact, iec, percent, si

MEMORY_MODEL = "live tensors in written order, each until its last reader; conv, norm, act as one"


class Fact(Record):
    """A line of the header or the footer: a label, and text that may be broken at spaces."""

    label: str
    text: str
    style: str = ""


def title(report: Report) -> tuple[str, str]:
    """Return the network's name, and its spec with its variant."""
    head = report.head
    place = f"{head.spec}@{head.variant}" if head.variant else head.spec
    return (head.name, place) if head.name else (place, "")


def head_facts(report: Report) -> list[Fact]:
    """Return what stands above the table."""
    return [
        Fact("input", _input(report)),
        Fact("params", _params(report)),
        Fact("MACs", _count(report.totals.macs)),
        Fact(
            "FLOPs",
            f"{_count(report.totals.flops)} by {report.head.convention!r}: {report.head.rule}",
        ),
        Fact("RF", _field(report)),
        Fact("memory", _memory(report)),
        Fact("", MEMORY_MODEL, "dim"),
        *_checks("checks", (check for check in report.checks if not _is_budget(check))),
    ]


def foot_facts(report: Report, entries: Iterable[Entry], left_out: Iterable[str]) -> list[Fact]:
    """Return what stands below the table; the last lines say what it does not show."""
    marked = [entry.row for entry in entries if entry.row.rf]
    facts = _checks("budgets", (check for check in report.checks if _is_budget(check)))
    if any(row.sees_all for row in marked):
        facts.append(
            Fact("RF *", "the local field; through global context the whole map enters, too")
        )
    if any(row.rf and not row.rf.aligned for row in marked):
        text = "branches that are not aligned: the size depends on the position; see the notes"
        facts.append(Fact("RF ~", text))
    notes = [Fact("", note) for note in report.notes]
    facts += [Fact("notes", notes[0].text), *notes[1:]] if notes else []
    hidden = "; ".join(left_out)
    return [*facts, Fact("left out", hidden, "dim")] if hidden else facts


def mark(check: Check) -> tuple[str, str]:
    """Return the sign of a check and its style; the sign alone carries the meaning."""
    if check.ok is None:
        return "–", "dim"
    return ("✓", "good") if check.ok else ("✗", "bad")


def _is_budget(check: Check) -> bool:
    return check.key.startswith("budget")


def _checks(label: str, checks: Iterable[Check]) -> list[Fact]:
    facts: list[Fact] = []
    for check in checks:
        sign, style = mark(check)
        text = (
            check.detail
            if _is_budget(check)
            else ": ".join(filter(None, (check.key, check.detail)))
        )
        facts.append(Fact("" if facts else label, f"{sign} {text}", style))
    return facts


def _count(value: int) -> str:
    short = si(value)
    return exact(value) if short == str(value) else f"{exact(value)} ({short})"


def _input(report: Report) -> str:
    inputs = report.head.inputs
    if len(inputs) == 1:
        text = shape_text(next(iter(inputs.values())))
    else:
        text = ", ".join(f"{name} {shape_text(shape)}" for name, shape in inputs.items())
    return f"{text}, batch {report.head.batch}" if report.head.batch != 1 else text


def _params(report: Report) -> str:
    totals = report.totals
    parts = [_count(totals.params)]
    if totals.trainable != totals.params:
        parts.append(f"{exact(totals.trainable)} trainable")
    if totals.buffers:
        parts.append(f"{exact(totals.buffers)} in buffers")
    parts.append(f"weights {iec(totals.weights_bytes)} as {report.head.dtype}")
    return ", ".join(parts)


def _field(report: Report) -> str:
    if report.rf is None:
        return "– (no layer has a local field)"
    path, axes, sees_all = report.rf
    size = shape_text(field_sizes(axes))
    whole = "; by global context the whole map, too" if sees_all else ""
    return f"{size} px{_of_input(report, axes)}, jump {axes_text(axes.jump)}, at {path}{whole}"


def _of_input(report: Report, axes: Axes) -> str:
    """Return the field as a share of the input, where there is one size to compare with."""
    sizes = {shape[1:] for shape in report.head.inputs.values()}
    spatial = sizes.pop() if len(sizes) == 1 else ()
    if len(spatial) != len(axes.size):
        return ""
    shares = [percent(size, whole) for size, whole in zip(axes.size, spatial, strict=True)]
    return f" ({axes_text(tuple(shares))} of the input)"


def _memory(report: Report) -> str:
    at = f" at {report.peak}" if report.peak else ""
    return f"peak {iec(report.totals.peak_memory_bytes)}{at}"
