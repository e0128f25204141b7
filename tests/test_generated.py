"""Random networks against PyTorch, and both directions of the receptive field against sets."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from generated import properties
from generated.build import graph_of
from generated.strategies import graphs, plain_graphs
from hypothesis import HealthCheck, given, note, settings

from cnncalc.graph import Graph

few = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@few
@given(graphs())
def test_shapes_and_counts_equal_torch(graph: Graph) -> None:
    note(properties.text_of(graph))
    properties.shapes_and_counts_equal_torch(graph)


@few
@given(graphs())
def test_both_directions_agree(graph: Graph) -> None:
    note(properties.text_of(graph))
    properties.both_directions_agree(graph)


@few
@given(graphs())
def test_fields_equal_sets_followed_by_hand(graph: Graph) -> None:
    note(properties.text_of(graph))
    properties.fields_equal_witness(graph)


@few
@given(graphs(rank=1))
def test_every_layer_as_top_agrees(graph: Graph) -> None:
    note(properties.text_of(graph))
    properties.every_layer_as_top_agrees(graph)


@few
@given(graphs())
def test_torch_reads_what_the_windows_say(graph: Graph) -> None:
    note(properties.text_of(graph))
    properties.torch_reads_what_the_windows_say(graph)


@few
@given(plain_graphs())
def test_torch_reads_the_clipped_field(graph: Graph) -> None:
    note(properties.text_of(graph))
    properties.torch_reads_the_clipped_field(graph)


@few
@given(graphs())
def test_a_spec_says_the_same_as_its_graph(graph: Graph) -> None:
    note(properties.text_of(graph))
    properties.a_spec_says_the_same(graph)


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 3), (1, 3, 4), (1, 3, 3, 4)])
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_a_scale_that_leaves_an_axis_reads_what_torch_reads(
    shape: tuple[int, ...], mode: str
) -> None:
    """3 positions by 5/4 stay 3: PyTorch copies them, but nearest on one and three axes steps."""
    graph = graph_of(shape, ("upsample", {"scale": 1.25, "mode": mode}))
    properties.torch_reads_what_the_windows_say(graph)
