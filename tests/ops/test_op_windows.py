"""Windows against PyTorch: an impulse in one row of the input shows which outputs read that row."""

from __future__ import annotations

from itertools import product

import pytest
from case_kit import make

torch = pytest.importorskip("torch")
nn = torch.nn

SEEN = 1e-6
"""Weights below this are rounding: interpolation weights are multiples of 1/100 and more here."""


def rows_read(module, shape):
    """Return, for each output row, the set of input rows that reach it."""
    rows = shape[1]
    impulses = torch.zeros((rows, *shape), dtype=torch.float64)
    for row in range(rows):
        impulses[row, :, row] = 1
    outputs = module(impulses)
    reached = outputs.abs().reshape(*outputs.shape[:3], -1).sum(dim=(1, 3)) > SEEN
    return [set(torch.nonzero(column).flatten().tolist()) for column in reached.T]


def rows_stated(op, shape):
    """Return the same by the op's windows, cut to the rows that exist."""
    windows = op.windows(shape)[0]
    outs = op.shape(shape)[1]
    if windows is None:
        return [set(range(shape[1]))] * outs
    stated = []
    for unit in range(outs):
        taps = windows[0].taps(unit)
        rows = range(taps[0], taps[1] + 1, taps[2]) if taps else ()
        stated.append({row for row in rows if 0 <= row < shape[1]})
    return stated


def ones(module):
    """Return a convolution with all weights 1, so that every tap shows."""
    module = module.double()
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    return module.requires_grad_(False)


def test_conv_reads_what_torch_reads():
    for size, kernel, stride, padding, dilation in product(
        (5, 8), (1, 2, 3), (1, 2), (0, 2), (1, 2)
    ):
        op = make(
            "conv",
            out=1,
            kernel=kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            bias=False,
        )
        module = ones(nn.Conv1d(1, 1, kernel, stride, padding, dilation, bias=False))
        assert rows_stated(op, (1, size)) == rows_read(module, (1, size)), op


@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_same_padding_reads_what_torch_reads(kernel):
    op = make("conv", out=1, kernel=kernel, padding="same", bias=False)
    low = (kernel - 1) // 2  # SAME_UPPER: the odd zero at the end
    module = nn.Sequential(
        nn.ZeroPad1d((low, kernel - 1 - low)), ones(nn.Conv1d(1, 1, kernel, bias=False))
    )
    assert rows_stated(op, (1, 6)) == rows_read(module, (1, 6))


def test_conv_transpose_reads_what_torch_reads():
    """Among these are outputs that read nothing, and dilations that do not divide the stride."""
    for kernel, stride, padding, extra, dilation in product(
        (1, 2, 3, 4), (1, 2, 3), (0, 1), (0, 1), (1, 2, 3)
    ):
        if extra >= max(stride, dilation):
            continue
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "bias": False}
        op = make("conv_transpose", out=1, kernel=kernel, output_padding=extra, **settings)
        module = nn.ConvTranspose1d(1, 1, kernel, output_padding=extra, **settings)
        assert rows_stated(op, (1, 5)) == rows_read(ones(module), (1, 5)), op


SAME_CUTS = [  # kernel, stride, outputs cut off at both ends: the padding of the conv it undoes
    (3, 1, 1, 1),
    (4, 2, 1, 1),
    (3, 2, 0, 1),
    (5, 2, 1, 2),
    (2, 3, 0, -1),
]


@pytest.mark.parametrize(("kernel", "stride", "low", "high"), SAME_CUTS)
def test_same_padding_of_conv_transpose_cuts_what_conv_pads(kernel, stride, low, high):
    op = make("conv_transpose", out=1, kernel=kernel, stride=stride, padding="same")
    full = ones(nn.ConvTranspose1d(1, 1, kernel, stride, bias=False))
    module = nn.Sequential(full, nn.ZeroPad1d((-low, -high)))
    assert rows_stated(op, (1, 5)) == rows_read(module, (1, 5))


def test_max_pool_reads_what_torch_reads():
    for size, kernel, stride, padding, dilation, ceil in product(
        (5, 6, 7), (2, 3), (1, 2, 3), (0, 1), (1, 2), (False, True)
    ):
        settings = {"stride": stride, "padding": padding, "dilation": dilation}
        if size + 2 * padding < dilation * (kernel - 1) + 1:
            continue
        op = make("max_pool", kernel=kernel, ceil=ceil, **settings)
        module = nn.MaxPool1d(kernel, ceil_mode=ceil, **settings)
        assert rows_stated(op, (1, size)) == rows_read(module, (1, size)), op


def test_avg_pool_reads_what_torch_reads():
    for size, kernel, stride, padding, ceil in product(
        (4, 5, 6, 7), (2, 3), (1, 2, 3, 4), (0, 1), (False, True)
    ):
        op = make("avg_pool", kernel=kernel, stride=stride, padding=padding, ceil=ceil)
        module = nn.AvgPool1d(kernel, stride, padding, ceil)
        assert rows_stated(op, (1, size)) == rows_read(module, (1, size)), op


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_adaptive_pools_read_what_torch_reads(kind):
    layer = {"avg": nn.AdaptiveAvgPool1d, "max": nn.AdaptiveMaxPool1d}[kind]
    for size, out in product(range(1, 13), repeat=2):
        op = make(f"adaptive_{kind}_pool", size=out)
        assert rows_stated(op, (1, size)) == rows_read(layer(out), (1, size)), (size, out)


RESIZES = [
    {"mode": "nearest"},
    {"mode": "bilinear"},
    {"mode": "bilinear", "align_corners": True},
]


@pytest.mark.parametrize("settings", RESIZES)
def test_upsample_to_a_size_reads_what_torch_reads(settings):
    for size, out in product(range(1, 13), repeat=2):
        op = make("upsample", size=(out, 2), **settings)
        module = nn.Upsample(size=(out, 2), **settings)
        assert rows_stated(op, (1, size, 2)) == rows_read(module, (1, size, 2)), (size, out)


@pytest.mark.parametrize("settings", RESIZES)
def test_upsample_by_a_scale_reads_what_torch_reads(settings):
    for size, scale in product(range(2, 10), (0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4)):
        op = make("upsample", scale=(scale, 1), **settings)
        module = nn.Upsample(scale_factor=(scale, 1.0), **settings)
        assert rows_stated(op, (1, size, 2)) == rows_read(module, (1, size, 2)), (size, scale)


MOVES = [
    ("pixel_shuffle", {"r": 2}, lambda: nn.PixelShuffle(2), (4, 3, 3)),
    ("pixel_shuffle", {"r": 3}, lambda: nn.PixelShuffle(3), (9, 2, 2)),
    ("pixel_unshuffle", {"r": 2}, lambda: nn.PixelUnshuffle(2), (1, 6, 6)),
    ("pad", {"padding": ((2, 1), (0, 0))}, lambda: nn.ZeroPad2d((0, 0, 2, 1)), (1, 4, 4)),
    ("crop", {"size": (3, 4)}, lambda: nn.ZeroPad2d((0, 0, -1, -2)), (1, 6, 4)),
    ("channel_shuffle", {"groups": 2}, lambda: nn.ChannelShuffle(2), (4, 3, 3)),
    ("softmax", {}, lambda: nn.Softmax(1), (3, 4, 2)),
    ("global_avg_pool", {}, lambda: nn.AdaptiveAvgPool2d(1), (2, 4, 4)),
]


@pytest.mark.parametrize(("name", "args", "module", "shape"), MOVES)
def test_moves_and_global_layers_read_what_torch_reads(name, args, module, shape):
    op = make(name, **args)
    made = module() if name != "softmax" else one_channel_of(module())
    assert rows_stated(op, shape) == rows_read(made, shape)


def one_channel_of(module):
    """Scale channels apart first, and take off what zeros give: an equal row shows nothing."""

    def run(batch):
        apart = batch * torch.arange(1.0, batch.shape[1] + 1, dtype=batch.dtype)[:, None, None]
        return module(apart) - module(torch.zeros_like(apart))

    return run


def test_a_conv_on_every_axis_has_the_window_of_that_axis():
    op = make("conv", out=1, kernel=(1, 2, 3), stride=(1, 2, 3), dilation=(1, 1, 2))
    first, second, third = op.windows((1, 9, 9, 9))[0]
    assert (first.kernel, second.kernel, third.kernel) == (1, 2, 3)
    assert (first.stride, second.stride, third.stride) == (1, 2, 3)
    assert third.span == 5


def test_the_probe_sees_a_wrong_window():
    """A probe that always agreed would prove nothing."""
    module = ones(nn.Conv1d(1, 1, 3, bias=False))
    assert rows_read(module, (1, 6)) == [{0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 5}]
    assert rows_stated(make("conv", out=1, kernel=2), (1, 6)) != rows_read(module, (1, 6))
