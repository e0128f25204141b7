"""`explain --vs`: the items of a difference add up to it, and are those of a hand calculation."""

from __future__ import annotations

import re
from functools import cache
from itertools import permutations

import pytest
from generated.build import net_of

import cnncalc
from cnncalc.analyses.work import NAMES
from cnncalc.errors import CnncalcError
from cnncalc.explanation import explain

load = cache(cnncalc.load)


@cache
def total(network: str, name: str) -> int:
    return cnncalc.analyze(load(network), convention=name).totals.flops


ITEM = re.compile(r"^  +([+−]) ([\d,]+)  +(\d+) (\w+) ", re.MULTILINE)


def items(text: str) -> list[tuple[int, int, str]]:
    """Return (difference, layers, layer type) of each line of a comparison."""
    return [
        (int(digits.replace(",", "")) * (-1 if sign == "−" else 1), int(seen), kind)
        for sign, digits, seen, kind in ITEM.findall(text)
    ]


@pytest.mark.parametrize("ours, theirs", list(permutations(NAMES, 2)))
def test_items_add_up_to_the_difference(ours, theirs):
    for network in ("mobilenet_v3_small", "googlenet"):
        found = items(explain(load(network), None, convention=ours, versus=theirs))
        difference = total(network, theirs) - total(network, ours)
        assert sum(amount for amount, *_ in found) == difference
        assert bool(found) == (difference != 0)


def test_items_of_vgg16_by_hand():
    """Biases: 13,547,520 values of convs, 9,192 of linear; thop's pool: 2 · 512·7·7."""
    text = explain(load("vgg16"), None, versus="thop")
    assert items(text) == [
        (-13_547_520, 13, "conv"),
        (50_176, 1, "adaptive_avg_pool"),
        (-9_192, 3, "linear"),
    ]
    assert "bias additions: 1 each by notes, not counted by thop" in text
    assert "15,483,821,032 − 13,506,536 = 15,470,314,496" in text


def test_items_of_a_group_and_of_a_part():
    """The first norm of ResNet-50 has 64·112·112 = 802,816 values, thop's count is 4 of each."""
    text = explain(load("resnet50"), "stem.conv1.batch_norm", versus="thop")
    assert [item[0] for item in items(text)] == [1_605_632, 1_605_632]
    whole = explain(load("resnet50"), "stem", versus="fvcore")
    assert [item[0] for item in items(whole)] == [802_816, 802_816]


def test_what_each_counts_alone_is_one_item():
    text = explain(load("resnet18"), "stem.conv1.batch_norm", convention="ops", versus="thop")
    assert "1·additions + 1·products by ops, " in text
    assert "2·input values + 2·input values with γ and β by thop" in text
    assert [item[0] for item in items(text)] == [2 * 802_816]


def test_conventions_that_count_alike():
    text = explain(net_of((4, 5), ("relu", {})), None, versus="macs")
    assert text.splitlines()[-1] == "There is no difference: both count each of these layers alike."
    assert "where they part" not in text
    assert " = " not in text
    assert explain(load("lenet5"), None, versus="notes", ascii=True).isascii()


def test_a_convention_and_itself():
    text = explain(load("resnet18"), None, versus="notes")
    assert text.splitlines()[-1] == "There is no difference: both are 'notes'."
    assert "where they part" not in text


def test_explain_needs_a_layer_or_another_convention():
    with pytest.raises(CnncalcError, match="which layer") as caught:
        cnncalc.explain("lenet5")
    assert "--vs NAME" in caught.value.problems[0].hint


def test_an_unknown_convention_is_an_error():
    with pytest.raises(CnncalcError) as caught:
        explain(load("lenet5"), None, versus="ptflop")
    assert caught.value.problems[0].hint == "did you mean 'ptflops'?"
