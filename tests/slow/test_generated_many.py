"""The properties of tests/test_generated.py on 15,000 networks in all; about three minutes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")

from generated import properties
from generated.strategies import graphs, plain_graphs
from hypothesis import HealthCheck, given, note, settings
from hypothesis.strategies import SearchStrategy

from cnncalc.graph import Graph

pytestmark = pytest.mark.slow

PLANS: list[tuple[Callable[[Graph], None], SearchStrategy[Graph], int]] = [
    (properties.shapes_and_counts_equal_torch, graphs(), 1500),
    (properties.both_directions_agree, graphs(), 3000),
    (properties.fields_equal_witness, graphs(), 2500),
    (properties.every_layer_as_top_agrees, graphs(), 1500),
    (properties.torch_reads_what_the_windows_say, graphs(), 2500),
    (properties.torch_reads_the_clipped_field, plain_graphs(), 2500),
    (properties.a_spec_says_the_same, graphs(), 1500),
]


@pytest.mark.parametrize(
    ("holds", "networks", "count"), PLANS, ids=lambda each: getattr(each, "__name__", "")
)
def test_many_networks(
    holds: Callable[[Graph], None], networks: SearchStrategy[Graph], count: int
) -> None:
    @settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(networks)
    def look(graph: Graph) -> None:
        note(properties.text_of(graph))
        holds(graph)

    look()
