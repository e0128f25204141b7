"""GitLab's Code Quality report: what a merge request shows beside its lines."""

from __future__ import annotations

import json

from cnncalc.outcome import Outcome
from cnncalc.renderers.check.words import lines, said
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean

_SEVERITIES = {"error": "major", "warn": "minor", "info": "info"}


def render(outcome: Outcome, _: Options) -> str:
    """Return the issues as JSON. A fingerprint holds no line number, so that it stays the same."""
    issues = [
        {
            "description": f"{clean(each.title)}: {lines(each.text)}",
            "check_name": f"cnncalc/{clean(each.rule)}",
            "fingerprint": each.fingerprint,
            "severity": _SEVERITIES[each.level],
            "location": {"path": clean(each.file), "lines": {"begin": max(1, each.line)}},
        }
        for each in said(outcome)
    ]
    return json.dumps(issues, indent=1)
