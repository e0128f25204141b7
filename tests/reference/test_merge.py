"""Joins on arrays: PyTorch's values and gradients, broadcasting, NaN, and hand-made cases."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import agrees, make, numbers, run

from cnncalc.reference import find
from cnncalc.reference.arrays import channels_last, packed
from cnncalc.reference.kernel import Call

TWINS: dict[str, Any] = {
    "add": lambda _, *xs: sum(xs),
    "sub": lambda torch, *xs: reduce(torch.sub, xs),
    "mul": lambda torch, *xs: reduce(torch.mul, xs),
    "max": lambda torch, *xs: reduce(torch.maximum, xs),
    "mean": lambda torch, *xs: torch.stack(xs).mean(0),
    "concat": lambda torch, *xs: torch.cat(xs, 1),
}


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 5), (2, 3, 4, 5), (1, 2, 3, 4, 2)])
def test_joins_agree_with_torch(name, count, shape):
    pytest.importorskip("torch")
    agrees(make(name), TWINS[name], *[shape] * count)


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3, 4, 5), (2, 3, 1, 1)),
        ((2, 3, 1, 1), (2, 3, 4, 5)),
        ((2, 3, 4, 5), (2, 1, 4, 5)),
        ((2, 3, 4, 1), (2, 1, 1, 5)),
        ((2, 3, 4, 5), (2, 3, 1, 1), (2, 1, 4, 5)),
        ((2, 1), (2, 3)),
        ((2, 3, 6), (2, 3, 1)),
        ((1, 2, 3, 4, 2), (1, 2, 1, 1, 1)),
    ],
)
def test_mul_repeats_axes_of_size_1_as_torch_does(shapes):
    pytest.importorskip("torch")
    agrees(make("mul"), TWINS["mul"], *shapes)


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3), (2, 3, 4, 5)),
        ((2, 3, 4, 5), (2, 3)),
        ((2, 1), (2, 3, 4)),
        ((2, 3, 4), (2, 3), (2, 3)),
    ],
)
def test_mul_takes_a_vector_as_a_gate(shapes):
    pytest.importorskip("torch")
    rank = max(map(len, shapes))

    def twin(torch: Any, *xs: Any) -> Any:
        return reduce(torch.mul, [x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in xs])

    agrees(make("mul"), twin, *shapes)


@pytest.mark.parametrize("shapes", [((2, 1), (2, 4), (2, 2)), ((2, 3, 4, 5), (2, 1, 4, 5))])
def test_concat_of_different_channels_agrees_with_torch(shapes):
    pytest.importorskip("torch")
    agrees(make("concat"), TWINS["concat"], *shapes)


def row(*values: float) -> Any:
    return np.array(values, dtype="float64").reshape(1, 1, -1)


X, Y, Z = row(1, 2, 3), row(4, 0, 3), row(10, 20, 30)
BY_HAND: list[tuple[str, Any, tuple[Any, ...]]] = [
    # join of X, Y and Z; its output; the gradient of each for that of the output (1, 10, 100)
    ("add", row(15, 22, 36), (row(1, 10, 100),) * 3),
    ("sub", row(-13, -18, -30), (row(1, 10, 100), row(-1, -10, -100), row(-1, -10, -100))),
    ("mul", row(40, 0, 270), (row(40, 0, 9000), row(10, 400, 9000), row(4, 0, 900))),
    ("max", row(10, 20, 30), (row(0, 0, 0), row(0, 0, 0), row(1, 10, 100))),
    ("mean", row(5, 22 / 3, 12), (row(1 / 3, 10 / 3, 100 / 3),) * 3),
]


@pytest.mark.parametrize(("name", "wanted", "grads"), BY_HAND)
def test_joins_by_hand(name, wanted, grads):
    ran = run(make(name), X, Y, Z, grad=row(1, 10, 100))
    assert_allclose(ran.out, wanted)
    assert len(ran.input_grads) == 3
    for found, grad in zip(ran.input_grads, grads, strict=True):
        assert_allclose(found, grad)


def test_the_first_of_equal_inputs_gets_the_gradient_of_max():
    ran = run(make("max"), X, Y, X, grad=row(1, 10, 100))
    assert_array_equal(ran.out, row(4, 2, 3))
    assert_array_equal(ran.input_grads, [row(0, 10, 100), row(1, 0, 0), row(0, 0, 0)])


def test_concat_lays_channels_behind_each_other():
    one, two = np.full((1, 1, 2), 5.0), np.array([[[1.0, 2], [3, 4]]])
    ran = run(make("concat"), one, two, grad=np.arange(6.0).reshape(1, 3, 2))
    assert_array_equal(ran.out, [[[5, 5], [1, 2], [3, 4]]])
    assert_array_equal(ran.input_grads[0], [[[0, 1]]])
    assert_array_equal(ran.input_grads[1], [[[2, 3], [4, 5]]])


def test_a_gate_gets_the_sum_over_what_it_has_scaled():
    x, gate = np.arange(8.0).reshape(1, 2, 2, 2), np.array([[2.0, 3]])
    ran = run(make("mul"), x, gate, grad=np.ones((1, 2, 2, 2)))
    assert_array_equal(ran.out, [[[[0, 2], [4, 6]], [[12, 15], [18, 21]]]])
    assert_array_equal(ran.input_grads[0], [[[[2, 2], [2, 2]], [[3, 3], [3, 3]]]])
    assert_array_equal(ran.input_grads[1], [[0 + 1 + 2 + 3, 4 + 5 + 6 + 7]])


@pytest.mark.parametrize(
    ("name", "wanted"), [("add", 6), ("sub", -2), ("mul", 8), ("max", 2), ("mean", 2)]
)
def test_one_array_may_come_in_more_than_once(name, wanted):
    for overwrite in (False, True):
        x = np.full((1, 2, 3), 2.0)
        ran = run(make(name), x, x, x, overwrite=overwrite)
        assert_array_equal(ran.out, np.full((1, 2, 3), wanted))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "max", "mean"])
def test_joins_write_over_the_first_input_where_they_may(name):
    xs = numbers(0, (1, 2, 3), (1, 2, 3), (1, 2, 3))
    assert run(make(name), *xs, overwrite=True).out is xs[0] or name == "mul"
    assert np.shares_memory(run(make(name), *xs, overwrite=True).out, xs[0])
    assert not np.shares_memory(run(make(name), *xs).out, xs[0])


def test_mul_never_writes_over_a_gate():
    gate, x = numbers(0, (1, 2, 1), (1, 2, 3))
    kept = gate.copy()
    assert run(make("mul"), gate, x, overwrite=True).out.shape == (1, 2, 3)
    assert_array_equal(gate, kept)


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("bad", [0, 1, 2])
@pytest.mark.parametrize("keep", [False, True])
def test_nan_stays_at_its_place(name, bad, keep):
    xs = [row(1, 0, 3), row(4, 5, 6), row(7, 8, 0)]
    xs[bad][..., 1] = np.nan
    call = Call(make(name), keep=keep)
    out = find(name).forward(call, *xs)
    place = 3 * bad + 1 if name == "concat" else 1
    assert np.flatnonzero(np.isnan(out)).tolist() == [place]


@pytest.mark.parametrize("name", TWINS)
def test_joins_keep_places(name):
    shape = (1, 2, 3, 4)
    assert not find(name).sees_all(make(name), shape, shape)
    out = run(make(name), *map(packed, numbers(0, shape, shape))).out
    assert channels_last(out).flags.c_contiguous
