"""The comparison for a pull request: totals and causes in sight, the layers folded."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.outcome import Comparison
from cnncalc.renderers import escape
from cnncalc.renderers.check.words import (
    NAMES,
    cause_text,
    count,
    place_text,
    share_text,
    value_text,
)
from cnncalc.renderers.diff.table import numbers, path_text
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import to_ascii

MARKER = "<!-- cnncalc diff -->"
_MOST_CAUSES = 20
_MOST_CHANGES = 100
_LONGEST = 200


def render(comparison: Comparison, options: Options) -> str:
    """Return the comparison as GitHub-flavoured markdown; it fits a comment unless top is large."""
    text = "\n".join(_lines(comparison, options))
    return to_ascii(text) if options.ascii else text


def _lines(comparison: Comparison, options: Options) -> Iterator[str]:
    yield MARKER
    yield f"### {_safe(comparison.before, options)} → {_safe(comparison.after, options)}\n"
    if comparison.unchanged:
        yield f"No difference in {count(comparison.same, 'layer')}."
        return
    yield "| | before | after | |\n|:---|---:|---:|---:|"
    for name, one, other in comparison.figures:
        share = "same" if one == other else share_text(one, other)
        yield f"| {NAMES[name]} | {value_text(name, one)} | {value_text(name, other)} | {share} |"
    yield ""
    for cause in comparison.causes[:_MOST_CAUSES]:
        yield f"- caused by {_safe(cause_text(cause, comparison), options)}"
    if len(comparison.causes) > _MOST_CAUSES:
        yield f"- and {count(len(comparison.causes) - _MOST_CAUSES, 'cause')} more"
    yield from _changes(comparison, options)


def _changes(comparison: Comparison, options: Options) -> Iterator[str]:
    if not comparison.changes:
        return
    yield f"\n<details><summary>{count(len(comparison.changes), 'change')}</summary>\n"
    yield "| layer | | what | | line |\n|:---|:---|:---|---:|---:|"
    most = options.top or _MOST_CHANGES
    for change in comparison.changes[:most]:
        cells = (
            _safe(path_text(change), options),
            change.kind,
            _safe(change.what, options),
            numbers(change),
            _safe(place_text(change, comparison).removeprefix(":"), options),
        )
        yield f"| {' | '.join(cells)} |"
    more = len(comparison.changes) - most
    if more > 0:
        yield f"\nand {more} more"
    yield f"\n{count(comparison.same, 'layer')} the same.\n\n</details>"


def _safe(text: str, options: Options) -> str:
    short = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return escape.markdown(short, ascii_only=options.ascii)
