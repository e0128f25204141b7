"""--only-new: what failed at the base already, in the same direction and at least as far."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.checking.base import Baseline
from cnncalc.checking.rules import Rule
from cnncalc.checking.run import Options, _judged
from cnncalc.checking.versions import Version
from cnncalc.comparison import compare


def status(before, after, rule):
    """What a rule is found to be since a base."""
    old, new = (Version(cnncalc.loads(text), "notes") for text in (before, after))
    comparison = compare(old.report(), new.report(), before="base")
    checked = _judged(new, [Rule(rule)], Baseline(old), comparison, Options(only_new=True))
    assert not checked.problems
    return checked.findings[0].status


def kernel(size):
    return f"input: [1, 64, 64]\nlayers: {{a: {{conv: {{out: 1, kernel: {size}}}}}}}\n"


@pytest.mark.parametrize(
    "rule, before, after, expected",
    [
        ("rf >= 10", [31, 5], [13, 1], "fail"),  # w: 5 → 1
        ("rf >= 10", [31, 5], [33, 5], "known"),
        ("rf >= 10", [31, 5], [13, 7], "known"),
        ("rf >= 10", [5, 31], [31, 5], "fail"),  # another axis
        ("rf <= 20", [5, 31], [25, 31], "fail"),
        ("rf <= 20", [5, 31], [20, 31], "known"),
        ("10 <= rf <= 20", [5, 12], [25, 21], "fail"),  # below, then above
        ("10 <= rf <= 20", [5, 25], [5, 25], "known"),
        ("10 <= rf <= 20", [5, 25], [25, 5], "fail"),
        ("rf == 10", [5, 10], [15, 10], "fail"),  # as far, on the other side
        ("rf == 10", [5, 10], [6, 10], "known"),
        ("rf ≈ 10", [15, 10], [16, 10], "fail"),
        ("rf <= 9 px", [1, 10], [2, 12], "fail"),
        ("rf <= 9 px", [1, 10], [2, 10], "known"),
        ("rf < 9 px", [1, 9], [2, 9], "known"),
        ("rf < 9 px", [1, 10], [1, 9], "known"),
        ("rf > 9 px", [9, 8], [9, 9], "known"),
        ("rf > 9 px", [10, 9], [9, 10], "fail"),
        ("input <= rf", [1, 10], [2, 12], "known"),
        ("rf.h >= rf.w", [1, 10], [3, 12], "known"),
        ("rf.h >= rf.w", [1, 10], [3, 13], "fail"),
    ],
)
def test_each_axis_must_have_failed_as_badly(rule, before, after, expected):
    assert status(kernel(before), kernel(after), rule) == expected


def chain(a, b):
    return (
        f"input: [7]\nlayers: {{a: {{fc: {{out: {a}, bias: false}}}}, "
        f"b: {{fc: {{out: {b}, bias: false}}}}}}\n"
    )


@pytest.mark.parametrize(
    "after, expected",
    [
        ((28, 147), "fail"),  # a 224 → 196, b 64 → 4,116
        ((28, 3), "known"),  # a 196, b 84
        ((33, 2), "fail"),  # a 231
        ((32, 2), "known"),
    ],
)
def test_each_comparison_must_have_failed_as_badly(after, expected):
    assert status(chain(32, 2), chain(*after), "params(a) <= 100 >= params(b)") == expected


def test_axes_that_the_base_did_not_have_are_new():
    deep = "input: [1, 9, 9, 9]\nlayers: {a: {conv: [1, 5]}}\n"
    assert status(kernel([9, 9]), deep, "rf <= 4") == "fail"
    assert status(deep, kernel([9, 9]), "rf <= 4") == "fail"
    assert status(deep, kernel([5, 5]), "rf <= 4") == "known"


HEAD = "input: [3, 8, 8]\nlayers: {stem: {conv: [16, 3]}, head: [gap, fc: 10], s2: {fc: 30}}\n"
"""448, 170 = 10·16 + 10 and 330 = 30·10 + 30 parameters."""


@pytest.mark.parametrize(
    "rule",
    [
        "params(top) <= 50",
        "params(top.linear1) <= 50",
        "params(t*) <= 50",
        "params(*o*.lin*) <= 50",
        "params <= 50 for each to*",
        "params <= 50 for each top.*",
        "params(top) <= 100 for each t*",
        "params(top) + params(stem) <= 50",
        "params <= 1 for each type:fc",
        "params(type:fc) <= 1",
    ],
)
def test_a_rename_is_nothing_new(rule):
    after = HEAD.replace("head:", "top:")
    assert status(HEAD, after, rule) == "known"
    assert status(HEAD, after.replace("fc: 10", "fc: 11"), rule) == "fail"


def test_a_star_counts_renamed_groups_at_the_base_as_it_does_now():
    """`s*` is 778 = 448 + 330 at both; without the stem, it would be known at 330 < 500."""
    after = HEAD
    before = HEAD.replace("stem:", "entry:")
    assert status(before, after, "params(s*) <= 500") == "known"
    assert status(before, after.replace("[16, 3]", "[16, 1]"), "params(s*) >= 500") == "fail"


def test_a_group_that_was_not_there_is_new():
    after = HEAD.replace("head:", "more: {conv: [4, 1]}, head:")
    assert status(HEAD, after, "params(more) <= 50") == "fail"
    assert status(HEAD, after, "params <= 50 for each more*") == "fail"


def test_a_part_of_a_fused_layer_is_known_by_its_type():
    net = "input: [3, 8, 8]\nlayers: {a: {conv: {out: 4, kernel: 3, norm: bn}}}\n"
    assert status(net, net, "params <= 7 for each type:bn") == "known"
    wider = net.replace("out: 4", "out: 5")
    assert status(net, wider, "params <= 7 for each type:bn") == "fail"
    assert status(net, net, "params < baseline for each type:bn") == "known"


def test_the_command_knows_what_was_renamed(run, write, commit):
    write("net.yaml", HEAD)
    commit()
    write("net.yaml", HEAD.replace("head:", "top:"))
    only = ("check", "net.yaml", "--base", "HEAD", "--only-new", "--budget")
    assert run(*only, "params(top) <= 50").code == 0
    assert run(*only, "params <= 50 for each to*").code == 0
    assert run(*only, "params(top) <= 50 for each s2").code == 0
    assert run(*only, "params(stem) >= 449 px").code == 2


def test_a_star_finds_the_baseline_of_a_renamed_group(run, write, commit):
    write("net.yaml", HEAD)
    commit()
    write("net.yaml", HEAD.replace("head: [gap, fc: 10]", "top: [gap, fc: 11]"))
    done = run("check", "net.yaml", "--base", "HEAD", "--budget", "params(t*) <= baseline")
    said = "params(t*) 187 > baseline 170, over by 17 (+10.0%) (top was head)"
    assert said in " ".join(done.out.split())
