"""All of ONNX's backend test cases of operators that are layer types here; about 10 seconds."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx")

from conformance.onnx_nodes import TRANSLATORS
from conformance.onnx_report import State, Verdict, judge_all, report
from conformance.onnx_scope import stale_patterns

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return judge_all()


def test_every_case_passes_or_is_listed(
    verdicts: list[Verdict], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{report(verdicts)}")
    failed = [each for each in verdicts if each.state is State.FAILS]
    assert [(each.case.name, each.text) for each in failed] == []
    assert sum(each.state is State.PASSES for each in verdicts) >= 340


def test_nothing_listed_has_gone(verdicts: list[Verdict]) -> None:
    assert stale_patterns({each.case.name for each in verdicts}) == []


def test_every_operator_has_a_case_that_passes(verdicts: list[Verdict]) -> None:
    passed = {
        operator
        for each in verdicts
        if each.state is State.PASSES
        for operator in each.case.operators
    }
    assert TRANSLATORS.keys() - passed == set()
