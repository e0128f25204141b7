"""Defaults of a block's parameters that are expressions."""

from __future__ import annotations

import pytest

import cnncalc

HEAD = "input: [12, 8, 8]\nvars: {width: 3}\n"


def outs(signature, call, body="conv: [w, 1]"):
    """Return the channels of each layer of a block with this signature, called like that."""
    net = cnncalc.loads(f"{HEAD}blocks:\n  {signature}:\n    - {body}\nlayers:\n  - {call}\n")
    return [layer.out[0] for layer in net.layers]


@pytest.mark.parametrize(
    "signature, call, channels",
    [
        ("Block(c, w=2 * c)", "Block: 5", 10),
        ("Block(c, w=2 * c)", "Block: [5, 7]", 7),
        ("Block(c, w=2 * c)", "Block: {w: 7, c: 5}", 7),
        ("Block(c, half=c // 2, w=half + 1)", "Block: 9", 5),
        ("Block(c, half=c // 2, w=half + 1)", "Block: [9, half: 1]", 2),
        ("Block(w=in.c * width)", "Block", 36),
        ("Block(w:int=width)", "Block", 3),
        ("Block(w=2 * 4)", "Block", 8),
        ("Block(c=5, w=max(c, 2) + [1, 20][1])", "Block", 25),
        ("Block(r:num=0.25 * width, w=4 * r)", "Block", 3),
        ("Block(big:bool=width > 2, w=8 if big else 1)", "Block", 8),
        ("Block(sizes:list=[width, 2 * width], w=sizes[1])", "Block", 6),
        ("Block(w=1 + i)", "{Block: , repeat: 1}", 1),
        ('"Block(c, w=2 * c)"', "Block: 5", 10),
    ],
)
def test_a_default_is_worked_out_at_the_call(signature, call, channels):
    """It knows the parameters before it, given or not, the block's input, and the variables."""
    assert outs(signature, call) == [channels]


def test_a_default_is_worked_out_at_each_call():
    """One call's value is not the next one's."""
    assert outs("Block(w=in.c + 1)", "{Block: , repeat: 3}") == [13, 14, 15]


def test_a_default_may_be_a_choice_of_words():
    """Words that no name is bound to are words, as in an argument."""
    net = cnncalc.loads(
        HEAD + "blocks:\n  Block(c, a:str=relu if c > 4 else silu):\n    - conv: [c, 1, act: a]\n"
        "layers: [Block: 8, Block: 4]\n"
    )
    assert [layer.node.op.name for layer in net.layers] == ["conv", "relu", "conv", "silu"]


def test_the_call_chain_shows_the_values():
    """A report and an error say what the default was."""
    net = cnncalc.loads(HEAD + "blocks:\n  Block(c, w=2 * c): {conv: [w, 1]}\nlayers: [Block: 5]\n")
    (call,) = net.layers[0].node.source.calls()
    assert str(call) == "Block(c=5, w=10)"


def test_a_default_knows_the_variables_of_its_own_file(tmp_path, monkeypatch):
    """A block that another file includes sees the vars of the file in which it stands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocks.yaml").write_text(
        "input: [3, 4, 4]\nvars: {width: 7}\nblocks:\n  Block(w:int=width): {conv: [w, 1]}\n"
        "layers: [Block]\n"
    )
    (tmp_path / "net.yaml").write_text(HEAD + "include: [blocks.yaml]\nlayers: [Block]\n")
    assert cnncalc.load("net.yaml").layers[0].out[0] == 7
