"""Whatever a line says: a verdict or an error with a place, and soon."""

from __future__ import annotations

import pytest
import sample_reports as samples
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.budget import judge, read
from cnncalc.errors import BudgetError, SpecError

REPORTS = (samples.lenet(), samples.squeeze())
WORDS = [
    "params", "macs", "flops", "weights", "weights[int8]", "peak_memory", "rf", "rf.w", "local_rf",
    "jump", "out.c", "out.h", "layers", "depth", "input", "baseline", "(c1)", "(type:conv)", "(**)",
    "(*.fc)", "5M", "1e64", "0", "25_557", "1,000", "512 KiB", "4.2 GFLOPs", "0.001", "7 px", "10%",
    "of", "+", "-", "*", "/", "(", ")", ",", "min(", "max(", "<=", ">=", "==", "≈", "<", "±", "2%",
    "for each", "c*", "**", " ", "parms", "@", "é", "\u00b2",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=14), st.sampled_from(REPORTS), st.booleans())
def test_any_line_is_judged_or_refused(words, report, based):
    line = " ".join(words)
    try:
        verdict = judge(report, read(line), report if based else None)
    except BudgetError as error:
        assert error.text  # noqa: PT017 most lines are refused, and some are not
        assert -1 <= error.offset <= len(line)  # noqa: PT017
    else:
        assert verdict.detail
        assert verdict.ok in {True, False, None}


@given(st.text(max_size=60))
def test_any_text_is_a_line_or_not(text):
    try:
        read(text)
    except BudgetError as error:
        assert error.offset <= len(text)  # noqa: PT017 as above


@pytest.mark.parametrize(
    "line",
    [
        "params <= " + " * ".join(["1e64"] * 14),
        "params <= " + " / ".join(["1"] + ["1e64"] * 14),
        "params <= " + " * ".join(["params"] + ["9e60"] * 12),
    ],
)
def test_numbers_end_somewhere(line):
    with pytest.raises(BudgetError, match="more than 150 digits"):
        judge(samples.lenet(), read(line))


@pytest.mark.parametrize(
    "line", ["params <= 1 for each **", "params(**{}) <= 1", "params({}*) <= params(**x{})"]
)
def test_a_hostile_spec_is_not_followed_for_long(line):
    """Thousands of lines that look at all of many layers: the reading ends after twenty errors."""
    budgets = "".join(f"  - {line.replace('{}', f'a{n}')}\n" for n in range(5000))
    spec = f"input: [3]\nlayers: [{{fc: 3, repeat: 9000}}]\nbudgets:\n{budgets}"
    with pytest.raises(SpecError) as caught:
        cnncalc.analyze(cnncalc.loads(spec))
    assert len(caught.value.problems) == 20
    for problem in caught.value.problems:
        assert "look at more than 590,000 layers" in problem.text or "no layer" in problem.text


def test_a_line_is_judged_alike_however_often_it_was_asked():
    """300 + 30·300 layers are looked at each time: more than 503,000 in 60 times."""
    report = cnncalc.analyze(cnncalc.loads("input: [3]\nlayers: [{fc: 3, repeat: 300}]\n"))
    line = read("params <= 12 for each *")
    assert all(judge(report, line).ok for _ in range(60))


def test_the_lines_of_one_check_have_one_allowance():
    """Those of Python, too: together they look at more than 500,000 + 10·300 layers."""
    net = cnncalc.loads("input: [3]\nlayers: [{fc: 3, repeat: 300}]\n")
    assert cnncalc.check(net, ["params <= 12 for each *"] * 54)
    assert cnncalc.check(net, ["params <= 12 for each *"] * 54, base=net)
    with pytest.raises(SpecError, match="look at more than 503,000 layers"):
        cnncalc.check(net, ["params <= 12 for each *"] * 55)
