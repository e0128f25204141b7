"""Convolutions on arrays: PyTorch's values and gradients, textbook loops, and counted products."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference.kit import Shape, agrees, make, numbers, params_of, run

from cnncalc.ops.base import Op
from cnncalc.reference import columns
from cnncalc.reference.arrays import Array, packed

Pairs = tuple[tuple[int, int], ...]


def torch_conv(rank: int, **settings: Any) -> Any:
    """Return the twin in PyTorch: a function of (torch, x, weight, bias)."""

    def twin(torch: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        return getattr(torch.nn.functional, f"conv{rank}d")(x, weight, bias, **settings)

    return twin


def torch_conv_transpose(rank: int, **settings: Any) -> Any:
    def twin(torch: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        return getattr(torch.nn.functional, f"conv_transpose{rank}d")(x, weight, bias, **settings)

    return twin


def padded_first(rank: int, pads: Pairs, **settings: Any) -> Any:
    """Return the convolution of a map that was padded by these (low, high), an axis each."""
    then = torch_conv(rank, **settings)
    amounts = [amount for pair in reversed(pads) for amount in pair]
    return lambda torch, x, *more, **arrays: then(
        torch, torch.nn.functional.pad(x, amounts), *more, **arrays
    )


def cut_last(rank: int, cuts: Pairs, **settings: Any) -> Any:
    """Return the whole transposed convolution, its ends cut off; beyond it lies only the bias."""
    then = torch_conv_transpose(rank, **settings)
    amounts = [-amount for pair in reversed(cuts) for amount in pair]

    def twin(torch: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        y = torch.nn.functional.pad(then(torch, x, weight), amounts)
        return y if bias is None else y + bias.reshape(-1, *(1,) * rank)

    return twin


SIZES = {1: (13,), 2: (9, 11), 3: (6, 7, 5)}


def sweep() -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield (rank, arguments, groups) for kernels, strides, paddings, dilations and groups."""
    names = ("kernel", "stride", "padding", "dilation", "bias")
    values = product((1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2), (True, False))
    for rank, row, groups in product(SIZES, values, (1, 2, 4)):
        yield rank, dict(zip(names, row, strict=True)), groups


def check_sweep(rows: list[tuple[int, dict[str, Any], int]]) -> None:
    for rank, args, groups in rows:
        shape = (2, 4, *SIZES[rank])
        _check_all_three(rank, args, groups, shape)


def _check_all_three(rank: int, args: dict[str, Any], groups: int, shape: Shape) -> None:
    theirs = {name: value for name, value in args.items() if name not in ("kernel", "bias")}
    conv = make("conv", out=8, groups=groups, **args)
    agrees(conv, torch_conv(rank, groups=groups, **theirs), shape)
    multiplier = 2 if groups == 2 else 1
    depthwise = make("depthwise", multiplier=multiplier, **args)
    agrees(depthwise, torch_conv(rank, groups=4, **theirs), shape)
    extra = min(groups - 1, max(args["stride"], args["dilation"]) - 1)
    settings = {**theirs, "padding": min(args["padding"], args["kernel"] - 1)}
    transposed = make(
        "conv_transpose", out=8, groups=groups, output_padding=extra, **{**args, **settings}
    )
    twin = torch_conv_transpose(rank, groups=groups, output_padding=extra, **settings)
    agrees(transposed, twin, shape)


def test_a_sample_of_the_sweep_agrees_with_torch():
    pytest.importorskip("torch")
    check_sweep(list(sweep())[::11])  # 11 meets every pair of values, as it divides no count


@pytest.mark.slow
def test_the_whole_sweep_agrees_with_torch():
    pytest.importorskip("torch")
    check_sweep(list(sweep()))


Row = tuple[dict[str, Any], dict[str, Any], Shape]

CONVS: list[Row] = [
    # arguments, PyTorch's where they differ, input (N, C, *spatial)
    ({"kernel": (3, 5), "stride": (2, 1), "padding": (1, 2)}, {}, (2, 3, 8, 7)),
    ({"kernel": (3, 2), "stride": (1, 3), "dilation": (2, 4)}, {}, (1, 3, 9, 12)),
    ({"kernel": (1, 3, 2), "stride": (1, 2, 1), "padding": (0, 1, 1)}, {}, (2, 3, 4, 5, 6)),
    ({"kernel": (3, 3, 3), "dilation": (1, 2, 1), "padding": "half"}, {"padding": (1, 2, 1)},
     (1, 3, 3, 5, 4)),
    ({"kernel": 3, "padding": "half"}, {"padding": 1}, (1, 3, 5, 6)),
    ({"kernel": 4, "padding": "half"}, {"padding": 1}, (1, 3, 6, 6)),
    ({"kernel": 3, "dilation": 3, "padding": "half", "stride": 2}, {"padding": 3}, (1, 3, 9)),
    ({"kernel": 5, "padding": "valid", "stride": 2}, {"padding": 0}, (1, 3, 9, 8)),
    ({"kernel": 4, "padding": "same"}, {"padding": "same"}, (1, 3, 7)),
    ({"kernel": (2, 4), "padding": "same"}, {"padding": "same"}, (1, 3, 5, 6)),
    ({"kernel": 2, "dilation": 3, "padding": "same"}, {"padding": "same"}, (1, 3, 6, 5)),
    ({"kernel": 3, "padding": 4, "stride": 3}, {}, (1, 3, 2, 3)),  # windows of padding alone
    ({"kernel": (3, 1), "padding": (1, 0)}, {}, (1, 3, 1, 1)),
    ({"kernel": 1, "stride": 3}, {}, (2, 3, 7, 5)),
    ({"kernel": 1}, {}, (2, 3, 4)),
    ({"kernel": 1, "padding": 1}, {}, (1, 3, 3, 4)),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("args", "theirs", "shape"), CONVS)
def test_conv_and_depthwise_agree_with_torch(args, theirs, shape):
    pytest.importorskip("torch")
    rank, settings = len(shape) - 2, {**args, **theirs}
    settings.pop("kernel")
    agrees(make("conv", out=5, **args), torch_conv(rank, **settings), shape)
    agrees(make("depthwise", **args), torch_conv(rank, groups=3, **settings), shape)


UNEVEN: list[tuple[dict[str, Any], Pairs, Shape]] = [
    # arguments, the padding that they mean, input
    ({"kernel": 3, "padding": ((2, 0),)}, ((2, 0),), (2, 2, 6)),  # causal
    ({"kernel": (3, 2), "padding": ((0, 2), (1, 0))}, ((0, 2), (1, 0)), (2, 2, 5, 4)),
    ({"kernel": 2, "stride": 2, "padding": ((0, 0), (1, 2), (0, 1))}, ((0, 0), (1, 2), (0, 1)),
     (1, 2, 4, 3, 3)),
    # same: 3 starts of a stride of 2 on 6, 2·2 + 3 - 6 = 1; on 7 there are 4, 3·2 + 3 - 7 = 2
    ({"kernel": 3, "stride": 2, "padding": "same"}, ((0, 1), (1, 1)), (2, 2, 6, 7)),
    # 3 starts of a stride of 3 on 7, 2·3 + 2 - 7 = 1; a dilated kernel spans 4: 2·3 + 4 - 7 = 3
    ({"kernel": 2, "stride": 3, "padding": "same"}, ((0, 1),), (1, 2, 7)),
    ({"kernel": 2, "dilation": 3, "stride": 3, "padding": "same"}, ((1, 2),), (1, 2, 7)),
    # 2 starts of a stride of 5 on 6; 5 + 1 - 6 = 0: nothing is missing
    ({"kernel": 1, "stride": 5, "padding": "same"}, ((0, 0),), (1, 2, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("args", "pads", "shape"), UNEVEN)
def test_uneven_padding_agrees_with_padding_first(args, pads, shape):
    pytest.importorskip("torch")
    rank = len(shape) - 2
    settings = {name: args[name] for name in ("stride", "dilation") if name in args}
    agrees(make("conv", out=4, **args), padded_first(rank, pads, **settings), shape)
    depthwise = padded_first(rank, pads, groups=2, **settings)
    agrees(make("depthwise", multiplier=2, **args), depthwise, shape)


TRANSPOSED: list[Row] = [
    ({"kernel": (3, 2), "stride": (2, 3), "padding": (1, 0)}, {}, (2, 4, 3, 4)),
    ({"kernel": (2, 3), "dilation": (3, 2), "output_padding": (2, 1)}, {}, (1, 4, 3, 3)),
    ({"kernel": 1, "dilation": 3, "output_padding": 2}, {}, (1, 4, 3)),  # ends of bias alone
    ({"kernel": 1, "stride": 3, "output_padding": 2}, {}, (1, 4, 3, 2)),  # holes of bias alone
    ({"kernel": 4, "stride": 2, "padding": 1, "output_padding": 1}, {}, (2, 4, 5, 4)),
    ({"kernel": 3, "stride": 2, "padding": 2, "output_padding": 1}, {}, (1, 4, 2, 3)),
    ({"kernel": (1, 2, 3), "stride": (2, 1, 2), "padding": (0, 1, 1)}, {}, (2, 4, 2, 3, 3)),
    ({"kernel": 5, "padding": "half", "stride": 2}, {"padding": 2}, (1, 4, 4, 3)),
    ({"kernel": 4, "padding": "half", "stride": 2, "output_padding": 1}, {"padding": 1}, (1, 4, 4)),
    ({"kernel": 3, "padding": "valid"}, {"padding": 0}, (1, 4, 4)),
]


@pytest.mark.parametrize(("args", "theirs", "shape"), TRANSPOSED)
def test_conv_transpose_agrees_with_torch(args, theirs, shape):
    pytest.importorskip("torch")
    settings = {**args, **theirs}
    settings.pop("kernel")
    for groups in (1, 2):
        op = make("conv_transpose", out=6, groups=groups, **args)
        agrees(op, torch_conv_transpose(len(shape) - 2, groups=groups, **settings), shape)


CUT: list[tuple[dict[str, Any], Pairs, Shape]] = [
    # arguments, what is cut off the whole output: below 0, so much is added
    ({"kernel": 3, "stride": 2, "padding": ((1, 0),)}, ((1, 0),), (2, 4, 4)),
    ({"kernel": (3, 4), "stride": 2, "padding": ((0, 1), (3, 0))}, ((0, 1), (3, 0)), (1, 4, 3, 3)),
    ({"kernel": 2, "padding": ((0, 2), (0, 0), (1, 0))}, ((0, 2), (0, 0), (1, 0)), (1, 4, 3, 2, 2)),
    ({"kernel": 1, "dilation": 3, "output_padding": 2, "padding": ((0, 1),)}, ((0, -1),),
     (1, 4, 4)),
    # same keeps size times stride: 3 taps a stride of 2 leave 1 too much, at the end
    ({"kernel": 3, "stride": 2, "padding": "same"}, ((0, 1), (0, 1)), (2, 4, 3, 4)),
    ({"kernel": 4, "padding": "same"}, ((1, 2),), (1, 4, 5)),
    ({"kernel": 2, "dilation": 4, "padding": "same"}, ((2, 2),), (1, 4, 5)),
    ({"kernel": 1, "stride": 3, "padding": "same"}, ((0, -2), (0, -2)), (1, 4, 2, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("args", "cuts", "shape"), CUT)
def test_uneven_padding_of_conv_transpose_agrees_with_cutting_last(args, cuts, shape):
    pytest.importorskip("torch")
    settings = {name: args[name] for name in ("stride", "dilation") if name in args}
    for bias in (True, False):
        op = make("conv_transpose", out=3, bias=bias, **args)
        agrees(op, cut_last(len(shape) - 2, cuts, **settings), shape)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_weight_norm_agrees_with_torch_s_parametrization(rank, bias, groups):
    torch = pytest.importorskip("torch")
    args = {"kernel": 2, "stride": 2, "padding": 1, "groups": groups, "bias": bias}
    module = getattr(torch.nn, f"Conv{rank}d")(4, 6, 2, 2, 1, groups=groups, bias=bias).double()
    module = torch.nn.utils.parametrizations.weight_norm(module)
    names = {
        f"parametrizations.weight.original{i}": n for i, n in enumerate(("weight_g", "weight"))
    }

    def twin(torch: Any, x: Any, **arrays: Any) -> Any:
        theirs = {name: arrays[ours] for name, ours in names.items()}
        if bias:
            theirs["bias"] = arrays["bias"]
        return torch.func.functional_call(module, theirs, (x,))

    agrees(make("conv", out=6, weight_norm=True, **args), twin, (2, 4, *(5, 4, 3)[:rank]))


def wires(
    op: Op, x_shape: Shape, weight_shape: Shape, pads: Pairs
) -> Iterator[tuple[Shape, Shape, Shape]]:
    """Yield an (output, weight, input) for each product of a textbook convolution.

    y[n, o, p] = Σ w[o, c, t]·x[n, group of o, p·s + t·d - pad]; taps on the padding are left out.
    """
    rank, (batch, channels, *sizes) = len(x_shape) - 2, x_shape
    out, depth, *kernel = weight_shape
    stride, dilation = ((v,) * rank if isinstance(v, int) else v for v in (op.stride, op.dilation))
    axes = list(zip(sizes, kernel, stride, dilation, pads, strict=True))
    outs = [(n + low + high - d * (k - 1) - 1) // s + 1 for n, k, s, d, (low, high) in axes]
    for n, o, c in product(range(batch), range(out), range(depth)):
        read = o // (out * depth // channels) * depth + c
        for place, tap in product(np.ndindex(*outs), np.ndindex(*kernel)):
            at = [
                p * s + t * d - pad[0]
                for p, t, (_, _, s, d, pad) in zip(place, tap, axes, strict=True)
            ]
            if all(0 <= each < size for each, size in zip(at, sizes, strict=True)):
                yield (n, o, *place), (o, c, *tap), (n, read, *at)


TEXTBOOK: list[tuple[str, dict[str, Any], Pairs, Shape]] = [
    ("conv", {"out": 3, "kernel": 3}, ((0, 0),), (2, 2, 7)),
    ("conv", {"out": 4, "kernel": 2, "stride": 2, "groups": 2, "padding": 1}, ((1, 1),), (1, 6, 5)),
    ("conv", {"out": 3, "kernel": (3, 2), "stride": (1, 2), "padding": ((1, 0), (0, 2))},
     ((1, 0), (0, 2)), (2, 2, 5, 4)),
    ("conv", {"out": 2, "kernel": 3, "dilation": 2, "padding": "half"}, ((2, 2),) * 2,
     (1, 2, 4, 5)),
    ("conv", {"out": 4, "kernel": 1}, ((0, 0),) * 2, (2, 3, 3, 4)),
    ("conv", {"out": 4, "kernel": 2, "groups": 4, "padding": "same"}, ((0, 1),) * 2, (1, 4, 3, 4)),
    ("conv", {"out": 2, "kernel": (2, 1, 3), "stride": 2, "padding": 1}, ((1, 1),) * 3,
     (1, 2, 3, 2, 3)),
    ("depthwise", {"kernel": 3, "padding": 1}, ((1, 1),) * 2, (2, 3, 4, 5)),
    ("depthwise", {"kernel": 3, "stride": 2, "multiplier": 2}, ((0, 0),) * 2, (1, 2, 5, 7)),
    ("depthwise", {"kernel": (2, 3), "dilation": (2, 1)}, ((0, 0),) * 2, (1, 3, 5, 4)),
    ("depthwise", {"kernel": 2, "stride": (1, 1, 2)}, ((0, 0),) * 3, (1, 2, 3, 3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "pads", "shape"), TEXTBOOK)
def test_conv_and_its_gradients_are_the_textbook_s(name, args, pads, shape):
    op = make(name, **args)
    (x,), params = numbers(0, shape), params_of(op, shape)
    weight, (grad,) = params["weight"], numbers(2, run(op, x, params=params).out.shape)
    y, x_grad, weight_grad = (np.zeros_like(each) for each in (grad, x, weight))
    for out, tap, read in wires(op, x.shape, weight.shape, pads):
        y[out] += weight[tap] * x[read]
        x_grad[read] += weight[tap] * grad[out]
        weight_grad[tap] += x[read] * grad[out]
    for order in (np.array, packed):
        ran = run(op, order(x), params=params, grad=order(grad))
        assert_allclose(ran.out, y + params["bias"].reshape(-1, *(1,) * len(pads)), atol=1e-12)
        assert_allclose(ran.input_grads[0], x_grad, atol=1e-12)
        assert_allclose(ran.call.grads["weight"], weight_grad, atol=1e-12)
        sums = [sum(grad[:, channel].ravel()) for channel in range(grad.shape[1])]
        assert_allclose(ran.call.grads["bias"], sums, atol=1e-12)


@pytest.mark.parametrize(("name", "args", "pads", "shape"), [r for r in TEXTBOOK if r[0] == "conv"])
def test_conv_transpose_is_the_textbook_s_conv_reversed(name, args, pads, shape):
    """What a conv reads is where the transposed conv of the same arguments writes."""
    op = make("conv", **args)
    params = params_of(op, shape)
    outs = run(op, *numbers(0, shape), params=params).out.shape
    same = {n: v for n, v in op.args().items() if n in ("kernel", "stride", "dilation", "groups")}
    kernel, rank = params["weight"].shape[2:], len(pads)
    stride, dilation = ((v,) * rank if isinstance(v, int) else v for v in (op.stride, op.dilation))
    rows = zip(shape[2:], outs[2:], kernel, stride, dilation, pads, strict=True)
    rest = [n + sum(pad) - (m - 1) * s - d * (k - 1) - 1 for n, m, k, s, d, pad in rows]
    back = make("conv_transpose", out=shape[1], padding=pads, output_padding=tuple(rest), **same)
    (x,), params = numbers(0, outs), params_of(back, outs)
    weight, wanted = params["weight"], np.zeros(shape) + params["bias"].reshape(-1, *(1,) * rank)
    for out, tap, read in wires(op, shape, weight.shape, pads):
        wanted[read] += weight[tap] * x[out]
    assert_allclose(run(back, x, params=params).out, wanted, atol=1e-12)


def im2col(op: Op, x: Array, weight: Array, bias: Array) -> Array:
    """Return a convolution as the textbook has it: all windows as columns, and one product."""
    (batch, channels, *sizes), (out, depth, *kernel) = x.shape, weight.shape
    outs = [n - op.dilation * (k - 1) for n, k in zip(sizes, kernel, strict=True)]
    outs = [-(-n // op.stride) for n in outs]
    taps = [
        x[(slice(None), slice(None), *(
            slice(t * op.dilation, t * op.dilation + (n - 1) * op.stride + 1, op.stride)
            for t, n in zip(tap, outs, strict=True)
        ))]
        for tap in np.ndindex(*kernel)
    ]  # fmt: skip
    windows = np.stack(taps, 2).reshape(batch, channels // depth, depth * len(taps), -1)
    rows = weight.reshape(channels // depth, -1, depth * len(taps))
    return (rows @ windows).reshape(batch, out, *outs) + bias.reshape(-1, *(1,) * len(outs))


@pytest.mark.parametrize("most", [1, 3, 8, 30, 1000])
@pytest.mark.parametrize("args", [
    {"kernel": 3}, {"kernel": 3, "stride": 2, "groups": 2}, {"kernel": 2, "dilation": 3},
])  # fmt: skip
@pytest.mark.parametrize("shape", [(3, 4, 21), (2, 4, 9, 8), (2, 4, 5, 6, 7)])
def test_tiles_of_any_size_make_the_textbook_s_convolution(args, shape, most, monkeypatch):
    """With tiles of so many positions: parts of a row, rows, planes, images, several images."""
    monkeypatch.setattr(columns, "TILE_BYTES", 1)
    monkeypatch.setattr(columns, "TILE_ROWS", most)
    op = make("conv", out=6, **args)
    (x,), params = numbers(0, shape), params_of(op, shape)
    assert_allclose(run(op, x, params=params).out, im2col(op, x, **params), atol=1e-11)


@pytest.mark.parametrize("shape", [(2, 16, 120, 40), (40, 16, 30), (1, 8, 12, 14, 40)])
def test_maps_of_many_tiles_are_the_textbook_s(shape):
    op = make("conv", out=8, kernel=3)
    (x,), params = numbers(0, shape), params_of(op, shape)
    assert_allclose(run(op, x, params=params).out, im2col(op, x, **params), atol=1e-10)


MACS: list[tuple[str, dict[str, Any], Shape, int]] = [
    # output values · channels that each reads · taps; of a transposed conv, from the input's side
    ("conv", {"out": 8, "kernel": 3, "padding": 1}, (1, 4, 9, 11), 8 * 9 * 11 * 4 * 9),
    ("conv", {"out": 8, "kernel": 3, "padding": 1}, (5, 4, 9, 11), 5 * 8 * 9 * 11 * 4 * 9),
    ("conv", {"out": 8, "kernel": 3, "stride": 2}, (1, 4, 9, 11), 8 * 4 * 5 * 4 * 9),
    ("conv", {"out": 8, "kernel": 1}, (2, 4, 5), 2 * 8 * 5 * 4),
    ("conv", {"out": 8, "kernel": 1, "stride": 2}, (2, 4, 5), 2 * 8 * 3 * 4),
    ("conv", {"out": 8, "kernel": (3, 1), "groups": 2}, (1, 4, 9, 11), 8 * 7 * 11 * 2 * 3),
    ("conv", {"out": 4, "kernel": 3, "groups": 4}, (1, 4, 9, 11), 4 * 7 * 9 * 9),
    ("conv", {"out": 8, "kernel": 2, "weight_norm": True}, (1, 4, 3, 4, 5), 8 * 2 * 3 * 4 * 4 * 8),
    ("depthwise", {"kernel": 3}, (2, 4, 9, 11), 2 * 4 * 7 * 9 * 9),
    ("depthwise", {"kernel": 3, "stride": 2}, (1, 4, 9, 11), 4 * 4 * 5 * 9),
    ("depthwise", {"kernel": 5, "multiplier": 3}, (1, 4, 9), 12 * 5 * 5),
    ("depthwise", {"kernel": 3}, (1, 1, 9, 11), 7 * 9 * 9),
    ("conv_transpose", {"out": 8, "kernel": 2, "stride": 2}, (3, 4, 5, 6), 3 * 4 * 30 * 8 * 4),
    ("conv_transpose", {"out": 8, "kernel": 3, "padding": 1}, (1, 4, 5, 6), 4 * 30 * 8 * 9),
    ("conv_transpose", {"out": 8, "kernel": 3, "groups": 4}, (1, 4, 7), 4 * 7 * 2 * 3),
]


@pytest.mark.parametrize(("name", "args", "shape", "macs"), MACS)
def test_multiply_adds_are_counted_as_they_are_done(name, args, shape, macs):
    """Backward does as many for the weights, and as many again for the input."""
    op = make(name, **args)
    (x,), params = numbers(0, shape), params_of(op, shape)
    ran = run(op, x, params=params)
    assert ran.call.bench.macs == macs
    assert type(ran.call.bench.macs) is int
    (grad,) = numbers(1, ran.out.shape)
    assert run(op, x, params=params, grad=grad).call.bench.macs == 3 * macs


KINDS: list[tuple[str, dict[str, Any], Shape]] = [
    ("conv", {"out": 6, "kernel": 3, "padding": 1}, (2, 4, 9, 11)),
    ("conv", {"out": 6, "kernel": 1, "groups": 2}, (2, 4, 9, 11)),
    ("conv", {"out": 6, "kernel": 3, "stride": 2, "weight_norm": True}, (2, 4, 9)),
    ("depthwise", {"kernel": 3}, (2, 4, 9, 11)),
    ("depthwise", {"kernel": 3, "stride": 2, "multiplier": 2}, (2, 4, 5, 6, 5)),
    ("conv_transpose", {"out": 6, "kernel": 3, "stride": 2, "groups": 2}, (2, 4, 5, 6)),
]


@pytest.mark.parametrize(("name", "args", "shape"), KINDS)
def test_float32_stays_float32_and_near_float64(name, args, shape):
    op = make(name, **args)
    (x,), params = numbers(0, shape), params_of(op, shape)
    (grad,) = numbers(1, run(op, x, params=params).out.shape)
    wide = run(op, x, params=params, grad=grad)
    short = {key: values.astype("float32") for key, values in params.items()}
    ran = run(op, x.astype("float32"), params=short, grad=grad.astype("float32"))
    pairs = [(ran.out, wide.out), (ran.input_grads[0], wide.input_grads[0])]
    pairs += [(ran.call.grads[key], wide.call.grads[key]) for key in params]
    for found, wanted in pairs:
        assert found.dtype == np.float32
        assert_allclose(found, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


@pytest.mark.parametrize(("name", "args", "shape"), KINDS)
def test_weights_may_lie_in_any_order_in_memory(name, args, shape):
    op = make(name, **args)
    (x,), params = numbers(0, shape), params_of(op, shape)
    (grad,) = numbers(1, run(op, x, params=params).out.shape)
    ran = [
        run(op, x, params={key: order(v) for key, v in params.items()}, grad=grad)
        for order in (np.ascontiguousarray, np.asfortranarray)
    ]
    assert_allclose(ran[0].out, ran[1].out, atol=1e-12)
    assert_allclose(ran[0].input_grads[0], ran[1].input_grads[0], atol=1e-12)
    assert_allclose(ran[0].call.grads["weight"], ran[1].call.grads["weight"], atol=1e-11)


@pytest.mark.parametrize(("name", "args", "shape"), KINDS)
def test_nan_reaches_exactly_what_reads_it(name, args, shape):
    """The outputs that change when a value changes: the rest must stay free of NaN."""
    op = make(name, **args)
    (x,), params = numbers(0, shape), params_of(op, shape)
    before = run(op, x, params=params).out
    for at in ((0, 0, *(0,) * (x.ndim - 2)), (1, 2, *(n // 2 for n in shape[2:]))):
        changed, broken = x.copy(), x.copy()
        changed[at] += 1
        broken[at] = np.nan
        reads = run(op, changed, params=params).out != before
        assert reads.any()
        assert_array_equal(np.isnan(run(op, broken, params=params).out), reads)


def row(*values: float) -> Array:
    return np.array(values, dtype="float64").reshape(1, 1, -1)


def test_a_row_by_hand():
    """A difference of neighbours: y = 2·x[p] - x[p + 1] + 1."""
    params = {"weight": row(2, -1), "bias": np.array([1.0])}
    ran = run(make("conv", out=1, kernel=2), row(1, 3, 2, 5), params=params, grad=row(1, 10, 100))
    assert_array_equal(ran.out, row(0, 5, 0))
    assert_array_equal(ran.input_grads[0], row(2, -1 + 20, -10 + 200, -100))
    assert_array_equal(ran.call.grads["weight"], row(1 + 30 + 200, 3 + 20 + 500))
    assert_array_equal(ran.call.grads["bias"], [111])


def test_a_stride_and_padding_by_hand():
    """Windows at -1, 1 and 3 of 4 positions and a zero at both ends."""
    op = make("conv", out=1, kernel=3, stride=2, padding=((1, 2),), bias=False)
    ran = run(op, row(1, 2, 3, 4), params={"weight": row(1, 10, 100)}, grad=row(1, 1, 1))
    assert_array_equal(ran.out, row(210, 432, 4))
    assert_array_equal(ran.input_grads[0], row(10, 101, 10, 101))
    assert_array_equal(ran.call.grads["weight"], row(0 + 2 + 4, 1 + 3 + 0, 2 + 4 + 0))


def test_a_transposed_row_by_hand():
    """Each value gives its share to 3 places, 2 apart: 1, 10 and 100 times itself."""
    op = make("conv_transpose", out=1, kernel=3, stride=2)
    params = {"weight": row(1, 10, 100), "bias": np.array([5.0])}
    ran = run(op, row(1, 2), params=params, grad=row(1, 2, 3, 4, 5))
    assert_array_equal(ran.out, row(6, 15, 107, 25, 205))
    assert_array_equal(ran.input_grads[0], row(321, 543))
    assert_array_equal(ran.call.grads["weight"], row(1 + 6, 2 + 8, 3 + 10))
    assert_array_equal(ran.call.grads["bias"], [15])
