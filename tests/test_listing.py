"""The lists of layer types and of a flat network, as texts."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import ops
from cnncalc.errors import CnncalcError
from cnncalc.listing import FAMILIES, KINDS, expand_text, layers_text

SPEC = """
input: [3, 8, 8]
blocks:
  Pair(c): {conv: [c, 3, padding: half, act: relu], repeat: 2}
layers:
  one: {Pair: 4}
  twin: {conv: [4, 3, padding: half], share: one.conv2}
  sum: {add: [one, twin]}
"""
FLAT = """\
input           input                                     3×8×8
one.conv1       conv(out=4, kernel=3, padding=half)               (input)          4×8×8  <text>:4
one.conv1.relu  relu()                                            (one.conv1)      4×8×8  <text>:4
one.conv2       conv(out=4, kernel=3, padding=half)               (one.conv1.relu) 4×8×8  <text>:4
one.conv2.relu  relu()                                            (one.conv2)      4×8×8  <text>:4
twin            conv(out=4, kernel=3, padding=half) = one.conv2   (one.conv2.relu) 4×8×8  <text>:7
sum             add()                                 (one.conv2.relu, twin) 4×8×8  <text>:8
outputs: sum"""


def squeezed(text):
    return [line.split() for line in text.splitlines()]


def test_expand_lists_every_part_in_order():
    """One line a layer: path, call, inputs, shape, the line it comes from; then the outputs."""
    assert squeezed(expand_text(cnncalc.loads(SPEC))) == squeezed(FLAT)


def test_expand_aligns_its_columns():
    """The columns begin in the same place on every line."""
    lines = expand_text(cnncalc.loads(SPEC)).splitlines()[1:-1]
    assert len({line.index("<text>") for line in lines}) == 1


def test_all_layer_types_are_listed():
    """Every layer type stands in the list, with its alias."""
    words = set(layers_text().replace(",", " ").split())
    assert words >= {*ops.OPS, *ops.ALIASES}
    assert set(FAMILIES) == set(ops.OPS.values())


@pytest.mark.parametrize("name", ops.all_names())
def test_every_layer_type_is_documented(name):
    """A layer's page names each argument with what may be written for it."""
    op = ops.find(name)
    text = layers_text(name)
    for argument in op.arguments:
        assert argument.doc, f"{name}: {argument.name}"
        assert argument.doc in text
        assert argument.kind in KINDS
    assert op.notes
    assert op.notes in text


def test_conv_page():
    """The page of conv, by its facts in the language's documentation."""
    text = layers_text("conv")
    assert "conv(out, kernel, stride=1, padding=0, dilation=1, groups=1, bias=true" in text
    assert "kernel, k" in text


@pytest.mark.parametrize(
    "name, hint",
    [("dense", "here it is called 'linear'"), ("convv", "did you mean 'conv'?")],
)
def test_unknown_layer_types_get_a_hint(name, hint):
    """A wrong name is one error with a hint."""
    with pytest.raises(CnncalcError, match=f"unknown layer type '{name}'") as caught:
        layers_text(name)
    assert caught.value.hint == hint
