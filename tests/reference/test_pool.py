"""Pools on arrays: PyTorch's values and gradients, sums of gradients, NaN, and hand-made cases."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import agrees, make, numbers, run

from cnncalc.reference import find
from cnncalc.reference.arrays import channels_last, packed
from cnncalc.reference.windows import padded, sides, views

NAN, INF = np.nan, np.inf


def pool(kind: str, rank: int, *args: Any, **settings: Any) -> Any:
    """Return the twin in PyTorch: a function of (torch, x)."""
    return lambda torch, x: getattr(torch.nn.functional, f"{kind}{rank}d")(x, *args, **settings)


def row(*values: float) -> Any:
    return np.array(values, dtype="float64").reshape(1, 1, -1)


def square(*rows: tuple[float, ...]) -> Any:
    return np.array(rows, dtype="float64")[None, None]


def test_max_pool_on_a_row_agrees_with_torch():
    pytest.importorskip("torch")
    for size, kernel, stride, padding, dilation, ceil in product(
        (4, 5, 6), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2), (False, True)
    ):
        settings = {"stride": stride, "padding": padding, "dilation": dilation}
        if padding > kernel // 2 or size + 2 * padding < dilation * (kernel - 1) + 1:
            continue
        op = make("max_pool", kernel=kernel, ceil=ceil, **settings)
        agrees(op, pool("max_pool", 1, kernel, ceil_mode=ceil, **settings), (2, 3, size))


def test_avg_pool_on_a_row_agrees_with_torch():
    pytest.importorskip("torch")
    for size, kernel, stride, padding, ceil, count in product(
        (4, 5, 6), (1, 2, 3), (1, 2, 3, 4), (0, 1), (False, True), (False, True)
    ):
        if padding > kernel // 2:
            continue
        settings = {"stride": stride, "padding": padding, "count_include_pad": count}
        op = make("avg_pool", kernel=kernel, ceil=ceil, **settings)
        agrees(op, pool("avg_pool", 1, kernel, ceil_mode=ceil, **settings), (2, 3, size))


SLIDING: list[tuple[str, dict[str, Any], dict[str, Any], tuple[int, ...]]] = [
    # layer type, its arguments, PyTorch's where they differ, input (N, C, *spatial)
    ("max_pool", {"kernel": 3, "stride": 2, "padding": 1}, {}, (2, 5, 12, 11)),
    ("max_pool", {"kernel": 2}, {}, (1, 3, 8, 7)),
    ("max_pool", {"kernel": 2, "ceil": True}, {}, (1, 3, 7, 5)),
    ("max_pool", {"kernel": 3, "stride": 2, "ceil": True}, {}, (1, 2, 2, 6)),
    ("max_pool", {"kernel": 2, "stride": 3, "padding": 1, "ceil": True}, {}, (1, 2, 4, 5)),
    ("max_pool", {"kernel": (3, 2), "stride": (1, 2), "padding": (1, 0)}, {}, (2, 2, 5, 6)),
    ("max_pool", {"kernel": (2, 3), "stride": 1, "dilation": (3, 2)}, {}, (1, 2, 8, 9)),
    ("max_pool", {"kernel": 1, "stride": 2}, {}, (1, 2, 5, 4)),
    ("max_pool", {"kernel": 1, "stride": 1}, {}, (1, 2, 3, 4)),
    ("max_pool", {"kernel": 3, "stride": 1, "padding": "half"}, {"padding": 1}, (1, 4, 5, 6)),
    ("max_pool", {"kernel": 3, "stride": 2, "padding": "valid"}, {"padding": 0}, (1, 4, 5, 6)),
    ("max_pool", {"kernel": (1, 2, 2)}, {}, (1, 2, 3, 4, 5)),
    ("max_pool", {"kernel": 3, "stride": 2, "padding": 1, "ceil": True}, {}, (2, 2, 4, 5, 6)),
    ("avg_pool", {"kernel": 2}, {}, (2, 3, 8, 7)),
    ("avg_pool", {"kernel": 3, "stride": 1, "padding": 1}, {}, (1, 3, 4, 5)),
    ("avg_pool", {"kernel": 3, "stride": 2, "padding": 1, "ceil": True}, {}, (1, 3, 4, 6)),
    (
        "avg_pool", {"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": False}, {},
        (1, 3, 6, 5),
    ),
    ("avg_pool", {"kernel": (3, 4), "stride": (2, 1), "padding": (0, 2)}, {}, (1, 2, 6, 5)),
    ("avg_pool", {"kernel": 3, "stride": 1, "padding": "half"}, {"padding": 1}, (1, 2, 4, 5)),
    ("avg_pool", {"kernel": 2, "ceil": True}, {}, (1, 2, 3, 5, 4)),
    (
        "avg_pool", {"kernel": (3, 2, 1), "padding": (1, 0, 0), "count_include_pad": False}, {},
        (1, 2, 5, 4, 3),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "theirs", "shape"), SLIDING)
def test_sliding_pools_agree_with_torch(name, args, theirs, shape):
    pytest.importorskip("torch")
    settings = args | theirs
    settings["ceil_mode"] = settings.pop("ceil", False)
    agrees(
        make(name, **args), pool(name, len(shape) - 2, settings.pop("kernel"), **settings), shape
    )


UNEVEN: list[tuple[dict[str, Any], tuple[int, ...], tuple[int, ...]]] = [
    # arguments, input, the padding as F.pad writes it: last axis first
    ({"kernel": 2, "stride": 1, "padding": "same"}, (1, 2, 5, 6), (0, 1, 0, 1)),
    ({"kernel": 3, "stride": 2, "padding": "same"}, (1, 2, 6, 7), (1, 1, 0, 1)),
    ({"kernel": 4, "stride": 1, "padding": "same"}, (1, 2, 5), (1, 2)),
    ({"kernel": 2, "stride": 3, "padding": "same"}, (1, 2, 7), (0, 1)),
    ({"kernel": 3, "stride": 2, "padding": ((0, 1), (1, 0))}, (1, 2, 6, 7), (1, 0, 0, 1)),
    ({"kernel": 2, "padding": ((1, 0), (0, 0), (0, 1))}, (1, 2, 3, 4, 5), (0, 1, 0, 0, 1, 0)),
]


@pytest.mark.parametrize(("args", "shape", "pads"), UNEVEN)
def test_uneven_padding_agrees_with_padding_first(args, shape, pads):
    pytest.importorskip("torch")
    kernel, stride = args["kernel"], args.get("stride")

    def twin(kind: str, value: float) -> Any:
        then = pool(kind, len(shape) - 2, kernel, stride)
        return lambda torch, x: then(torch, torch.nn.functional.pad(x, pads, value=value))

    def mean_of_inputs(torch: Any, x: Any) -> Any:
        means = twin("avg_pool", 0)
        return means(torch, x) / means(torch, torch.ones_like(x))

    agrees(make("max_pool", **args), twin("max_pool", -INF), shape)
    agrees(make("avg_pool", **args), twin("avg_pool", 0), shape)
    agrees(make("avg_pool", **args, count_include_pad=False), mean_of_inputs, shape)


def test_same_padding_of_a_dilated_window_agrees_with_padding_first():
    pytest.importorskip("torch")
    op = make("max_pool", kernel=2, stride=1, dilation=3, padding="same")

    def twin(torch: Any, x: Any) -> Any:
        x = torch.nn.functional.pad(x, (1, 2), value=-INF)
        return torch.nn.functional.max_pool1d(x, 2, 1, dilation=3)

    agrees(op, twin, (1, 2, 6))


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_adaptive_pools_agree_with_torch(kind):
    pytest.importorskip("torch")
    name = f"adaptive_{kind}_pool"
    for size, out in product((1, 2, 3, 4, 7), (1, 2, 3, 5)):
        agrees(make(name, size=out), pool(name, 1, out), (2, 2, size))
    agrees(make(name, size=(3, 4)), pool(name, 2, (3, 4)), (1, 3, 7, 4))
    agrees(make(name, size=6), pool(name, 2, 6), (1, 2, 13, 12))
    agrees(make(name, size=(2, 3, 1)), pool(name, 3, (2, 3, 1)), (1, 2, 5, 4, 3))


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 4, 5), (1, 2, 3, 1, 4)])
def test_global_pools_agree_with_torch(kind, shape):
    pytest.importorskip("torch")
    agrees(make(f"global_{kind}_pool"), pool(f"adaptive_{kind}_pool", len(shape) - 2, 1), shape)


def test_the_first_of_equal_maxima_gets_the_gradient_as_in_torch():
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(5)
    x = random.integers(0, 2, (2, 3, 9, 8)).astype("float64")
    (grad,) = numbers(1, (2, 3, 5, 4))
    tensor = torch.tensor(x, requires_grad=True)
    torch.nn.functional.max_pool2d(tensor, 3, 2, 1).backward(torch.tensor(grad))
    ran = run(make("max_pool", kernel=3, stride=2, padding=1), packed(x), grad=grad)
    assert_allclose(ran.input_grads[0], tensor.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_the_maximum_of_each_patch_gets_its_gradient():
    x = square((1, 2, 5, 0), (3, 4, 1, 1), (0, 9, 2, 2), (8, 7, 2, 6))
    ran = run(make("max_pool", kernel=2), x, grad=square((10, 20), (30, 40)))
    assert_array_equal(ran.out, square((4, 5), (9, 6)))
    wanted = square((0, 0, 20, 0), (0, 10, 0, 0), (0, 30, 0, 0), (0, 0, 0, 40))
    assert_array_equal(ran.input_grads[0], wanted)


def test_the_mean_of_each_patch_spreads_its_gradient():
    x = square((1, 2, 5, 1), (3, 4, 1, 1))
    ran = run(make("avg_pool", kernel=2), x, grad=square((8, 4)))
    assert_array_equal(ran.out, square((2.5, 2)))
    assert_array_equal(ran.input_grads[0], square((2, 2, 1, 1), (2, 2, 1, 1)))


def test_windows_that_share_a_maximum_add_their_gradients():
    ran = run(make("max_pool", kernel=3, stride=1), row(1, 2, 9, 3, 4), grad=row(1, 10, 100))
    assert_array_equal(ran.input_grads[0], row(0, 0, 111, 0, 0))


def test_the_first_of_equals_gets_the_gradient():
    flat = square((1, 1), (1, 1))
    ran = run(make("max_pool", kernel=2), flat, grad=square((5,)))
    assert_array_equal(ran.input_grads[0], square((5, 0), (0, 0)))
    ran = run(make("global_max_pool"), square((0, 3), (3, 3)), grad=square((5,)))
    assert_array_equal(ran.input_grads[0], square((0, 5), (0, 0)))


def test_padding_never_wins_and_counts_for_a_mean_only_where_it_is_asked_to():
    x = row(-3, -6, -9)
    settings = {"kernel": 3, "stride": 1, "padding": 1}
    assert_array_equal(run(make("max_pool", **settings), x).out, row(-3, -3, -6))
    assert_array_equal(run(make("avg_pool", **settings), x).out, row(-3, -6, -5))
    ran = run(make("avg_pool", **settings, count_include_pad=False), x, grad=row(2, 3, 4))
    assert_array_equal(ran.out, row(-4.5, -6, -7.5))
    assert_array_equal(ran.input_grads[0], row(1 + 1, 1 + 1 + 2, 1 + 2))


def test_what_ceil_adds_behind_the_padding_counts_for_nothing():
    x = row(1, 2, 3)
    assert_array_equal(run(make("avg_pool", kernel=2, ceil=True), x).out, row(1.5, 3))
    assert_array_equal(run(make("max_pool", kernel=2, ceil=True), x).out, row(2, 3))
    op = make("avg_pool", kernel=4, stride=3, padding=1, ceil=True)
    # windows at -1, 2 over a zero, 1 … 4 and a zero: the second reaches one position too far
    assert_array_equal(run(op, row(1, 2, 3, 4)).out, row(6 / 4, 7 / 3))


def test_a_window_that_would_begin_in_the_padding_behind_is_left_out():
    op = make("max_pool", kernel=2, stride=3, padding=1, ceil=True)
    assert_array_equal(run(op, row(1, 2, 3, 4)).out, row(1, 4))  # windows at -1 and 2, none at 5


def test_adaptive_windows_share_positions_where_borders_are_no_integers():
    x = row(1, 2, 3, 4, 5, 6, 7)  # ⌊7i/3⌋ … ⌈7(i + 1)/3⌉ - 1: 0 … 2, 2 … 4, 4 … 6
    ran = run(make("adaptive_avg_pool", size=3), x, grad=row(3, 6, 9))
    assert_allclose(ran.out, row(2, 4, 6))
    assert_allclose(ran.input_grads[0], row(1, 1, 3, 2, 5, 3, 3))
    assert_array_equal(run(make("adaptive_max_pool", size=3), x).out, row(3, 5, 7))
    assert_array_equal(run(make("adaptive_avg_pool", size=3), row(4, 8)).out, row(4, 6, 8))


def test_global_pools_keep_the_axes():
    x = square((1, 2, 3), (4, 5, 9))
    mean = run(make("global_avg_pool"), x, grad=square((6,)))
    assert_array_equal(mean.out, square((4,)))
    assert_array_equal(mean.input_grads[0], np.ones((1, 1, 2, 3)))
    assert_array_equal(run(make("global_max_pool"), x).out, square((9,)))


GRADIENT_SUMS: list[tuple[str, dict[str, Any]]] = [
    ("max_pool", {"kernel": 3, "stride": 2, "padding": 1, "ceil": True}),
    ("max_pool", {"kernel": 2, "stride": 1, "dilation": 2}),
    ("avg_pool", {"kernel": 3, "stride": 1}),
    ("avg_pool", {"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ("adaptive_avg_pool", {"size": 4}),
    ("adaptive_max_pool", {"size": 4}),
    ("global_avg_pool", {}),
    ("global_max_pool", {}),
]


@pytest.mark.parametrize(("name", "args"), GRADIENT_SUMS)
def test_pooling_keeps_the_sum_of_the_gradients(name, args):
    """The notes' rule for pooling; zeros of a padding that counts take their share away."""
    (x,) = numbers(0, (2, 3, 7, 6))
    (grad,) = numbers(1, run(make(name, **args), x).out.shape)
    found = run(make(name, **args), x, grad=grad).input_grads[0]
    assert found.shape == x.shape
    assert_allclose(found.sum((2, 3)), grad.sum((2, 3)), rtol=1e-12, atol=1e-12)


READS: list[tuple[str, dict[str, Any], int, list[int]]] = [
    # layer type, arguments, positions, the outputs that read position 2
    ("max_pool", {"kernel": 3, "stride": 1, "padding": 1}, 6, [1, 2, 3]),
    ("max_pool", {"kernel": 2, "stride": 2}, 6, [1]),
    ("max_pool", {"kernel": 2, "stride": 1, "dilation": 2}, 6, [0, 2]),
    ("max_pool", {"kernel": 1, "stride": 3}, 6, []),
    ("max_pool", {"kernel": 2, "stride": 2, "ceil": True}, 3, [1]),
    ("avg_pool", {"kernel": 3, "stride": 2}, 7, [0, 1]),
    ("avg_pool", {"kernel": 3, "stride": 2, "padding": 1}, 5, [1]),
    ("adaptive_avg_pool", {"size": 3}, 7, [0, 1]),
    ("adaptive_avg_pool", {"size": 3}, 6, [1]),
    ("adaptive_max_pool", {"size": 3}, 7, [0, 1]),
    ("global_avg_pool", {}, 7, [0]),
    ("global_max_pool", {}, 7, [0]),
]


@pytest.mark.parametrize(("name", "args", "size", "readers"), READS)
@pytest.mark.parametrize("keep", [False, True])
def test_nan_reaches_every_output_that_reads_it_and_no_other(name, args, size, readers, keep):
    x = np.arange(size, dtype="float64").reshape(1, 1, size)
    x[..., 2] = NAN
    plain = run(make(name, **args), x).out
    out = run(make(name, **args), x, grad=np.ones_like(plain)).out if keep else plain
    assert np.flatnonzero(np.isnan(out)).tolist() == readers


SEEING: list[tuple[str, dict[str, Any], bool]] = [
    ("global_avg_pool", {}, True),
    ("global_max_pool", {}, True),
    ("adaptive_avg_pool", {"size": 1}, True),
    ("adaptive_avg_pool", {"size": (1, 1)}, True),
    ("adaptive_avg_pool", {"size": (1, 2)}, False),
    ("adaptive_max_pool", {"size": (1, 1)}, True),
    ("adaptive_max_pool", {"size": 7}, False),
    ("max_pool", {"kernel": 7}, False),
    ("avg_pool", {"kernel": 7}, False),
]


@pytest.mark.parametrize(("name", "args", "wanted"), SEEING)
def test_pools_to_one_value_see_all_of_the_map(name, args, wanted):
    assert find(name).sees_all(make(name, **args), (2, 3, 7, 7)) is wanted


@pytest.mark.parametrize(("name", "args"), GRADIENT_SUMS)
def test_pools_leave_the_channels_last_in_memory_and_count_no_products(name, args):
    (x,) = numbers(0, (2, 3, 7, 6), dtype="float32")
    ran = run(make(name, **args), packed(x))
    assert channels_last(ran.out).flags.c_contiguous
    assert ran.call.bench.macs == 0


def test_the_mean_of_a_large_map_keeps_single_precision():
    """One running sum of these 50176 values is off by 4e-6 of it."""
    random = np.random.default_rng(0)
    x = random.uniform(0, 1, (1, 8, 224, 224)).astype("float32")
    wanted = x.astype("float64").mean((2, 3), keepdims=True)
    assert_allclose(run(make("global_avg_pool"), packed(x)).out, wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("padding", "kernel", "stride", "dilation", "size", "wanted"),
    [
        (2, 3, 1, 1, 7, (2, 2)),
        ((1, 2), 3, 1, 1, 7, (1, 2)),
        ("valid", 3, 1, 1, 7, (0, 0)),
        ("half", 3, 1, 1, 7, (1, 1)),
        ("half", 4, 2, 1, 7, (1, 1)),
        ("half", 3, 1, 2, 7, (2, 2)),
        ("half", 2, 1, 3, 7, (1, 1)),
        ("same", 3, 1, 1, 7, (1, 1)),
        ("same", 4, 1, 1, 7, (1, 2)),
        ("same", 3, 2, 1, 8, (0, 1)),  # 4 outputs begin at 0, 2, 4, 6 and end at 8: one too far
        ("same", 3, 2, 1, 7, (1, 1)),
        ("same", 1, 2, 1, 7, (0, 0)),
        ("same", 2, 3, 1, 8, (0, 0)),
        ("same", 3, 1, 2, 7, (2, 2)),
    ],
)
def test_padding_in_all_its_forms(padding, kernel, stride, dilation, size, wanted):
    assert sides(padding, kernel, stride, dilation, size) == wanted


@pytest.mark.parametrize("order", [np.array, packed])
def test_padded_puts_a_border_around(order):
    (x,) = numbers(0, (2, 3, 2, 4), dtype="float32")
    found = padded(order(x), [(1, 0), (2, 3)], -INF)
    assert found.shape == (2, 3, 3, 9)
    assert found.dtype == np.float32
    assert_array_equal(found[:, :, 1:, 2:6], x)
    assert np.isneginf(found).sum() == found.size - x.size
    assert channels_last(found).flags.c_contiguous
    assert padded(x, [(0, 0), (0, 0)]) is x


def test_views_are_the_windows_that_fit():
    x = np.arange(6.0).reshape(1, 1, 6)
    found = views(x, (2,), (2,), (2,))  # begin at 0 and 2; the one at 4 would need position 6
    assert_array_equal(found[0, :, :, 0], [[0, 2], [2, 4]])
    assert not found.flags.writeable


@pytest.mark.parametrize("order", [np.array, packed])
def test_views_hold_each_window_for_itself(order):
    (x,) = map(order, numbers(0, (2, 3, 5, 6, 7)))
    kernel, stride, dilation = (2, 1, 3), (1, 2, 2), (3, 1, 2)
    found = views(x, kernel, stride, dilation)
    assert found.shape == (2, 2, 3, 2, *kernel, 3)
    for place in np.ndindex(2, 3, 2):
        for tap in np.ndindex(kernel):
            at = np.multiply(place, stride) + np.multiply(tap, dilation)
            assert_array_equal(found[(slice(None), *place, *tap)], x[(..., *at)])
