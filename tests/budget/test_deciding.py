"""Which numbers decide a line: the worst that are broken, else those nearest to their limit."""

from fractions import Fraction

import pytest

import cnncalc
from cnncalc.budget import judge, read
from cnncalc.errors import BudgetError


def verdict(net, text):
    return judge(cnncalc.analyze(net), read(text))


@pytest.fixture(scope="module")
def slit():
    """An input of 20×12 and a field of 31×3."""
    return cnncalc.loads(
        "input: [3, 20, 12]\nlayers: [conv: {out: 1, kernel: [31, 3], padding: half}]\n"
    )


@pytest.fixture(scope="module")
def two():
    """16 = 4·3 + 4 and 200 = 40·4 + 40 parameters."""
    return cnncalc.loads("input: [3]\nlayers: {a: {fc: 4}, b: {fc: 40}}\n")


@pytest.mark.parametrize(
    "text, ok, detail, excess",
    [
        # 20 − 31 is room, 12 − 3 is missing
        ("rf >= input", False, "rf 31×3 px < input 20×12 px, under by 9 px (−75.0%)", 9 / 12),
        ("input <= rf", False, "input 20×12 px > rf 31×3 px, under by 9 px (−75.0%)", 9 / 12),
        ("rf < 31", False, "rf 31×3 px ≥ 31 px, equal", 0),
        ("rf == 31", False, "rf 31×3 px ≠ 31 px, under by 28 px (−90.3%)", 28 / 31),
        (
            "rf / 7 >= 4",
            False,
            "rf / 7 4.428571×0.428571 px < 4 px, under by 3.571 px (−89.3%)",
            25 / 28,
        ),
        ("rf <= 40", True, "rf 31×3 px ≤ 40 px (77%)", -9 / 40),
        ("rf >= 2", True, "rf 31×3 px ≥ 2 px", -1 / 2),
        ("rf - 31 >= 0", False, "rf - 31 0×-28 px < 0 px, under by 28 px", 28),
    ],
)
def test_the_axis_that_breaks_a_line_is_told(slit, text, ok, detail, excess):
    found = verdict(slit, text)
    assert (found.ok, found.detail) == (ok, detail)
    assert found.excess == pytest.approx(excess, abs=1e-12)


@pytest.mark.parametrize(
    "text, excess",
    [
        ("params(a) == 20 ± 30%", -2 / 20),  # 4 off, 6 allowed
        ("20 == params(a) ± 30%", -0.8 / 20),  # 4 off, 4.8 of 16 allowed
        ("params(a) ≈ 16", -0.01),
        ("params(a) == 20 ± 10%", 2 / 20),  # 4 off, 2 allowed
        ("params(a) == 16", 0),
        ("params(a) == 20", 4 / 20),
        ("params(a) <= 20", -4 / 20),
        ("params(a) <= 0", 16),  # no share of nothing
        ("params(a) >= 0", -16),
        ("10 <= params(a) <= 10k", -6 / 10),
        ("10 <= params(b) <= 10k", -9800 / 10_000),
    ],
)
def test_the_excess_is_a_share_of_the_limit(two, text, excess):
    assert verdict(two, text).excess == pytest.approx(excess, abs=1e-12)


def test_the_closest_part_is_the_one_with_the_least_room(two):
    """16 is 60 % above 10, and 200 is 98 % below 10,000."""
    found = verdict(two, "10 <= params <= 10k for each *")
    assert found.detail == "all 2, closest a: 10 ≤ params 16 ≤ 10 k (0%)"
    assert (found.values, found.limits) == ((16,), (10,))


def test_a_chain_is_told_by_the_worst_of_its_broken_comparisons(two):
    found = verdict(two, "params(a) <= 10 >= params(b)")
    assert found.detail == "params(a) 16 > 10 < params(b) 200, over by 190 (+1900.0%)"
    assert (found.values, found.limits) == ((200,), (10,))


@pytest.mark.parametrize(
    "text, ok, detail",
    [
        ("out.h == out.w", False, "out.h 20 px ≠ out.w 12 px, over by 8 px (+66.7%)"),
        ("rf.h >= rf.w", True, "rf.h 31 px ≥ rf.w 3 px"),
        ("rf.h <= rf.w", False, "rf.h 31 px > rf.w 3 px, over by 28 px (+933.3%)"),
        ("rf.h + rf.w == 34", True, "rf.h + rf.w 34 px = 34 px"),
        # an input of 20×12: it is taken on the axis that the other side has
        ("rf.h >= input", True, "rf.h 31 px ≥ input 20 px"),
        ("rf.w + 9 == input", True, "rf.w + 9 12 px = input 12 px"),
        ("2 * rf.w <= input / 2", True, "2 * rf.w 6 px ≤ input / 2 6 px (100%)"),
        ("rf.h / rf.w <= 10", False, "rf.h / rf.w 10.333 > 10, over by 0.333 (+3.3%)"),
        ("rf <= rf.w", False, "rf 31×3 px > rf.w 3 px, over by 28 px (+933.3%)"),
        ("rf <= rf.h", True, "rf 31×3 px ≤ rf.h 31 px (100%)"),
        ("rf.w <= rf", True, "rf.w 3 px ≤ rf 31×3 px (100%)"),
        ("rf + rf.w == 34", False, "rf + rf.w 34×6 px ≠ 34 px, under by 28 px (−82.4%)"),
        ("max(rf, rf.w) >= 4", False, "max(rf, rf.w) 31×3 px < 4 px, under by 1 px (−25.0%)"),
        ("rf <= 2 * input", True, "rf 31×3 px ≤ 2 * input 40×24 px (77%)"),
    ],
)
def test_one_axis_is_a_number_and_compares_with_each(slit, text, ok, detail):
    found = verdict(slit, text)
    assert (found.ok, found.detail) == (ok, detail)


def test_axes_that_agree_are_equal():
    square = cnncalc.loads("input: [3, 8, 8]\nlayers: [conv: [2, 3]]\n")
    for text in ("out.h == out.w", "rf.h == rf.w", "rf.h <= rf.w <= rf.h"):
        assert verdict(square, text).ok


@pytest.mark.parametrize(
    "text", ["rf >= baseline", "rf + baseline <= 99", "2 <= rf <= min(baseline, 9)"]
)
def test_sizes_of_other_axes_do_not_compare(slit, text):
    """A network of three axes once, and of two now."""
    deep = cnncalc.loads("input: [1, 8, 8, 8]\nlayers: [conv: [1, 3]]\n")
    with pytest.raises(BudgetError, match="the axes h, w and d, h, w do not meet") as caught:
        judge(cnncalc.analyze(slit), read(text), cnncalc.analyze(deep))
    assert caught.value.offset >= 0


def test_all_pairs_are_kept(slit):
    """Of each comparison and axis: what was compared, and whether it holds."""
    pairs = verdict(slit, "4 <= rf <= input").pairs
    assert [(pair.at, pair.axis, pair.value, pair.limit, pair.ok) for pair in pairs] == [
        (0, "h", 31, 4, True),
        (0, "w", 3, 4, False),
        (1, "h", 31, 20, False),
        (1, "w", 3, 12, True),
    ]
    assert verdict(slit, "jump >= 1 / 3").pairs[0].limit == Fraction(1, 3)
