"""The outcome for a terminal: each spec with its budgets, what changed, and a line of totals."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.outcome import FAIL, KNOWN, PASS, SKIP, Checked, Finding, Outcome
from cnncalc.renderers.check.words import brief, cause_text, count, totals
from cnncalc.renderers.errors import render_problems
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean, pad, width_of, wrap

_SIGNS = {PASS: "✓", FAIL: "✗", KNOWN: "~", SKIP: "–"}
_COLORS = {"✓": "32", "✗": "1;31", "!": "33", "~": "2", "–": "2", "": "1"}
_WIDEST_RULE = 44
_MOST_CAUSES = 5
_MOST_IN_FULL = 20
"""With more specs than this, one whose budgets all hold takes one line."""


def render(outcome: Outcome, options: Options) -> str:
    """Return the outcome as text; with colour it holds the terminal's escape sequences."""
    page = _Page(outcome, options)
    return "\n".join(line.rstrip() for line in page.lines())


class _Page:
    def __init__(self, outcome: Outcome, options: Options) -> None:
        self.outcome = outcome
        self.options = options
        self.brief = len(outcome.checked) > _MOST_IN_FULL

    def lines(self) -> Iterator[str]:
        for checked in self.outcome.checked:
            yield from self._spec(checked)
        for notice in self.outcome.notices:
            yield self._clean(f"note: {notice}")
        yield self._painted("✓" if self.outcome.ok else "✗", totals(self.outcome))

    def _spec(self, checked: Checked) -> Iterator[str]:
        quiet = all(finding.status == PASS for finding in checked.findings)
        if self.brief and quiet and checked.ok and not checked.comparison and not checked.notices:
            yield self._painted("✓", f"{checked.title}   {count(len(checked.findings), 'budget')}")
            return
        yield self._painted("", self._clean(checked.title))
        if checked.problems:
            yield render_problems(
                checked.problems, color=self.options.color, ascii=self.options.ascii
            )
        yield from self._findings(checked)
        if not checked.findings and not checked.problems:
            yield self._clean("  – no budgets")
        yield from self._changes(checked)
        for notice in checked.notices:
            yield from self._wrapped("    note: ", notice)

    def _findings(self, checked: Checked) -> Iterator[str]:
        rules = [self._clean(finding.title) for finding in checked.findings]
        widest = max(
            (width_of(rule) for rule in rules if width_of(rule) <= _WIDEST_RULE), default=0
        )
        for finding, rule in zip(checked.findings, rules, strict=True):
            yield from self._finding(checked, finding, rule, widest)

    def _finding(self, checked: Checked, finding: Finding, rule: str, widest: int) -> Iterator[str]:
        sign = _SIGNS[finding.status]
        if finding.status == FAIL and not checked.counts(finding):
            sign = "!"
        detail = self._clean(f"{finding.detail}   {_place(checked, finding)}".rstrip())
        level = f" ({finding.level})" if finding.level != "error" else ""
        room = self.options.width - widest - 7
        if width_of(rule) <= widest and width_of(detail) + len(level) <= room:
            yield "  " + self._painted(sign, f"{pad(rule, widest)}   {detail}{level}")
        else:
            yield "  " + self._painted(sign, f"{rule}{level}")
            yield from self._wrapped("      ", detail)
        if finding.why and finding.status == FAIL:
            yield from self._wrapped("      why: ", finding.why)

    def _changes(self, checked: Checked) -> Iterator[str]:
        comparison = checked.comparison
        if comparison is None or comparison.unchanged:
            return
        yield from self._wrapped("    ", f"since {comparison.before}:  {brief(comparison)}")
        shown = comparison.causes[:_MOST_CAUSES]
        for cause in shown:
            yield from self._wrapped("    caused by ", cause_text(cause, comparison))
        more = len(comparison.causes) - len(shown)
        if more:
            yield f"    and {count(more, 'cause')} more"

    def _wrapped(self, indent: str, text: str) -> Iterator[str]:
        for index, line in enumerate(wrap(self._clean(text), self.options.width - len(indent))):
            yield f"{indent if index == 0 else ' ' * len(indent)}{line}"

    def _clean(self, text: str) -> str:
        return clean(text, ascii_only=self.options.ascii)

    def _painted(self, sign: str, text: str) -> str:
        shown = self._clean(f"{sign} {text}" if sign else text)
        if not self.options.color:
            return shown
        head, space, rest = shown.partition(" ") if sign else (shown, "", "")
        return f"\x1b[{_COLORS[sign]}m{head}\x1b[0m{space}{rest}"


def _place(checked: Checked, finding: Finding) -> str:
    """Return where a line is written; in the spec itself its number alone."""
    if not finding.file:
        return f"({finding.origin})"
    return f":{finding.line}" if finding.file == checked.spec else f"{finding.file}:{finding.line}"
