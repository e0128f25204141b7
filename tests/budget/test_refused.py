"""Lines that say nothing, or too much: refused whatever there is to compare with."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.budget import judge, read
from cnncalc.errors import BudgetError

SPEC = "input: [3, 8, 8]\nlayers: {stem: {conv: [4, 3]}, head: [gap, fc: 10]}\n"


@pytest.fixture(scope="module")
def report():
    return cnncalc.analyze(cnncalc.loads(SPEC))


def refused(report, line, base=None):
    with pytest.raises(BudgetError) as caught:
        judge(report, read(line), base)
    found = caught.value
    assert found.offset >= 0
    return found.text, found.hint, line[found.offset : found.offset + found.width]


MATCHES = "'nowhere' matches no layer"


@pytest.mark.parametrize(
    "line, text, place",
    [
        ("params <= baseline + 5 px", "cannot add px to params", "baseline + 5 px"),
        ("baseline >= params(nowhere)", MATCHES, "params(nowhere)"),
        ("params(nowhere) <= baseline", MATCHES, "params(nowhere)"),
        ("params <= baseline for each nowhere", MATCHES, "nowhere"),
        ("params - baseline <= 5 px", "cannot compare params with px", "5 px"),
        (
            "baseline <= params <= params(stem)",
            "baseline of which: params, params(stem)?",
            "baseline",
        ),
        ("params <= baseline * macs", "cannot multiply params by MACs", "baseline * macs"),
        ("rf.d <= baseline", "the input has no axis 'd', only h, w", "rf.d"),
    ],
)
@pytest.mark.parametrize("base", ["none", "lock without the figure", "report"])
def test_a_line_with_a_baseline_is_checked_without_a_base_too(report, line, text, place, base):
    base = {"none": None, "lock without the figure": {"layers": 2}, "report": report}[base]
    assert refused(report, line, base)[::2] == (text, place)


@pytest.mark.parametrize(
    "line",
    [
        "params <= baseline + 2%",
        "params(stem) <= max(baseline + 2%, baseline + 1M) for each *",
        "params / (params - baseline) <= 5",
        "params <= 1e64 * baseline * 1e64",
        "rf >= baseline >= rf",
    ],
)
def test_a_sound_line_without_a_base_is_skipped(report, line):
    """Also one whose numbers depend on the base: what it is will be seen then."""
    assert judge(report, read(line)).ok is None


def test_what_only_the_base_lacks_is_skipped(report):
    base = cnncalc.analyze(cnncalc.loads(SPEC.replace("head", "top")))
    verdict = judge(report, read("params(head) <= baseline"), base)
    assert verdict.detail == "skipped: at the base: 'head' matches no layer"
