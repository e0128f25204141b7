"""A network with its facts: shapes and counts of published and small networks."""

from __future__ import annotations

import pytest
from generated.build import graph_of, net_of

from cnncalc.analyses.summary import analyze
from cnncalc.errors import CnncalcError, ShapeError
from cnncalc.graph import Graph, Node
from cnncalc.net import Net, infer
from cnncalc.ops import find

LENET_5 = (
    ("conv", {"out": 6, "kernel": 5}), ("tanh", {}), ("avg_pool", {"kernel": 2}),
    ("conv", {"out": 16, "kernel": 5}), ("tanh", {}), ("avg_pool", {"kernel": 2}),
    ("conv", {"out": 120, "kernel": 5}), ("tanh", {}),
    ("linear", {"out": 84}), ("tanh", {}), ("linear", {"out": 10}),
)  # fmt: skip


def test_lenet_5_has_the_shapes_and_counts_of_the_literature() -> None:
    """61,706 parameters, 416,520 multiply-adds; maps of 28, 14, 10, 5, 1 (LeCun et al. 1998)."""
    net = net_of((1, 32, 32), *LENET_5)
    assert [layer.out for layer in net.layers if layer.node.op.name != "tanh"] == [
        (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,), (10,),
    ]  # fmt: skip
    totals = analyze(net).totals
    assert (totals.params, totals.macs, totals.flops) == (61_706, 416_520, 416_520 + 6_518)


def test_layers_are_found_by_path() -> None:
    net = net_of((3, 8, 8), ("conv", {"out": 4, "kernel": 3}), ("relu", {}))
    assert net["n1"].out == (4, 6, 6)
    assert [param.shape for param in net["n1"].params] == [(4, 3, 3, 3), (4,)]
    with pytest.raises(CnncalcError, match="there is no layer 'n3'"):
        net["n3"]


def test_equal_layers_share_their_facts() -> None:
    args = {"out": 4, "kernel": 3, "padding": 1}
    net = net_of((4, 8, 8), ("conv", args), ("conv", args), ("conv", {**args, "bias": False}))
    one, two, three = net.layers
    assert one.facts is two.facts
    assert one.facts is not three.facts


def test_tensors_have_shapes() -> None:
    net = net_of({"a": (1, 4), "b": (2, 4)}, ("concat", {}, 0, 1), ("flatten", {}))
    shapes = [(1, 4), (2, 4), (3, 4), (12,)]
    assert [net.shape_of(tensor) for tensor in range(4)] == shapes


def test_a_layer_that_does_not_fit_says_why() -> None:
    graph = graph_of((1, 4, 4), ("conv", {"out": 1, "kernel": 5}))
    with pytest.raises(ShapeError) as caught:
        infer(graph)
    assert caught.value.text == "conv: kernel 5 is larger than the padded input 4 on axis h"
    assert caught.value.label == "input is 1×4×4, padding 0 + 0"


def _with_parts() -> Net:
    """conv + its norm + its relu, then a pool."""
    made = [find(name) for name in ("conv", "batch_norm", "relu", "max_pool")]
    args = ({"out": 2, "kernel": 1}, {}, {}, {"kernel": 2})
    nodes = [
        Node(f"n{index + 1}", kind(**each), (index,), part=index in (1, 2))
        for index, (kind, each) in enumerate(zip(made, args, strict=True))
        if kind is not None
    ]
    return infer(Graph({"image": (1, 4, 4)}, nodes, (4,)))


def test_parts_belong_to_the_layer_before_them() -> None:
    net = _with_parts()
    assert [[part.path for part in parts] for parts in net.written] == [["n1", "n2", "n3"], ["n4"]]


def test_a_row_adds_up_its_parts() -> None:
    """conv 2·1·1 + 2, norm 2 + 2, and two buffers of 2; 32 multiply-adds on 2·4·4 outputs."""
    first = analyze(_with_parts()).rows[0]
    assert (first.params, first.buffers, first.macs) == (8, 4, 32)
    assert first.out_shape == (2, 4, 4)
    assert [row.params for row in analyze(_with_parts()).parts] == [4, 4, 0, 0]


@pytest.mark.parametrize(
    ("row", "shape", "pointwise", "whole"),
    [
        (("relu", {}), (2, 4, 4), True, False),
        (("conv", {"out": 2, "kernel": 1}), (2, 4, 4), True, False),
        (("conv", {"out": 2, "kernel": 3}), (2, 4, 4), False, False),
        (("conv", {"out": 2, "kernel": 1, "stride": 2}), (2, 4, 4), False, False),
        (("global_avg_pool", {}), (2, 4, 4), False, True),
        (("layer_norm", {}), (2, 4, 4), False, True),
        (("layer_norm", {"over": "channels"}), (2, 4, 4), True, False),
        (("flatten", {}), (2, 4, 4), False, True),
        (("linear", {"out": 2}), (4,), True, False),
        (("group_norm", {"groups": 1}), (4,), False, False),
    ],
)
def test_what_reads_one_position_and_what_reads_all(
    row: tuple[object, ...], shape: tuple[int, ...], pointwise: bool, whole: bool
) -> None:
    facts = net_of(shape, row).layers[0].facts
    assert (facts.pointwise, facts.whole_map) == (pointwise, whole)
