"""The comparison for a terminal: totals, causes, then the layers that differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.outcome import Change, Comparison
from cnncalc.renderers.check.words import (
    NAMES,
    cause_text,
    count,
    difference_text,
    place_text,
    signed,
    value_text,
)
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean, pad, width_of, wrap

SIGNS = {"added": "+", "removed": "−", "changed": "~", "renamed": "→"}
MOST = 40
_COLORS = {"+": "32", "−": "31", "~": "33", "→": "36"}
_WIDEST_PATH = 44
_LABEL = 13


def render(comparison: Comparison, options: Options) -> str:
    """Return the comparison as text; with colour it holds the terminal's escape sequences."""
    return "\n".join(line.rstrip() for line in _lines(comparison, options))


def _lines(comparison: Comparison, options: Options) -> Iterator[str]:
    yield clean(f"{comparison.before} → {comparison.after}", ascii_only=options.ascii)
    if comparison.unchanged:
        yield f"no difference in {count(comparison.same, 'layer')}"
        return
    yield from _figures(comparison, options)
    yield ""
    for index, cause in enumerate(comparison.causes):
        label = "caused by" if index == 0 else ""
        text = clean(cause_text(cause, comparison), ascii_only=options.ascii)
        for number, line in enumerate(wrap(text, options.width - _LABEL)):
            yield f"{label if number == 0 else '':{_LABEL}}{line}"
    yield from _changes(comparison, options)


def _figures(comparison: Comparison, options: Options) -> Iterator[str]:
    rows = [
        (NAMES[name], value_text(name, one), value_text(name, other), _delta(name, one, other))
        for name, one, other in comparison.figures
    ]
    widths = [max(width_of(row[column]) for row in rows) for column in range(3)]
    for label, before, after, delta in rows:
        values = f"{pad(before, widths[1], right=True)}   {pad(after, widths[2], right=True)}"
        yield clean(f"{pad(label, _LABEL)}{values}   {delta}", ascii_only=options.ascii)


def _delta(name: str, one: Any, other: Any) -> str:
    if one == other:
        return "same"
    if not isinstance(one, int) or not isinstance(other, int):
        return ""
    return difference_text(name, one, other)


def _changes(comparison: Comparison, options: Options) -> Iterator[str]:
    most = options.top or MOST
    shown = comparison.changes[:most]
    if shown:
        yield ""
    paths = [clean(path_text(change), ascii_only=options.ascii) for change in shown]
    widest = min(max(map(width_of, paths), default=0), _WIDEST_PATH)
    for change, path in zip(shown, paths, strict=True):
        place = place_text(change, comparison)
        yield from _change(change, path, place, widest, options)
    yield ""
    more = len(comparison.changes) - len(shown)
    rest = [f"{count(comparison.same, 'layer')} the same"]
    if comparison.fields:
        rest.append(f"{count(comparison.fields, 'layer')} with a field of another size")
    if more:
        rest.insert(0, f"{count(more, 'change')} more: --top {len(comparison.changes)}, or -o json")
    yield "; ".join(rest)


def _change(change: Change, path: str, place: str, widest: int, options: Options) -> Iterator[str]:
    sign = clean(SIGNS[change.kind], ascii_only=options.ascii)
    if options.color:
        sign = f"\x1b[{_COLORS[SIGNS[change.kind]]}m{sign}\x1b[0m"
    text = clean(
        "   ".join(filter(None, (change.what, numbers(change), place))), ascii_only=options.ascii
    )
    if width_of(path) <= widest and width_of(text) <= options.width - widest - 5:
        yield f"{sign} {pad(path, widest)}   {text}"
        return
    yield f"{sign} {path}"
    yield from (f"      {line}" for line in wrap(text, options.width - 6))


def path_text(change: Change) -> str:
    """Return the path; of a layer that goes by another name, both."""
    if change.before and change.before != change.path:
        return f"{change.before} → {change.path}"
    return change.path


def numbers(change: Change) -> str:
    """Return what a change does to the totals."""
    params = f"{signed(change.params)} params" if change.params else ""
    return "  ".join(filter(None, (params, f"{signed(change.macs)} MACs" if change.macs else "")))
