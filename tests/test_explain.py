"""`explain`: each printed equation is true, and the numbers are those of a hand calculation.

The whole texts are in golden/explain; GOLDEN=write writes them anew, for review.
"""

from __future__ import annotations

import os
import re
from fractions import Fraction
from functools import cache
from math import ceil, floor
from pathlib import Path

import pytest

import cnncalc
from cnncalc import ops
from cnncalc.errors import CnncalcError
from cnncalc.explanation import explain
from cnncalc.explanation.table import explainer
from cnncalc.graph import Node
from cnncalc.net import Facts, Layer
from cnncalc.ops.base import REQUIRED

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "explain"
SPECS = sorted([*HERE.parent.glob("specs/*.yaml"), *HERE.glob("fuzz/*.yaml")])

BY_HAND = {
    ("resnet18", "stage2.basic1.conv1"): [
        "p = ⌊(k − 1)/2⌋ = ⌊(3 − 1)/2⌋ = 1 (padding: half)",
        "H and W: ⌊(56 + 2·1 − 3)/2⌋ + 1 = ⌊55/2⌋ + 1 = 28",
        "n × (h·w·c) = 128 × (3·3·64) = 128 × 576 = 73,728",
        "total 73,728 + 256 + 0 = 73,984",
        "= (28·28·128) × (3·3·64) = 100,352 × 576 = 57,802,752",
        "RF = 43 + (3 − 1)·4 = 51",  # 43 behind 7×7/2, pool 3/2 and four 3×3
        "S = 4·2 = 8",
        "start = −21 − 1·4 = −25",
        "2·23 + 7 − 2 = 51",
    ],
    ("resnet18", "stage2.basic1.add1"): [
        "(n − 1)·values = (2 − 1)·100,352 = 100,352",
        "main: RF 67, S 8, start −33",  # 51 + 2·8
        "skip: RF 43, S 8, start −21",
        "RF = 33 + 33 + 1 = 67",
    ],
    ("resnet18", "head.global_avg_pool1"): [
        "additions: n·(K − 1) = 512·(49 − 1) = 24,576",
        "divisions: 1·512 = 512",
        "global_avg_pool reads the whole map",
    ],
    ("resnet18", "head.linear1"): [
        "n × (inputs + 1) = 1,000 × (512 + 1) = 513,000",
        "MACs = n × inputs = 1,000 × 512 = 512,000",
        "= 1·512,000 + 1·1,000 = 513,000",
        "whole-map context enters at head.global_avg_pool1",
    ],
    ("resnet18", "stem.conv1.batch_norm"): [
        "γ and β, one of each for each channel: 2·64 = 128",
        "buffers counted apart: 2·64 = 128",
        "products: 1·802,816 = 802,816",
        "0: only convolutions and fully connected layers count",
    ],
    ("resnet18", "stage1"): ["params: 73,984 + 73,984 = 147,968"],  # 2·(36,864 + 128) each
    ("mobilenet_v3_small", "stage1.depthwise1"): [
        "g = 16 groups: a kernel sees c/g = 16/16 = 1 channels",
        "n × (h·w·c/g) = 16 × (3·3·1) = 16 × 9 = 144",
        "= (56·56·16) × (3·3·1) = 50,176 × 9 = 451,584",
        "RF = 3 + (3 − 1)·2 = 7",
    ],
    ("mobilenet_v3_small", "stage1.squeeze1.mul1"): [
        "map 16×56×56, gate 16×1×1",
        "products: 1·50,176 = 50,176",
        "whole-map context enters at stage1.squeeze1.gate.global_avg_pool1",
        "H and W: map: RF 7, S 4, start −3",
    ],
    ("unet", "decoder3.conv_transpose1"): [
        "H and W: (64 − 1)·2 − 2·0 + 1·(2 − 1) + 0 + 1 = 128",
        "total 524,288 + 256 = 524,544",
        "(512·64·64) × (2·2·256) = 2,147,483,648",
        "4 phases, then the same 16 px further on",
        "RF 172 for all 4 phases",  # 140 at the bottom, 32 more by two 3×3 at jump 8
    ],
    ("unet", "head"): [
        "RF 188 for 4, 204 for 12 of 16 phases",  # measured by gradients
        "rf_0 = 204 = RF: top-down and bottom-up agree",
    ],
    ("squeezenet1_0", "pool4"): [
        "n_out = ⌈(n_in + 2p − k)/s⌉ + 1",
        "H and W: ⌈(54 + 2·0 − 3)/2⌉ + 1 = ⌈51/2⌉ + 1 = 27",
        "(K − 1)·values = (9 − 1)·186,624 = 1,492,992",
        "RF = 35 + (3 − 1)·4 = 43",
    ],
}
SMALL = {
    "dilation": ("conv: [4, 3, 1, half, 2]", "(16 + 2·2 − 2·(3 − 1) − 1)/1 + 1 = 16"),
    "dilation's share": ("conv: [4, 3, d: 4]", "really reads 3 of 9 positions, 33%"),
    "same": ("conv: [4, 3, 2, same]", "(8 − 1)·2 + 3 − 16 = 1: 0 in front, 1 behind"),
    "groups": ("conv: [4, 3, g: 2]", "4 × (3·3·2 + 1) = 4 × 19 = 76"),
    "two paddings": ("conv: [4, 3, p: [[0, 1], [0, 1]]]", "(16 + 0 + 1 − 3)/1 + 1 = 15"),
    "a kernel for each axis": ("conv: [4, [3, 1]]", "H: (16 + 2·0 − 3)/1 + 1 = 14"),
    "a cut last window": ("max_pool: [2, 3, 1, 1, true]", "⌈(16 + 2·1 − 2)/3⌉ + 1"),
    "transposed same": (
        "deconv: [4, 3, 2, same]",
        "(16 − 1)·2 − 0 − 1 + 1·(3 − 1) + 0 + 1 = 32",
    ),
    "upsample": ("upsample: 1.5", "⌊16·3/2⌋ = 24"),
    "adaptive": ("adaptive_avg_pool: 5", "n = 16, m = 5 as written: windows of 4"),
    "concat": ("concat: [prev, in]", "channels: 4 + 4 = 8"),
    "flatten": ("flatten", "4·16·16 = 1,024 values in one row"),
    "reshape": ("reshape: [8, -1]", "1,024/8 = 128"),
    "pad": ("pad: [[[1, 2], [0, 3]]]", "H: 16 + 1 + 2 = 19"),
    "crop": ("crop: 13", "16 − 1 in front − 2 behind: 13"),
    "chunk": ("chunk: [2, 1]", "4/2 = 2, part 1 (from 0)"),
    "pixel_shuffle": ("pixel_shuffle: 2", "c/r^2 = 4/4 = 1"),
    "pixel_unshuffle": ("pixel_unshuffle: 4", "c·r^2 = 4·16 = 64"),
    "group norm": ("group_norm: 2", "additions: 3·1,024 − 2 + 1,024 = 4,094"),
    "layer norm": ("layer_norm", "2·1,024 = 2,048"),
    "activation": ("hard_swish", "comparisons: 2·1,024 = 2,048"),
    "weight norm": ("conv: [4, 1, weight_norm: true]", "total 16 + 4 + 4 = 24"),
}


NEEDED = {"out": 8, "kernel": 3, "size": 4, "groups": 2, "n": 2, "index": 0, "padding": 1} | {
    "to": (-1,),
    "r": 1,
    "scale": 2,
}


def small(layer):
    item = f"{{{layer}}}" if ":" in layer else layer
    return cnncalc.loads(f"input: [4, 16, 16]\nlayers: [{item}]")


@cache
def text_of(spec, path):
    return explain(cnncalc.load(spec), path)


@pytest.mark.parametrize("spec, path", BY_HAND, ids=map("-".join, BY_HAND))
def test_numbers_by_hand(spec, path):
    """Each line that was worked out by hand stands in the text."""
    for line in BY_HAND[spec, path]:
        assert line in text_of(spec, path)


@pytest.mark.parametrize("spec, path", BY_HAND, ids=map("-".join, BY_HAND))
def test_golden(spec, path):
    """The whole text is the one that was reviewed."""
    file = GOLDEN / f"{spec}-{path}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text_of(spec, path) + "\n", encoding="utf-8")
    assert text_of(spec, path) + "\n" == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("layer, line", SMALL.values(), ids=SMALL)
def test_formula_of_each_kind(layer, line):
    """Each kind of layer shows its own formula, with numbers worked out by hand."""
    net = small(layer)
    assert line in explain(net, net.layers[0].path)


NUMERIC = re.compile(r"[\d,\s·×+−/()⌊⌋⌈⌉]*\d[\d,\s·×+−/()⌊⌋⌈⌉]*")
FIRST = re.compile(r"[\d(⌊⌈−][\d,·×+−/()⌊⌋⌈⌉ ]*")
PYTHON = str.maketrans({"·": "*", "×": "*", "−": "-", ",": "", "⌋": ")", "⌉": ")"})


def value(text):
    code = text.translate(PYTHON).replace("⌊", "floor(").replace("⌈", "ceil(")
    code = re.sub(r"\d+", lambda digits: f"Fraction({int(digits[0])})", code)
    return eval(code, {"Fraction": Fraction, "floor": floor, "ceil": ceil})  # noqa: S307 our text


@cache
def values(line):
    """Return the value of each side of a line's equation that holds nothing but numbers."""
    if " = " not in line:
        return []
    first, *middle, last = line.strip().split(" = ")
    head = FIRST.match(last)
    sides = [re.split(r"[:,] | [a-zA-Z]+ ", first)[-1], *middle, head[0] if head else ""]
    sides = [re.sub(r"[ (/·×+−,]+$", "", side) for side in sides]
    return [value(side) for side in sides if NUMERIC.fullmatch(side)]


@cache
def all_texts():
    """Return (spec, path, text, parts) for every kind of layer in every spec, once each."""
    found = []
    for spec in SPECS:
        net = cnncalc.load(spec)
        kinds = {(tuple(p.node.op for p in parts), parts[0].ins): parts for parts in net.written}
        for parts in kinds.values():
            path = parts[0].path
            found.append((spec.stem, path, explain(net, path), parts))
    return found


def test_every_equation_is_true():
    """Both sides of each printed equation have the same value, in every layer of every spec."""
    checked = 0
    for spec, path, text, _ in all_texts():
        for line in text.splitlines():
            sides = values(line)
            checked += len(sides) > 1
            assert len(set(sides)) <= 1, f"{spec} {path}: {line}"
    assert checked > 5000


def test_sections_end_in_the_reported_numbers():
    """Params, MACs and FLOPs of the text are those that `analyze` reports."""
    for spec, path, text, parts in all_texts():
        sections = dict(re.findall(r"^(\S.*)\n((?:  .*\n?)+)", text, re.MULTILINE))
        params = sum(part.facts.trainable for part in parts if not part.node.shares)
        macs = sum(part.work.mac for part in parts)
        flops = macs + sum(part.work.add for part in parts if part.work.mac)
        title = next(title for title in sections if title.startswith("FLOPs"))
        for section, number in (("params", params), ("work", macs), (title, flops)):
            if number:
                assert f"{number:,}" in sections[section], f"{spec} {path} {section}: {number:,}"


def test_both_directions_are_shown():
    """Each layer with a local field shows it both ways."""
    for spec, path, text, _ in all_texts():
        local = "S' = S·s" in text
        agree = "top-down and bottom-up agree" in text or "more points than are followed" in text
        assert local == agree, f"{spec} {path}"


@pytest.mark.parametrize("ins", [(4, 16), (4, 16, 16), (4, 16, 16, 16)], ids=["1d", "2d", "3d"])
@pytest.mark.parametrize("name", ops.all_names())
def test_every_layer_type_is_explained(name, ins):
    """Each layer type explains its shape, parameters and work, in equations that are true."""
    kind = ops.find(name)
    needed = [a.name for a in kind.arguments if a.default is REQUIRED or a.name == "scale"]
    op = kind(**{each: NEEDED[each] for each in needed})
    inputs = (ins, ins) if op.join else (ins,)
    layer = Layer(Node("x", op, tuple(range(len(inputs)))), inputs, Facts(op, inputs))
    for lines in explainer(name):
        text = list(lines(layer))
        assert text
        for line in text:
            assert len(set(values(line))) <= 1, line


def test_conventions_change_the_flops():
    """By `ops` a multiply-add counts 2, and batch norm and relu count too."""
    text = explain(cnncalc.load("resnet18"), "stem.conv1", convention="ops")
    assert "2·multiply-adds = 2·118,013,952 = 236,027,904" in text
    assert "1·additions + 1·products = 1·802,816 + 1·802,816 = 1,605,632" in text
    assert "total 236,027,904 + 1,605,632 + 802,816 = 238,436,352" in text


def test_a_long_way_down_is_cut_in_the_middle():
    """A deep network shows the first and the last steps, and says how many it left out."""
    text = explain(cnncalc.load("resnet152"), "stage4.bottleneck3.relu1")
    table = text[text.index("top-down") : text.index("rf_0")].splitlines()
    assert len(table) < 30
    assert any(re.search(r"… \d+ more", line) for line in table)


def test_misaligned_branches_are_named():
    """Branches at different rates have no single size: the text says which, and the range."""
    layers = "coarse: {conv: [1, 5, 2, 2]}, fine: [conv: [1, 3], conv: [1, 3]]"
    text = explain(cnncalc.loads(f"input: [1, 8]\nlayers: [concat: {{{layers}}}]"), "concat1")
    assert "coarse and fine are misaligned: the RF is 5 to 7 px over the map" in text


def test_branches_off_centre_are_named():
    """Two kernels of 2, padded in front and behind, read 3 pixels."""
    layers = "front: {conv: [1, 2, 1, [[1, 0]]]}, back: {conv: [1, 2, 1, [[0, 1]]]}"
    text = explain(cnncalc.loads(f"input: [1, 8]\nlayers: [add: {{{layers}}}]"), "add1")
    assert "the hull of [−1, 0], [0, 1]: [−1, 1]" in text
    assert "the centres of front and back differ by 1 px" in text


def test_shared_parameters_are_counted_once():
    """A layer that shares says where its parameters are counted."""
    spec = "input: [4, 8, 8]\nlayers: {one: {conv: [4, 1]}, two: {conv: [4, 1], share: one}}"
    assert "shared with one, where they are counted: 0 here" in explain(cnncalc.loads(spec), "two")


def test_several_inputs_have_a_field_each():
    """A join of two inputs shows its field on both."""
    spec = (
        "inputs: {a: [1, 8], b: [1, 8]}\nlayers: {sum: {add: [a, {conv: [1, 3, 1, 1], from: b}]}}"
    )
    text = explain(cnncalc.loads(spec), "sum")
    assert "bottom-up on input a" in text
    assert "bottom-up on input b" in text


def test_a_rate_that_is_whole_again_has_one_phase():
    """Upsampling by 2 and a stride of 2 leave one phase; its unit still shows what it reads."""
    spec = "input: [1, 8]\nlayers: [upsample: 2, conv: [1, 3, 2, 1]]"
    text = explain(cnncalc.loads(spec), "conv1")
    assert "1 phase, then the same 1 px further on" in text
    assert "unit 0 of samples −1 [−1, −1], 0 [0, 0], 1 [0, 0]: [−1, 0], RF 2" in text
    assert "phases" not in text


def test_a_file_name_cannot_move_the_cursor():
    """Control characters of a file's name are not printed; nor is a line break."""
    spec = "input: [1, 8]\nblocks: {A: [relu]}\nlayers: {a: A, b: [A, A]}"
    net = cnncalc.loads(spec, name="no\x1b[2J\nt.yaml")
    for path in ("a.relu1", "b.a1"):
        assert "called from no\ufffd[2J\ufffdt.yaml:3:" in explain(net, path)


def test_the_way_to_a_layer_is_shown():
    """The source line comes first, then the calls, innermost first."""
    lines = text_of("resnet18", "stage2.basic1.conv1").splitlines()
    assert re.match(r"  specs/resnet.yaml:\d+:7  conv\(out=128, kernel=3, stride=2", lines[1])
    assert re.match(r"  called from specs/resnet.yaml:\d+:8  Basic\(c=128, s=2\)", lines[2])
    assert re.match(r"  called from specs/resnet.yaml:\d+:12  Stage\(c=128, n=2, s=2\)", lines[3])


def test_ascii():
    """With `ascii` no other character is left, and the formulas can still be read."""
    text = explain(cnncalc.load("squeezenet1_0"), "pool4", ascii=True)
    assert text.isascii()
    assert "ceil((54 + 2*0 - 3)/2) + 1 = ceil(51/2) + 1 = 27" in text


def test_unknown_path():
    """An unknown path is an error with the nearest path as its hint."""
    with pytest.raises(CnncalcError, match=r"no layer or group 'stage2.basic1.con1'") as caught:
        explain(cnncalc.load("resnet18"), "stage2.basic1.con1")
    assert caught.value.hint == "did you mean 'stage2.basic1.conv1'?"


def test_unknown_convention():
    """An unknown convention is an error that lists the known ones."""
    with pytest.raises(CnncalcError, match="unknown convention 'x'"):
        explain(cnncalc.load("lenet5"), "c1", convention="x")
