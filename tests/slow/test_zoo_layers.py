"""Layer by layer: each network of the zoo executes what PyTorch executes, in the same order."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch")
if find_spec("torchvision") is None:  # importing it may fail for another reason: no importorskip
    pytest.skip("torchvision is not installed", allow_module_level=True)

import torch
from zoo.elsewhere import MODELS
from zoo.executed import by_cnncalc, by_torch, torchvision_model
from zoo.kinds import kinds_by_cnncalc, kinds_by_torch

import cnncalc
from cnncalc.bundled import bundled

pytestmark = pytest.mark.slow

with (Path(__file__).parents[1] / "data" / "torchvision.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


def same_layers(found, expected):
    """Assert that the layers are the same, and name the first that is not."""
    for place, (ours, theirs) in enumerate(zip(found, expected, strict=False)):
        assert ours == theirs, f"layer {place}"
    assert len(found) == len(expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_layers_are_those_torchvision_executes(row):
    """Kind, kernel, stride, dilation, groups, output shape and params, found with hooks."""
    name = row["name"]
    shape = tuple(map(int, row["input"].split("x")))
    # Inception v3's auxiliary head runs in training alone, and its params are published
    expected = by_torch(torchvision_model(name, row["task"]), shape, train=name == "inception_v3")
    same_layers(by_cnncalc(cnncalc.load(name)), expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_there_are_as_many_of_each_other_kind(row):
    """Activations, norms, pools and joins, counted in PyTorch's graph of the same network."""
    name = row["name"]
    net = cnncalc.load(name)
    train = name == "inception_v3"
    model = torchvision_model(name, row["task"])
    expected = kinds_by_torch(model, net.graph.inputs["input"], train=train)
    if name.startswith("densenet"):
        expected["concat"] -= 4  # torchvision joins the one map at the start of a stage, too
    if train:
        expected["mul"] -= 1  # the dropout
    assert kinds_by_cnncalc(net) == expected


@pytest.mark.parametrize("name", MODELS)
def test_layers_beyond_torchvision_are_those_of_their_papers(name):
    """Against models written for PyTorch from the papers; params in all, with the norms."""
    with torch.device("meta"):
        model = MODELS[name]()
    net = cnncalc.load(name)
    same_layers(by_cnncalc(net), by_torch(model, net.graph.inputs["input"]))
    params = sum(parameter.numel() for parameter in model.parameters())
    assert cnncalc.analyze(net).totals.params == params


def test_every_network_is_compared():
    """All but two small ones, whose numbers are worked out by hand in tests/test_published.py."""
    names = {variant or path.stem for path, variant in bundled()}
    assert names == {row["name"] for row in ROWS} | set(MODELS) | {"lenet5", "m5"}
