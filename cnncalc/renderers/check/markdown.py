"""A comment for a pull request: one row for each spec that changed or fails, details folded.

The hidden first line is how a program finds the comment again to update it in place.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.outcome import FAIL, KNOWN, PASS, SKIP, Checked, Outcome
from cnncalc.renderers import escape
from cnncalc.renderers.check.words import (
    BRIEF,
    NAMES,
    amount_text,
    cause_text,
    count,
    share_text,
    totals,
    value_text,
)
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean, to_ascii

MARKER = "<!-- cnncalc check -->"
MOST_CHARACTERS = 60_000
"""GitHub's comments hold 65,536, and a step's summary 1 MiB."""

_ROOM_FOR_DETAILS = 40_000
_LONGEST_CELL = 300
_MOST_CAUSES = 10
_SIGNS = {PASS: "✅", FAIL: "❌", KNOWN: "➖", SKIP: "➖"}
_MILD = "⚠️"


def render(outcome: Outcome, options: Options) -> str:
    """Return the comment; what has no room is counted at its end."""
    shown = [checked for checked in outcome.checked if _worth_a_row(checked)]
    shown.sort(key=lambda checked: (not checked.problems, -_worst(checked)))
    sign = "✅" if outcome.ok else "❌"
    head = [MARKER, f"### {sign} cnncalc: {_safe(totals(outcome), options)}", ""]
    parts = [*head, *_rows(shown, options), *_details(shown, options)]
    parts += [f"\nNote: {_safe(notice, options)}" for notice in outcome.notices[:5]]
    text = "\n".join(parts)
    short = "\n".join(head)
    if options.ascii:
        text, short = to_ascii(text), to_ascii(short)
    return text if len(text) <= MOST_CHARACTERS else short


def _worth_a_row(checked: Checked) -> bool:
    changed = checked.comparison is not None and not checked.comparison.unchanged
    odd = any(finding.status != PASS for finding in checked.findings)
    return bool(checked.problems) or bool(checked.notices) or changed or odd


def _worst(checked: Checked) -> float:
    return max((finding.excess for finding in checked.failures), default=-1.0)


def _rows(shown: list[Checked], options: Options) -> Iterator[str]:
    if not shown:
        return
    yield f"| spec | budgets | {' | '.join(NAMES[name] for name in BRIEF)} |"
    yield f"|:---|:---|{'---:|' * len(BRIEF)}"
    room = MOST_CHARACTERS - _ROOM_FOR_DETAILS
    for index, checked in enumerate(shown):
        row = _row(checked, options)
        room -= len(row) + 1
        if room < 0:
            yield f"\nand {count(len(shown) - index, 'spec')} more"
            return
        yield row


def _row(checked: Checked, options: Options) -> str:
    if checked.problems:
        said = f"❌ {_cell(checked.problems[0].text, options)}"
        return f"| {_cell(checked.title, options)} | {said} |{' |' * len(BRIEF)}"
    failed = len(checked.failures)
    number = len(checked.findings)
    known = sum(1 for finding in checked.findings if finding.status == KNOWN)
    skipped = sum(1 for finding in checked.findings if finding.status == SKIP)
    held = sum(1 for finding in checked.findings if finding.status == PASS)
    rest = [f"{known} failed before, too"] * bool(known) + [f"{skipped} skipped"] * bool(skipped)
    said = f"❌ {failed} of {number} failed" if failed else f"✅ {held}" if held else "➖"
    said = ", ".join([said, *rest])
    figures = checked.comparison.figures if checked.comparison else ()
    before = {name: one for name, one, _ in figures}
    cells = (_figure(name, before, checked) for name in BRIEF)
    return f"| {_cell(checked.title, options)} | {said} | {' | '.join(cells)} |"


def _figure(name: str, before: dict[str, object], checked: Checked) -> str:
    value = checked.figures.get(name)
    text = value_text(name, value)
    old = before.get(name)
    same = old is None or (list(old) if isinstance(old, tuple) else old) == value
    if same:
        return text
    if isinstance(old, int) and isinstance(value, int):
        told = amount_text(name, old, value), share_text(old, value)
        return f"{text} ({', '.join(filter(None, told))})"
    return f"{text} (was {value_text(name, old)})"


def _details(shown: list[Checked], options: Options) -> Iterator[str]:
    room = _ROOM_FOR_DETAILS - 2000
    for index, checked in enumerate(shown):
        block = "\n".join(_detail(checked, options))
        room -= len(block) + 1
        if room < 0:
            yield f"\nthe details of {len(shown) - index} more have no room here"
            return
        yield block


def _detail(checked: Checked, options: Options) -> Iterator[str]:
    yield f"\n<details><summary>{_summary(checked.title, options)}</summary>\n"
    for problem in checked.problems:
        yield f"- ❌ {_cell(problem.concise(), options)}"
    for finding in checked.findings:
        level = f" ({finding.level})" if finding.level != "error" else ""
        why = f" {_cell(finding.why, options)}" if finding.why and finding.status == FAIL else ""
        text = f"**{_cell(finding.title, options)}**: {_cell(finding.detail, options)}"
        sign = _SIGNS[finding.status]
        if finding.status == FAIL and not checked.counts(finding):
            sign = _MILD
        yield f"- {sign} {text}{level}{why}"
    if checked.comparison:
        causes = checked.comparison.causes
        for cause in causes[:_MOST_CAUSES]:
            yield f"- caused by {_cell(cause_text(cause, checked.comparison), options)}"
        if len(causes) > _MOST_CAUSES:
            yield f"- and {count(len(causes) - _MOST_CAUSES, 'cause')} more"
    for notice in checked.notices:
        yield f"- note: {_cell(notice, options)}"
    yield "\n</details>"


def _summary(text: str, options: Options) -> str:
    """Return text within a tag of HTML, where markdown's backslashes would be seen."""
    short = clean(text, ascii_only=options.ascii)
    return escape.html(short[:_LONGEST_CELL], ascii_only=options.ascii)


def _safe(text: str, options: Options) -> str:
    return escape.markdown(text, ascii_only=options.ascii)


def _cell(text: str, options: Options) -> str:
    """Return text of a spec, cut where it would push out the others."""
    short = text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"
    return _safe(short, options)
