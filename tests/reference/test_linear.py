"""Linear and scale on arrays: by hand, against PyTorch, with weight norm, and how they begin."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import agrees, make, numbers, params_of, run

from cnncalc.ops import OPS
from cnncalc.reference import find
from cnncalc.reference.arrays import packed
from cnncalc.reference.kernel import Call, Maker, Workbench

SHAPES = [(3, 6), (1, 6), (2, 3, 7), (2, 3, 4, 5), (2, 3, 1, 1), (2, 3, 2, 3, 4)]
EVERY: list[tuple[str, dict[str, Any]]] = [
    ("linear", {"out": 4}),
    ("linear", {"out": 1, "bias": False}),
    ("linear", {"out": 4, "weight_norm": True}),
    ("linear", {"out": 4, "weight_norm": True, "bias": False}),
    ("scale", {}),
]
every = pytest.mark.parametrize(("name", "args"), EVERY, ids=str)
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def linear(torch, x, weight, bias=None, weight_g=None):
    if weight_g is not None:
        weight = torch._weight_norm(weight, weight_g, 0)
    return torch.nn.functional.linear(x.flatten(1), weight, bias)


def scale(torch, x, weight):
    return x * weight.reshape(1, -1, *(1,) * (x.ndim - 2))


def test_every_layer_type_is_tried():
    assert {name for name, _ in EVERY} == {n for n, family in OPS.items() if family == "linear"}


@every
@shapes
def test_values_and_gradients_are_those_of_pytorch(name, args, shape):
    pytest.importorskip("torch")
    agrees(make(name, **args), {"linear": linear, "scale": scale}[name], shape)


@every
@shapes
def test_arrays_have_the_names_and_shapes_of_the_layer(name, args, shape):
    op = make(name, **args)
    stated = {param.name: param.shape for param in op.params(shape[1:])}
    params = params_of(op, shape)
    assert {key: values.shape for key, values in params.items()} == stated
    x, grad = numbers(0, shape, (shape[0], args["out"]) if "out" in args else shape)
    assert set(run(op, x, params=params, grad=grad).call.grads) == set(stated)


@every
@shapes
def test_float32_stays_float32(name, args, shape):
    op = make(name, **args)
    x, grad = numbers(
        0, shape, (shape[0], args["out"]) if "out" in args else shape, dtype="float32"
    )
    ran = run(op, x, params=params_of(op, shape, dtype="float32"), grad=grad)
    made = (ran.out, *ran.input_grads, *ran.call.grads.values())
    assert {each.dtype for each in made} == {np.dtype("float32")}


def test_linear_by_hand():
    params = {"weight": np.array([[1.0, 2], [3, 4], [0, -1]]), "bias": np.array([10.0, 0, 1])}
    x, grad = np.array([[1.0, 2], [5, 0]]), np.array([[1.0, 0, 2], [0, 1, 0]])
    ran = run(make("linear", out=3), x, params=params, grad=grad)
    assert_array_equal(ran.out, [[15, 11, -1], [15, 15, 1]])
    assert_array_equal(ran.input_grads[0], [[1, 0], [3, 4]])
    assert_array_equal(ran.call.grads["weight"], [[1, 2], [5, 0], [2, 4]])
    assert_array_equal(ran.call.grads["bias"], [1, 1, 2])


def test_linear_with_weight_norm_by_hand():
    params = {"weight": np.array([[3.0, 4]]), "weight_g": np.array([[10.0]])}
    op = make("linear", out=1, bias=False, weight_norm=True)
    ran = run(op, np.array([[1.0, 0]]), params=params, grad=np.array([[1.0]]))
    assert_allclose(ran.out, [[6]], rtol=1e-15)
    assert_allclose(ran.input_grads[0], [[6, 8]], rtol=1e-15)
    assert_allclose(ran.call.grads["weight_g"], [[0.6]], rtol=1e-15)
    assert_allclose(ran.call.grads["weight"], [[1.28, -0.96]], rtol=1e-15)


@pytest.mark.parametrize("order", [np.array, packed])
def test_a_map_is_read_channels_first(order):
    x = order(np.arange(12.0).reshape(1, 3, 2, 2))
    params = {"weight": 10.0 ** -np.arange(12)[None]}
    found = run(make("linear", out=1, bias=False), x, params=params).out
    assert_allclose(found, [[sum(i / 10**i for i in range(12))]], rtol=1e-14)


def test_scale_by_hand():
    params = {"weight": np.array([2.0, -1])}
    x, grad = np.array([[[1.0, 2], [3, 4]]]), np.array([[[1.0, 10], [1, 1]]])
    ran = run(make("scale"), x, params=params, grad=grad)
    assert_array_equal(ran.out, [[[2, 4], [-3, -4]]])
    assert_array_equal(ran.input_grads[0], [[[2, 20], [-1, -1]]])
    assert_array_equal(ran.call.grads["weight"], [21, 7])
    kept = packed(x)
    assert run(make("scale"), kept, params=params, overwrite=True).out is kept


@shapes
def test_products_are_counted_forward_and_backward(shape):
    op, bench = make("linear", out=4), Workbench()
    call = Call(op, params_of(op, shape), keep=True, bench=bench)
    x, grad = numbers(0, shape, (shape[0], 4))
    find("linear").forward(call, x)
    assert bench.macs == 4 * prod(shape)
    find("linear").backward(call, grad)
    assert bench.macs == 3 * 4 * prod(shape)


@pytest.mark.parametrize("weight_norm", [False, True])
def test_weights_begin_by_he_and_all_else_neutral(weight_norm):
    op = make("linear", out=300, weight_norm=weight_norm)
    made = find("linear").params(
        op, Maker(np.random.default_rng(0), np.dtype("float32")), (2, 8, 5, 5)
    )
    assert {values.dtype for values in made.values()} == {np.dtype("float32")}
    assert_allclose(made["weight"].var(), 2 / 200, rtol=0.02)
    assert_allclose(made["weight"].mean(), 0, atol=2e-3)
    assert_array_equal(made["bias"], np.zeros(300))
    if weight_norm:
        wanted = np.linalg.norm(made["weight"].astype(float), axis=1, keepdims=True)
        assert_allclose(made["weight_g"], wanted, rtol=1e-6)
        (x,) = numbers(1, (2, 8, 5, 5), dtype="float32")
        plain = {key: made[key] for key in ("weight", "bias")}
        assert_allclose(
            run(op, x, params=made).out,
            run(make("linear", out=300), x, params=plain).out,
            rtol=1e-4,
            atol=1e-5,
        )
    made = find("scale").params(
        make("scale"), Maker(np.random.default_rng(0), np.dtype("float32")), (2, 3, 5)
    )
    assert_array_equal(made["weight"], np.ones(3))


def test_linear_sees_all_of_a_map():
    sees = find("linear").sees_all
    assert sees(make("linear", out=3), (1, 4, 5)) is True
    assert sees(make("linear", out=3), (1, 4, 5, 5)) is True
    assert sees(make("linear", out=3), (1, 4)) is False
    assert find("scale").sees_all(make("scale"), (1, 4, 5)) is False


@shapes
def test_nan_reaches_all_outputs_of_its_sample_or_its_own_value(shape):
    (x,) = numbers(2, shape)
    x[(-1,) * x.ndim] = np.nan
    op = make("linear", out=4)
    lost = np.isnan(run(op, x, params=params_of(op, shape)).out)
    assert lost[-1].all()
    assert not lost[:-1].any()
    op = make("scale")
    assert_array_equal(np.isnan(run(op, x, params=params_of(op, shape)).out), np.isnan(x))
