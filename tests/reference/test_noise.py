"""Dropout and drop path: the identity at inference, and seeded chance in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import agrees, make, numbers, run

from cnncalc.ops import OPS
from cnncalc.reference import find
from cnncalc.reference.arrays import Array, packed
from cnncalc.reference.kernel import Call

KINDS = ("dropout", "drop_path")
SHAPES = [(3, 6), (2, 3, 7), (2, 3, 4, 5), (2, 3, 2, 3, 4)]


def train(name: str, rate: float, x: Array, seed: int = 0, **settings: Any) -> tuple[Call, Array]:
    """Return a training run of a layer, and its output."""
    random = np.random.default_rng(seed)
    call = Call(make(name, rate=rate), training=True, random=random, **settings)
    return call, find(name).forward(call, x)


def test_every_kind_of_noise_is_tried():
    assert set(KINDS) == {name for name, family in OPS.items() if family == "noise"}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", KINDS)
def test_inference_is_the_identity(name, shape):
    x, grad = numbers(0, shape, shape)
    ran = run(make(name, rate=0.5), x, grad=grad)
    assert ran.out is x
    assert_array_equal(ran.input_grads[0], grad)


@pytest.mark.parametrize("rate", [0, 1])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", KINDS)
def test_rates_without_chance_are_those_of_pytorch(name, shape, rate):
    pytest.importorskip("torch")
    op = make(name, rate=rate)
    agrees(op, lambda torch, x: torch.nn.functional.dropout(x, rate), shape, training=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0, 0.25, 0.9, 1])
def test_dropout_zeroes_values_at_its_rate_and_scales_the_others(rate, dtype):
    x = np.ones((4, 10, 50, 50), dtype)
    _, y = train("dropout", rate, x)
    assert y.dtype == dtype
    kept = y != 0
    assert_allclose(kept.mean(), 1 - rate, atol=5 * (rate * (1 - rate) / x.size) ** 0.5)
    assert_allclose(y[kept], 1 / (1 - rate) if rate < 1 else 0, rtol=1e-6)
    for axis in range(4):
        shares = kept.mean(axis=tuple({0, 1, 2, 3} - {axis}))
        assert_allclose(shares, 1 - rate, atol=0.05, err_msg="values are not dropped alone")


@pytest.mark.parametrize("rate", [0, 0.25, 0.9, 1])
@pytest.mark.parametrize("shape", [(4000, 3), (4000, 3, 2, 2)], ids=str)
def test_drop_path_zeroes_whole_samples_at_its_rate(shape, rate):
    _, y = train("drop_path", rate, np.ones(shape))
    samples = y.reshape(len(y), -1)
    assert (samples == samples[:, :1]).all()
    kept = samples[:, 0] != 0
    assert_allclose(kept.mean(), 1 - rate, atol=5 * (rate * (1 - rate) / len(y)) ** 0.5)
    assert_allclose(samples[kept], 1 / (1 - rate) if rate < 1 else 0, rtol=1e-15)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", KINDS)
def test_the_gradient_goes_the_way_of_the_values(name, shape):
    x, grad = numbers(1, (9, *shape[1:]), (9, *shape[1:]))
    call, y = train(name, 0.5, x, keep=True)
    assert 0 < np.count_nonzero(y) < y.size
    (found,) = find(name).backward(call, grad)
    assert_allclose(found, np.where(y != 0, 2 * grad, 0), rtol=1e-15)


@pytest.mark.parametrize("name", KINDS)
def test_float32_stays_float32_on_the_way_back(name):
    x, grad = numbers(1, (9, 4), (9, 4), dtype="float32")
    call, y = train(name, 0.3, x, keep=True)
    assert {each.dtype for each in (y, *find(name).backward(call, grad))} == {x.dtype}


@pytest.mark.parametrize("name", KINDS)
def test_a_seed_drops_the_same_values_however_they_lie_in_memory(name):
    (x,) = numbers(2, (6, 3, 4, 5))
    _, y = train(name, 0.5, x, seed=7)
    kept = x.copy()
    for order in (np.array, packed):
        assert_array_equal(train(name, 0.5, order(x), seed=7)[1], y)
        over = order(x)
        assert train(name, 0.5, over, seed=7, overwrite=True)[1] is over
        assert_array_equal(over, y)
    assert (train(name, 0.5, x, seed=8)[1] != y).any()
    assert_array_equal(x, kept)


@pytest.mark.parametrize("name", KINDS)
def test_one_generator_goes_on_from_layer_to_layer(name):
    random, x = np.random.default_rng(0), np.ones((20, 4))
    calls = [Call(make(name, rate=0.5), training=True, random=random) for _ in range(2)]
    first, second = [find(name).forward(call, x) for call in calls]
    assert (first != second).any()


@pytest.mark.parametrize("name", KINDS)
def test_nan_is_not_dropped(name):
    x = np.full((20, 4), np.nan)
    assert np.isnan(train(name, 0.5, x)[1]).all()
