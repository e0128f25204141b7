"""What docs/budgets.md says a line means, held to small networks counted by hand."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import budget
from cnncalc.budget import read
from cnncalc.errors import BudgetError


def judge(spec: str, line: str) -> bool | None:
    return budget.judge(cnncalc.analyze(cnncalc.loads(spec)), read(line), None).ok


STAGES = "input: [4]\nlayers:\n  stage1: {fc: 6}\n  stage2: {fc: 4}\n  head: {fc: 2}\n"
"""MACs: 4·6 = 24, 6·4 = 24, 4·2 = 8; params with biases: 30, 28, 10."""


@pytest.mark.parametrize(
    "line, ok",
    [
        ("macs == 24 for each stage*", True),
        ("macs == 50% of macs(stage*) for each stage*", True),
        ("macs <= 43% of macs(**) for each stage*", True),  # 24 of 56 are 42.9 %
        ("macs <= 42% of macs(**) for each stage*", False),
        ("params >= 2.8 * params(head) for each stage*", True),
        ("params(head) == 10 for each stage*", True),
    ],
)
def test_in_for_each_brackets_are_of_the_whole_network(line, ok):
    assert judge(STAGES, line) is ok


@pytest.mark.parametrize(
    "inputs, line, ok",
    [
        (97, "params ≈ 100", False),  # 98 are not within 1 %
        (97, "params ≈ 100 ± 2%", True),
        (97, "params == 100 ± 2%", True),
        (96, "params ≈ 100 ± 2%", False),
        (98, "params ≈ 100", True),
        (98, "params ≈ 100 ± 0.5%", False),
    ],
)
def test_a_tolerance_belongs_to_both_signs_of_equality(inputs, line, ok):
    """One output: as many params as inputs, and a bias."""
    assert judge(f"input: [{inputs}]\nlayers: [fc: 1]\n", line) is ok


SEES_ALL = """\
input: [2, 5, 9]
defaults: {conv: {padding: half}}
layers:
  body: {conv: [2, 3], repeat: 3}
  gate: [gap, fc: 2, sigmoid]
  gated: {mul: [body, gate]}
"""
"""Three windows of 3 have a field of 7×7: more than the 5 rows, less than the 9 columns."""


@pytest.mark.parametrize(
    "line",
    [
        "rf.h == 7 px",
        "rf.w == 9 px",
        "local_rf == 7 px",
        "rf(body) == 7 px",
        "rf >= input",
        "rf.h > input",
    ],
)
def test_where_the_whole_map_enters_a_larger_field_stays(line):
    assert judge(SEES_ALL, line)


def test_without_the_whole_map_the_field_is_not_all_of_the_input():
    assert not judge(SEES_ALL, "rf(body) >= input")


VOLUME = """\
input: [1, 6, 16, 30]
layers:
  first: {conv: [4, [1, 3, 5]]}
  last: {max_pool: [[2, 7, 13]]}
"""
"""6×14×26 behind the convolution, 3×2×2 behind the pool."""


@pytest.mark.parametrize(
    "line",
    [
        "out.d(first) == 6 px",
        "out.h(first) == 14 px",
        "out.w(first) == 26 px",
        "out.d == 3",
        "out.c == 4",
        "rf.d(first) == 1 px",
        "rf.h(first) == 3 px",
        "rf.w(first) == 5 px",
        # an input of 6×16×30: a limit is held against the same axis
        "6 <= rf.d(first) + 5 <= input",
        "16 <= rf.h(first) + 13 <= input",
        "30 <= rf.w(first) + 25 <= input",
        "out.w(first) + 4 >= input",
    ],
)
def test_axes_of_a_volume_are_depth_height_and_width(line):
    assert judge(VOLUME, line)


@pytest.mark.parametrize("line", ["rf.d(first) + 6 <= input", "rf.w(first) + 26 <= input"])
def test_an_axis_of_a_volume_beyond_its_input(line):
    assert judge(VOLUME, line) is False


def test_height_and_width_of_an_output():
    spec = "input: [1, 6, 10]\nlayers: [max_pool: 2]\n"
    assert judge(spec, "out.h == 3 px")
    assert judge(spec, "out.w == 5 px")


NAMES = """\
input: [1]
layers:
  cell: {fc: 1}
  a: [{cell: {fc: 2}}, {b: [cell: {fc: 3}]}]
  last: {fc: 4}
"""
"""Params, with biases: 2, 4, 9 and 16."""


@pytest.mark.parametrize(
    "glob, params",
    [
        ("**.cell", 2 + 4 + 9),
        ("*.cell", 4),
        ("a.**.cell", 4 + 9),
        ("a.**", 4 + 9),
        ("**.a.**.cell.**", 4 + 9),
        ("**.b", 9),
        ("**.last", 16),
    ],
)
def test_two_stars_are_any_number_of_names_none_too(glob, params):
    assert judge(NAMES, f"params({glob}) == {params}")


def test_for_each_takes_two_stars_for_no_name():
    assert judge(NAMES, "params <= 9 for each **.cell")
    assert judge(NAMES, "params <= 8 for each **.cell") is False
    assert judge(NAMES, "params >= 4 for each **.cell") is False  # the one at the top has 2


def test_weights_of_a_part_in_another_data_type():
    """stage1 has 30 params of 68: a byte each in int8, two in float16."""
    assert judge(STAGES, "weights[int8](stage1) == 30 B")
    assert judge(STAGES, "weights[float16](stage1) == 60 B")
    assert judge(STAGES, "weights[int8] == 68 B")
    assert judge(STAGES, "weights[int8] <= 30 B for each stage*")
    assert judge(STAGES, "weights[float16](type:fc) == 136 B")


@pytest.mark.parametrize(
    "line, text",
    [
        ("params(head) / params <= params", "cannot compare a ratio with params"),
        ("macs / macs(head) <= 7 MACs", "cannot compare a ratio with MACs"),
        ("params / params(head) + 3 px <= 7", "cannot add px to a ratio"),
        ("rf <= params / params", "cannot compare px with a ratio"),
    ],
)
def test_a_quotient_of_like_amounts_is_a_ratio(line, text):
    spec = "input: [1, 8, 8]\nlayers: {body: {conv: [1, 3]}, head: {conv: [1, 3]}}\n"
    with pytest.raises(BudgetError) as caught:
        judge(spec, line)
    assert caught.value.text == text


def test_a_ratio_takes_a_number_and_a_factor():
    """10 params of 68 in the head."""
    assert judge(STAGES, "params(head) / params <= 0.148")
    assert judge(STAGES, "params(head) / params <= 0.147") is False
    assert judge(STAGES, "params(head) / params * macs <= 9 MACs")  # 56 · 10 / 68 = 8.2


PAIR = """\
inputs: {left: [1, 8, 12], right: [2, 8, SIZE]}
layers:
  one: {from: left, conv: [1, [9, 13], padding: half]}
  other: {from: right, conv: [1, 1]}
outputs: [one, other]
"""


def test_several_inputs_of_one_size_are_one_input():
    same = PAIR.replace("SIZE", "12")
    assert judge(same, "rf(one) > input")
    assert judge(same, "rf(other) > input") is False
    with pytest.raises(BudgetError, match="input is one of left, right"):
        judge(PAIR.replace("SIZE", "13"), "rf(one) > input")
