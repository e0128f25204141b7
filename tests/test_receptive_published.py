"""Receptive fields against published ones: Distill's tables, torchvision measured, by hand."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import cnncalc
from cnncalc.analyses.receptive import Receptive
from cnncalc.geometry import interval_at

HERE = Path(__file__).parent
SLIM = HERE / "specs" / "tfslim"
SPECS = {
    "alexnet_v2": "alexnet_v2.yaml",
    "vgg_16": "vgg_16.yaml",
    "mobilenet_v1": "mobilenet_v1.yaml",
    "resnet_v1_50": "resnet_v1.yaml@resnet_v1_50",
    "resnet_v1_101": "resnet_v1.yaml@resnet_v1_101",
    "inception_v3": "inception_v3.yaml",
}


def endpoints():
    with (HERE / "data" / "receptive_fields.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["cnn"] in SPECS]


def number(text):
    return None if text == "None" else int(text)


@cache
def slim_fields(cnn, size):
    """Return path -> field of a TF-Slim network; a group or block stands for its last layer."""
    shape = None if size is None else (3, size, size)
    fields = {}
    for row in cnncalc.analyze(cnncalc.load(f"{SLIM / SPECS[cnn]}", input=shape)).rows:
        fields[row.path] = fields[row.path.partition(".")[0]] = row.rf
    return fields


@pytest.mark.parametrize("row", endpoints(), ids=lambda r: f"{r['endpoint']}-{r['resolution']}")
def test_field_stride_and_padding_are_those_of_distill(row):
    field = slim_fields(row["cnn"], number(row["resolution"]))[
        row["endpoint"].split("/")[-1].lower()
    ]
    assert field.size == (number(row["rf"]),) * 2
    assert field.jump == (number(row["eff_stride"]),) * 2
    padding = number(row["eff_padding"])
    if padding is not None:
        assert field.start == (-padding,) * 2
    assert field.aligned


# the gradient of one output unit of torchvision's networks, in the last layer with a local field
MEASURED = [
    ("resnet18", 435, 32, 217),
    ("resnet50", 427, 32, 213),
    ("vgg16", 212, 32, 90),
    ("mobilenet_v2", 491, 32, 245),
    ("densenet121", 2071, 32, 1021),
    ("squeezenet1_0", 155, 16, 60),
]


@pytest.mark.parametrize("name, size, jump, padding", MEASURED)
def test_field_is_the_one_measured_on_torchvision(name, size, jump, padding):
    _, field, sees_all = cnncalc.analyze(name).rf
    assert (field.size, field.jump, field.start) == ((size,) * 2, (jump,) * 2, (-padding,) * 2)
    assert not sees_all


def test_unet_reads_188_pixels_in_4_of_16_phases_and_204_in_12():
    path, field, _ = cnncalc.analyze("unet").rf
    assert path == "head"
    assert field.jump == (1, 1)
    for phases in field.phases:
        assert Counter(size for size, _ in phases) == {188: 4, 204: 12}


def intervals(text, units):
    """Return what the first units of a 1-D network's output read."""
    net = cnncalc.loads(text)
    (strands,) = Receptive(net, 0).seen[-1].local
    return [interval_at(strands, unit) for unit in range(units)]


PAIR = """
input: [1, 8]
layers:
  - add:
      left: {conv: [1, 2, padding: [[0, 1]]]}
      right: {conv: [1, 2, padding: [[1, 0]]]}
"""


def test_two_windows_of_2_that_are_shifted_read_3():
    assert intervals(PAIR, 3) == [(-1, 1), (0, 2), (1, 3)]
    assert cnncalc.analyze(cnncalc.loads(PAIR)).rf[1].size == (3,)


# Distill 2019, figure 4: the branches have different strides, and sizes 7, 6, 5, 6 for units 0 to 3
FIGURE = """
input: [1, 8]
layers:
  - add:
      left: {conv: [1, 5, 2, 2]}
      right: [conv: [1, 3], conv: [1, 3]]
"""


def test_a_field_of_branches_with_different_strides_depends_on_the_unit():
    found = intervals(FIGURE, 4)
    assert found == [(-2, 4), (0, 5), (2, 6), (3, 8)]
    assert [hi - lo + 1 for lo, hi in found] == [7, 6, 5, 6]


def test_a_field_whose_branches_are_out_of_step_says_so():
    report = cnncalc.analyze(cnncalc.loads(FIGURE))
    assert not report.rf[1].aligned
    assert any("left and right are misaligned: jumps 2 and 1" in note for note in report.notes)
