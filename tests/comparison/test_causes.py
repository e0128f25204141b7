"""The line that a reviewer would name: for edits as people make them, of one line each."""

from __future__ import annotations

import pytest

import cnncalc

NET = """\
input: [3, 64, 64]
defaults: {conv: {padding: half, norm: bn, act: relu}}
blocks:
  B(c, s=1):
    - conv: [c, 3, s]
    - conv: [c, 3]
vars: {wide: 64}
layers:
  stem: {conv: [16, 3, 2]}
  stage1: {B: 32, repeat: 2}
  stage2: {B: [wide, "2 if first else 1"], repeat: 2}
  head: [gap, fc: 10]
"""


def told(old: str, new: str) -> list[tuple[str, int, str]]:
    """Return (path, line, words) of the causes, apart from layers that only follow."""
    assert old in NET
    before, after = cnncalc.loads(NET), cnncalc.loads(NET.replace(old, new))
    comparison = cnncalc.diff(before, after)
    for name in ("params", "macs"):
        sums = {key: (one, other) for key, one, other in comparison.figures}
        delta = sums[name][1] - sums[name][0]
        assert sum(getattr(cause, name) for cause in comparison.causes) == delta
    causes = ((cause.path, cause.line, cause.what) for cause in comparison.causes)
    return [each for each in causes if each[2] != "layers whose input changed"]


STAGE1 = "  stage1: {B: 32, repeat: 2}\n"
STAGE2 = '  stage2: {B: [wide, "2 if first else 1"], repeat: 2}\n'


@pytest.mark.parametrize(
    "old, new, cause",
    [
        (STAGE1, "", ("stage1", 0, "B ×2 removed")),
        (STAGE2, "", ("stage2", 0, "B ×2 removed")),
        ("  head", "  stage3: {B: [128, 2]}\n  head", ("stage3", 12, "B(c=128, s=2) added")),
        ("  head", "  s3: {B: 96, repeat: 3}\n  head", ("s3", 12, "B ×3 added")),
        ("  head", "  mid: [tanh, B: 8]\n  head", ("mid", 12, "tanh, B added")),
        ("B: 32, repeat: 2", "B: 32, repeat: 3", ("stage1.b3", 10, "B repeat 2 → 3")),
        ("B: 32, repeat: 2", "B: 48, repeat: 3", ("stage1", 10, "B c 32 → 48; B repeat 2 → 3")),
        ("B: 32, repeat: 2", "B: 48, repeat: 1", ("stage1", 10, "B c 32 → 48; B repeat 2 → 1")),
        ('1"], repeat: 2', '1"], repeat: 3', ("stage2.b3", 11, "B repeat 2 → 3")),
        ("if first", "if last", ("stage2", 11, "B s 2 → 1; B s 1 → 2")),
        ("[16, 3, 2]", "[24, 3, 2], repeat: 1", ("stem.conv1", 9, "conv out 16 → 24")),
        (
            "[16, 3, 2]",
            "[48, 3, 2], repeat: 4",
            ("stem", 9, "conv out 16 → 48; conv repeat 1 → 4"),
        ),
        ("64, 64]\nd", "96, 96]\nd", ("", 1, "input 3×64×64 → 3×96×96")),
        ("[3, 64", "[1, 64", ("", 1, "input 3×64×64 → 1×64×64")),
        ("norm: bn, ", "", ("", 2, "defaults conv bias false → true, norm batch_norm → none")),
        ("act: relu", "act: gelu", ("", 2, "defaults conv act relu → gelu")),
        ("c, 3, s]", "c, 5, s]", ("", 5, "conv kernel 3 → 5")),
        ("stage2: {B: [wide", "body: {B: [96", ("body", 11, "B c 64 → 96")),
        ("gap, fc", "gap, flatten, fc", ("head.flatten1", 12, "flatten added")),
        ("{B: 32, repeat: 2}", "{conv: [32, 3], repeat: 2}", ("stage1", 10, "conv ×2 added")),
    ],
)  # fmt: skip
def test_an_edit_of_one_line(old, new, cause):
    assert cause in told(old, new)


@pytest.mark.parametrize(
    "old, new", [(STAGE1, ""), (STAGE2, ""), ("if first", "if last"), ("act: relu", "act: gelu")]
)
def test_an_edit_of_one_line_has_one_cause(old, new):
    assert len(told(old, new)) == 1


def test_a_variable_has_its_own_line_and_those_that_use_it():
    assert told("wide: 64", "wide: 96") == [
        ("vars", 7, "wide 64 → 96"),
        ("stage2", 11, "B c 64 → 96"),
    ]


def test_a_variable_that_a_variant_sets_stands_in_the_variant():
    text = NET + "variants: {big: {wide: 80}}\n"
    before = cnncalc.loads(text, variant="big")
    after = cnncalc.loads(text.replace("80", "96"), variant="big")
    assert cnncalc.diff(before, after).causes[0].line == 13


def test_what_the_command_line_sets_has_no_line():
    before, after = cnncalc.loads(NET), cnncalc.loads(NET, set={"wide": 96})
    assert cnncalc.diff(before, after).causes[0].line == 0
    after = cnncalc.loads(NET, input={"": (3, 96, 96)})
    (cause,) = cnncalc.diff(before, after).causes
    assert (cause.line, cause.what) == (0, "input 3×64×64 → 3×96×96")


def test_names_are_told_where_a_line_made_several():
    join = "  mix: {add: {main: prev, way: {conv: [64, 1, 4], from: in}}}\n  head"
    (cause,) = told("  head", join)
    assert (cause[1], cause[2]) == (
        12,
        "way conv(out=64, kernel=1, stride=4, padding=half, bias=false) added; mix add added",
    )


def test_a_layer_that_a_default_and_its_own_line_change_has_its_own_cause():
    text = NET.replace("[16, 3, 2]", "[16, 5, 2]").replace("relu", "gelu")
    comparison = cnncalc.diff(cnncalc.loads(NET), cnncalc.loads(text))
    found = {cause.line: cause.what for cause in comparison.causes}
    assert found[9] == "conv kernel 3 → 5, act relu → gelu"
    assert found[2] == "defaults conv act relu → gelu"


def test_a_parameter_called_repeat_is_no_repeat():
    text = """\
input: [3, 16, 16]
blocks:
  Stage(repeat, k): [{conv: [4, k], repeat: repeat}]
layers: [{Stage: [1, 1]}, {Stage: [2, 1]}]
"""
    other = text.replace("[1, 1]", "[3, 3]").replace("[2, 1]", "[4, 3]")
    comparison = cnncalc.diff(cnncalc.loads(text), cnncalc.loads(other))
    assert (comparison.causes[0].line, comparison.causes[0].what) == (
        4, "Stage repeat 1 → 3, k 1 → 3; Stage repeat 2 → 4, k 1 → 3",
    )  # fmt: skip


UNNAMED = """\
input: [3, 64, 64]
layers:
  - conv: [8, 3, padding: half]
  - relu
  - max_pool: 2
  - conv: [16, 3, padding: half]
  - relu
  - max_pool: 2
  - conv: [32, 3, padding: half]
  - relu
  - max_pool: 2
  - gap
  - fc: 10
"""


def lines(before: str, after: str) -> dict[int, str]:
    comparison = cnncalc.diff(cnncalc.loads(before), cnncalc.loads(after))
    return {cause.line: cause.what for cause in comparison.causes}


def test_three_layers_among_others_without_names():
    more = "  - conv: [12, 3, padding: half]\n  - relu\n  - max_pool: 2\n"
    before, after = UNNAMED.splitlines(keepends=True)[:5], UNNAMED.splitlines(keepends=True)[5:]
    assert lines(UNNAMED, "".join([*before, more, *after])) == {
        6: "conv(out=12, kernel=3, padding=half) added",
        7: "relu added",
        8: "max_pool(kernel=2) added",
        0: "layers whose input changed",
    }


def test_one_of_several_equal_layers_is_the_one_that_goes():
    without = UNNAMED.replace("  - relu\n", "", 1)
    assert lines(UNNAMED, without) == {0: "relu removed"}
    comparison = cnncalc.diff(cnncalc.loads(UNNAMED), cnncalc.loads(without))
    assert ("removed", "relu1") in {(each.kind, each.path) for each in comparison.changes}


def test_a_repeat_inside_a_block_is_told_on_its_own_line():
    text = """\
input: [3, 16, 16]
blocks:
  Tail(c):
    - conv: [c, 3]
    - {conv: [c, 1], repeat: 2}
layers:
  tail: {Tail: 8}
"""
    assert lines(text, text.replace("repeat: 2", "repeat: 4")) == {5: "conv repeat 2 → 4"}


@pytest.mark.parametrize("line", [3, 4, 5])
def test_a_layer_beside_an_equal_one_that_is_repeated_is_added(line):
    text = "input: [8, 16, 16]\nlayers:\n  body:\n    - {conv: [8, 3], repeat: 2}\n    - relu\n"
    rows = text.splitlines(keepends=True)
    more = "".join([*rows[:line], "    - conv: [8, 3]\n", *rows[line:]])
    found = lines(text, more)
    assert {at: what for at, what in found.items() if at} == {
        line + 1: "conv(out=8, kernel=3) added"
    }


@pytest.mark.parametrize(
    "old, new, line",
    [
        ("    - relu\n", "    - relu\n    - relu\n", 9),
        ("    - m: {conv: [4, 3]}\n", "    - conv: [8, 3]\n    - m: {conv: [4, 3]}\n", 6),
    ],
)
def test_repeats_and_names_are_landmarks_for_what_stands_beside_them(old, new, line):
    text = """\
input: [8, 16, 16]
defaults: {conv: {padding: half}}
layers:
  body:
    - {conv: [4, 3], repeat: 2}
    - m: {conv: [4, 3]}
    - {conv: [8, 3], repeat: 2}
    - relu
    - bn
    - {conv: [8, 3], repeat: 2}
    - relu
"""
    found = lines(text, text.replace(old, new, 1))
    added = {at for at, what in found.items() if what.endswith(" added")}
    assert added == {line}
    assert set(found) <= {line, 0}


def test_the_same_layers_written_in_another_order_are_no_difference():
    text = "input: [8, 9, 9]\nlayers: [{conv: [8, 3], repeat: 2}, conv: [8, 3]]\n"
    other = "input: [8, 9, 9]\nlayers: [conv: [8, 3], {conv: [8, 3], repeat: 2}]\n"
    assert cnncalc.diff(cnncalc.loads(text), cnncalc.loads(other)).unchanged
