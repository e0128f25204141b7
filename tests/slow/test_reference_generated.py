"""Generated networks in the reference and in PyTorch: all layers' values, and all gradients."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("torch")

from generated.properties import text_of
from generated.strategies import graphs
from hypothesis import HealthCheck, given, note, settings
from reference.run_kit import writes_nothing_that_is_read_again
from reference.twin_params import agrees_with_torch

from cnncalc.graph import Graph

pytestmark = pytest.mark.slow

COUNT = 1500
MANY = settings(
    max_examples=COUNT,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_many_networks_agree_with_torch(training: bool) -> None:
    compared: Counter[bool] = Counter()

    @MANY
    @given(graphs())
    def look(graph: Graph) -> None:
        note(text_of(graph))
        compared[agrees_with_torch(graph, training=training)] += 1

    look()
    assert compared[True] > 0.99 * COUNT, "the gradients of too many networks are not defined"


@MANY
@given(graphs())
def test_many_networks_write_nothing_that_is_read_again(graph: Graph) -> None:
    note(text_of(graph))
    writes_nothing_that_is_read_again(graph)
