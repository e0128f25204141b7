"""Upsampling on arrays: PyTorch's values and gradients, NaN, and hand-made cases."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import agrees, make, numbers, run

from cnncalc.reference import find
from cnncalc.reference.arrays import channels_last, packed

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def row(*values: float) -> Any:
    return np.array(values, dtype="float64").reshape(1, 1, -1)


def interpolated(rank: int, **args: Any) -> Any:
    """Return the twin: PyTorch's interpolate with the same arguments."""
    size, scale = args.get("size"), args.get("scale")
    settings: dict[str, Any] = {"mode": "nearest"}
    if args.get("mode") == "bilinear":
        aligned = args.get("align_corners", False)
        settings = {"mode": LINEAR[rank], "align_corners": aligned}

    def twin(torch: Any, x: Any) -> Any:
        return torch.nn.functional.interpolate(x, size=size, scale_factor=scale, **settings)

    return twin


def compare(shape: tuple[int, ...], **args: Any) -> None:
    agrees(make("upsample", **args), interpolated(len(shape) - 2, **args), shape)


MODES: list[dict[str, Any]] = [
    {"mode": "nearest"},
    {"mode": "bilinear"},
    {"mode": "bilinear", "align_corners": True},
]


@pytest.mark.parametrize("mode", MODES)
def test_sizes_on_a_row_agree_with_torch(mode):
    pytest.importorskip("torch")
    for size, out in product(range(1, 7), range(1, 10)):
        compare((2, 2, size), size=out, **mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_scales_agree_with_torch(mode, rank):
    pytest.importorskip("torch")
    for scale in (2.0, 3.0, 1.5, 0.5, 0.75, 4 / 3, 1.0):
        compare((1, 2, *(3, 4, 5)[:rank]), scale=scale, **mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_scales_that_leave_the_size_agree_with_torch(mode, rank):
    """For nearest on one and three axes PyTorch's gradient is that of a copy: not its forward's."""
    torch = pytest.importorskip("torch")
    shape = (1, 2, *(3, 2, 5)[:rank])
    for scale in (1.25, 4 / 3):
        args = {"scale": scale, **mode}
        if mode["mode"] == "bilinear" or rank == 2:
            compare(shape, **args)
        (x,) = numbers(0, shape)
        wanted = interpolated(rank, **args)(torch, torch.tensor(x))
        assert_allclose(run(make("upsample", **args), x).out, wanted.numpy(), rtol=1e-12)


RESIZES: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 4, 5), {"scale": 2.0}),
    ((2, 3, 4, 5), {"scale": 2.0, "mode": "bilinear"}),
    ((2, 3, 4, 5), {"scale": (2.0, 1.5)}),
    ((2, 3, 4, 5), {"scale": (1.0, 3.0), "mode": "bilinear"}),
    ((2, 3, 4, 5), {"scale": (2.0, 0.5), "mode": "bilinear", "align_corners": True}),
    ((1, 2, 6, 4), {"size": (3, 8)}),
    ((1, 2, 6, 4), {"size": (9, 1), "mode": "bilinear"}),
    ((1, 2, 6, 4), {"size": (1, 7), "mode": "bilinear", "align_corners": True}),
    ((1, 2, 1, 1), {"size": 5, "mode": "bilinear", "align_corners": True}),
    ((1, 2, 1, 1), {"size": 5, "mode": "bilinear"}),
    ((1, 2, 2, 3, 4), {"scale": (2.0, 1.0, 1.5)}),
    ((1, 2, 2, 3, 4), {"size": (3, 3, 9), "mode": "bilinear"}),
    ((1, 2, 2, 3, 4), {"scale": 2.0, "mode": "bilinear", "align_corners": True}),
]


@pytest.mark.parametrize(("shape", "args"), RESIZES)
def test_upsample_of_maps_agrees_with_torch(shape, args):
    pytest.importorskip("torch")
    compare(shape, **args)


BY_HAND: list[tuple[dict[str, Any], Any, Any, Any]] = [
    # arguments, input, output, the input's gradient where all outputs have gradient 1
    ({"scale": 2.0}, row(1, 5), row(1, 1, 5, 5), row(2, 2)),
    ({"size": 5}, row(1, 2, 3), row(1, 1, 2, 2, 3), row(2, 2, 1)),  # ⌊3i/5⌋
    ({"size": 2}, row(1, 2, 3, 4), row(1, 3), row(1, 0, 1, 0)),
    # at -1/4 (held at 0), 1/4, 3/4, 5/4 (held at 1)
    ({"scale": 2.0, "mode": "bilinear"}, row(0, 4), row(0, 1, 3, 4), row(2, 2)),
    # at 0, 1/3, 2/3, 1
    (
        {"scale": 2.0, "mode": "bilinear", "align_corners": True},
        row(0, 3), row(0, 1, 2, 3), row(2, 2),
    ),
    # at 1/2 and 5/2
    ({"scale": 0.5, "mode": "bilinear"}, row(0, 4, 8, 0), row(2, 4), row(0.5, 0.5, 0.5, 0.5)),
    # at 0, the first corner
    ({"size": 1, "mode": "bilinear", "align_corners": True}, row(7, 1), row(7), row(1, 0)),
    # at 1, between two samples on each side: one is read alone
    ({"size": 1, "mode": "bilinear"}, row(1, 5, 2), row(5), row(0, 1, 0)),
    # 3 · 1.25 = 3.75: the size stays, and nearest on one axis still steps by 0.8
    ({"scale": 1.25}, row(1, 2, 3), row(1, 1, 2), row(2, 1, 0)),
    ({"scale": 1.25, "mode": "bilinear"}, row(1, 2, 3), row(1, 2, 3), row(1, 1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("args", "x", "wanted", "wanted_grad"), BY_HAND)
def test_upsample_by_hand(args, x, wanted, wanted_grad):
    ran = run(make("upsample", **args), x, grad=np.ones_like(wanted))
    assert_allclose(ran.out, wanted, rtol=1e-12, atol=1e-12)
    assert_allclose(ran.input_grads[0], wanted_grad, rtol=1e-12, atol=1e-12)


def test_nearest_on_two_axes_copies_an_axis_whose_size_stays():
    x = np.arange(6.0).reshape(1, 1, 3, 2)
    assert_array_equal(run(make("upsample", scale=1.25), x).out, x)


def test_rows_and_columns_are_interpolated_alike():
    x = np.array([[[[0.0, 4], [8, 12]]]])
    out = run(make("upsample", size=(2, 3), mode="bilinear", align_corners=True), x).out
    assert_array_equal(out, [[[[0, 2, 4], [8, 10, 12]]]])
    out = run(make("upsample", size=(3, 2), mode="bilinear", align_corners=True), x).out
    assert_array_equal(out, [[[[0, 4], [4, 8], [8, 12]]]])


READS: list[tuple[dict[str, Any], int, list[int]]] = [
    # arguments, positions, the outputs that read position 1
    ({"scale": 2.0}, 3, [2, 3]),
    ({"size": 2}, 4, []),
    ({"scale": 2.0, "mode": "bilinear"}, 3, [1, 2, 3, 4]),
    ({"scale": 3.0, "mode": "bilinear"}, 3, [2, 3, 4, 5, 6]),  # outputs 1 and 7 are samples 0 and 2
    ({"size": 5, "mode": "bilinear", "align_corners": True}, 3, [1, 2, 3]),
    ({"size": 4, "mode": "bilinear", "align_corners": True}, 2, [1, 2, 3]),
    ({"scale": 1.0, "mode": "bilinear"}, 3, [1]),
]


@pytest.mark.parametrize(("args", "size", "readers"), READS)
def test_nan_reaches_every_output_that_reads_it_and_no_other(args, size, readers):
    x = np.arange(size, dtype="float64").reshape(1, 1, size)
    x[..., 1] = np.nan
    out = run(make("upsample", **args), x).out
    assert np.flatnonzero(np.isnan(out)).tolist() == readers


def test_nan_keeps_to_its_rows_and_columns():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 0] = np.nan
    out = run(make("upsample", size=5, mode="bilinear", align_corners=True), x).out
    bad = np.isnan(out[0, 0])
    assert np.flatnonzero(bad.any(1)).tolist() == [1, 2, 3]
    assert np.flatnonzero(bad.any(0)).tolist() == [0, 1]


@pytest.mark.parametrize("mode", MODES)
def test_upsample_keeps_places_and_the_channels_last_in_memory(mode):
    op = make("upsample", scale=2.0, **mode)
    assert not find("upsample").sees_all(op, (1, 2, 3, 4))
    ran = run(op, *map(packed, numbers(0, (1, 2, 3, 4))))
    assert channels_last(ran.out).flags.c_contiguous
    assert ran.call.bench.macs == 0
