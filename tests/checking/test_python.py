"""Budgets in Python, and what pytest shows of a broken one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from checking.kit import NET, PARAMS

import cnncalc

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def net():
    return cnncalc.loads(NET + "budgets: [params <= 5k]\n", name="net.yaml")


def test_it_is_true_where_all_hold(net):
    result = cnncalc.check(net, ["macs <= 60k"])
    assert result
    assert result.ok
    assert repr(result) == "<net.yaml: 2 budgets hold>"
    assert [finding.status for finding in result.findings] == ["pass", "pass"]
    assert [finding.origin for finding in result.findings] == ["spec", "call"]


def test_it_is_false_where_one_fails_and_says_which(net):
    result = cnncalc.check(net, ["params <= 2k", "macs <= 60k"])
    assert not result
    assert not result.ok
    (failure,) = result.failures
    assert (failure.values, failure.limits) == ((PARAMS,), (2000,))
    assert repr(result) == (
        "<net.yaml: 1 of 3 budgets failed: params <= 2k: params 2.94 k > 2 k, over by 938 (+46.9%)>"
    )


def test_one_line_needs_no_list(net):
    assert not cnncalc.check(net, "params <= 2k")


def test_a_base(net):
    wider = cnncalc.loads(NET.replace("fc: 10", "fc: 20"), name="wide.yaml")
    result = cnncalc.check(wider, ["params <= baseline + 2%"], base=net)
    assert not result.ok
    assert result.comparison.causes[0].params == 170
    assert cnncalc.check(wider, ["params <= baseline + 6%"], base=net)


def test_the_convention_is_that_of_the_budgets_and_of_the_base():
    """A convolution of 2·(27 + 1) params on 6×6 places: 1,944 MACs and 72 biases added.

    Notes count 1 for each of both; operations are 2 a MAC, and 1 for each of the 72 of ReLU.
    """
    net = cnncalc.loads("input: [3, 8, 8]\nlayers: [conv: [2, 3], relu]\n", name="net.yaml")
    notes, ops = 1944 + 72, 2 * 1944 + 72 + 72
    assert cnncalc.check(net, [f"flops == {notes}", "macs == 1944"])
    result = cnncalc.check(net, ["flops == baseline"], base=net, convention="ops")
    assert (result.findings[0].values, result.findings[0].limits) == ((ops,), (ops,))


def test_files_and_bundled_names(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    assert cnncalc.check(path, ["params <= 5k"])
    assert cnncalc.check("lenet5", ["params == 61_706"])


def test_warnings_fail_where_they_are_told_to():
    net = cnncalc.loads(NET + "budgets: [{assert: params <= 2k, level: warn}]\n")
    assert cnncalc.check(net)
    assert not cnncalc.check(net, level="warn")
    with pytest.raises(cnncalc.CnncalcError, match="unknown level 'all'"):
        cnncalc.check(net, level="all")


def test_no_budget_and_a_wrong_budget_are_errors(net):
    with pytest.raises(cnncalc.CnncalcError, match="no budget to check"):
        cnncalc.check(cnncalc.loads(NET))
    with pytest.raises(cnncalc.SpecError, match="'parms' is not a metric"):
        cnncalc.check(net, ["parms <= 2k"])


def test_what_needs_a_base_does_not_hold_without_one():
    net = cnncalc.loads(NET)
    with pytest.raises(cnncalc.CnncalcError, match=r"nothing was checked: .*base"):
        cnncalc.check(net, ["params <= baseline"])
    assert cnncalc.check(net, ["params <= baseline", "params <= 5M"])


@pytest.mark.parametrize("line", [3, None, ["params <= 5M"], {"assert": "params <= 5M"}])
def test_a_budget_is_a_text(net, line):
    with pytest.raises(cnncalc.CnncalcError, match="a budget is a text, not"):
        cnncalc.check(net, [line])


def test_pytest_shows_what_failed(tmp_path):
    """Under an assertion of the result, and of its `ok`."""
    (tmp_path / "test_it.py").write_text(
        "import cnncalc\n"
        "NET = cnncalc.loads('input: [3]\\nlayers: [fc: 3]\\n', name='net.yaml')\n"
        "def test_a(): assert cnncalc.check(NET, ['params <= 10'])\n"
        "def test_b(): assert cnncalc.check(NET, ['params <= 10']).ok\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = "<net.yaml: 1 of 1 budgets failed: params <= 10: params 12 > 10, over by 2 (+20.0%)>"
    assert f"assert {said}" in done.stdout
    assert f"where False = {said}.ok" in done.stdout
