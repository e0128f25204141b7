"""ONNX's backend test cases that lie in its package as files; all others are in tests/slow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from conformance import onnx_report, onnx_scope
from conformance.onnx_cases import FILED, Case, Step
from conformance.onnx_report import State, judge, judge_all, report


def test_every_case_passes_or_is_listed() -> None:
    verdicts = judge_all(FILED)
    print(report(verdicts))
    failed = [each for each in verdicts if each.state is State.FAILS]
    assert [(each.case.name, each.text) for each in failed] == []
    assert sum(each.state is State.PASSES for each in verdicts) > 80


def case(
    name: str = "a_case", operator: str = "Relu", dtype: str = "float32", **arrays: Any
) -> Case:
    """Return a case of one node that reads x and makes y; by default relu of (-1, 2)."""
    values = {"x": np.array([[-1, 2]], dtype), "y": np.array([[0, 2]], dtype)} | arrays
    wanted = {"y": values.pop("y")}
    attributes = values.pop("attributes", {})
    return Case(name, 14, (Step(operator, ("x",), ("y",), attributes),), values, wanted, 1e-3, 1e-7)


def test_the_right_result_passes() -> None:
    verdict = judge(case())
    assert verdict.state is State.PASSES
    assert verdict.layers == {"relu"}


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([[0, 2.1]], np.float32),
        np.array([[0, 2.0001]], np.float32),
        np.array([[0, np.nan]], np.float32),
        np.array([[0, 2]], np.float64),
        np.array([0, 2], np.float32),
    ],
    ids=["value", "digit", "nan", "type", "shape"],
)
def test_another_result_fails(wrong: np.ndarray) -> None:
    assert judge(case(y=wrong)).state is State.FAILS


def test_a_refusal_must_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = case(dtype="int8")
    verdict = judge(whole)
    assert verdict.state is State.FAILS
    assert verdict.text == "is refused and not listed: arithmetic on int8"
    monkeypatch.setitem(onnx_scope.PATTERNS, "a_*", "whole numbers")
    verdict = judge(whole)
    assert (verdict.state, verdict.text) == (State.OUT_OF_SCOPE, "whole numbers")
    assert "out of scope: whole numbers\n    a_case" in onnx_report.report([verdict])


def test_what_is_listed_must_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(onnx_scope.PATTERNS, "a_*", "too hard")
    verdict = judge(case())
    assert verdict.state is State.FAILS
    assert verdict.text == "passes, and is listed: too hard"
    assert judge(case(y=np.array([[0, 3]], np.float32))).state is State.FAILS


def test_an_attribute_that_nothing_reads_fails() -> None:
    verdict = judge(case(attributes={"slope": 1}))
    assert verdict.state is State.FAILS
    assert "Relu: nothing reads ['slope']" in verdict.text


def test_an_operator_without_a_layer_is_left_out() -> None:
    verdict = judge(case(operator="Cos"))
    assert (verdict.state, verdict.text) == (State.NO_LAYERS, "Cos")
    assert "1 more cases" in report([verdict])


def test_a_pattern_without_a_case_is_stale() -> None:
    assert onnx_scope.stale_patterns({"test_wrap_pad"}) == [
        each for each in onnx_scope.PATTERNS if each != "test_wrap_pad"
    ]
