"""Random networks: what the analysis predicts is what running them shows, every layer measured."""

from __future__ import annotations

from generated.build import text_of
from generated.strategies import graphs
from hypothesis import HealthCheck, given, note, settings

from cnncalc.graph import Graph
from cnncalc.net import infer
from cnncalc.verification import verify

few = settings(
    max_examples=100, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@few
@given(graphs())
def test_everything_holds(graph: Graph) -> None:
    note(text_of(graph))
    assert verify(infer(graph), all_fields=True).failed == ()


@settings(few, max_examples=60)
@given(graphs())
def test_gradients_hold(graph: Graph) -> None:
    note(text_of(graph))
    assert verify(infer(graph), backward=True).failed == ()
