"""The bundled networks against the numbers that others have published for them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

import cnncalc
from cnncalc.bundled import bundled

DATA = Path(__file__).parent / "data"


class Published(NamedTuple):
    params: int
    macs: int | None


ELSEWHERE = {
    # LeCun et al. 1998; by hand: 156 + 2416 + 48120 + 10164 + 850 params, and
    # 28²·25·6 + 10²·150·16 + 400·120 + 120·84 + 84·10 multiply-adds
    "lenet5": Published(61_706, 416_520),
    # Keras' MobileNet, its trainable params; 569 million multiply-adds in the paper
    "mobilenet_v1": Published(4_231_976, 568_740_352),
    # as its many reimplementations print it
    "unet": Published(31_030_658, None),
    # PyTorch's tutorial prints the params; by hand: 32·(496·80 + 122·96) + 64·(28·96 + 5·192 + 35)
    "m5": Published(26_915, 1_880_256),
}
NAMES = [variant or path.stem for path, variant in bundled()]


def torchvision_rows():
    with (DATA / "torchvision.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


TORCHVISION = torchvision_rows()


def published(name):
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    row = TORCHVISION[name]
    return Published(int(row["params_published"]), int(row["conv_linear_macs_measured"]))


def totals(name, **options):
    return cnncalc.analyze(cnncalc.load(name, **options)).totals


@pytest.mark.parametrize("name", NAMES)
def test_params_and_macs_are_the_published_ones_to_the_unit(name):
    found, expected = totals(name), published(name)
    assert found.params == expected.params
    assert expected.macs in (None, found.macs)


@pytest.mark.parametrize("name", [name for name in NAMES if name in TORCHVISION])
def test_the_input_and_the_rounded_gmacs_are_those_torchvision_states(name):
    row = TORCHVISION[name]
    shape = tuple(int(size) for size in row["input"].split("x"))
    net = cnncalc.load(name)
    assert net.graph.inputs == {"input": shape}
    assert round(totals(name).macs / 1e9, 3) == float(row["gmacs_published"])


@pytest.mark.parametrize("name", NAMES)
def test_meta_names_a_source_and_agrees_with_it(name):
    meta = cnncalc.load(name).origin.meta
    assert meta["source"]
    stated = Published(**{"macs": None, **meta["published"][name]})
    expected = published(name)
    assert stated.params == expected.params
    assert stated.macs in (None, expected.macs)


def test_meta_states_numbers_for_bundled_networks_alone():
    stated = {name for n in NAMES for name in cnncalc.load(n).origin.meta["published"]}
    assert stated == set(NAMES)


# Howard et al., arXiv:1704.04861, tables 6 and 7; the paper rounds 568.7 up and 290.7 down
MOBILENET_V1 = [
    # width, size, million multiply-adds, million params
    (1.0, 224, 569, 4.2),
    (0.75, 224, 325, 2.6),
    (0.5, 224, 149, 1.3),
    (0.25, 224, 41, 0.5),
    (1.0, 192, 418, 4.2),
    (1.0, 160, 290, 4.2),
    (1.0, 128, 186, 4.2),
]


@pytest.mark.parametrize("width, size, mega_macs, mega_params", MOBILENET_V1)
def test_mobilenet_v1_scales_as_in_the_paper(width, size, mega_macs, mega_params):
    found = totals("mobilenet_v1", set={"width": width}, input=(3, size, size))
    assert abs(found.macs / 1e6 - mega_macs) < 1
    assert round(found.params / 1e6, 1) == mega_params
