"""Moved values: PyTorch's order and gradients, NaN, and hand-made cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from reference.kit import agrees, make, numbers, run

from cnncalc.reference import find
from cnncalc.reference.arrays import Array, channels_last, packed


def torch_pad(pads: tuple[int, ...], mode: str = "constant") -> Any:
    """Return the twin of a pad, written as F.pad writes it: last axis first."""
    return lambda torch, x: torch.nn.functional.pad(x, pads, mode=mode)


def regrouped(groups: int) -> Any:
    return lambda torch, x: torch.channel_shuffle(x, groups)


def pick(r: int, channels: int, rank: int) -> Array:
    """Return the kernel by which part (i, j, …) of a place comes from channel (c, i, j, …)."""
    return np.eye(channels * r**rank).reshape(-1, channels, *(r,) * rank)


def shuffled(r: int) -> Any:
    """Return a pixel shuffle as a transposed convolution: the same on one, two and three axes."""

    def twin(torch: Any, x: Any) -> Any:
        rank = x.ndim - 2
        kernel = torch.tensor(pick(r, x.shape[1] // r**rank, rank))
        return getattr(torch.nn.functional, f"conv_transpose{rank}d")(x, kernel, stride=r)

    return twin


def unshuffled(r: int) -> Any:
    def twin(torch: Any, x: Any) -> Any:
        rank = x.ndim - 2
        kernel = torch.tensor(pick(r, x.shape[1], rank))
        return getattr(torch.nn.functional, f"conv{rank}d")(x, kernel, stride=r)

    return twin


CASES: list[tuple[str, dict[str, Any], Any, tuple[int, ...]]] = [
    ("identity", {}, lambda _, x: x * 1, (2, 3, 4)),
    ("identity", {}, lambda _, x: x * 1, (2, 3)),
    ("flatten", {}, lambda _, x: x.flatten(1), (2, 3)),
    ("flatten", {}, lambda _, x: x.flatten(1), (2, 3, 4)),
    ("flatten", {}, lambda _, x: x.flatten(1), (2, 3, 4, 5)),
    ("flatten", {}, lambda _, x: x.flatten(1), (2, 3, 2, 4, 3)),
    ("reshape", {"to": (4, 3, 6)}, lambda _, x: x.reshape(-1, 4, 3, 6), (2, 72)),
    ("reshape", {"to": (6, -1)}, lambda _, x: x.reshape(-1, 6, 10), (2, 3, 4, 5)),
    ("reshape", {"to": (-1,)}, lambda _, x: x.reshape(-1, 60), (2, 3, 4, 5)),
    ("reshape", {"to": (3, 4, -1)}, lambda _, x: x * 1, (2, 3, 4, 5)),
    ("reshape", {"to": (5, 2, 3, 2)}, lambda _, x: x.reshape(-1, 5, 2, 3, 2), (1, 3, 4, 5)),
    ("pad", {"padding": 2}, torch_pad((2, 2)), (2, 3, 4)),
    ("pad", {"padding": 0}, torch_pad((0, 0)), (2, 3, 4)),
    ("pad", {"padding": "valid"}, torch_pad((0, 0)), (2, 3, 4)),
    ("pad", {"padding": (1, 2)}, torch_pad((2, 2, 1, 1)), (2, 3, 4, 5)),
    ("pad", {"padding": ((1, 2), (0, 3))}, torch_pad((0, 3, 1, 2)), (2, 3, 4, 5)),
    ("pad", {"padding": ((0, 0), (0, 1), (2, 0))}, torch_pad((2, 0, 0, 1, 0, 0)), (1, 2, 2, 3, 4)),
    ("pad", {"padding": 3, "mode": "reflect"}, torch_pad((3, 3), "reflect"), (2, 3, 4)),
    (
        "pad", {"padding": ((1, 2), (0, 3)), "mode": "reflect"}, torch_pad((0, 3, 1, 2), "reflect"),
        (2, 3, 4, 5),
    ),
    ("pad", {"padding": 1, "mode": "reflect"}, torch_pad((1,) * 6, "reflect"), (1, 2, 2, 3, 4)),
    ("pad", {"padding": 5, "mode": "replicate"}, torch_pad((5, 5), "replicate"), (2, 3, 2)),
    (
        "pad", {"padding": ((1, 2), (0, 3)), "mode": "replicate"},
        torch_pad((0, 3, 1, 2), "replicate"), (2, 3, 4, 5),
    ),
    ("pad", {"padding": 2, "mode": "replicate"}, torch_pad((2,) * 6, "replicate"), (1, 2, 2, 1, 3)),
    ("crop", {"size": 3}, lambda _, x: x[:, :, 1:4], (2, 3, 6)),
    ("crop", {"size": (3, 4)}, lambda _, x: x[:, :, 1:4, 0:4], (2, 3, 5, 5)),
    ("crop", {"size": 2}, lambda _, x: x[:, :, 1:3, 0:2, 1:3], (1, 2, 4, 2, 5)),
    ("channel_shuffle", {"groups": 3}, regrouped(3), (2, 6, 4, 5)),
    ("channel_shuffle", {"groups": 2}, regrouped(2), (2, 6, 4)),
    ("channel_shuffle", {"groups": 4}, regrouped(4), (1, 8, 2, 3)),
    ("channel_shuffle", {"groups": 2}, regrouped(2), (1, 4, 1, 3, 2)),
    ("chunk", {"n": 3, "index": 0}, lambda _, x: x.chunk(3, 1)[0], (2, 6, 4, 5)),
    ("chunk", {"n": 3, "index": 2}, lambda _, x: x.chunk(3, 1)[2], (2, 6)),
    ("chunk", {"n": 2, "index": 1}, lambda _, x: x.chunk(2, 1)[1], (1, 4, 2, 3, 2)),
    ("pixel_shuffle", {"r": 2}, lambda torch, x: torch.pixel_shuffle(x, 2), (2, 12, 2, 3)),
    ("pixel_shuffle", {"r": 3}, lambda torch, x: torch.pixel_shuffle(x, 3), (1, 9, 3, 2)),
    ("pixel_shuffle", {"r": 1}, lambda torch, x: torch.pixel_shuffle(x, 1), (1, 3, 3, 2)),
    ("pixel_shuffle", {"r": 3}, shuffled(3), (2, 6, 4)),
    ("pixel_shuffle", {"r": 2}, shuffled(2), (2, 8, 3, 2)),
    ("pixel_shuffle", {"r": 2}, shuffled(2), (1, 16, 2, 3, 1)),
    ("pixel_unshuffle", {"r": 2}, lambda torch, x: torch.pixel_unshuffle(x, 2), (2, 3, 4, 6)),
    ("pixel_unshuffle", {"r": 3}, lambda torch, x: torch.pixel_unshuffle(x, 3), (1, 2, 3, 6)),
    ("pixel_unshuffle", {"r": 3}, unshuffled(3), (2, 2, 6)),
    ("pixel_unshuffle", {"r": 2}, unshuffled(2), (2, 2, 4, 2)),
    ("pixel_unshuffle", {"r": 2}, unshuffled(2), (1, 2, 2, 6, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "twin", "shape"), CASES)
def test_moved_values_agree_with_torch(name, args, twin, shape):
    pytest.importorskip("torch")
    agrees(make(name, **args), twin, shape)


def row(*values: float) -> Any:
    return np.array(values, dtype="float64").reshape(1, 1, -1)


BY_HAND: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("identity", {}, row(1, 2), row(1, 2)),
    ("flatten", {}, [[[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]]], [[1, 2, 3, 4, 5, 6, 7, 8]]),
    ("reshape", {"to": (3, -1)}, [[[1.0, 2, 3], [4, 5, 6]]], [[[1, 2], [3, 4], [5, 6]]]),
    ("pad", {"padding": ((2, 1),)}, row(1, 2, 3), row(0, 0, 1, 2, 3, 0)),
    ("pad", {"padding": ((2, 1),), "mode": "reflect"}, row(1, 2, 3), row(3, 2, 1, 2, 3, 2)),
    ("pad", {"padding": ((2, 1),), "mode": "replicate"}, row(1, 2, 3), row(1, 1, 1, 2, 3, 3)),
    ("crop", {"size": 2}, row(1, 2, 3, 4, 5), row(2, 3)),
    ("crop", {"size": 2}, row(1, 2, 3, 4), row(2, 3)),
    (
        "channel_shuffle", {"groups": 2},
        [[[1.0], [2], [3], [4], [5], [6]]], [[[1], [4], [2], [5], [3], [6]]],
    ),
    ("chunk", {"n": 2, "index": 1}, [[1.0, 2, 3, 4]], [[3, 4]]),
    ("pixel_shuffle", {"r": 2}, [[[1.0, 2], [10, 20]]], [[[1, 10, 2, 20]]]),
    (
        "pixel_shuffle", {"r": 2},
        [[[[1.0, 2]], [[3, 4]], [[5, 6]], [[7, 8]]]], [[[[1, 3, 2, 4], [5, 7, 6, 8]]]],
    ),
    ("pixel_unshuffle", {"r": 2}, [[[1.0, 10, 2, 20]]], [[[1, 2], [10, 20]]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "x", "wanted"), BY_HAND)
def test_moved_values_by_hand(name, args, x, wanted):
    for order in (np.array, packed):
        assert_array_equal(run(make(name, **args), order(np.array(x))).out, wanted)


GRADS: list[tuple[str, dict[str, Any], Any, Any, Any]] = [
    # layer type, arguments, the output's gradient, the input's, as in the cases above
    ("pad", {"padding": ((2, 1),)}, 3, row(1, 2, 3, 4, 5, 6), row(3, 4, 5)),
    ("pad", {"padding": ((2, 1),), "mode": "reflect"}, 3, row(1, 2, 3, 4, 5, 6), row(3, 12, 6)),
    ("pad", {"padding": ((2, 1),), "mode": "replicate"}, 3, row(1, 2, 3, 4, 5, 6), row(6, 4, 11)),
    ("crop", {"size": 2}, 5, row(7, 8), row(0, 7, 8, 0, 0)),
]


@pytest.mark.parametrize(("name", "args", "size", "grad", "wanted"), GRADS)
def test_what_was_copied_adds_its_gradients_and_what_was_cut_has_none(
    name, args, size, grad, wanted
):
    ran = run(make(name, **args), np.ones((1, 1, size)), grad=grad)
    assert_array_equal(ran.input_grads[0], wanted)


SEEING: list[tuple[str, dict[str, Any], tuple[int, ...], bool]] = [
    ("flatten", {}, (2, 3, 4, 5), True),
    ("flatten", {}, (2, 3, 1), True),
    ("flatten", {}, (2, 3), False),
    ("reshape", {"to": (3, 20)}, (2, 3, 4, 5), True),
    ("reshape", {"to": (3, 5, 4)}, (2, 3, 4, 5), True),
    ("reshape", {"to": (3, 4, 5)}, (2, 3, 4, 5), False),
    ("reshape", {"to": (3, -1, 5)}, (2, 3, 4, 5), False),
    ("reshape", {"to": (-1,)}, (2, 60), False),
    ("reshape", {"to": (60, 1)}, (2, 60), True),
    ("identity", {}, (2, 3, 4), False),
    ("pad", {"padding": 1}, (2, 3, 4), False),
    ("crop", {"size": 1}, (2, 3, 4), False),
    ("chunk", {"n": 3, "index": 0}, (2, 3, 4), False),
    ("channel_shuffle", {"groups": 3}, (2, 3, 4), False),
    ("pixel_shuffle", {"r": 2}, (2, 4, 4), False),
    ("pixel_unshuffle", {"r": 2}, (2, 4, 4), False),
]


@pytest.mark.parametrize(("name", "args", "shape", "wanted"), SEEING)
def test_only_flatten_and_reshape_lose_places(name, args, shape, wanted):
    assert find(name).sees_all(make(name, **args), shape) is wanted


READS: list[tuple[str, dict[str, Any], tuple[int, ...], list[int]]] = [
    # layer type, arguments, input; the outputs, in row-major order, that read its value 1
    ("flatten", {}, (1, 2, 3), [1]),
    ("reshape", {"to": (3, 2)}, (1, 2, 3), [1]),
    ("pad", {"padding": 1}, (1, 1, 3), [2]),
    ("pad", {"padding": 1, "mode": "reflect"}, (1, 1, 3), [0, 2, 4]),
    ("pad", {"padding": 2, "mode": "replicate"}, (1, 1, 2), [3, 4, 5]),
    ("crop", {"size": 1}, (1, 1, 3), [0]),
    ("channel_shuffle", {"groups": 2}, (1, 4), [2]),
    ("chunk", {"n": 2, "index": 1}, (1, 4), []),
    ("pixel_shuffle", {"r": 2}, (1, 2, 2), [2]),
    ("pixel_unshuffle", {"r": 2}, (1, 1, 4), [2]),
]


@pytest.mark.parametrize(("name", "args", "shape", "readers"), READS)
def test_nan_goes_where_its_value_goes(name, args, shape, readers):
    x = np.zeros(shape)
    x.flat[1] = np.nan
    out = run(make(name, **args), x).out
    assert np.flatnonzero(np.isnan(out)).tolist() == readers


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("reshape", {"to": (4, 6, -1)}),
        ("pad", {"padding": 1}),
        ("pad", {"padding": 1, "mode": "reflect"}),
        ("channel_shuffle", {"groups": 2}),
        ("pixel_shuffle", {"r": 2}),
        ("pixel_unshuffle", {"r": 2}),
    ],
)
def test_new_maps_have_the_channels_last_in_memory(name, args):
    (x,) = numbers(0, (2, 4, 4, 6))
    out = run(make(name, **args), packed(x)).out
    assert channels_last(out).flags.c_contiguous


@pytest.mark.parametrize(
    ("name", "args"), [("identity", {}), ("crop", {"size": 2}), ("chunk", {"n": 2, "index": 0})]
)
def test_parts_of_a_map_take_no_memory(name, args):
    (x,) = numbers(0, (2, 4, 4, 6))
    assert np.shares_memory(run(make(name, **args), x).out, x)
