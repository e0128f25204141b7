"""One line for each thing that is wrong, as editors and `grep` read it, and one of totals."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.outcome import FAIL, KNOWN, Checked, Finding, Outcome
from cnncalc.renderers.check.words import totals
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean

_WORDS = {"error": "error", "warn": "warning", "info": "info"}


def render(outcome: Outcome, options: Options) -> str:
    """Return `file:line:column: error: spec: rule: what came of it`, line by line."""
    return "\n".join(clean(line, ascii_only=options.ascii) for line in _lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    for checked in outcome.checked:
        yield from (problem.concise() for problem in checked.problems)
        for finding in checked.findings:
            if finding.status in {FAIL, KNOWN}:
                file = finding.file or checked.spec
                place = ":".join(str(p) for p in (file, finding.line, finding.column) if p)
                about = f"{checked.title}: {finding.title}: {finding.detail}"
                yield f"{place}: {_word(checked, finding)}: {about}"
        yield from (f"{checked.spec}: note: {checked.title}: {each}" for each in checked.notices)
    yield totals(outcome)


def _word(checked: Checked, finding: Finding) -> str:
    """Return how bad a finding is: what fails the run is an error, what is known is none."""
    if finding.status == KNOWN:
        return "info"
    return "error" if checked.counts(finding) else _WORDS[finding.level]
