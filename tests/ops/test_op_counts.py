"""The rules of the presets on a layer each: what the tools returned for it, on file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from cases import CASES
from cases_tensorflow import MORE_CASES
from generated.build import net_of

from cnncalc import ops
from cnncalc.analyses.work import PRESETS, convention
from cnncalc.errors import CnncalcError

DATA = Path(__file__).parent.parent / "data"
CASE_OF = {each.id: each for each in (*CASES, *MORE_CASES)}


def rows(name: str) -> list[tuple[str, str, int]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [(row["tool"], row["layer"], int(row["count"])) for row in csv.DictReader(file)]


ROWS = rows("presets_layers.csv") + rows("presets_tensorflow_layers.csv")
JOINS = {"add", "sub", "mul", "max", "mean", "concat"}
ON_FILE = {
    # no module of PyTorch stands for scale, chunk and drop_path
    **dict.fromkeys(PRESETS, set(ops.OPS) - JOINS - {"scale", "chunk", "drop_path"}),
    # no rule, or operators of several kinds that move values
    "tf-profiler": set(ops.OPS)
    - {"adaptive_max_pool", "instance_norm", "group_norm", "pad", "crop", "channel_shuffle"},
}


@pytest.mark.parametrize("tool, name, count", ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_a_layer_is_what_the_tool_returned(tool, name, count):
    """A preset has no rule only where the tool's figure depends on how the layer is written."""
    case = CASE_OF[name]
    inputs = {f"in{index}": shape for index, shape in enumerate(case.ins)}
    net = net_of(inputs, (case.name, dict(case.args), *range(len(inputs))))
    try:
        found = convention(tool).count(net.layers[0])
    except CnncalcError as error:
        assert "weight_norm" in str(error) or "with scale" in str(error)  # noqa: PT017
    else:
        assert found == count


@pytest.mark.parametrize("tool", PRESETS)
def test_layer_types_on_file(tool):
    assert {CASE_OF[name].name for each, name, _ in ROWS if each == tool} == ON_FILE[tool]
