"""Activations on arrays: by hand, against PyTorch, by differences, at the ends, and with NaN."""

from __future__ import annotations

from math import erf as exact_erf
from math import log
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import agrees, make, numbers, params_of, run

from cnncalc.ops import OPS
from cnncalc.reference import find
from cnncalc.reference.activation import BLOCK, erf
from cnncalc.reference.arrays import packed

NAN, INF = np.nan, np.inf

ARGS: dict[str, list[dict[str, Any]]] = {
    "sigmoid": [{}],
    "tanh": [{}],
    "relu": [{}],
    "leaky_relu": [{}, {"slope": 0.3}, {"slope": 1.5}],
    "prelu": [{}, {"per_channel": True}],
    "relu6": [{}],
    "elu": [{}, {"alpha": 0.4}],
    "selu": [{}],
    "softplus": [{}],
    "silu": [{}],
    "gelu": [{}],
    "mish": [{}],
    "hard_sigmoid": [{}],
    "hard_swish": [{}],
    "softmax": [{}],
}
CASES = [(name, args) for name, rows in ARGS.items() for args in rows]
EACH = [case for case in CASES if case[0] != "softmax"]
"""Functions of one value."""
SHAPES = [(3, 6), (2, 3, 7), (2, 3, 4, 5), (2, 3, 2, 3, 4)]

BY_HAND: list[tuple[str, dict[str, Any], float, float]] = [
    ("sigmoid", {}, 0, 0.5),
    ("sigmoid", {}, log(3), 3 / 4),
    ("tanh", {}, log(2), (2 - 1 / 2) / (2 + 1 / 2)),
    ("relu", {}, -2, 0),
    ("relu", {}, 2, 2),
    ("leaky_relu", {}, -2, -0.02),
    ("leaky_relu", {"slope": 0.5}, -2, -1),
    ("leaky_relu", {}, 2, 2),
    ("relu6", {}, -1, 0),
    ("relu6", {}, 5, 5),
    ("relu6", {}, 7, 6),
    ("elu", {"alpha": 2}, -log(2), -1),
    ("elu", {}, 2, 2),
    ("selu", {}, 1, 1.0507009873554805),
    ("selu", {}, -log(2), -1.0507009873554805 * 1.6732632423543773 / 2),
    ("softplus", {}, 0, log(2)),
    ("softplus", {}, log(3), log(4)),
    ("silu", {}, log(3), 3 / 4 * log(3)),
    ("silu", {}, -log(3), -1 / 4 * log(3)),
    ("gelu", {}, 1, 0.8413447460685429),
    ("gelu", {}, -1, 0.8413447460685429 - 1),
    ("mish", {}, log(2), 4 / 5 * log(2)),
    ("hard_sigmoid", {}, -4, 0),
    ("hard_sigmoid", {}, 1.5, 3 / 4),
    ("hard_sigmoid", {}, 4, 1),
    ("hard_swish", {}, -4, 0),
    ("hard_swish", {}, 1, 2 / 3),
    ("hard_swish", {}, 4, 4),
]

FAR: dict[str, tuple[float, float]] = {
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, 1000),
    "leaky_relu": (-10, 1000),
    "relu6": (0, 6),
    "elu": (-1, 1000),
    "selu": (-1.0507009873554805 * 1.6732632423543773, 1050.7009873554805),
    "softplus": (0, 1000),
    "silu": (0, 1000),
    "gelu": (0, 1000),
    "mish": (0, 1000),
    "hard_sigmoid": (0, 1),
    "hard_swish": (0, 1000),
}
"""What becomes of -1000 and of 1000, where e^1000 is not a number that there is."""

KINKS = [-6.0, -3.0, 0.0, 3.0, 6.0]


def twin(name: str, args: dict[str, Any]) -> Any:
    """Return the same function in PyTorch, of (torch, x, parameters).

    PyTorch's own hardsigmoid has a slope of 1/6 in float32 even where all else is float64.
    """
    functions = {
        "leaky_relu": lambda f, x: f.leaky_relu(x, args.get("slope", 0.01)),
        "elu": lambda f, x: f.elu(x, args.get("alpha", 1.0)),
        "hard_sigmoid": lambda f, x: f.relu6(x + 3) / 6,
        "hard_swish": lambda f, x: f.hardswish(x),
        "softmax": lambda f, x: f.softmax(x, 1),
        "prelu": lambda f, x, weight: f.prelu(x, weight),
        "sigmoid": lambda _, x: x.sigmoid(),
        "tanh": lambda _, x: x.tanh(),
    }
    function = functions.get(name, lambda f, x: getattr(f, name)(x))
    return lambda torch, x, **params: function(torch.nn.functional, x, **params)


def test_every_activation_is_tried():
    assert set(ARGS) == {name for name, family in OPS.items() if family == "activation"}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "args"), CASES, ids=str)
def test_values_and_gradients_are_those_of_pytorch(name, args, shape):
    pytest.importorskip("torch")
    agrees(make(name, **args), twin(name, args), shape)


@pytest.mark.parametrize(("name", "args"), EACH, ids=str)
def test_slopes_at_the_kinks_are_those_of_pytorch(name, args):
    torch = pytest.importorskip("torch")
    x, op = np.array([KINKS]), make(name, **args)
    params = params_of(op, x.shape)
    tensor = torch.tensor(x, requires_grad=True)
    tensors = {key: torch.tensor(values) for key, values in params.items()}
    twin(name, args)(torch, tensor, **tensors).sum().backward()
    ran = run(op, x, params=params, grad=np.ones_like(x))
    assert_allclose(ran.input_grads[0], tensor.grad.numpy(), rtol=1e-9)


@pytest.mark.parametrize(("name", "args", "x", "y"), BY_HAND, ids=str)
def test_values_are_as_worked_out_by_hand(name, args, x, y):
    found = run(make(name, **args), np.array([[x]], float)).out
    assert_allclose(found, [[y]], rtol=1e-14)


def test_softmax_shares_1_among_the_channels_of_each_position():
    x = np.array([[[0, log(2)], [log(3), log(2)]]])
    assert_allclose(run(make("softmax"), x).out, [[[1 / 4, 1 / 2], [3 / 4, 1 / 2]]], rtol=1e-14)


def test_prelu_has_one_slope_or_one_a_channel_and_their_gradients():
    x, grad = np.array([[[-2.0, 1], [-3, -4]]]), np.array([[[1.0, 1], [10, 100]]])
    ran = run(make("prelu"), x, params={"weight": np.array([0.5])}, grad=grad)
    assert_array_equal(ran.out, [[[-1, 1], [-1.5, -2]]])
    assert_array_equal(ran.input_grads[0], [[[0.5, 1], [5, 50]]])
    assert_array_equal(ran.call.grads["weight"], [-2 - 30 - 400])
    weight = np.array([0.5, 2])
    ran = run(make("prelu", per_channel=True), x, params={"weight": weight}, grad=grad)
    assert_array_equal(ran.out, [[[-1, 1], [-6, -8]]])
    assert_array_equal(ran.input_grads[0], [[[0.5, 1], [20, 200]]])
    assert_array_equal(ran.call.grads["weight"], [-2, -430])


@pytest.mark.parametrize("args", ARGS["prelu"], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_prelu_begins_with_the_slopes_of_he_et_al(args, shape):
    op = make("prelu", **args)
    (weight,) = params_of(op, shape).values()
    assert weight.shape == op.params(shape[1:])[0].shape
    (made,) = find("prelu").params(op, _Plain(), shape).values()
    assert_array_equal(made, np.full(weight.shape, 0.25))


class _Plain:
    def full(self, shape: Any, value: float) -> Any:
        return np.full(shape, value)


@pytest.mark.parametrize(("name", "args"), CASES, ids=str)
def test_gradients_are_those_of_small_differences(name, args):
    op, (x, grad) = make(name, **args), numbers(5, (2, 3, 50), (2, 3, 50))
    params = params_of(op, x.shape)
    x *= 3
    (move,) = numbers(6, x.shape)
    step = 1e-6
    ends = [run(op, x + way * step * move, params=params).out for way in (1, -1)]
    wanted = ((ends[0] - ends[1]) / (2 * step) * grad).sum()
    ran = run(op, x, params=params, grad=grad)
    assert_allclose((ran.input_grads[0] * move).sum(), wanted, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FAR)
def test_large_values_have_their_limits_without_a_warning(name, dtype):
    x = np.array([[-1000, 1000]], dtype)
    ran = run(make(name), x, grad=np.ones_like(x))
    assert_allclose(ran.out, np.array([FAR[name]], dtype), rtol=1e-6, atol=1e-30)
    assert np.isfinite(ran.input_grads[0]).all()


def test_softmax_of_large_values_has_its_limits():
    x = np.array([[-1000, 1000, 1000]], "float32")
    assert_array_equal(run(make("softmax"), x).out, [[0, 0.5, 0.5]])


@pytest.mark.parametrize("name", ["sigmoid", "silu", "softplus"])
def test_small_results_keep_their_digits(name):
    x = np.array([[-40.0, -300.0]])
    wanted = np.exp(x) * (x if name == "silu" else 1)
    assert_allclose(run(make(name), x).out, wanted, rtol=1e-12)


@pytest.mark.parametrize("order", [np.array, packed])
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(("name", "args"), CASES, ids=str)
def test_nan_stays_at_its_place(name, args, overwrite, order):
    op, (x,) = make(name, **args), numbers(7, (2, 3, 4, 5))
    params = params_of(op, x.shape)
    x[1, 2, 3, 1] = NAN
    found = run(op, order(x), params=params, overwrite=overwrite).out
    lost = np.zeros(x.shape, bool)
    lost[1, (slice(None) if name == "softmax" else 2), 3, 1] = True
    assert_array_equal(np.isnan(found), lost)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu", "softplus", "silu", "mish"])
def test_infinity_goes_through(name):
    assert run(make(name), np.array([[INF]])).out == INF


@pytest.mark.parametrize(("name", "args"), CASES, ids=str)
def test_results_go_over_the_input_where_they_may(name, args):
    op, (x,) = make(name, **args), numbers(8, (2, 3, 4, 5))
    params = params_of(op, x.shape)
    wanted = run(op, x, params=params).out
    for order in (np.array, packed):
        kept = order(x)
        found = run(op, kept, params=params, overwrite=True).out
        assert found is kept
        assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(("name", "args"), CASES, ids=str)
def test_arrays_of_many_blocks_and_with_gaps_are_no_exception(name, args, overwrite):
    op, (x,) = make(name, **args), numbers(9, (1, 5, BLOCK // 4))
    params = params_of(op, x.shape)
    parts = [run(op, x[..., i : i + 999], params=params).out for i in range(0, x.shape[2], 999)]
    gaps = np.zeros((1, 10, x.shape[2]))
    gaps[:, ::2] = x
    for values in (packed(x), x, gaps[:, ::2]):
        found = run(op, values.copy("K"), params=params, overwrite=overwrite).out
        assert_allclose(found, np.concatenate(parts, axis=2), rtol=1e-13, atol=1e-15)
    run(op, gaps[:, ::2], params=params, overwrite=True)
    assert not gaps[:, 1::2].any()


@pytest.mark.parametrize(("name", "args"), CASES, ids=str)
def test_float32_stays_float32_on_the_way_back(name, args):
    op, (x, grad) = make(name, **args), numbers(3, (2, 3, 4), (2, 3, 4), dtype="float32")
    params = params_of(op, x.shape, dtype="float32")
    ran = run(op, x, params=params, grad=grad)
    assert {each.dtype for each in (*ran.input_grads, *ran.call.grads.values())} == {x.dtype}
    exact = run(
        op,
        x.astype(float),
        params={key: values.astype(float) for key, values in params.items()},
        grad=grad.astype(float),
    )
    assert_allclose(ran.out, exact.out, rtol=1e-5, atol=1e-6)
    assert_allclose(ran.input_grads[0], exact.input_grads[0], rtol=1e-5, atol=1e-6)


def test_erf_is_exact_to_the_last_digits():
    x = np.concatenate([np.linspace(-7, 7, 20001), np.logspace(-300, 2, 500), [0.46875, 0.0]])
    wanted = np.array([exact_erf(value) for value in x])
    assert np.all(np.abs(erf(x) - wanted) <= 4 * np.spacing(np.abs(wanted)))
    single = erf(x.astype("float32"))
    assert single.dtype == np.float32
    assert_allclose(single, [exact_erf(value) for value in x.astype("float32")], 0, 2e-7)
    assert_array_equal(erf(np.array([-INF, INF, NAN])), [-1, 1, NAN])
