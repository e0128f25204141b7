"""What changed between two networks: figures, pairs of layers, and the lines that did it."""

from __future__ import annotations

import pytest

import cnncalc

RESNET = """\
input: [3, 32, 32]
vars: {depths: [2, 3], classes: 10}
defaults: {conv: {padding: half, norm: bn, act: relu}}
blocks:
  Res(c, s=1):
    - conv: [c, 3, s]
    - conv: [c, 3, act: none]
    - add:
        main: prev
        skip: {conv: [c, 1, s, act: none], from: in, when: s > 1 or in.c != c}
    - relu
  Stage(c, n, s=2):
    - {Res: [c, s if first else 1], repeat: n}
layers:
  stem: {conv: [16, 3]}
  stage1: {Stage: [16, "depths[0]", 1]}
  stage2: {Stage: [32, "depths[1]"]}
  head: [gap, fc: classes]
"""


def compare(old, new, text=RESNET):
    assert old in text
    return cnncalc.diff(cnncalc.loads(text), cnncalc.loads(text.replace(old, new)))


def delta(comparison, name):
    return next(after - before for key, before, after in comparison.figures if key == name)


def kinds(comparison):
    return [(change.kind, change.before, change.path) for change in comparison.changes]


def causes(comparison):
    return [(cause.path, cause.line, cause.what) for cause in comparison.causes]


def test_nothing():
    comparison = compare("stem", "stem")
    assert comparison.unchanged
    assert (comparison.changes, comparison.causes) == ((), ())
    assert comparison.same == 24


def test_a_comment_and_other_lines_are_no_change():
    assert compare("layers:\n", "# more\n\nlayers:\n").unchanged


def test_more_blocks_of_a_stage():
    """Each Res of 32 channels has 2·(32·32·9 + 64) = 18,560 params and 2·32·32·9·256 MACs."""
    comparison = compare("[2, 3]", "[2, 5]")
    assert delta(comparison, "params") == 2 * 18_560
    assert delta(comparison, "macs") == 2 * 2 * 9_216 * 256
    assert causes(comparison) == [
        ("vars", 2, "depths [2, 3] → [2, 5]"),
        ("stage2", 17, "Stage n 3 → 5"),
    ]
    assert comparison.causes[1].params == 2 * 18_560
    assert {kind for kind, _, _ in kinds(comparison)} == {"added"}
    assert comparison.same == 24


def test_fewer_blocks_name_the_line_that_is_there():
    comparison = compare("[2, 3]", "[2, 1]")
    assert causes(comparison)[1] == ("stage2", 17, "Stage n 3 → 1")
    assert comparison.causes[1].params == -2 * 18_560
    assert {kind for kind, _, _ in kinds(comparison)} == {"removed"}


def test_a_repeat_without_a_block_of_its_own():
    text = "input: [3, 8, 8]\nlayers:\n  a: {conv: [4, 3, padding: half], repeat: 2}\n  b: relu\n"
    comparison = compare("repeat: 2", "repeat: 4", text)
    assert causes(comparison) == [("a", 3, "conv repeat 2 → 4")]
    assert comparison.causes[0].params == 2 * (4 * 4 * 9 + 4)
    comparison = compare("repeat: 2", "repeat: 1", text)
    assert causes(comparison) == [("a.conv2", 3, "conv repeat 2 → 1")]


def test_a_repeat_of_a_block():
    text = RESNET.replace("repeat: n", "repeat: 2")
    comparison = compare("repeat: 2", "repeat: 3", text)
    assert causes(comparison) == [("", 13, "Res repeat 2 → 3")]


def test_an_insertion_in_a_block_shifts_numbers_and_removes_nothing():
    comparison = compare(
        "    - conv: [c, 3, act: none]\n", "    - conv: [c, 1]\n    - conv: [c, 3, act: none]\n"
    )
    found = kinds(comparison)
    assert {kind for kind, _, _ in found} == {"added", "renamed"}
    assert ("renamed", "stage1.res1.conv2", "stage1.res1.conv3") in found
    assert ("added", "", "stage1.res1.conv2") in found
    (cause,) = comparison.causes
    assert (cause.line, cause.layers) == (7, 5)
    assert cause.what == (
        "conv(out=16, kernel=1, padding=half, bias=false) added; "
        "conv(out=32, kernel=1, padding=half, bias=false) added"
    )
    assert cause.params == delta(comparison, "params")


def test_an_insertion_at_the_front_keeps_what_follows():
    text = "input: [3, 32, 32]\nlayers: [conv: [8, 3], conv: [16, 5], conv: [4, 1]]\n"
    comparison = compare("[conv: [8, 3], ", "[conv: [3, 7, padding: 3], conv: [8, 3], ", text)
    assert kinds(comparison) == [
        ("added", "", "conv1"),
        ("renamed", "conv1", "conv2"),
        ("renamed", "conv2", "conv3"),
        ("renamed", "conv3", "conv4"),
    ]


def test_a_renamed_stage_is_one_line_and_no_removal():
    comparison = compare("stage2:", "body:")
    assert kinds(comparison) == [("renamed", "stage2", "body")]
    assert delta(comparison, "params") == 0
    assert comparison.same == 24


def test_a_renamed_layer():
    assert kinds(compare("stem:", "entry:")) == [("renamed", "stem", "entry")]


def test_a_stage_that_is_renamed_and_changed_is_still_the_same_stage():
    comparison = compare('stage2: {Stage: [32, "depths[1]"]}', "body: {Stage: [32, 4]}")
    found = kinds(comparison)
    assert ("renamed", "stage2", "body") in found
    assert {kind for kind, _, _ in found} == {"renamed", "added"}
    assert causes(comparison) == [("body.res4", 17, "Stage n 3 → 4")]


def test_another_kernel_is_one_change_with_its_line():
    comparison = compare("stem: {conv: [16, 3]}", "stem: {conv: [16, 5]}")
    (change,) = comparison.changes
    assert (change.kind, change.path, change.what, change.line) == (
        "changed", "stem", "kernel 3 → 5", 15,
    )  # fmt: skip
    assert change.params == 16 * 3 * (25 - 9)
    assert causes(comparison) == [("stem", 15, "conv kernel 3 → 5")]
    assert comparison.fields == 22  # all layers up to the pooling see 2 pixels more


def test_layers_behind_a_change_are_not_its_cause():
    """A wider stem: the next layers' inputs change, and that is said apart."""
    comparison = compare("stem: {conv: [16, 3]}", "stem: {conv: [24, 3]}")
    assert ("stem", 15, "conv out 16 → 24") in causes(comparison)
    (follow,) = [c for c in comparison.causes if not c.line and c.path != "vars"]
    assert follow.what == "layers whose input changed"
    assert sum(cause.params for cause in comparison.causes) == delta(comparison, "params")


def test_causes_add_up_to_the_totals():
    for old, new in [
        ("[2, 3]", "[4, 1]"),
        ("conv: [c, 3, s]", "conv: [c, 5, s]"),
        ("Stage: [32,", "Stage: [48,"),
        ("- relu\n  Stage", "- conv: [c, 1]\n  Stage"),
        ("head: [gap, ", "head: [gap, fc: 50, "),
        ("classes: 10", "classes: 100"),
    ]:
        comparison = compare(old, new)
        for name in ("params", "macs"):
            total = sum(getattr(cause, name) for cause in comparison.causes)
            assert total == delta(comparison, name), (old, new, name)


def test_another_type_of_layer():
    text = "input: [3, 8, 8]\nlayers: {a: {conv: [4, 3]}, b: relu, c: {fc: 3}}\n"
    comparison = compare("b: relu", "b: prelu", text)
    assert kinds(comparison) == [("changed", "b", "b")]
    assert causes(comparison) == [("b", 2, "relu → prelu")]


def test_a_layer_that_moves_to_another_group_is_renamed():
    text = "input: [3, 8, 8]\nlayers:\n  a: [conv: [4, 3], tanh]\n  b: [{conv: [5, 3]}]\n"
    comparison = compare(
        "[conv: [4, 3], tanh]\n  b: [{conv: [5, 3]}]",
        "[conv: [4, 3]]\n  b: [tanh, {conv: [5, 3]}]",
        text,
    )
    assert kinds(comparison) == [("renamed", "a.tanh1", "b.tanh1")]


def test_memory_and_field_are_compared():
    comparison = compare('stage1: {Stage: [16, "depths[0]", 1]}', "stage1: {Stage: [16, 2, 2]}")
    figures = {name: (before, after) for name, before, after in comparison.figures}
    assert figures["peak_memory_bytes"][1] < figures["peak_memory_bytes"][0]
    # by hand: 3 + 4·2 + 2 + 5·4 = 33, and 3 + 2 + 3·4 + 4 + 5·8 = 61
    assert figures["rf"] == ((33, 33), (61, 61))


def test_two_different_networks():
    comparison = cnncalc.diff("resnet18", "resnet34")
    assert delta(comparison, "params") == 21_797_672 - 11_689_512
    assert {change.kind for change in comparison.changes} == {"added"}
    comparison = cnncalc.diff("lenet5", "alexnet")
    assert delta(comparison, "params") == 61_100_840 - 61_706


@pytest.mark.parametrize("count", [300, 5000])
def test_long_lists_of_layers_are_lined_up_in_little_time(count):
    text = f"input: [3]\nlayers: [{{fc: 3, repeat: {count}}}, tanh]\n"
    comparison = compare(f"repeat: {count}", f"repeat: {count + 50}", text)
    assert len(comparison.changes) == 50
    assert causes(comparison)[0][2] == f"linear repeat {count} → {count + 50}"


def test_a_second_layer_of_the_same_kind_in_a_block_is_added_and_not_repeated():
    text = (
        "input: [3, 32, 32]\nblocks:\n  B(c): [conv: [c, 3], tanh]\n"
        "layers: [{B: 4, repeat: 2}, conv: [4, 3]]\n"
    )
    comparison = compare("[conv: [c, 3], tanh]", "[conv: [c, 3], conv: [c, 3], tanh]", text)
    (cause,) = [cause for cause in comparison.causes if cause.params]
    assert (cause.line, cause.what) == (3, "conv(out=4, kernel=3) added")
    assert cause.params == 2 * (4 * 4 * 9 + 4)


def test_other_arguments_of_a_block_are_the_cause_of_all_in_it():
    comparison = compare("Stage: [32,", "Stage: [48,")
    assert causes(comparison)[0] == ("stage2", 17, "Stage c 32 → 48")
    assert [cause.what for cause in comparison.causes[1:]] == ["layers whose input changed"]


def test_a_layer_renamed_and_changed_is_one_change():
    comparison = compare("stem: {conv: [16, 3]}", "entry: {conv: [24, 3]}")
    (stem,) = [change for change in comparison.changes if change.path == "entry"]
    assert (stem.kind, stem.before, stem.what) == (
        "changed", "stem", "out 16 → 24, output 16×32×32 → 24×32×32",
    )  # fmt: skip
    assert stem.params == 8 * (3 * 9 + 2)
    assert "removed" not in {kind for kind, _, _ in kinds(comparison)}
    assert ("entry", 15, "conv out 16 → 24") in causes(comparison)


def test_a_block_renamed_and_widened_is_one_call_with_other_arguments():
    """Without joins and activations of their own the two have no layer in common."""
    text = (
        "input: [3, 32, 32]\nblocks:\n"
        "  Stage(c, n): [{conv: [c, 3, 2]}, {conv: [c, 3, padding: half], repeat: n}]\n"
        "layers: {stem: {conv: [8, 3]}, stage3: {Stage: [16, 3]}, head: [gap, fc: 10]}\n"
    )
    comparison = compare("stage3: {Stage: [16, 3]}", "s3: {Stage: [20, 3]}", text)
    found = kinds(comparison)
    assert ("renamed", "stage3", "s3") in found
    assert {kind for kind, _, _ in found} == {"renamed", "changed"}
    assert causes(comparison)[0] == ("s3", 4, "Stage c 16 → 20")
    comparison = compare("stage3: {Stage: [16, 3]}", "s3: {Stage: [20, 5]}", text)
    found = kinds(comparison)
    assert ("renamed", "stage3", "s3") in found
    assert [kind for kind, _, _ in found].count("added") == 2
    assert "removed" not in {kind for kind, _, _ in found}


CONVS = "input: [3, 32, 32]\nlayers: [conv: [8, 3], conv: [16, 5], conv: [4, 1]]\n"


def test_one_removed_and_one_changed_among_siblings_without_names():
    comparison = compare(
        "[conv: [8, 3], conv: [16, 5], conv: [4, 1]]", "[conv: [16, 5], conv: [6, 1]]", CONVS
    )
    assert kinds(comparison) == [
        ("changed", "conv2", "conv1"),
        ("removed", "conv1", "conv1"),
        ("changed", "conv3", "conv2"),
    ]


def test_the_nearest_of_two_in_a_place_is_the_one_that_was_there():
    text = CONVS.replace("conv: [8, 3], ", "")
    comparison = compare("[conv: [16, 5], ", "[x: {conv: [9, 1]}, y: {conv: [16, 7]}, ", text)
    assert kinds(comparison)[:2] == [
        ("added", "", "x"),
        ("changed", "conv1", "y"),
    ]


def test_another_type_without_a_name_is_removed_and_added():
    text = "input: [3, 8, 8]\nlayers: [conv: [4, 3], relu, fc: 3]\n"
    assert kinds(compare("relu", "gelu", text)) == [
        ("added", "", "gelu1"),
        ("removed", "relu1", "relu1"),
    ]


def test_the_same_type_in_another_place_is_removed_and_added():
    text = "input: [3, 8, 8]\nlayers: [conv: [4, 3], relu, tanh, fc: 3]\n"
    comparison = compare(
        "[conv: [4, 3], relu, tanh, fc: 3]", "[relu, tanh, x: {conv: [5, 1]}, fc: 3]", text
    )
    assert {kind for kind, _, _ in kinds(comparison)} >= {"added", "removed"}


def test_a_group_around_layers_that_change_removes_none():
    text = "input: [3, 16, 16]\nlayers: [conv: [8, 3], conv: [16, 3], relu, fc: 3]\n"
    comparison = compare(
        "conv: [8, 3], conv: [16, 3], relu,",
        "body: [stem: [conv: [8, 3]], rest: [conv: [24, 3], relu]],",
        text,
    )
    found = kinds(comparison)
    assert {kind for kind, _, _ in found} == {"renamed", "changed"}
    assert ("changed", "conv2", "body.rest.conv1") in found
