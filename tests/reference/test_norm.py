"""Normalisations on arrays: set by set, by hand, against PyTorch, and the notes' formulas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import agrees, make, numbers, params_of, run

from cnncalc.errors import CnncalcError
from cnncalc.reference import find
from cnncalc.reference.arrays import packed
from cnncalc.reference.kernel import Maker
from cnncalc.reference.norm import (
    ROW,
    lengths,
    multiply_add,
    population,
    weight_norm,
    weight_norm_grads,
)

SHAPES = [(3, 6), (3, 6, 5), (2, 6, 4, 5), (2, 6, 2, 3, 4)]
MAPS = SHAPES[1:]
STATISTICS = ("running_mean", "running_var")
EVERY: list[tuple[str, dict[str, Any]]] = [
    ("batch_norm", {}),
    ("batch_norm", {"affine": False, "eps": 1e-3}),
    ("layer_norm", {}),
    ("layer_norm", {"over": "channels"}),
    ("layer_norm", {"affine": False}),
    ("layer_norm", {"over": "channels", "affine": False}),
    ("instance_norm", {}),
    ("instance_norm", {"affine": True}),
    ("group_norm", {"groups": 3}),
    ("group_norm", {"groups": 1, "affine": False}),
    ("group_norm", {"groups": 6}),
    ("local_response_norm", {}),
    ("local_response_norm", {"size": 2, "alpha": 1.5, "beta": 0.6, "k": 2.0}),
    ("local_response_norm", {"size": 15, "alpha": 3.0}),
    ("local_response_norm", {"size": 1, "alpha": 3.0}),
]


def rows(*without: str) -> Any:
    """Return the cases of all layer types but some; instance norm and local response need maps."""
    found = [
        (name, args, shape)
        for (name, args), shape in product(EVERY, SHAPES)
        if name not in without
        if len(shape) > 2 or name not in ("instance_norm", "local_response_norm")
    ]
    return pytest.mark.parametrize(("name", "args", "shape"), found, ids=str)


def twin(name: str, args: dict[str, Any], *, training: bool) -> Any:
    """Return the same normalisation in PyTorch, of (torch, x, parameters)."""
    op = make(name, **args)

    def batch_norm(f, x, running_mean, running_var, weight=None, bias=None):
        return f.batch_norm(
            x, running_mean, running_var, weight, bias, training, op.momentum, op.eps
        )

    def layer_norm(f, x, weight=None, bias=None):
        if op.over == "all":
            return f.layer_norm(x, x.shape[1:], weight, bias, op.eps)
        last = f.layer_norm(x.movedim(1, -1), x.shape[1:2], weight, bias, op.eps)
        return last.movedim(-1, 1)

    def instance_norm(f, x, weight=None, bias=None):
        return f.instance_norm(x, weight=weight, bias=bias, eps=op.eps)

    def group_norm(f, x, weight=None, bias=None):
        return f.group_norm(x, op.groups, weight, bias, op.eps)

    def local_response_norm(f, x):
        return f.local_response_norm(x, op.size, op.alpha, op.beta, op.k)

    function = locals()[name]
    return lambda torch, x, **params: function(torch.nn.functional, x, **params)


@rows()
@pytest.mark.parametrize("training", [False, True])
def test_values_and_gradients_are_those_of_pytorch(name, args, shape, training):
    pytest.importorskip("torch")
    frozen = STATISTICS if name == "batch_norm" else ()
    agrees(
        make(name, **args),
        twin(name, args, training=training),
        shape,
        training=training,
        frozen=frozen,
    )


@pytest.mark.parametrize("momentum", [0.1, 0.7])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_running_statistics_after_some_batches_are_those_of_pytorch(shape, momentum):
    torch = pytest.importorskip("torch")
    kind = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d)[
        max(len(shape), 3) - 3
    ]
    module = kind(shape[1], momentum=momentum).double()
    op = make("batch_norm", momentum=momentum)
    params = {name: t.detach().numpy().copy() for name, t in module.state_dict().items()}
    del params["num_batches_tracked"]
    for x in 3 * np.array(numbers(3, *[shape] * 4)) + 2:
        module(torch.tensor(x))
        ran = run(op, x, params=params, training=True)
        assert set(ran.call.updates) == set(STATISTICS)
        params |= ran.call.updates
    for name in STATISTICS:
        assert_allclose(params[name], getattr(module, name).numpy(), rtol=1e-12)
    module.eval()
    assert_allclose(
        run(op, x, params=params).out, module(torch.tensor(x)).detach().numpy(), rtol=1e-9
    )


def sets(name: str, args: dict[str, Any], shape: tuple[int, ...]) -> Iterator[Any]:
    """Yield an index for each set of values that the notes normalise together."""
    batch, channels, *sizes = shape
    if name == "batch_norm":
        yield from ((slice(None), c) for c in range(channels))
    elif name == "instance_norm":
        yield from product(range(batch), range(channels))
    elif name == "group_norm":
        step = channels // args["groups"]
        for n, start in product(range(batch), range(0, channels, step)):
            yield n, slice(start, start + step)
    elif args.get("over") == "channels":
        for n, *place in product(range(batch), *map(range, sizes)):
            yield (n, slice(None), *place)
    else:
        yield from range(batch)


@rows("local_response_norm")
def test_each_set_of_values_has_its_own_mean_and_variance(name, args, shape):
    op, (x,) = make(name, **args | {"affine": False}), numbers(4, shape)
    x = 5 * x + 3
    wanted, seen = np.empty_like(x), np.zeros(shape, int)
    for index in sets(name, args, shape):
        values = x[index]
        wanted[index] = (values - np.mean(values)) / np.sqrt(np.var(values) + op.eps)
        seen[index] += 1
    assert (seen == 1).all()
    params = params_of(op, shape)
    for order in (np.array, packed):
        found = run(op, order(x), params=params, training=True).out
        assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


@rows()
def test_arrays_have_the_names_and_shapes_of_the_layer(name, args, shape):
    op = make(name, **args)
    stated = op.params(*[shape[1:]])
    made = find(name).params(op, Maker(np.random.default_rng(0), np.dtype("float32")), shape)
    assert {key: values.shape for key, values in made.items()} == {
        param.name: param.shape for param in stated
    }
    for key, values in made.items():
        assert_array_equal(values, np.full_like(values, key in ("weight", "running_var")))
    x, grad = numbers(0, shape, shape)
    grads = run(op, x, params=params_of(op, shape), grad=grad).call.grads
    assert set(grads) == {param.name for param in stated if param.trainable}


@rows()
@pytest.mark.parametrize("training", [False, True])
def test_float32_stays_float32(name, args, shape, training):
    op, (x, grad) = make(name, **args), numbers(0, shape, shape, dtype="float32")
    params = params_of(op, shape, dtype="float32")
    ran = run(op, x, params=params, grad=grad, training=training)
    made = (ran.out, *ran.input_grads, *ran.call.grads.values(), *ran.call.updates.values())
    assert {each.dtype for each in made} == {np.dtype("float32")}


def test_batch_norm_at_inference_by_hand():
    params = {
        "weight": np.array([2.0, 1]),
        "bias": np.array([10.0, 0]),
        "running_mean": np.array([1.0, 2]),
        "running_var": np.array([4, 0.25]),
    }
    x = np.array([[1.0, 2], [3, 4]])
    ran = run(make("batch_norm", eps=0), x, params=params, grad=np.array([[1.0, 1], [1, 10]]))
    assert_allclose(ran.out, [[10, 0], [12, 4]], rtol=1e-15)
    assert_allclose(ran.input_grads[0], [[1, 2], [1, 20]], rtol=1e-15)
    assert_allclose(ran.call.grads["weight"], [0 + 1, 0 + 40], rtol=1e-15)
    assert_allclose(ran.call.grads["bias"], [2, 11], rtol=1e-15)
    assert ran.call.updates == {}


def test_batch_norm_in_training_by_hand():
    params = {"running_mean": np.array([5.0]), "running_var": np.array([1.0])}
    op = make("batch_norm", eps=0, affine=False, momentum=0.25)
    ran = run(op, np.array([[1.0], [3]]), params=params, training=True)
    assert_allclose(ran.out, [[-1], [1]], rtol=1e-15)
    assert_allclose(ran.call.updates["running_mean"], [0.75 * 5 + 0.25 * 2], rtol=1e-15)
    assert_allclose(ran.call.updates["running_var"], [0.75 * 1 + 0.25 * 2 / 1 * 1], rtol=1e-15)
    assert params["running_mean"] == [5]


def test_batch_norm_backward_is_the_sum_of_the_notes():
    x, grad = numbers(5, (7, 1), (7, 1))
    op = make("batch_norm", affine=False)
    ran = run(op, x, params=params_of(op, (7, 1)), grad=grad, training=True)
    n, root = 7, 1 / np.sqrt(np.var(x) + op.eps)
    xhat = (x[:, 0] - np.mean(x)) * root
    wanted = [
        sum(root * ((i == j) - 1 / n - xhat[i] * xhat[j] / n) * grad[j, 0] for j in range(n))
        for i in range(n)
    ]
    assert_allclose(ran.input_grads[0][:, 0], wanted, rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1), (1, 3, 1, 1), (0, 3, 2)], ids=str)
def test_training_on_one_value_a_channel_is_an_error(shape):
    op, x = make("batch_norm"), np.ones(shape)
    count = x.size // 3
    with pytest.raises(CnncalcError) as error:
        run(op, x, params=params_of(op, shape), training=True)
    assert error.value.text == (
        f"batch_norm: training needs 2 values a channel for a variance, {shape} has {count}"
    )
    assert error.value.hint == "use a larger batch, or inference mode"
    assert run(op, x, params=params_of(op, shape)).out.shape == shape


def test_population_is_exact_over_all_batches_that_may_be_drawn():
    data = np.array([1.0, 2, 4, 11])
    batches = np.array(list(product(data, repeat=3)))
    mean, variance = population(
        batches.mean(axis=1)[:, None], batches.var(axis=1)[:, None], batches.shape[1]
    )
    assert_allclose(mean, [np.mean(data)], rtol=1e-14)
    assert_allclose(variance, [np.var(data)], rtol=1e-14)


def test_population_of_the_batches_of_one_data_set():
    (data,) = numbers(6, (4000, 50, 3))
    data = data * [1, 2, 3] + [0, 5, -5]
    mean, variance = population(data.mean(axis=1), data.var(axis=1), 50)
    flat = data.reshape(-1, 3)
    assert_allclose(mean, flat.mean(axis=0), rtol=1e-12, atol=1e-13)
    assert_allclose(variance, flat.var(axis=0, ddof=1), rtol=1e-3)


def test_population_needs_more_than_one_value_a_batch():
    with pytest.raises(CnncalcError) as error:
        population(np.ones((3, 2)), np.ones((3, 2)), 1)
    assert error.value.text == "a variance needs batches of 2 values or more, and m is 1"


@pytest.mark.parametrize("over", ["all", "channels"])
def test_layer_norm_by_hand(over):
    x = np.array([[[1.0, 10], [3, 20]]])
    found = run(make("layer_norm", over=over, eps=0, affine=False), x).out
    wanted = np.array([[[-1.0, -1], [1, 1]]])
    if over == "all":
        wanted = (x - 8.5) / np.sqrt((7.5**2 + 1.5**2 + 5.5**2 + 11.5**2) / 4)
    assert_allclose(found, wanted, rtol=1e-14)


def test_instance_and_group_norm_by_hand():
    x = np.array([[[1.0, 3], [20, 10], [5, 9], [7, 7]]])
    wanted = [[[-1, 1], [1, -1], [-1, 1], [0, 0]]]
    assert_allclose(run(make("instance_norm"), x).out, wanted, rtol=1e-4)
    x = np.array([[[1.0], [3], [20], [10]]])
    op = make("group_norm", groups=2, eps=0, affine=False)
    assert_allclose(run(op, x).out, [[[-1], [1], [1], [-1]]], rtol=1e-15)


@pytest.mark.parametrize(
    ("size", "alpha", "sums"), [(3, 3, (6, 15, 14)), (2, 2, (2, 6, 14)), (1, 1, (2, 5, 10))]
)
def test_local_response_norm_by_hand(size, alpha, sums):
    op = make("local_response_norm", size=size, alpha=alpha, beta=1, k=1)
    found = run(op, np.array([[[1.0], [2], [3]]])).out
    assert_allclose(found[0, :, 0], np.array([1, 2, 3]) / sums, rtol=1e-15)


@pytest.mark.parametrize("order", [np.array, packed])
def test_batch_norm_keeps_nan_at_its_place_and_local_response_norm_in_its_window(order):
    (x,) = numbers(7, (2, 6, 4, 5))
    x[1, 3, 2, 2] = np.nan
    op = make("batch_norm")
    found = run(op, order(x), params=params_of(op, x.shape)).out
    assert_array_equal(np.isnan(found), np.isnan(x))
    found = run(make("local_response_norm", size=4), order(x)).out
    assert_array_equal(np.argwhere(np.isnan(found)), [[1, c, 2, 2] for c in (2, 3, 4, 5)])


@rows("batch_norm", "local_response_norm")
def test_nan_fills_its_set(name, args, shape):
    op, (x,) = make(name, **args), numbers(8, shape)
    x[(-1,) * x.ndim] = np.nan
    wanted = np.zeros(shape, bool)
    for index in sets(name, args, shape):
        wanted[index] = np.isnan(x[index]).any()
    found = run(op, packed(x), params=params_of(op, shape)).out
    assert_array_equal(np.isnan(found), wanted)


@pytest.mark.parametrize(
    ("name", "args", "sees"),
    [
        ("batch_norm", {}, False),
        ("layer_norm", {}, True),
        ("layer_norm", {"over": "channels"}, False),
        ("instance_norm", {}, True),
        ("group_norm", {"groups": 2}, True),
        ("local_response_norm", {}, False),
    ],
    ids=str,
)
def test_statistics_of_all_positions_are_declared(name, args, sees):
    assert find(name).sees_context(make(name, **args)) is sees


@pytest.mark.parametrize("shape", MAPS, ids=str)
@pytest.mark.parametrize(("name", "args"), EVERY[2:11], ids=str)
def test_digits_are_kept_where_the_mean_is_much_larger_than_the_deviation(name, args, shape):
    op, (x,) = make(name, **args), numbers(9, (2, 6, *[8 * size for size in shape[2:]]))
    x = (x + 1000).astype("float32")
    params = params_of(op, x.shape)
    exact = run(op, x.astype(float), params=params).out
    small = {key: values.astype("float32") for key, values in params.items()}
    assert_allclose(run(op, packed(x), params=small).out, exact, rtol=1e-3, atol=2e-3)


def test_training_has_output_mean_0_and_variance_1_in_float32():
    (x,) = numbers(10, (8, 4, 56, 56), dtype="float32")
    op = make("batch_norm", affine=False)
    x = packed(x + np.float32(100))
    found = run(op, x, params=params_of(op, x.shape, dtype="float32"), training=True).out
    assert_allclose(found.mean((0, 2, 3), dtype=float), np.zeros(4), atol=2e-5)
    assert_allclose(found.var((0, 2, 3), dtype=float), np.ones(4), rtol=1e-4)


@pytest.mark.parametrize(
    ("channels", "positions"), [(3, 4 * ROW // 3 + 5), (ROW + 7, 3), (1, 2 * ROW), (5, 1), (4, 0)]
)
def test_multiply_add_of_rows_of_any_length(channels, positions):
    x, factor, offset = numbers(11, (2, positions, channels), (channels,), (channels,))
    first = x.transpose(0, 2, 1)
    for values in (first, np.array(first), np.repeat(first, 2, axis=2)[:, :, ::2]):
        found = multiply_add(values, factor, offset, np.empty_like(values))
        assert_allclose(found, (x * factor + offset).transpose(0, 2, 1), rtol=1e-14)
        own = values.copy("K")
        assert multiply_add(own, factor, offset, own) is own
        assert_array_equal(own, found)


@rows()
@pytest.mark.parametrize("order", [np.array, packed])
def test_results_go_over_the_input_where_they_may(name, args, shape, order):
    op, (x,) = make(name, **args), numbers(8, shape)
    kept = order(x)
    found = run(op, kept, params=params_of(op, shape), overwrite=True).out
    assert np.shares_memory(found, kept)


def test_weight_norm_by_hand():
    weight, length = np.array([[3.0, 4], [0, -2]]), np.array([[10.0], [3]])
    assert_allclose(lengths(weight), [[5], [2]], rtol=1e-15)
    assert_allclose(weight_norm(weight, length), [[6, 8], [0, -3]], rtol=1e-15)
    grads = weight_norm_grads(weight, length, np.array([[1.0, 0], [0, 1]]))
    assert_allclose(grads[0], [[1.28, -0.96], [0, 0]], atol=1e-15)
    assert_allclose(grads[1], [[0.6], [-1]], rtol=1e-15)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (4, 3, 2, 3), (4, 3, 2, 3, 2)], ids=str)
@pytest.mark.parametrize("order", [np.array, packed])
def test_weight_norm_is_that_of_pytorch(shape, order):
    torch = pytest.importorskip("torch")
    weight, length, grad = numbers(12, shape, (4, *(1,) * (len(shape) - 1)), shape)
    pair = [torch.tensor(values, requires_grad=True) for values in (weight, length)]
    wanted = torch._weight_norm(*pair, 0)
    wanted.backward(torch.tensor(grad))
    assert_allclose(weight_norm(order(weight), length), wanted.detach().numpy(), rtol=1e-12)
    for found, tensor in zip(weight_norm_grads(order(weight), length, grad), pair, strict=True):
        assert found.shape == tuple(tensor.shape)
        assert_allclose(found, tensor.grad.numpy(), rtol=1e-10, atol=1e-12)
