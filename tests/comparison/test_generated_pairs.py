"""Whatever two networks are compared, each layer is told of once and the causes add up."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from generated.build import text_of
from generated.strategies import graphs
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.comparison.align import align
from cnncalc.graph import Graph

some = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
many = settings(some, max_examples=250)
NAMES = "abcde"
LAYERS: st.SearchStrategy[Any] = st.one_of(
    st.builds(lambda c, k: {"conv": [c, k]}, st.integers(1, 4), st.sampled_from([1, 3])),
    st.sampled_from(["relu", "tanh", "identity"]),
)


def parts(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Lists of layers and groups, with names and without; no name twice."""
    named = st.builds(lambda name, part: {name: part}, st.sampled_from(NAMES), inner)
    return st.lists(
        st.one_of(LAYERS, named),
        min_size=1,
        max_size=5,
        unique_by=lambda part: next(iter(part)) if _named(part) else id(part),
    )


def _named(part: Any) -> bool:
    return isinstance(part, dict) and next(iter(part)) in NAMES


NETWORKS = parts(st.one_of(LAYERS, parts(st.one_of(LAYERS, parts(LAYERS)))))


def read(layers: list[Any]) -> cnncalc.Net:
    return cnncalc.loads(json.dumps({"input": [2, 32, 32], "layers": layers}))


def told_once_and_summed(one: cnncalc.Net, other: cnncalc.Net) -> None:
    before, after = cnncalc.analyze(one), cnncalc.analyze(other)
    pairs = align(before.rows, after.rows).pairs
    assert Counter(old.path for old, _ in pairs if old) == Counter(r.path for r in before.rows)
    assert Counter(new.path for _, new in pairs if new) == Counter(r.path for r in after.rows)
    comparison = cnncalc.diff(one, other)
    for name, was, now in comparison.figures:
        if name in {"params", "macs"}:
            assert sum(getattr(cause, name) for cause in comparison.causes) == now - was
            assert sum(getattr(change, name) for change in comparison.changes) == now - was


@some
@given(graphs(), graphs())
def test_any_two_networks(one: Graph, other: Graph) -> None:
    note(f"{text_of(one)}\n{text_of(other)}")
    told_once_and_summed(cnncalc.loads(text_of(one)), cnncalc.loads(text_of(other)))


@many
@given(NETWORKS, NETWORKS)
def test_any_two_trees(one: list[Any], other: list[Any]) -> None:
    note(f"{one}\n{other}")
    told_once_and_summed(read(one), read(other))


@many
@given(NETWORKS, st.data())
def test_an_inserted_layer_is_all_that_is_added(layers: list[Any], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(layers)))
    part = data.draw(st.one_of(LAYERS, LAYERS.map(lambda layer: {"f": layer})))
    more = [*layers[:place], part, *layers[place:]]
    note(f"{layers}\n{more}")
    comparison = cnncalc.diff(read(layers), read(more))
    kinds = Counter(change.kind for change in comparison.changes)
    assert (kinds["added"], kinds["removed"]) == (1, 0)


@many
@given(NETWORKS, NETWORKS)
def test_types_are_paired_with_their_own_unless_a_name_says_otherwise(
    one: list[Any], other: list[Any]
) -> None:
    note(f"{one}\n{other}")
    before, after = cnncalc.analyze(read(one)), cnncalc.analyze(read(other))
    for old, new in align(before.rows, after.rows).pairs:
        if old and new and old.op != new.op:
            assert old.path.rpartition(".")[2] == new.path.rpartition(".")[2]
