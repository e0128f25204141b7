"""What all formats say about an outcome: places, sums, changes, in the same words."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from cnncalc.errors import Problem
from cnncalc.outcome import (
    FAIL,
    KNOWN,
    PASS,
    SKIP,
    Cause,
    Change,
    Checked,
    Comparison,
    Finding,
    Outcome,
)
from cnncalc.records import Record
from cnncalc.renderers.check.blame import line_of, main_cause
from cnncalc.renderers.text import clean
from cnncalc.units import exact, iec, si

NAMES = {
    "params": "params",
    "macs": "MACs",
    "flops": "FLOPs",
    "weights_bytes": "weights",
    "activations": "activations",
    "peak_memory_bytes": "peak memory",
    "buffers": "buffers",
    "layers": "layers",
    "rf": "RF",
}
BRIEF = ("params", "macs", "peak_memory_bytes", "rf")


class Said(Record):
    """Something to annotate: a finding or a problem, where it belongs, and how bad it is."""

    level: str
    title: str
    text: str
    file: str
    line: int
    column: int
    excess: float
    fingerprint: str
    rule: str


def said(outcome: Outcome) -> list[Said]:
    """Return problems, failures and known failures, the worst first.

    A failure belongs to the line that changed where that is known, else to its budget's line.
    """
    found = []
    seen: dict[str, int] = {}
    for checked in outcome.checked:
        for each in (*_problems(checked), *_findings(checked)):
            number = seen[each.fingerprint] = seen.get(each.fingerprint, 0) + 1
            key = f"{each.fingerprint}\0{number}" if number > 1 else each.fingerprint
            digest = sha256(key.encode("utf-8", "replace")).hexdigest()
            file = posixpath.normpath(posixpath.join(outcome.folder, each.file))
            found.append(each._replace(fingerprint=digest, file=file))
    return sorted(found, key=lambda each: -each.excess)


def notices(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield (file from the repository, notice) of networks, such as why one has no base."""
    for checked in outcome.checked:
        file = posixpath.normpath(posixpath.join(outcome.folder, checked.spec))
        yield from ((file, f"{checked.title}: {notice}") for notice in checked.notices)


def lines(text: str) -> str:
    """Return a text of several lines without anything that could do harm in a viewer."""
    return "\n".join(map(clean, text.split("\n")))


def _problems(checked: Checked) -> Iterator[Said]:
    for problem in checked.problems:
        file = problem.file or checked.spec
        key = f"{checked.title}\0{problem.text}"
        yield Said(
            "error", "cannot be checked", _problem_text(problem), file, problem.line,
            problem.column, float("inf"), key, "invalid",
        )  # fmt: skip


def _problem_text(problem: Problem) -> str:
    values = f" ({problem.label})" if problem.label else ""
    return problem.text + values + (f"; {problem.hint}" if problem.hint else "")


def _findings(checked: Checked) -> Iterator[Said]:
    for finding in checked.findings:
        if finding.status not in {FAIL, KNOWN}:
            continue
        level = "info" if finding.status == KNOWN else finding.level
        if level == "warn" and checked.counts(finding):
            level = "error"
        file, line, column = _place(checked, finding)
        cause = main_cause(checked.comparison, finding)
        text = f"{checked.title}: {finding.detail}"
        if cause and checked.comparison and finding.status == FAIL:
            file, line, column = cause.file, line_of(cause, checked.comparison), 0
            text += f"\ncaused by {cause_text(cause, checked.comparison)}"
        if finding.why:
            text += f"\n{finding.why}"
        key = f"{checked.title}\0{finding.name}"
        yield Said(
            level, finding.title, text, file, line, column, finding.excess, key, finding.name
        )


def _place(checked: Checked, finding: Finding) -> tuple[str, int, int]:
    if finding.file:
        return finding.file, finding.line, finding.column
    return checked.spec, 0, 0


def place_text(place: Cause | Change, comparison: Comparison | None) -> str:
    """Return `:23`, a line of the spec, or `parts/blocks.yaml:12`, one of a file it includes."""
    if not place.line:
        return ""
    own = comparison is None or place.file == comparison.spec
    return f":{place.line}" if own else f"{place.file}:{place.line}"


def cause_text(cause: Cause, comparison: Comparison | None) -> str:
    """Return `stage3 :23 Stage n 6 → 8, +2.23 M params, +437 M MACs`."""
    where = "".join(f"{text} " for text in (cause.path, place_text(cause, comparison)) if text)
    layers = f"{cause.layers} layers" if cause.layers > 1 else ""
    numbers = (
        f"{signed(cause.params)} params" if cause.params else "",
        f"{signed(cause.macs)} MACs" if cause.macs else "",
        layers if not cause.params and not cause.macs else "",
    )
    return ", ".join(filter(None, (f"{where}{cause.what}", *numbers)))


def signed(value: int) -> str:
    """Return a difference in short: +2.23 M."""
    return f"{'+' if value >= 0 else '−'}{si(abs(value))}"


def delta_text(name: str, before: Any, after: Any) -> str:
    """Return `params +2,234,368 (+8.7%)`; of a field both sizes."""
    if not isinstance(before, int) or not isinstance(after, int):
        return f"{NAMES[name]} {value_text(name, before)} → {value_text(name, after)}"
    return f"{NAMES[name]} {difference_text(name, before, after)}"


def difference_text(name: str, before: int, after: int) -> str:
    """Return `+2,234,368 (+8.7%)`."""
    share = share_text(before, after)
    return f"{amount_text(name, before, after)}{f' ({share})' if share else ''}"


def amount_text(name: str, before: int, after: int) -> str:
    """Return `+2,234,368`: exact, or in short where it is large or bytes."""
    sign, gap = ("+" if after >= before else "−"), abs(after - before)
    amount = iec(gap) if name.endswith("_bytes") else exact(gap) if gap < 10**7 else si(gap)
    return f"{sign}{amount}"


def value_text(name: str, value: Any) -> str:
    """Return a figure: exact, or bytes in short, or a field."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return "×".join(map(str, dict.fromkeys(value))) + " px"
    return iec(value) if name.endswith("_bytes") else exact(value)


def share_text(before: Any, after: Any) -> str:
    """Return `+8.7%` of what it was; nothing where it was nothing, or no number."""
    if not isinstance(before, int) or not isinstance(after, int) or not before:
        return ""
    tenths = (2000 * abs(after - before) + before) // (2 * before)
    return f"{'+' if after >= before else '−'}{tenths // 10}.{tenths % 10}%"


def brief(comparison: Comparison) -> str:
    """Return the changes of the figures that matter most, or that there are none."""
    texts = [
        delta_text(name, before, after)
        for name, before, after in comparison.figures
        if name in BRIEF and before != after
    ]
    return "   ".join(texts) or "no change of params, MACs, memory or RF"


def totals(outcome: Outcome) -> str:
    """Return the last line: how many budgets failed in how many specs, and against what."""
    findings = [finding for _, finding in outcome.findings()]
    failed = sum(len(checked.failures) for checked in outcome.checked)
    bad = sum(1 for checked in outcome.checked if checked.failures)
    lost = sum(1 for checked in outcome.checked if checked.problems)
    partly = any(checked.problems and checked.findings for checked in outcome.checked)
    specs = len(outcome.checked)
    if failed:
        text = f"{failed} of {len(findings)} budgets failed in {bad} of {specs} specs"
    elif any(finding.status != SKIP for finding in findings):
        held = sum(1 for finding in findings if finding.status == PASS)
        text = f"{held} of {len(findings)} budgets hold in {count(specs, 'spec')}"
    else:
        text = "no budget was checked"
    mild = _mild(outcome)
    more = [
        (lost, f"{count(lost, 'spec')} cannot be checked{' in full' if partly else ''}"),
        (len(mild), f"{len(mild)} failed at level {' or '.join(sorted({*mild}, reverse=True))}"),
        (_number(outcome, KNOWN), f"{_number(outcome, KNOWN)} failed before, too"),
        (_number(outcome, SKIP), f"{_number(outcome, SKIP)} skipped"),
    ]
    base = [f"against {outcome.base}"] if outcome.base else []
    return "; ".join([text, *(words for number, words in more if number), *base])


def _mild(outcome: Outcome) -> list[str]:
    """Return the levels of what failed without counting as a failure."""
    return [
        finding.level
        for checked in outcome.checked
        for finding in checked.findings
        if finding.status == FAIL and not checked.counts(finding)
    ]


def _number(outcome: Outcome, status: str) -> int:
    return sum(1 for _, finding in outcome.findings() if finding.status == status)


def count(number: int, word: str) -> str:
    """Return `1 spec`, `2 specs`."""
    return f"{number} {word}{'' if number == 1 else 's'}"
