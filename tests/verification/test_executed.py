"""Shapes, arrays and multiply-adds of the layers that ran, against figures worked out by hand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from generated.build import net_of

import cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.findings import Verification
from cnncalc.verification import verify

LENET = """
name: small
input: [1, 12, 12]
layers:
  c1: {conv: {out: 4, kernel: 5}}
  n1: {batch_norm: }
  p1: {max_pool: 2}
  c2: {conv: {out: 4, kernel: 3, padding: 1, groups: 2, bias: false}}
  f1: {linear: 10}
"""


def rows(found: Verification, key: str) -> dict[str, Any]:
    assert all(finding.predicted == finding.executed for finding in found.findings)
    return {f.path: f.executed for f in found.findings if f.key == key and f.path}


def test_figures_of_a_small_network() -> None:
    """Conv 4·25 + 4 params, 8·8·4·25 multiply-adds; grouped 4·2·9 and 16·4·2·9; linear 64·10."""
    found = cnncalc.verify(cnncalc.loads(LENET))
    assert rows(found, "shape") == {
        "c1": (4, 8, 8), "n1": (4, 8, 8), "p1": (4, 4, 4), "c2": (4, 4, 4), "f1": (10,),
    }  # fmt: skip
    assert rows(found, "params") == {
        "c1": (104, 0), "n1": (8, 8), "c2": (72, 0), "f1": (650, 0),
    }  # fmt: skip
    assert rows(found, "macs") == {"c1": 6400, "c2": 1152, "f1": 640}
    assert found.ok
    assert found.failed == ()
    assert (found.name, found.inputs, found.seed) == ("small", {"input": (1, 12, 12)}, 0)


def test_findings_stand_in_the_order_of_the_layers() -> None:
    found = cnncalc.verify(cnncalc.loads(LENET), backward=True, all_fields=True)
    paths = [finding.path for finding in found.findings]
    assert list(dict.fromkeys(paths)) == ["c1", "n1", "p1", "c2", "f1", ""]
    keys = [finding.key for finding in found.findings if finding.path == "n1"]
    assert keys == ["shape", "params", "field", "gradient", "statistics"]
    assert [f.key for f in found.findings if f.path == "p1"][-1] == "gradient sum"


def test_a_transposed_conv_multiplies_at_its_inputs() -> None:
    net = net_of((2, 3, 3), ("conv_transpose", {"out": 4, "kernel": 3, "stride": 2, "groups": 2}))
    assert rows(verify(net), "macs") == {"n1": 2 * 9 * 2 * 9}


def test_layers_that_share_list_their_arrays_each() -> None:
    text = "input: [2, 6]\nlayers:\n  a: {conv: {out: 2, kernel: 3}}\n"
    text += "  b: {conv: {out: 2, kernel: 3}, share: a}\n"
    found = cnncalc.verify(cnncalc.loads(text), backward=True)
    assert rows(cnncalc.verify(cnncalc.loads(text)), "params") == {"a": (14, 0), "b": (14, 0)}
    assert found.ok


def test_another_seed_makes_other_numbers_and_the_same_findings() -> None:
    net = cnncalc.loads(LENET)
    one, other = (cnncalc.verify(net, seed=seed) for seed in (0, 5))
    assert one.findings == other.findings
    assert other.seed == 5


def test_each_step_is_told() -> None:
    told: list[str] = []
    cnncalc.verify(cnncalc.loads(LENET), backward=True, advance=told.append)
    assert told[:2] == ["shapes, params and multiply-adds", "field of c2"]
    assert told[-1] == "gradients of the network"
    assert "gradients of p1" in told


def test_what_runs_no_further_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from cnncalc.reference import pool

    def fails(*_: Any) -> Any:
        raise ValueError("operands do not fit")

    monkeypatch.setattr(pool.MaxPool, "forward", fails)
    found = cnncalc.verify(cnncalc.loads(LENET), backward=True)
    assert [(f.path, f.key, f.executed, f.line) for f in found.failed] == [
        ("p1", "runs", "operands do not fit", 7)
    ]
    skipped = [f for f in found.findings if f.ok is None]
    assert [(f.path, f.key, f.detail) for f in skipped] == [("c2", "runs", "not reached")]
    assert {f.path for f in found.findings} == {"c1", "n1", "p1", "c2"}


GIVEN = "input: [2, 6, 6]\nlayers:\n  d: {conv: {out: 3, kernel: 3}}\n"
WRONG = {
    "no such layer": ({"x.weight": np.zeros(3)}, "array x.weight: the network has no layer 'x'"),
    "no such array": ({"d.scale": np.zeros(3)}, "d: the layer has no array d.scale"),
    "another shape": (
        {"d.weight": np.zeros((3, 2, 3, 1))},
        "d: d.weight is (3, 2, 3, 1), and the layer needs (3, 2, 3, 3)",
    ),
}


@pytest.mark.parametrize(("arrays", "text"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("backward", [False, True])
def test_params_that_do_not_fit_are_an_error_and_no_green_page(
    arrays: dict[str, Any], text: str, backward: bool
) -> None:
    with pytest.raises(CnncalcError, match=re.escape(text)):
        cnncalc.verify(cnncalc.loads(GIVEN), params=arrays, backward=backward)


def test_params_are_read_from_a_file(tmp_path: Any) -> None:
    file = tmp_path / "weights.npz"
    np.savez(file, **{"d.weight": np.ones((3, 2, 3, 3))})
    assert cnncalc.verify(cnncalc.loads(GIVEN), params=file).ok
    assert cnncalc.verify(cnncalc.loads(GIVEN), params=str(file)).ok
    file.write_bytes(b"no arrays")
    with pytest.raises(CnncalcError, match="as arrays"):
        cnncalc.verify(cnncalc.loads(GIVEN), params=file)
