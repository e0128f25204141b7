"""Presets: what each tool itself returned for torchvision's networks, and each rule by hand.

data/presets.csv and data/presets_tensorflow.csv hold the tools' own figures, with their versions;
peers/record.py and peers/tf_twin.py wrote them.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from generated.build import net_of

import cnncalc
from cnncalc import ops
from cnncalc.analyses.measures import MEASURES
from cnncalc.analyses.presets import TABLE, left_out
from cnncalc.analyses.work import CONVENTIONS, NAMES, PRESETS, convention
from cnncalc.errors import CnncalcError
from cnncalc.explanation import explain
from cnncalc.net import Net

DATA = Path(__file__).parent / "data"
ENOUGH = 12


def rows() -> list[dict[str, str]]:
    found = []
    for name in ("presets.csv", "presets_tensorflow.csv"):
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            found += list(csv.DictReader(file))
    return found


ROWS = rows()
load = cache(cnncalc.load)


def flops(net: Net, name: str) -> int:
    return cnncalc.analyze(net, convention=name).totals.flops


IN_TRAINING = {"inception_v3": "aux."}
"""Branches of the bundled specs that torchvision runs in training alone, and a tool never sees."""


@cache
def total(network: str, name: str) -> int:
    report = cnncalc.analyze(load(network), convention=name)
    branch = IN_TRAINING.get(network)
    return sum(row.flops for row in report.rows if not branch or not row.path.startswith(branch))


MATCHED = [row for row in ROWS if row["network"] not in left_out(row["tool"])]
APART = [row for row in ROWS if row["network"] in left_out(row["tool"])]


def named(row: dict[str, str]) -> str:
    return f"{row['tool']}-{row['network']}"


@pytest.mark.parametrize("row", MATCHED, ids=named)
def test_a_preset_is_what_the_tool_returned(row):
    assert total(row["network"], row["tool"]) == int(row["count"])


@pytest.mark.parametrize("row", APART, ids=named)
def test_a_network_is_left_out_only_where_the_tool_differs(row):
    assert total(row["network"], row["tool"]) != int(row["count"])


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_is_held_to_many_networks(name):
    networks = {row["network"] for row in MATCHED if row["tool"] == name}
    assert len(networks) >= ENOUGH
    version = {row["version"] for row in ROWS if row["tool"] == name}
    assert len(version) == 1
    assert version.pop() in TABLE[name].tool


VGG16 = {
    "fvcore": 15_470_289_408,
    "torchinfo": 15_483_821_032,
    "thop": 15_470_314_496,
    "ptflops": 15_523_225_576,
    "calflops": 30_973_778_432,
}
"""What the tools themselves return, as peers/record.py measured them for data/presets.csv."""


@pytest.mark.parametrize("name", VGG16)
def test_vgg16(name):
    assert total("vgg16", name) == VGG16[name]


def test_the_figures_of_vgg16_are_those_on_file():
    found = {row["tool"]: int(row["count"]) for row in ROWS if row["network"] == "vgg16"}
    assert {name: found[name] for name in VGG16} == VGG16


def test_the_table_of_the_documentation():
    text = (Path(__file__).parent.parent / "docs" / "conventions.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"^\| `(\S+)` \| ([\d,]+) \|", text, re.MULTILINE))
    assert {name: int(count.replace(",", "")) for name, count in found.items()} == {
        name: total("vgg16", name) for name in NAMES
    }


def conv(out: int = 6, kernel: int = 3, **args: Any) -> tuple[str, dict[str, Any]]:
    return "conv", {"out": out, "kernel": kernel, **args}


BY_HAND: list[tuple[str, tuple[int, ...], tuple[str, dict[str, Any]], dict[str, int]]] = [
    # 4×5×5 to 6×3×3: 54 values of 36 taps, 1944 multiply-adds
    (
        "conv with bias", (4, 5, 5), conv(),
        {
            "fvcore": 1944, "torchinfo": 9 * (216 + 6), "thop": 1944, "ptflops": 1944 + 54,
            "calflops": 2 * 1944 + 54, "torch": 2 * 1944, "tf-profiler": 2 * 1944 + 54,
        },
    ),
    (
        "conv without bias, in 2 groups", (4, 5, 5), conv(groups=2, bias=False),
        {
            "fvcore": 972, "torchinfo": 972, "thop": 972, "ptflops": 972, "calflops": 1944,
            "torch": 1944, "tf-profiler": 1944,
        },
    ),
    # 4 inputs, 4 taps each: 16; outputs (4 - 1)·2 + 4 - 2 = 8, of 4 taps: 32; by a conv's formula
    # the bias has (4 + 2 - 4) // 2 + 1 = 2 positions
    (
        "transposed", (1, 4),
        ("conv_transpose", {"out": 1, "kernel": 4, "stride": 2, "padding": 1}),
        {
            "fvcore": 16, "torchinfo": 8 * (4 + 1), "thop": 32, "ptflops": 16 + 8,
            "calflops": 2 * 16 + 2, "torch": 32, "tf-profiler": 2 * 32 // 2 + 8,
        },
    ),
    # 16 channels on 4×4 to 16 on 8×8 in 4 groups, 2×2 taps at stride 2: 256 inputs · 4 outputs ·
    # 4 taps = 4096; at 64 outputs 4 times that; calflops divides by the groups once more
    (
        "transposed in groups", (16, 4, 4),
        ("conv_transpose", {"out": 16, "kernel": 2, "stride": 2, "groups": 4, "bias": False}),
        {
            "fvcore": 4096, "torchinfo": 4 * 4096, "thop": 4 * 4096, "ptflops": 4096,
            "calflops": 2 * 1024, "torch": 2 * 4096,
        },
    ),
    # at stride 3 with 2 taps: 2 · 4 weights · 64 outputs / 9 = 56.9
    (
        "transposed, rounded down", (1, 3, 3),
        ("conv_transpose", {"out": 1, "kernel": 2, "stride": 3, "bias": False}),
        {"tf-profiler": 56},
    ),
    (
        "linear", (8,), ("linear", {"out": 3}),
        {
            "fvcore": 24, "torchinfo": 27, "thop": 24, "ptflops": 27, "calflops": 48, "torch": 48,
            "tf-profiler": 51,
        },
    ),
    (
        "batch norm", (3, 5, 7), ("batch_norm", {}),  # 105 values, 3 channels
        {
            "fvcore": 210, "torchinfo": 6, "thop": 420, "ptflops": 210, "calflops": 210, "torch": 0,
            "tf-profiler": 210 + 6 * 3,
        },
    ),
    (
        "batch norm without γ and β", (3, 5, 7), ("batch_norm", {"affine": False}),
        {
            "fvcore": 105, "torchinfo": 0, "thop": 210, "ptflops": 105, "calflops": 105, "torch": 0,
            "tf-profiler": 210 + 5 * 3,
        },
    ),
    (
        "layer norm over channels", (3, 5, 7), ("layer_norm", {"over": "channels"}),
        {
            "fvcore": 525, "torchinfo": 6, "thop": 420, "ptflops": 105, "calflops": 525, "torch": 0,
            "tf-profiler": 9 * 105 + 4 * 35,
        },
    ),
    (
        "layer norm over all, without γ and β", (3, 5, 7), ("layer_norm", {"affine": False}),
        {
            "fvcore": 420, "torchinfo": 0, "thop": 210, "ptflops": 105, "calflops": 420, "torch": 0,
            "tf-profiler": 6 * 105 + 5,
        },
    ),
    (
        "group norm", (4, 5), ("group_norm", {"groups": 2}),
        {"fvcore": 100, "torchinfo": 8, "thop": 0, "ptflops": 40, "calflops": 100, "torch": 0},
    ),
    (
        "instance norm", (4, 5), ("instance_norm", {}),
        {"fvcore": 80, "torchinfo": 0, "thop": 40, "ptflops": 20, "calflops": 80, "torch": 0},
    ),
    (
        "relu", (3, 4), ("relu", {}),
        {
            "fvcore": 0, "torchinfo": 0, "thop": 0, "ptflops": 24, "calflops": 12, "torch": 0,
            "tf-profiler": 0,
        },
    ),
    ("relu6", (3, 4), ("relu6", {}), {"ptflops": 12, "calflops": 0, "thop": 0, "tf-profiler": 0}),
    (
        "prelu", (3, 4), ("prelu", {"per_channel": True}),
        {
            "fvcore": 0, "torchinfo": 3, "thop": 12, "ptflops": 24, "calflops": 12,
            "tf-profiler": 3 * 12 + 3,
        },
    ),
    ("silu", (3, 4), ("silu", {}), {"ptflops": 12, "calflops": 12, "thop": 0, "tf-profiler": 24}),
    ("gelu", (3, 4), ("gelu", {}), {"ptflops": 24, "calflops": 12, "thop": 0, "tf-profiler": 48}),
    ("mish", (3, 4), ("mish", {}), {"ptflops": 0, "calflops": 0, "thop": 0, "tf-profiler": 12}),
    (
        "hard swish", (3, 4), ("hard_swish", {}),
        {"ptflops": 0, "calflops": 0, "thop": 0, "tf-profiler": 36},
    ),
    (
        "softmax", (5,), ("softmax", {}),  # of 5: 5 exponentials, 4 additions, 5 divisions
        {"thop": 14, "ptflops": 5, "calflops": 5, "fvcore": 0, "tf-profiler": 25},
    ),
    (
        "max pool", (2, 6, 6), ("max_pool", {"kernel": 3, "stride": 3}),
        {"fvcore": 0, "thop": 0, "ptflops": 144, "calflops": 72, "tf-profiler": 8 * 9},
    ),
    (
        "max pool on three axes", (1, 2, 2, 2), ("max_pool", {"kernel": 2}),
        {"ptflops": 16, "calflops": 8, "tf-profiler": 0},
    ),
    (
        "mean pool", (2, 6, 6), ("avg_pool", {"kernel": 2}),
        {"fvcore": 0, "thop": 18, "ptflops": 144, "calflops": 72, "tf-profiler": 18 * 4},
    ),
    (
        "adaptive mean pool", (2, 6, 6), ("adaptive_avg_pool", {"size": 3}),
        {"fvcore": 72, "thop": 72 + 18, "ptflops": 144, "calflops": 72, "tf-profiler": 72},
    ),
    (
        "adaptive mean pool of its own size", (2, 6, 6), ("adaptive_avg_pool", {"size": 6}),
        {"fvcore": 72, "thop": 72 + 72, "ptflops": 144, "calflops": 72, "tf-profiler": 0},
    ),
    (
        "adaptive mean pool on three axes", (1, 4, 4, 4), ("adaptive_avg_pool", {"size": 2}),
        {"fvcore": 0, "thop": 64 + 8, "ptflops": 128, "calflops": 64, "tf-profiler": 0},
    ),
    (
        "global mean pool", (4, 7, 7), ("global_avg_pool", {}),
        {
            "fvcore": 196, "torchinfo": 0, "thop": 196 + 4, "ptflops": 392, "calflops": 196,
            "torch": 0, "tf-profiler": 196,
        },
    ),
    (
        "global mean pool on one axis", (4, 7), ("global_avg_pool", {}),
        {"fvcore": 0, "thop": 28 + 4, "ptflops": 56, "calflops": 28, "tf-profiler": 28},
    ),
    (
        "nearest", (3, 4, 4), ("upsample", {"scale": 2}),
        {"fvcore": 192, "thop": 192, "ptflops": 384, "calflops": 48, "tf-profiler": 0},
    ),
    (
        "bilinear to a size", (3, 4, 4), ("upsample", {"size": 8, "mode": "bilinear"}),
        {"fvcore": 4 * 192, "thop": 11 * 192, "ptflops": 384, "calflops": 64, "tf-profiler": 0},
    ),
    (
        "linear on one axis", (3, 4), ("upsample", {"scale": 2, "mode": "bilinear"}),
        {"fvcore": 0, "thop": 5 * 24, "ptflops": 48, "calflops": 12},
    ),
    # size 5: 4 channels of zeros beside the 6
    (
        "local response", (6, 2, 2), ("local_response_norm", {}),
        {"fvcore": 0, "thop": 0, "ptflops": 3 * 24 + 40, "calflops": 3 * 24 + 40},
    ),
    (
        "scale", (3, 4), ("scale", {}),
        {
            "fvcore": 0, "torchinfo": 3, "thop": 0, "ptflops": 0, "calflops": 0, "torch": 0,
            "tf-profiler": 12,
        },
    ),
    ("dropout", (3, 4), ("dropout", {}), dict.fromkeys(PRESETS, 0)),
]  # fmt: skip


@pytest.mark.parametrize(
    "shape, layer, counts", [row[1:] for row in BY_HAND], ids=[row[0] for row in BY_HAND]
)
def test_rules_by_hand(shape, layer, counts):
    found = {name: flops(net_of(shape, layer), name) for name in counts}
    assert found == counts


def test_joins_by_hand():
    """Of three inputs of 6 values: TensorFlow counts operators, PyTorch's tools see none."""
    three = {"a": (2, 3), "b": (2, 3), "c": (2, 3)}
    for name, count in (
        ("add", 12),
        ("sub", 12),
        ("max", 12),
        ("mul", 12),
        ("mean", 18),
        ("concat", 0),
    ):
        net = net_of(three, (name, {}, 0, 1, 2))
        assert flops(net, "tf-profiler") == count
        assert {flops(net, tool) for tool in PRESETS[:-1]} == {0}


MOVED = [
    ("chunk", {"n": 2, "index": 0}), ("drop_path", {}), ("pad", {"padding": 1}),
    ("crop", {"size": 2}), ("channel_shuffle", {"groups": 2}), ("reshape", {"to": (2, -1)}),
]  # fmt: skip


@pytest.mark.parametrize("layer", MOVED, ids=lambda layer: layer[0])
def test_moving_values_counts_nothing(layer):
    assert {flops(net_of((4, 6), layer), tool) for tool in PRESETS} == {0}


def test_a_batch_multiplies_the_count():
    report = cnncalc.analyze("lenet5", convention="thop", batch=3)
    assert report.totals.flops == 3 * total("lenet5", "thop")


WITHOUT_RULE = {
    "tf-profiler": {"instance_norm", "group_norm", "adaptive_max_pool"},
}
"""Layer types that no layer of the tool stands for."""


@pytest.mark.parametrize("name", PRESETS)
def test_every_layer_type_has_one_rule_or_none_that_is_known(name):
    preset = TABLE[name]
    stated = [kind for names in (*preset.rules, preset.zeros) for kind in names.split()]
    assert len(stated) == len(set(stated))
    assert set(stated) == set(ops.OPS) - WITHOUT_RULE.get(name, set())
    assert set(preset.unsure) <= set(stated)
    used = {part.rpartition(" ")[2] for rule in preset.rules.values() for part in rule.split(" + ")}
    assert used <= set(MEASURES)


def test_every_measure_is_used():
    rules = " + ".join(rule for preset in TABLE.values() for rule in preset.rules.values())
    assert {part.rpartition(" ")[2] for part in rules.split(" + ")} == set(MEASURES)


@pytest.mark.parametrize(
    "shape, layer, ops_by_hand, name, text, hint",
    [
        (
            (4, 5), ("group_norm", {"groups": 2}), 2 * (5 * 10 + 3) + 2 * 20, "tf-profiler",
            "tf-profiler has no rule for group_norm, at n1", "choose another convention",
        ),
        (
            (4, 5), ("conv", {"out": 2, "kernel": 1, "weight_norm": True}), 2 * 40 + 10, "thop",
            "thop has no rule for conv with weight_norm, at n1", "depends on how that is written",
        ),
        (
            (4, 5), ("upsample", {"scale": 1.5}), 0, "ptflops",
            "ptflops has no rule for upsample with scale, at n1", "depends on how",
        ),
        (
            (4, 4), ("upsample", {"scale": (0.5,)}), 0, "ptflops",
            "ptflops has no rule for upsample with scale, at n1", "depends on how",
        ),
        (
            (4, 5), ("conv_transpose", {"out": 2, "kernel": 1, "groups": 2}), 2 * 20 + 10,
            "tf-profiler", "tf-profiler has no rule for conv_transpose with groups, at n1",
            "depends on how",
        ),
        (
            (4, 5), ("adaptive_avg_pool", {"size": 2}), 4 * 2 * 3, "tf-profiler",
            "n1: adaptive_avg_pool to a size that does not divide the input's", "TensorFlow has no",
        ),
        (
            (1, 5), ("conv_transpose", {"out": 1, "kernel": 3, "padding": ((0, 1),)}), 2 * 15 + 6,
            "calflops", "n1: padding cuts off 0 and 1", "cut both ends alike",
        ),
    ],
)  # fmt: skip
def test_no_rule_is_an_error(shape, layer, ops_by_hand, name, text, hint):
    """What the tool has no rule for, the ledger counts.

    Of a group of 10: 9 additions and a division for the mean, 10 subtractions, 10 squares, again 9
    and 1 for the variance, a sum with ε, a root, a division and 10 products: 53; γ and β are 40.
    A mean of 3 takes 2 additions and a division. Nearest copies. A transposed convolution
    multiplies each input by each tap.
    """
    net = net_of(shape, layer)
    with pytest.raises(CnncalcError) as caught:
        cnncalc.analyze(net, convention=name)
    assert str(caught.value) == text
    assert hint in caught.value.problems[0].hint
    assert flops(net, "ops") == ops_by_hand


def test_whole_scales_have_a_rule():
    assert flops(net_of((1, 4), ("upsample", {"scale": (2,)})), "ptflops") == 16


def test_presets_wait_until_one_is_asked_for():
    program = (
        "import sys, cnncalc; cnncalc.analyze('lenet5'); "
        "assert not {'cnncalc.analyses.presets', 'cnncalc.analyses.measures'} & set(sys.modules); "
        "cnncalc.analyze('lenet5', convention='thop'); "
        "assert 'cnncalc.analyses.presets' in sys.modules"
    )
    root = str(Path(__file__).parent.parent)
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)


@pytest.mark.parametrize("name", NAMES)
def test_terms_add_up_to_what_the_tool_returned(name):
    """Explanations show the terms; where no tool counts so, the report's total is another sum."""
    net = load("mobilenet_v3_small")
    rule = convention(name)
    found = sum(term.weight * term.amount for layer in net.layers for term in rule.terms(layer))
    counted = {row["tool"]: row["count"] for row in ROWS if row["network"] == "mobilenet_v3_small"}
    assert found == int(counted[name] if name in PRESETS else flops(net, name))


def test_explain_names_what_a_preset_counts():
    text = explain(load("resnet18"), "stem.conv1", convention="thop")
    assert "1·multiply-adds = 1·118,013,952 = 118,013,952" in text
    assert "2·input values + 2·input values with γ and β" in text
    assert "0: thop counts nothing of relu" in text
    assert "total 118,013,952 + 3,211,264 + 0 = 121,225,216" in text


def test_an_unknown_convention_lists_all():
    with pytest.raises(CnncalcError) as caught:
        convention("keras")
    assert all(name in caught.value.problems[0].hint for name in (*CONVENTIONS, *PRESETS))
    with pytest.raises(CnncalcError) as caught:
        convention("ptflop")
    assert caught.value.problems[0].hint == "did you mean 'ptflops'?"
