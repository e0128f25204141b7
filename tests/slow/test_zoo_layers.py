"""Layer by layer: each network of the zoo executes what PyTorch executes, in the same order."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch")
if find_spec("torchvision") is None:  # importing it may fail for another reason: no importorskip
    pytest.skip("torchvision is not installed", allow_module_level=True)

from zoo.executed import by_cnncalc, by_torch, torchvision_model

import cnncalc

pytestmark = pytest.mark.slow

with (Path(__file__).parents[1] / "data" / "torchvision.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_layers_are_those_torchvision_executes(row):
    """Kind, kernel, stride, dilation, groups, output shape and params, found with hooks."""
    net = cnncalc.load(row["name"])
    shape = tuple(map(int, row["input"].split("x")))
    # Inception v3's auxiliary head runs in training alone, and its params are published
    train = row["name"] == "inception_v3"
    expected = by_torch(torchvision_model(row["name"], row["task"]), shape, train=train)
    found = by_cnncalc(net)
    for place, (ours, theirs) in enumerate(zip(found, expected, strict=False)):
        assert ours == theirs, f"layer {place}"
    assert len(found) == len(expected)
