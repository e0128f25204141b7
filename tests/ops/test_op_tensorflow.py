"""The rules of tf-profiler on a layer each: what TensorFlow returned for it, on file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from cases import CASES
from cases_tensorflow import MORE_CASES
from generated.build import net_of

from cnncalc import ops
from cnncalc.analyses.work import convention

FILE = Path(__file__).parent.parent / "data" / "presets_tensorflow_layers.csv"
CASE_OF = {each.id: each for each in (*CASES, *MORE_CASES)}
with FILE.open(encoding="utf-8", newline="") as file:
    ROWS = [(row["layer"], int(row["count"])) for row in csv.DictReader(file)]
WITHOUT = {
    # no rule
    "adaptive_max_pool", "instance_norm", "group_norm",
    # values are moved, by one of several operators that are not in TensorFlow's registry
    "pad", "crop", "channel_shuffle",
}  # fmt: skip


@pytest.mark.parametrize("name, count", ROWS, ids=[name for name, _ in ROWS])
def test_a_layer_is_what_tensorflow_returned(name, count):
    case = CASE_OF[name]
    inputs = {f"in{index}": shape for index, shape in enumerate(case.ins)}
    net = net_of(inputs, (case.name, dict(case.args), *range(len(inputs))))
    assert convention("tf-profiler").count(net.layers[0]) == count


def test_every_other_layer_type_is_on_file():
    assert {CASE_OF[name].name for name, _ in ROWS} == set(ops.OPS) - WITHOUT
