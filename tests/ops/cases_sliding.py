"""Cases of convolutions, linear maps and pooling, worked out by hand."""

from __future__ import annotations

from case_kit import case, weights

from cnncalc.ops.base import Work

CONVOLUTIONS = [
    case(
        "conv", {"out": 8, "kernel": 3}, (3, 16, 12), (8, 14, 10),
        Work(mac=30240, add=1120),  # 8·14·10 outputs of 27 taps
        weights(weight=(8, 3, 3, 3), bias=(8,)), None, lambda nn: nn.Conv2d(3, 8, 3),
    ),
    case(
        "conv", {"out": 4, "kernel": 5, "stride": 2, "padding": 2, "dilation": 2, "bias": False},
        (2, 20), (4, 8), Work(mac=320),  # 4·8 outputs of 10 taps
        weights(weight=(4, 2, 5)), None,
        lambda nn: nn.Conv1d(2, 4, 5, 2, 2, 2, bias=False),
    ),
    case(
        "conv", {"out": 4, "kernel": (1, 2, 3), "groups": 2}, (6, 4, 5, 6), (4, 4, 4, 4),
        Work(mac=4608, add=256),  # 256 outputs of 3 channels · 6 taps
        weights(weight=(4, 3, 1, 2, 3), bias=(4,)), None,
        lambda nn: nn.Conv3d(6, 4, (1, 2, 3), groups=2),
    ),
    case(
        "conv", {"out": 64, "kernel": 7, "stride": 2, "padding": "half", "bias": False},
        (3, 224, 224), (64, 112, 112), Work(mac=118013952),  # ResNet's stem, 118.0 M
        weights(weight=(64, 3, 7, 7)), None, lambda nn: nn.Conv2d(3, 64, 7, 2, 3, bias=False),
    ),
    case(
        "conv", {"out": 2, "kernel": 3, "padding": "same", "dilation": 2}, (1, 9), (2, 9),
        Work(mac=54, add=18), weights(weight=(2, 1, 3), bias=(2,)), None,
        lambda nn: nn.Conv1d(1, 2, 3, padding="same", dilation=2),
    ),
    case(
        "conv", {"out": 1, "kernel": 4, "padding": "half", "bias": False}, (1, 8), (1, 7),
        Work(mac=28), weights(weight=(1, 1, 4)), None,
        lambda nn: nn.Conv1d(1, 1, 4, padding=1, bias=False),
    ),
    case(
        "conv", {"out": 2, "kernel": 3, "padding": "same", "stride": 2}, (1, 224, 225),
        (2, 112, 113), Work(mac=227808, add=25312), weights(weight=(2, 1, 3, 3), bias=(2,)),
    ),
    case(
        "conv", {"out": 2, "kernel": 3, "padding": ((0, 1), (2, 0))}, (1, 5, 5), (2, 4, 5),
        Work(mac=360, add=40), weights(weight=(2, 1, 3, 3), bias=(2,)), None,
        lambda nn: nn.Sequential(nn.ZeroPad2d((2, 0, 0, 1)), nn.Conv2d(1, 2, 3)),
    ),
    case(
        "conv", {"out": 2, "kernel": 1, "padding": "valid", "weight_norm": True}, (3, 4, 4),
        (2, 4, 4), Work(mac=96, add=32),
        weights(weight=(2, 3, 1, 1), bias=(2,), weight_g=(2, 1, 1, 1)), None,
        lambda nn: nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 2, 1)),
    ),
    case(
        "depthwise", {"kernel": 3, "padding": 1}, (4, 6, 6), (4, 6, 6), Work(mac=1296, add=144),
        weights(weight=(4, 1, 3, 3), bias=(4,)), None,
        lambda nn: nn.Conv2d(4, 4, 3, padding=1, groups=4),
    ),
    case(
        "depthwise", {"kernel": 2, "multiplier": 3, "bias": False}, (2, 5), (6, 4),
        Work(mac=48), weights(weight=(6, 1, 2)), None,
        lambda nn: nn.Conv1d(2, 6, 2, groups=2, bias=False),
    ),
    case(
        "depthwise", {"kernel": 2}, (2, 3, 3, 3), (2, 2, 2, 2), Work(mac=128, add=16),
        weights(weight=(2, 1, 2, 2, 2), bias=(2,)), None, lambda nn: nn.Conv3d(2, 2, 2, groups=2),
    ),
    case(
        "conv_transpose", {"out": 512, "kernel": 2, "stride": 2}, (1024, 32, 32), (512, 64, 64),
        Work(mac=2147483648, add=2097152),  # U-Net: 32² positions · 1024 · 512 · 4
        weights(weight=(1024, 512, 2, 2), bias=(512,)), None,
        lambda nn: nn.ConvTranspose2d(1024, 512, 2, 2),
    ),
    case(
        "conv_transpose",
        {"out": 4, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2},
        (6, 5), (4, 10), Work(mac=180, add=40),  # 6·5 values · 2 · 3 taps
        weights(weight=(6, 2, 3), bias=(4,)), None,
        lambda nn: nn.ConvTranspose1d(6, 4, 3, 2, 1, 1, groups=2),
    ),
    case(
        "conv_transpose",
        {"out": 1, "kernel": 2, "dilation": 3, "output_padding": 2, "bias": False},
        (1, 2, 2, 2), (1, 7, 7, 7), Work(mac=64), weights(weight=(1, 1, 2, 2, 2)), None,
        lambda nn: nn.ConvTranspose3d(1, 1, 2, dilation=3, output_padding=2, bias=False),
    ),
    case(
        "conv_transpose", {"out": 1, "kernel": 4, "stride": 2, "padding": "same", "bias": False},
        (1, 5), (1, 10), Work(mac=20), weights(weight=(1, 1, 4)), None,
        lambda nn: nn.ConvTranspose1d(1, 1, 4, 2, 1, bias=False),
    ),
    case(
        "conv_transpose", {"out": 1, "kernel": 2, "stride": 3, "padding": "same", "bias": False},
        (1, 5), (1, 15), Work(mac=10), weights(weight=(1, 1, 2)), None,
        lambda nn: nn.ConvTranspose1d(1, 1, 2, 3, output_padding=1, bias=False),
    ),
    case(
        "conv_transpose", {"out": 2, "kernel": 3, "padding": "half"}, (1, 4, 4), (2, 4, 4),
        Work(mac=288, add=32), weights(weight=(1, 2, 3, 3), bias=(2,)), None,
        lambda nn: nn.ConvTranspose2d(1, 2, 3, padding=1),
    ),
]  # fmt: skip

DENSE = [
    case(
        "linear", {"out": 10}, (84,), (10,), Work(mac=840, add=10),
        weights(weight=(10, 84), bias=(10,)), None, lambda nn: nn.Linear(84, 10),
    ),
    case(
        "linear", {"out": 3, "bias": False, "weight_norm": True}, (2, 3, 4), (3,), Work(mac=72),
        weights(weight=(3, 24), weight_g=(3, 1)), None,
        lambda nn: nn.Sequential(
            nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(24, 3, bias=False))
        ),
    ),
    case("scale", {}, (4, 3, 3), (4, 3, 3), Work(mul=36), weights(weight=(4,))),
    case("scale", {}, (4,), (4,), Work(mul=4), weights(weight=(4,))),
]  # fmt: skip

POOLS = [
    case(
        "max_pool", {"kernel": 3, "stride": 2, "padding": 1}, (64, 112, 112), (64, 56, 56),
        Work(cmp=1605632), torch=lambda nn: nn.MaxPool2d(3, 2, 1),
    ),
    case(
        "max_pool", {"kernel": 2, "dilation": 3}, (2, 9), (2, 3), Work(cmp=6),
        torch=lambda nn: nn.MaxPool1d(2, dilation=3),
    ),
    case(
        "max_pool", {"kernel": 3, "stride": 2, "ceil": True}, (1, 56, 7), (1, 28, 3),
        Work(cmp=672), torch=lambda nn: nn.MaxPool2d(3, 2, ceil_mode=True),
    ),
    case(
        "max_pool", {"kernel": 2, "stride": 3, "padding": 1, "ceil": True}, (1, 4), (1, 2),
        Work(cmp=2), torch=lambda nn: nn.MaxPool1d(2, 3, 1, ceil_mode=True),
    ),
    case(
        "max_pool", {"kernel": 3, "stride": 2, "ceil": True}, (1, 2), (1, 1), Work(cmp=2),
        torch=lambda nn: nn.MaxPool1d(3, 2, ceil_mode=True),
    ),
    case(
        "max_pool", {"kernel": 3, "stride": 1, "padding": "half", "dilation": 2}, (1, 9), (1, 9),
        Work(cmp=18),
    ),
    case(
        "max_pool", {"kernel": (1, 2, 2)}, (1, 4, 4, 4), (1, 4, 2, 2), Work(cmp=48),
        torch=lambda nn: nn.MaxPool3d((1, 2, 2)),
    ),
    case(
        "avg_pool", {"kernel": 2}, (6, 28, 28), (6, 14, 14), Work(add=3528, div=1176),
        torch=lambda nn: nn.AvgPool2d(2),
    ),
    case(
        "avg_pool", {"kernel": 3, "stride": 1, "padding": 1, "count_include_pad": False}, (2, 5),
        (2, 5), Work(add=20, div=10), torch=lambda nn: nn.AvgPool1d(3, 1, 1, False, False),
    ),
    case(
        "avg_pool", {"kernel": 2, "ceil": True}, (1, 3, 3, 3), (1, 2, 2, 2), Work(add=56, div=8),
        torch=lambda nn: nn.AvgPool3d(2, ceil_mode=True),
    ),
    case(
        "adaptive_avg_pool", {"size": 3}, (2, 7), (2, 3),
        Work(add=12, div=6),  # windows 0-2 2-4 4-6
        torch=lambda nn: nn.AdaptiveAvgPool1d(3),
    ),
    case(
        "adaptive_avg_pool", {"size": (1, 4)}, (2, 3, 6), (2, 1, 4),
        Work(add=40, div=8),  # 3 rows; windows 0-1 1-2 3-4 4-5
        torch=lambda nn: nn.AdaptiveAvgPool2d((1, 4)),
    ),
    case(
        "adaptive_avg_pool", {"size": 1}, (4, 7, 7), (4, 1, 1), Work(add=192, div=4),
        torch=lambda nn: nn.AdaptiveAvgPool2d(1),
    ),
    case(
        "adaptive_max_pool", {"size": 5}, (1, 3), (1, 5),
        Work(cmp=2),  # windows 0 0-1 1 1-2 2
        torch=lambda nn: nn.AdaptiveMaxPool1d(5),
    ),
    case(
        "adaptive_max_pool", {"size": (2, 2, 2)}, (1, 4, 4, 4), (1, 2, 2, 2), Work(cmp=56),
        torch=lambda nn: nn.AdaptiveMaxPool3d(2),
    ),
    case(
        "global_avg_pool", {}, (8, 7, 7), (8, 1, 1), Work(add=384, div=8),
        torch=lambda nn: nn.AdaptiveAvgPool2d(1),
    ),
    case("global_avg_pool", {}, (8, 5), (8, 1), Work(add=32, div=8)),
    case(
        "global_max_pool", {}, (8, 2, 2, 2), (8, 1, 1, 1), Work(cmp=56),
        torch=lambda nn: nn.AdaptiveMaxPool3d(1),
    ),
]  # fmt: skip
