"""Measured fields against fields known by hand, and the bisection that finds their edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from generated.build import Row, graph_of
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.reference.params import Params
from cnncalc.verification.bisection import first
from cnncalc.verification.probes import Prober

Shape = tuple[int, ...]


def prober(
    shape: Shape | dict[str, Shape], *rows: Row, source: int = 0, targets: Any = None
) -> Prober:
    graph = graph_of(shape, *rows)
    random = np.random.default_rng(3)
    inputs = {
        name: random.standard_normal((1, *each), np.float32) for name, each in graph.inputs.items()
    }
    last = len(graph.inputs) + len(rows) - 1
    return Prober(graph, inputs, Params(seed=0), source, [last] if targets is None else targets)


def fields(made: Prober, axis: int, units: int, guess: Any = None) -> list[Any]:
    (target,) = made.targets
    return [made.field(target, axis, unit, guess) for unit in range(units)]


CASES: list[tuple[str, Shape, list[Row], int, list[Any]]] = [
    ("3 wide, a step of 2", (1, 9), [("conv", {"out": 1, "kernel": 3, "stride": 2})], 0,
     [(0, 2), (2, 4), (4, 6), (6, 8)]),
    ("cut off at the border", (2, 5), [("conv", {"out": 1, "kernel": 3, "padding": 1})], 0,
     [(0, 1), (0, 2), (1, 3), (2, 4), (3, 4)]),
    ("from hole to hole", (1, 8), [("conv", {"out": 1, "kernel": 3, "dilation": 3})], 0,
     [(0, 6), (1, 7)]),
    ("two phases", (1, 4), [("upsample", {"scale": 2})], 0,
     [(0, 0), (0, 0), (1, 1), (1, 1), (2, 2), (2, 2), (3, 3), (3, 3)]),
    ("each phase reads another number", (1, 3),
     [("conv_transpose", {"out": 1, "kernel": 3, "stride": 2})], 0,
     [(0, 0), (0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 2)]),
    ("gaps of a transposed conv read nothing", (1, 3),
     [("conv_transpose", {"out": 1, "kernel": 1, "stride": 3})], 0,
     [(0, 0), None, None, (1, 1), None, None, (2, 2)]),
    ("padding reads nothing", (1, 3), [("pad", {"padding": ((2, 1),)})], 0,
     [None, None, (0, 0), (1, 1), (2, 2), None]),
    ("reflection counts as padding", (1, 4), [("pad", {"padding": ((2, 2),), "mode": "reflect"})],
     0, [None, None, (0, 0), (1, 1), (2, 2), (3, 3), None, None]),
    ("what is cropped away is read by none", (1, 6), [("crop", {"size": 2})], 0,
     [(2, 2), (3, 3)]),
    ("adaptive windows", (1, 5), [("adaptive_max_pool", {"size": 3})], 0,
     [(0, 1), (1, 3), (3, 4)]),
    ("rows", (1, 4, 9), [("conv", {"out": 1, "kernel": (2, 5)})], 0, [(0, 1), (1, 2), (2, 3)]),
    ("columns", (1, 4, 9), [("conv", {"out": 1, "kernel": (2, 5)})], 1,
     [(0, 4), (1, 5), (2, 6), (3, 7), (4, 8)]),
    ("planes", (1, 3, 4, 5), [("max_pool", {"kernel": (2, 1, 4), "stride": 1})], 0,
     [(0, 1), (1, 2)]),
    ("the third axis", (1, 3, 4, 5), [("max_pool", {"kernel": (2, 1, 4), "stride": 1})], 2,
     [(0, 3), (1, 4)]),
    ("instance norm beside a local path", (2, 5), [
        ("conv", {"out": 2, "kernel": 3}), ("instance_norm", {}), ("relu", {})], 0,
     [(0, 2), (1, 3), (2, 4)]),
    ("a gate of the whole map", (2, 4), [
        ("global_avg_pool", {}), ("sigmoid", {}), ("mul", {}, 0, 2)], 0,
     [(0, 0), (1, 1), (2, 2), (3, 3)]),
    ("a map that nothing local reaches", (2, 4), [
        ("flatten", {}), ("linear", {"out": 8}), ("reshape", {"to": (2, 4)})], 0, [None] * 4),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "rows", "axis", "wanted"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
@pytest.mark.parametrize("guess", [None, (0, 0), (2, 3), (7, 1), (-5, 90)])
def test_fields_known_by_hand_whatever_the_guess(
    shape: Shape, rows: list[Row], axis: int, wanted: list[Any], guess: Any
) -> None:
    assert fields(prober(shape, *rows), axis, len(wanted), guess) == wanted


def test_only_one_of_several_inputs_is_measured() -> None:
    inputs = {"left": (1, 6), "right": (1, 6)}
    rows: list[Row] = [
        ("conv", {"out": 1, "kernel": 3, "padding": 1}, 0),
        ("conv", {"out": 1, "kernel": 5, "padding": 2}, 1),
        ("add", {}, 2, 3),
    ]
    assert fields(prober(inputs, *rows, source=0), 0, 6)[3] == (2, 4)
    assert fields(prober(inputs, *rows, source=1), 0, 6)[3] == (1, 5)


def test_a_right_guess_saves_passes_and_a_pass_answers_for_all() -> None:
    rows: list[Row] = [("conv", {"out": 1, "kernel": 3}), ("max_pool", {"kernel": 3, "stride": 1})]
    guessed, blind = (prober((1, 200), *rows, targets=[1, 2]) for _ in range(2))
    assert guessed.field(2, 0, 90, (90, 94)) == (90, 94)
    assert guessed.passes == 4
    assert blind.field(2, 0, 90, None) == (90, 94)
    assert 4 < blind.passes <= 2 * 9
    before = guessed.passes
    assert guessed.field(1, 0, 90, (90, 92)) == (90, 92)
    assert guessed.passes == before + 2  # the lower edge is the same: its passes are known


def test_given_inputs_are_not_written_to() -> None:
    made = prober((1, 6), ("relu", {}), ("add", {}, 0, 1))
    before = {name: x.copy() for name, x in made.inputs.items()}
    assert fields(made, 0, 2) == [(0, 0), (1, 1)]
    assert all(np.array_equal(x, before[name]) for name, x in made.inputs.items())


@given(st.integers(1, 60), st.data())
def test_bisection_finds_where_an_answer_turns(most: int, data: st.DataObject) -> None:
    turn = data.draw(st.one_of(st.none(), st.integers(1, most)))
    guess = data.draw(st.one_of(st.none(), st.integers(-3, most + 3)))
    asked: list[int] = []

    def holds(cut: int) -> bool:
        assert 1 <= cut <= most
        assert cut not in asked
        asked.append(cut)
        return turn is not None and cut >= turn

    assert first(holds, most, guess) == turn
    assert len(asked) <= 3 + most.bit_length()
    if guess is not None and turn is not None and guess == turn:
        assert len(asked) <= 2
