"""The bundled networks against the numbers that others have published for them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

import cnncalc
from cnncalc.bundled import bundled, files

DATA = Path(__file__).parent / "data"


class Published(NamedTuple):
    """Counts to the unit, and the field in pixels; None where nothing is published."""

    params: int | None = None
    macs: int | None = None
    rf: int | None = None


ELSEWHERE = {
    # LeCun et al. 1998; by hand: 156 + 2416 + 48120 + 10164 + 850 params, and
    # 28²·25·6 + 10²·150·16 + 400·120 + 120·84 + 84·10 multiply-adds
    "lenet5": Published(61_706, 416_520),
    # Keras' MobileNet, its trainable params; 569 million multiply-adds in the paper
    "mobilenet_v1": Published(4_231_976, 568_740_352),
    # as its many reimplementations print it
    "unet": Published(31_030_658),
    # PyTorch's tutorial prints the params; by hand: 32·(496·80 + 122·96) + 64·(28·96 + 5·192 + 35)
    "m5": Published(26_915, 1_880_256),
    # Keras' Xception, its trainable params
    "xception": Published(22_855_952),
    # Cadene's pretrained-models, timm's legacy_seresnet
    "se_resnet50": Published(28_088_024),
    "se_resnet101": Published(49_326_872),
    "se_resnet152": Published(66_821_848),
    # Ultralytics' summary of yolov3
    "yolo_v3": Published(61_949_149),
    # torchvision's table, which leaves the frozen batch norms out
    "retinanet_resnet50_fpn": Published(34_014_999),
    "unet_pp": Published(),
    # Araujo et al. 2019, also in data/receptive_fields.csv
    "resnet_v1_50": Published(rf=483),
    "resnet_v1_101": Published(rf=1027),
}
ROUNDED = {
    # name and figure: the text in the spec, the number, and one of its last digit
    # Howard et al. 2017, table 6
    ("mobilenet_v1", "macs"): ("569M", 569e6, 1e6),
    # Zhou et al. 2018, table 3
    ("unet_pp", "params"): ("9.04M", 9.04e6, 1e4),
    # Darknet's page: 65.86 billion operations, two a MAC
    ("yolo_v3", "macs"): ("32.93G", 65.86e9 / 2, 1e7),
    # torchvision's table: 151.54 GFLOPS, by multiply-adds
    ("retinanet_resnet50_fpn", "macs"): ("151.54G", 151.54e9, 1e7),
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


def params_as_published(name):
    """RetinaNet's 26,560 channels of batch norms are frozen, each with a factor and an offset."""
    return totals(name).params - (2 * 26_560 if name == "retinanet_resnet50_fpn" else 0)


def macs_at_inference(name):
    """Inception v3's auxiliary head runs in training alone, and is not in its published MACs."""
    rows = cnncalc.analyze(name).rows
    left_out = [row for row in rows if name == "inception_v3" and row.path.startswith("aux.")]
    assert len(left_out) == (5 if name == "inception_v3" else 0)
    return sum(row.macs for row in rows) - sum(row.macs for row in left_out)


def test_every_network_of_torchvision_is_here_once():
    assert len(TORCHVISION) == 76
    assert len(set(NAMES)) == len(NAMES)
    assert set(NAMES) == {*TORCHVISION, *ELSEWHERE}


@pytest.mark.parametrize("name", NAMES)
def test_params_and_macs_are_the_published_ones_to_the_unit(name):
    expected = published(name)
    assert expected.params in (None, params_as_published(name))
    assert expected.macs in (None, macs_at_inference(name))


@pytest.mark.parametrize("name", TORCHVISION)
def test_the_input_and_the_rounded_gmacs_are_those_torchvision_states(name):
    row = TORCHVISION[name]
    shape = tuple(int(size) for size in row["input"].split("x"))
    net = cnncalc.load(name)
    assert net.graph.inputs == {"input": shape}
    assert round(macs_at_inference(name) / 1e9, 3) == float(row["gmacs_published"])


@pytest.mark.parametrize("name, figure", ROUNDED)
def test_rounded_figures_are_the_published_ones_to_the_last_digit(name, figure):
    _, number, digit = ROUNDED[name, figure]
    assert abs(getattr(totals(name), figure) - number) <= digit / 2


@pytest.mark.parametrize("name", NAMES)
def test_meta_names_a_source_and_agrees_with_it(name):
    meta = cnncalc.load(name).origin.meta
    assert meta["source"]
    expected = published(name)
    for figure, exact in expected._asdict().items():
        number = ROUNDED[name, figure][0] if (name, figure) in ROUNDED else exact
        if number is None or (name, figure) == ("m5", "macs"):  # by hand, and nobody's
            assert figure not in meta
        else:
            assert meta[figure] == number


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_spec_is_short(path):
    """A person reads it at a glance: no more than 80 lines, the ten ResNets fewer than 45."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= (44 if path.stem == "resnet" else 80)
    assert max(map(len, lines)) <= 110


def test_both_outputs_of_inception_v3():
    """The second one is the auxiliary head: 1000 classes, too."""
    net = cnncalc.load("inception_v3")
    assert [net.graph.name_of(tensor) for tensor in net.graph.outputs] == [
        "head.linear1",
        "aux.linear1",
    ]
    assert [net.shape_of(tensor) for tensor in net.graph.outputs] == [(1000,), (1000,)]


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
