"""The graph's checks, and the two loops."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from generated.build import graph_of
from generated.strategies import graphs
from hypothesis import HealthCheck, given, settings

from cnncalc.errors import CnncalcError
from cnncalc.graph import Call, Graph, Node, Source, fold, fold_back
from cnncalc.ops import find

RELU = find("relu")
assert RELU is not None
# image -> n1 -> n2 -> add(n1, n2) = n3; n4 beside it reads the image
DIAMOND = graph_of((1, 4), ("relu", {}), ("tanh", {}), ("add", {}, 1, 2), ("relu", {}, 0))


def test_fold_visits_in_order_with_the_values_of_the_inputs() -> None:
    seen = fold(DIAMOND.nodes, lambda node, *ins: f"{node.path}({','.join(ins)})", ["x"])
    assert seen == ["x", "n1(x)", "n2(n1(x))", "n3(n1(x),n2(n1(x)))", "n4(x)"]


def test_fold_back_joins_where_a_tensor_is_read_twice() -> None:
    """Paths from the add to each tensor: the image is reached by both."""
    paths = fold_back(
        DIAMOND, lambda node, value: [value] * len(node.inputs), {3: 1}, lambda a, b: a + b
    )
    assert paths == [2, 2, 1, 1, None]


def test_fold_back_stops_where_nothing_flows() -> None:
    def visit(node: Node, value: int) -> Sequence[int | None]:
        return [None if node.path == "n2" else value for _ in node.inputs]

    assert fold_back(DIAMOND, visit, {3: 1}, max) == [1, 1, 1, 1, None]


def test_fold_back_visits_only_what_leads_to_the_seed() -> None:
    visited = []

    def visit(node: Node, value: int) -> list[int]:
        visited.append(node.path)
        return [value] * len(node.inputs)

    fold_back(DIAMOND, visit, {2: 1}, max)
    assert visited == ["n2", "n1"]


def test_fold_back_keeps_a_seed_that_is_read_further_up() -> None:
    """A layer may be an output and be read by others as well."""
    paths = fold_back(
        DIAMOND, lambda node, value: [value] * len(node.inputs), {3: 1, 1: 10}, lambda a, b: a + b
    )
    assert paths == [12, 12, 1, 1, None]


@settings(max_examples=30, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_paths_counted_forward_equal_paths_counted_backward(graph: Graph) -> None:
    last = graph.outputs[-1]
    count = len(graph.inputs)
    forward = fold(graph.nodes, lambda _, *ins: sum(ins), [1] * count)[last]
    backward = fold_back(
        graph, lambda node, value: [value] * len(node.inputs), {last: 1}, lambda a, b: a + b
    )
    assert sum(paths or 0 for paths in backward[:count]) == forward


@pytest.mark.parametrize("tensor", [1, 2, -1])
def test_a_node_reads_earlier_tensors_only(tensor: int) -> None:
    with pytest.raises(CnncalcError) as caught:
        Graph({"x": (1, 4)}, [Node("late", RELU(), (tensor,))], (0,))
    assert str(caught.value) == f"late: reads tensor {tensor}, and only 1 tensors come before"
    assert caught.value.hint == "write layers in the order in which they run"


def test_an_output_exists() -> None:
    with pytest.raises(CnncalcError, match="output 2 does not exist: there are 2 tensors"):
        Graph({"x": (1, 4)}, [Node("n", RELU(), (0,))], (2,))


def test_tensors_have_names() -> None:
    assert [DIAMOND.name_of(tensor) for tensor in (0, 1, 4)] == ["image", "n1", "n4"]


def test_calls_are_listed_from_the_inside_out() -> None:
    outer = Call("Stage", {"c": 64}, ("net.yaml", 20, 3), None)
    inner = Call("Res", {"c": 64, "s": 2}, ("net.yaml", 12, 5), outer)
    source = Source(("net.yaml", 4, 7), inner)
    assert [str(call) for call in source.calls()] == ["Res(c=64, s=2)", "Stage(c=64)"]
