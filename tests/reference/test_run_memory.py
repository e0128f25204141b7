"""What a run does to memory: it writes over nothing that is read again, and frees the rest."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest
from generated.build import graph_of
from generated.strategies import graphs
from hypothesis import HealthCheck, given, settings
from reference.run_kit import frozen, inputs_of, writes_nothing_that_is_read_again

from cnncalc.graph import Graph, Node
from cnncalc.ops import OPS
from cnncalc.reference import Tape, backward, find, forward
from cnncalc.reference.activation import Tanh
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call

MANY = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@settings(MANY, max_examples=120)
@given(graphs())
def test_writing_over_what_is_read_no_more_changes_nothing(graph: Graph) -> None:
    writes_nothing_that_is_read_again(graph)


ONE_INPUT: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name, family in OPS.items() if family == "activation" or "global" in name),
    ("batch_norm", {}), ("layer_norm", {}), ("layer_norm", {"over": "channels"}),
    ("instance_norm", {"affine": True}), ("group_norm", {"groups": 2}), ("scale", {}),
    ("local_response_norm", {"size": 3}), ("dropout", {}), ("drop_path", {}), ("identity", {}),
    ("flatten", {}), ("reshape", {"to": (2, 8, 4)}), ("reshape", {"to": (-1,)}),
    ("pad", {"padding": 0}), ("pad", {"padding": 1}), ("pad", {"padding": 1, "mode": "reflect"}),
    ("crop", {"size": 3}), ("crop", {"size": 4}), ("chunk", {"n": 2, "index": 1}),
    ("channel_shuffle", {"groups": 2}), ("channel_shuffle", {"groups": 4}),
    ("pixel_shuffle", {"r": 1}), ("pixel_shuffle", {"r": 2}), ("pixel_unshuffle", {"r": 1}),
    ("pixel_unshuffle", {"r": 2}), ("upsample", {"scale": 1}), ("upsample", {"scale": 2}),
    ("max_pool", {"kernel": 1}), ("max_pool", {"kernel": 2}), ("avg_pool", {"kernel": 1}),
    ("avg_pool", {"kernel": 2}), ("adaptive_avg_pool", {"size": 4}),
    ("adaptive_max_pool", {"size": 4}), ("conv", {"out": 2, "kernel": 1}),
    ("depthwise", {"kernel": 3}), ("conv_transpose", {"out": 4, "kernel": 1}),
    ("linear", {"out": 3}),
]  # fmt: skip
JOINS = ("add", "sub", "mul", "max", "mean", "concat")


@pytest.mark.parametrize(("name", "args"), ONE_INPUT)
def test_a_layer_leaves_a_map_alone_that_others_read(name, args):
    """A map, two views of it and half of it go through the layer; the map is read at the end.

    The first layer makes the map, for nobody writes to a network's inputs. In `fresh`, the layer
    is the map's last reader.
    """
    rows: list[tuple[Any, ...]] = [
        ("conv", {"out": 4, "kernel": 1}), (name, args), ("identity", {}, 1), (name, args, 3),
        ("crop", {"size": 4}, 1), (name, args, 5), ("tanh", {}, 1), ("identity", {}, 7),
        (name, args), ("relu", {}), ("tanh", {}, 1),
    ]  # fmt: skip
    if name not in ("linear", "flatten", "reshape"):
        rows += [("chunk", {"n": 1, "index": 0}, 1), (name, args)]
    numbers = range(1, len(rows) + 1)
    writes_nothing_that_is_read_again(graph_of((4, 4, 4), *rows, outputs=tuple(numbers)))
    read_twice = [n for n in numbers if n not in (7, 8, 9)]
    writes_nothing_that_is_read_again(graph_of((4, 4, 4), *rows, outputs=tuple(read_twice)))


@pytest.mark.parametrize("name", JOINS)
@pytest.mark.parametrize("order", [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (1, 1, 1),
                                   (3, 2, 1), (4, 1, 4), (4, 5), (5, 4, 5), (6, 4, 1)])  # fmt: skip
def test_a_join_leaves_maps_alone_that_it_or_others_read_later(name, order):
    """1 is a map, 2 and 3 are views of it, 4 and 5 are not; 6 is a view of 5."""
    rows: list[tuple[Any, ...]] = [
        ("conv", {"out": 4, "kernel": 1}), ("identity", {}, 1), ("crop", {"size": 4}, 1),
        ("tanh", {}, 1), ("conv", {"out": 4, "kernel": 1}, 1), ("dropout", {}, 5),
        (name, {}, *order), ("relu", {}),
    ]  # fmt: skip
    for outputs in ((7,), (8,), (1, 8), (2, 3, 8), (4, 5, 6, 8)):
        writes_nothing_that_is_read_again(graph_of((4, 4, 4), *rows, outputs=outputs))


def test_a_gate_leaves_its_map_alone():
    """A vector or a row as the first factor is smaller than the product."""
    rows: list[tuple[Any, ...]] = [
        ("conv", {"out": 4, "kernel": 1}), ("global_avg_pool", {}), ("linear", {"out": 4}),
        ("mul", {}, 3, 1), ("conv", {"out": 1, "kernel": 1}, 1), ("mul", {}, 5, 1),
        ("mul", {}, 1, 5), ("add", {}, 4, 6, 7),
    ]  # fmt: skip
    writes_nothing_that_is_read_again(graph_of((4, 4, 4), *rows))


def alive_by_layer(graph: Graph, tape: Tape | None = None) -> list[int]:
    """Return how many of the layers' arrays are there when each layer begins."""
    seen: list[weakref.ref[Any]] = []
    counts = []

    def look(node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
        counts.append(len({id(ref()) for ref in seen if ref() is not None}))
        out = find(node.op.name).forward(call, *xs)
        seen.append(weakref.ref(out if out.base is None else out.base))
        return out

    forward(graph, inputs_of(graph), tape=tape, around=look)
    return counts


CONV = ("conv", {"out": 2, "kernel": 3, "padding": 1})


def test_arrays_are_freed_after_their_last_reader():
    chain = graph_of((2, 5), *[CONV] * 5)
    assert alive_by_layer(chain) == [0, 1, 1, 1, 1]
    assert alive_by_layer(graph_of((2, 5), *[("tanh", {})] * 4), Tape()) == [0, 1, 2, 3]
    skip = graph_of((2, 5), CONV, CONV, CONV, ("add", {}, 1, 3), CONV, CONV)
    # the first map waits for the join, which ends both of its inputs
    assert alive_by_layer(skip) == [0, 1, 2, 2, 1, 1]
    heads = graph_of((2, 5), CONV, CONV, CONV, outputs=(1, 3))
    assert alive_by_layer(heads) == [0, 1, 2]


def test_an_array_that_nobody_reads_is_freed_at_once():
    unread = graph_of((2, 5), CONV, ("conv", {"out": 2, "kernel": 3}, 1), ("tanh", {}, 1), CONV)
    assert alive_by_layer(unread) == [0, 1, 1, 1]


def test_what_a_layer_kept_is_freed_as_backward_passes_it(monkeypatch):
    """Four layers keep their outputs; the last of them is the network's, and stays in the tape."""
    graph, kept, counts = graph_of((2, 5), *[("tanh", {})] * 4), [], []
    back = Tanh.backward

    def look(node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
        kept.append(weakref.ref(out := Tanh().forward(call, *xs)))
        return out

    def count(kernel: Tanh, call: Call, grad: Array) -> tuple[Array, ...]:
        counts.append(sum(ref() is not None for ref in kept))
        return back(kernel, call, grad)

    monkeypatch.setattr(Tanh, "backward", count)
    tape = Tape()
    forward(graph, inputs_of(graph), tape=tape, around=look)
    backward(graph, tape, np.ones((2, 2, 5)))
    assert counts == [4, 4, 3, 2]


def test_a_result_takes_the_place_of_the_input_that_ends():
    """Of ten layers in a row, nine write over the map of the first."""
    made = []

    def look(node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
        out = find(node.op.name).forward(call, *xs)
        made.append(not np.may_share_memory(out, xs[0]))
        return out

    rows = [CONV, ("relu", {}), ("batch_norm", {}), ("tanh", {}), ("scale", {}), ("silu", {})]
    graph = graph_of((2, 5), *rows, ("add", {}, 6, 6), ("hard_swish", {}), ("gelu", {}))
    forward(graph, inputs_of(graph), around=look)
    assert made == [True, *[False] * 5, True, False, False]


def test_the_inputs_of_a_network_are_never_written_to():
    for name in ("relu", "batch_norm", "silu", "scale", "softmax", "layer_norm", "hard_swish"):
        graph = graph_of((3, 4, 4), (name, {}))
        (image,) = inputs_of(graph).values()
        for x in (image, image.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)):
            forward(graph, frozen(x))
            forward(graph, frozen(x), mode="training")
