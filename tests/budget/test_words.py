"""The numbers that a verdict prints: rounded once, alike where they are, and never a gap of 0."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.budget import judge, read

RATIO = "params(a) * 1192 / (params(a) * 3194629)"
"""1192/3194629 = 0.000373126…"""


@pytest.fixture(scope="module")
def report():
    """16 = 4·3 + 4 and 5,115 = 1,023·4 + 1,023 parameters, 64 and 20,460 bytes."""
    return cnncalc.analyze(cnncalc.loads("input: [3]\nlayers: {a: {fc: 4}, b: {fc: 1023}}\n"))


@pytest.mark.parametrize(
    "line, detail",
    [
        # a gap has three digits, however small it is
        (f"{RATIO} <= 0.0003", f"{RATIO} 0.000373 > 0.0003, over by 0.0000731 (+24.4%)"),
        (f"{RATIO} <= 0.0373%", f"{RATIO} 0.000373126 > 0.000373, over by 1.26e-7"),
        (f"{RATIO} <= 0.0004", f"{RATIO} 0.000373 ≤ 0.0004 (93%)"),
        ("params(a) / 3 <= 5.333333", "params(a) / 3 16/3 > 5333333/1000000, over by 3.33e-7"),
        ("params(a) / 3 <= 5.33333", "params(a) / 3 5.333333 > 5.33333, over by 0.00000333"),
        ("params(a) / 3e9 >= 1", "params(a) / 3e9 5.33e-9 < 1, under by 1 (−99.9%)"),
        ("params(a) / 3e9 >= 6e-9", "params(a) / 3e9 5.33e-9 < 6e-9, under by 6.67e-10 (−11.1%)"),
        # equal numbers look equal
        ("params(b) <= 5115", "params(b) 5,115 ≤ 5,115 (100%)"),
        ("params(b) <= 5_115", "params(b) 5,115 ≤ 5,115 (100%)"),
        ("params(b) < 5115", "params(b) 5,115 ≥ 5,115, equal"),
        ("5115 > params(b)", "5,115 ≤ params(b) 5,115, equal"),
        ("weights(b) < 20_460", "weights(b) 20,460 B ≥ 20,460 B, equal"),
        ("weights(b) <= 20_461", "weights(b) 20,460 B ≤ 20,461 B (99%)"),
        ("weights(b) >= 20_460 B", "weights(b) 20,460 B ≥ 20,460 B"),
        ("params(b) * 1000 <= 5.115M", "params(b) * 1000 5,115,000 ≤ 5,115,000 (100%)"),
        ("params(a) * 125 <= 2k", "params(a) * 125 2 k ≤ 2 k (100%)"),
        ("params(b) / 5 <= 1023", "params(b) / 5 1,023 ≤ 1,023 (100%)"),
        # rounded once: 16 · 84.0623125 = 1,344.997, 16 · 506.54 = 8,104.64
        ("params(a) * 84.0623125 <= 2k", "params(a) * 84.0623125 1.34 k ≤ 2 k (67%)"),
        ("params(a) * 506.54 <= 9k", "params(a) * 506.54 8.1 k ≤ 9 k (90%)"),
        ("params(a) * 62.5625 <= 2k", "params(a) * 62.5625 1 k ≤ 2 k (50%)"),
        ("weights(a) * 15.99 <= 2 KiB", "weights(a) * 15.99 1,023.36 B ≤ 2 KiB (49%)"),
        ("weights(a) * 16.01 <= 2 KiB", "weights(a) * 16.01 1 KiB ≤ 2 KiB (50%)"),
        ("weights(a) / 3 <= 2 KiB", "weights(a) / 3 21.333 B ≤ 2 KiB (1%)"),
        # below 0: -4.0627, -4.0622, -4.0625, -2,044 B and nothing used
        ("params(a) - 20.0627 <= 5", "params(a) - 20.0627 -4.063 ≤ 5"),
        ("params(a) - 20.0622 <= 5", "params(a) - 20.0622 -4.062 ≤ 5"),
        ("params(a) - 20.0625 <= 5", "params(a) - 20.0625 -4.063 ≤ 5"),
        ("weights(a) - 2108 B <= 5 B", "weights(a) - 2108 B -2 KiB ≤ 5 B"),
        # all of it only where nothing is left
        ("params(a) >= 100k", "params(a) 16 < 100 k, under by 100 k (−99.9%)"),
        ("buffers >= 5", "buffers 0 < 5, under by 5 (−100.0%)"),
        ("params(b) <= 5116", "params(b) 5,115 ≤ 5,116 (99%)"),
        ("params(b) <= 5114", "params(b) 5.12 k > 5,114, over by 1"),
        # a limit is never shortened to another
        ("params(a) / params(b) <= 0.12345", "params(a) / params(b) 0.00313 ≤ 0.12345 (2%)"),
        ("params(b) <= 5116.5", "params(b) 5,115 ≤ 5,116.5 (99%)"),
        ("params(b) <= 6116.5", "params(b) 5.12 k ≤ 6,116.5 (83%)"),
        ("params(a) / params(b) <= 12.3456%", "params(a) / params(b) 0.00313 ≤ 0.123456 (2%)"),
    ],
)
def test_numbers_as_they_are_printed(report, line, detail):
    assert judge(report, read(line)).detail == detail


def test_a_bare_number_takes_the_unit_beside_it(report):
    """And not that of the first side."""
    line = "params(a) <= 20 params <= weights(b) < 20_461"
    with pytest.raises(cnncalc.CnncalcError, match="cannot compare params with bytes"):
        judge(report, read(line))
    said = judge(report, read("layers >= 1 <= weights(b) < 30_461")).detail
    assert said == "layers 2 ≥ 1 ≤ weights(b) 20 KiB < 30,461 B (67%)"
