"""Density: how many positions of its field a unit really reads."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.analyses import density as module
from cnncalc.analyses.density import density
from cnncalc.analyses.receptive import Receptive

CASES = {
    "rates 2, 2, 2 meet every second pixel": (
        "[conv: [1, 3, d: 2], conv: [1, 3, d: 2], conv: [1, 3, d: 2]]",
        (7, 13),
    ),
    "rates 1, 2, 4 fill each other's gaps": (
        "[conv: [1, 3], conv: [1, 3, d: 2], conv: [1, 3, d: 4]]",
        (15, 15),
    ),
    "taps 4 apart: 3 of 9": ("[conv: [1, 3, d: 4]]", (3, 9)),
    "kernel 1, stride 3, then 2 taps: pixels 0 and 3": (
        "[conv: [1, 1, 3], conv: [1, 2]]",
        (2, 4),
    ),
    "a join of taps 0, 4 and 1, 2, 3 reads all": (
        "[add: [[conv: [1, 2, d: 4]], [conv: [1, 3, 1], crop: 60]]]",
        (5, 5),
    ),
    "a pointwise layer reads one": ("[relu]", (1, 1)),
    "upsampled pixels are read whole": ("[upsample: 2, conv: [1, 3]]", (2, 2)),
    "a hole of a transposed conv reads nothing": ("[deconv: [1, 1, 2]]", (0, 0)),
    "no local field behind a global pool": ("[gap]", None),
}


def density_of(layers):
    net = cnncalc.loads(f"input: [1, 64]\nlayers: {layers}")
    return density(Receptive(net, 0), len(net.layers), 0)


@pytest.mark.parametrize("layers, expected", CASES.values(), ids=CASES)
def test_density(layers, expected):
    """Positions read and spanned, counted by hand."""
    assert density_of(layers) == expected


def test_each_axis_for_itself():
    """3 taps side by side on the one axis, 2 taps 5 apart on the other."""
    net = cnncalc.loads("input: [1, 9, 9]\nlayers: [conv: [1, [3, 2], d: [1, 5]]]")
    assert [density(Receptive(net, 0), 1, axis) for axis in (0, 1)] == [(3, 3), (2, 6)]


def test_an_input_that_is_not_read():
    """A layer has no density on an input that it does not read."""
    net = cnncalc.loads("inputs: {a: [1, 8], b: [1, 8]}\nlayers: [{conv: [1, 3], from: b}]")
    assert density(Receptive(net, 0), 2, 0) is None
    assert density(Receptive(net, 1), 2, 0) == (3, 3)


def test_density_is_bounded(monkeypatch):
    """Where too many taps would have to be followed there is no density, and no wait."""
    monkeypatch.setattr(module, "READ_LIMIT", 3 + 3 * 3)  # a unit's taps, then those of 3 units
    assert density_of("[conv: [1, 3], conv: [1, 3]]") == (5, 5)
    monkeypatch.setattr(module, "READ_LIMIT", 3 + 3 * 3 - 1)
    assert density_of("[conv: [1, 3], conv: [1, 3]]") is None
