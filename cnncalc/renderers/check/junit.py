"""JUnit's XML, which most CI systems show as tests: a suite is a spec, a case is a budget."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.outcome import PASS, SKIP, Checked, Finding, Outcome
from cnncalc.renderers.escape import xml
from cnncalc.renderers.options import Options


def render(outcome: Outcome, _: Options) -> str:
    """Return the suites. What fails below the level that counts passes, and says so."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>'
    return "\n".join((head, *_suites(outcome), "</testsuites>"))


def _suites(outcome: Outcome) -> Iterator[str]:
    for checked in outcome.checked:
        skipped = sum(1 for finding in checked.findings if finding.status == SKIP)
        yield (
            f'<testsuite name="{xml(checked.title)}" '
            f'tests="{len(checked.findings) + len(checked.problems)}" '
            f'failures="{len(checked.failures)}" errors="{len(checked.problems)}" '
            f'skipped="{skipped}" time="0">'
        )
        for problem in checked.problems:
            text = xml(problem.concise())
            yield from _case(checked, problem.text, f'<error message="{text}">{text}</error>')
        for finding in checked.findings:
            yield from _case(checked, finding.title, _result(checked, finding))
        yield "</testsuite>"


def _case(checked: Checked, name: str, inside: str) -> Iterator[str]:
    head = f'<testcase classname="{xml(checked.title)}" name="{xml(name)}" time="0"'
    yield f" {head}>{inside}</testcase>" if inside else f" {head}/>"


def _result(checked: Checked, finding: Finding) -> str:
    detail = xml(finding.detail)
    if finding.status == SKIP:
        return f"<skipped>{detail}</skipped>"
    if checked.counts(finding):
        place = xml(f"{finding.file}:{finding.line}" if finding.file else finding.origin)
        why = f"\n{xml(finding.why)}" if finding.why else ""
        return (
            f'<failure message="{detail}" type="{finding.level}">{detail}\n{place}{why}</failure>'
        )
    said = detail if finding.status == PASS else f"{finding.level}: {detail}"
    return f"<system-out>{said}</system-out>"
