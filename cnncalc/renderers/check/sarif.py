"""SARIF 2.1.0, for GitHub's code scanning and other viewers of static analysis."""

from __future__ import annotations

import json
from typing import Any

from cnncalc.outcome import Outcome
from cnncalc.renderers import escape
from cnncalc.renderers.check.words import Said, lines, said
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warn": "warning", "info": "note"}


def render(outcome: Outcome, _: Options) -> str:
    """Return one run: the rules that have results, and the results with stable fingerprints."""
    everything = said(outcome)
    rules = {rule: index for index, rule in enumerate(dict.fromkeys(s.rule for s in everything))}
    run = {
        "tool": {
            "driver": {
                "name": "cnncalc",
                "rules": [
                    {"id": _id(rule), "shortDescription": {"text": clean(rule)}} for rule in rules
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not outcome.broken}],
        "results": [_result(each, rules[each.rule]) for each in everything],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _id(rule: str) -> str:
    return clean(f"cnncalc/{rule}")


def _result(each: Said, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": escape.uri(each.file)}}
    if each.line:
        place["region"] = {"startLine": each.line}
        if each.column:
            place["region"]["startColumn"] = each.column
    return {
        "ruleId": _id(each.rule),
        "ruleIndex": index,
        "level": _LEVELS[each.level],
        "message": {"text": f"{clean(each.title)}: {lines(each.text)}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"cnncalcBudget/v1": each.fingerprint},
    }
