"""One case or more for every layer type and rank: what it makes of an input, worked out by hand."""

from __future__ import annotations

from case_kit import case, weights
from cases_sliding import CONVOLUTIONS, DENSE, POOLS

from cnncalc.ops.base import Work

STATISTICS = {"running_mean": (6,), "running_var": (6,)}
LEARNED = {"weight": (6,), "bias": (6,)}

NORMS = [
    case(
        "batch_norm", {}, (6, 4, 4), (6, 4, 4), Work(mul=96, add=96), LEARNED, STATISTICS,
        lambda nn: nn.BatchNorm2d(6),
    ),
    case(
        "batch_norm", {"affine": False}, (6,), (6,), Work(mul=6, add=6), {}, STATISTICS,
        lambda nn: nn.BatchNorm1d(6, affine=False).eval(),
    ),
    case(
        "batch_norm", {}, (6, 2, 2, 2), (6, 2, 2, 2), Work(mul=48, add=48), LEARNED, STATISTICS,
        lambda nn: nn.BatchNorm3d(6),
    ),
    case(
        "layer_norm", {}, (6,), (6,), Work(add=23, mul=18, div=3, exp=1), LEARNED, None,
        lambda nn: nn.LayerNorm(6),
    ),
    case(
        "layer_norm", {}, (2, 3, 4), (2, 3, 4), Work(add=95, mul=72, div=3, exp=1),
        weights(weight=(2, 3, 4), bias=(2, 3, 4)), None, lambda nn: nn.LayerNorm([2, 3, 4]),
    ),
    case(
        "layer_norm", {"over": "channels", "affine": False}, (2, 3, 4), (2, 3, 4),
        Work(add=60, mul=48, div=36, exp=12),
    ),
    case(
        "layer_norm", {"over": "channels"}, (6, 2), (6, 2),
        Work(add=46, mul=36, div=6, exp=2), LEARNED,
    ),
    case(
        "instance_norm", {}, (6, 5), (6, 5), Work(add=84, mul=60, div=18, exp=6),
        torch=lambda nn: nn.InstanceNorm1d(6),
    ),
    case(
        "instance_norm", {"affine": True}, (6, 2, 2), (6, 2, 2),
        Work(add=90, mul=72, div=18, exp=6), LEARNED, None,
        lambda nn: nn.InstanceNorm2d(6, affine=True),
    ),
    case(
        "group_norm", {"groups": 3}, (6, 2, 2), (6, 2, 2), Work(add=93, mul=72, div=9, exp=3),
        LEARNED, None, lambda nn: nn.GroupNorm(3, 6),
    ),
    case(
        "group_norm", {"groups": 2, "affine": False}, (6,), (6,),
        Work(add=16, mul=12, div=6, exp=2), torch=lambda nn: nn.GroupNorm(2, 6, affine=False),
    ),
    case(
        "local_response_norm", {}, (6, 2, 2), (6, 2, 2),
        Work(mul=48, add=96, exp=24, div=24),  # neighbours 2 3 4 4 3 2 = 18, 4 positions, and k
        torch=lambda nn: nn.LocalResponseNorm(5),
    ),
    case(
        "local_response_norm", {"size": 2}, (3, 5), (3, 5), Work(mul=30, add=25, exp=15, div=15),
        torch=lambda nn: nn.LocalResponseNorm(2),
    ),
]  # fmt: skip

ACTIVATIONS = [
    case("sigmoid", {}, (2, 3), (2, 3), Work(exp=6, add=6, div=6), torch=lambda nn: nn.Sigmoid()),
    case("tanh", {}, (2, 3), (2, 3), Work(exp=6), torch=lambda nn: nn.Tanh()),
    case("relu", {}, (2, 3, 2), (2, 3, 2), Work(cmp=12), torch=lambda nn: nn.ReLU()),
    case("relu", {}, (5,), (5,), Work(cmp=5), torch=lambda nn: nn.ReLU()),
    case("leaky_relu", {}, (5,), (5,), Work(cmp=5, mul=5), torch=lambda nn: nn.LeakyReLU()),
    case(
        "prelu", {}, (2, 3), (2, 3), Work(cmp=6, mul=6), weights(weight=(1,)), None,
        lambda nn: nn.PReLU(),
    ),
    case(
        "prelu", {"per_channel": True}, (2, 3), (2, 3), Work(cmp=6, mul=6), weights(weight=(2,)),
        None, lambda nn: nn.PReLU(2),
    ),
    case("relu6", {}, (5,), (5,), Work(cmp=10), torch=lambda nn: nn.ReLU6()),
    case("elu", {}, (5,), (5,), Work(cmp=5, exp=5, add=5, mul=5), torch=lambda nn: nn.ELU()),
    case("selu", {}, (5,), (5,), Work(cmp=5, exp=5, add=5, mul=5), torch=lambda nn: nn.SELU()),
    case("softplus", {}, (5,), (5,), Work(exp=10, add=5), torch=lambda nn: nn.Softplus()),
    case("silu", {}, (5,), (5,), Work(exp=5, add=5, div=5), torch=lambda nn: nn.SiLU()),
    case("gelu", {}, (5,), (5,), Work(exp=5, add=5, mul=15), torch=lambda nn: nn.GELU()),
    case("mish", {}, (5,), (5,), Work(exp=15, add=5, mul=5), torch=lambda nn: nn.Mish()),
    case(
        "hard_sigmoid", {}, (5,), (5,), Work(add=5, cmp=10, div=5),
        torch=lambda nn: nn.Hardsigmoid(),
    ),
    case(
        "hard_swish", {}, (5,), (5,), Work(add=5, cmp=10, mul=5, div=5),
        torch=lambda nn: nn.Hardswish(),
    ),
    case(
        "softmax", {}, (4, 2, 2), (4, 2, 2), Work(cmp=12, add=28, exp=16, div=16),
        torch=lambda nn: nn.Softmax(1),
    ),
    case("softmax", {}, (10,), (10,), Work(cmp=9, add=19, exp=10, div=10)),
]  # fmt: skip

MOVES = [
    case("dropout", {}, (2, 3), (2, 3), torch=lambda nn: nn.Dropout()),
    case("drop_path", {}, (2, 3), (2, 3)),
    case("identity", {}, (2, 3), (2, 3), torch=lambda nn: nn.Identity()),
    case("flatten", {}, (2, 3, 4), (24,), torch=lambda nn: nn.Flatten()),
    case("flatten", {}, (5,), (5,), torch=lambda nn: nn.Flatten()),
    case(
        "reshape", {"to": (4, -1)}, (2, 3, 4), (4, 6),
        torch=lambda nn: nn.Sequential(nn.Flatten(), nn.Unflatten(1, (4, -1))),
    ),
    case("reshape", {"to": (2, 3, 2, 2)}, (24,), (2, 3, 2, 2)),
    case("reshape", {"to": (-1,)}, (2, 3), (6,)),
    case(
        "pad", {"padding": (1, 2)}, (1, 4, 4), (1, 6, 8),
        torch=lambda nn: nn.ZeroPad2d((2, 2, 1, 1)),
    ),
    case(
        "pad", {"padding": ((0, 3),), "mode": "reflect"}, (1, 4), (1, 7),
        torch=lambda nn: nn.ReflectionPad1d((0, 3)),
    ),
    case(
        "pad", {"padding": 5, "mode": "replicate"}, (1, 2, 2, 2), (1, 12, 12, 12),
        torch=lambda nn: nn.ReplicationPad3d(5),
    ),
    case(
        "crop", {"size": (3, 4)}, (2, 6, 4), (2, 3, 4),
        torch=lambda nn: nn.ZeroPad2d((0, 0, -1, -2)),
    ),
    case("crop", {"size": 2}, (2, 5), (2, 2)),
    case(
        "channel_shuffle", {"groups": 3}, (6, 2, 2), (6, 2, 2),
        torch=lambda nn: nn.ChannelShuffle(3),
    ),
    case("chunk", {"n": 3, "index": 2}, (6, 4), (2, 4)),
    case("chunk", {"n": 2, "index": 0}, (6,), (3,)),
    case("pixel_shuffle", {"r": 2}, (8, 3, 4), (2, 6, 8), torch=lambda nn: nn.PixelShuffle(2)),
    case("pixel_shuffle", {"r": 3}, (6, 4), (2, 12)),
    case("pixel_unshuffle", {"r": 2}, (2, 6, 8), (8, 3, 4), torch=lambda nn: nn.PixelUnshuffle(2)),
    case("pixel_unshuffle", {"r": 2}, (1, 2, 4, 6), (8, 1, 2, 3)),
]  # fmt: skip

SAMPLES = [
    case(
        "upsample", {"scale": 2}, (3, 4, 5), (3, 8, 10),
        torch=lambda nn: nn.Upsample(scale_factor=2),
    ),
    case(
        "upsample", {"scale": 1.5, "mode": "bilinear"}, (1, 5), (1, 7), Work(mul=14, add=7),
        torch=lambda nn: nn.Upsample(scale_factor=1.5, mode="linear"),
    ),
    case(
        "upsample", {"size": (7, 3), "mode": "bilinear", "align_corners": True}, (2, 4, 4),
        (2, 7, 3), Work(mul=168, add=126),
        torch=lambda nn: nn.Upsample((7, 3), mode="bilinear", align_corners=True),
    ),
    case(
        "upsample", {"size": 4, "mode": "bilinear", "align_corners": True}, (1, 1), (1, 4),
        Work(mul=8, add=4),
        torch=lambda nn: nn.Upsample(4, mode="linear", align_corners=True),
    ),
    case(
        "upsample", {"scale": 2, "mode": "bilinear"}, (1, 2, 2, 2), (1, 4, 4, 4),
        Work(mul=512, add=448), torch=lambda nn: nn.Upsample(scale_factor=2, mode="trilinear"),
    ),
    case(
        "upsample", {"scale": 0.5}, (1, 5), (1, 2),
        torch=lambda nn: nn.Upsample(scale_factor=0.5),
    ),
    case(
        "upsample", {"scale": (1 / 3, 2)}, (1, 9, 2), (1, 3, 4),
        torch=lambda nn: nn.Upsample(scale_factor=(1 / 3, 2)),
    ),
]  # fmt: skip

JOINS = [
    case("add", {}, [(2, 3, 3), (2, 3, 3)], (2, 3, 3), Work(add=18)),
    case("add", {}, [(4,), (4,), (4,)], (4,), Work(add=8)),
    case("sub", {}, [(2, 3), (2, 3)], (2, 3), Work(add=6)),
    case("max", {}, [(2, 3), (2, 3), (2, 3)], (2, 3), Work(cmp=12)),
    case("mean", {}, [(2, 3), (2, 3), (2, 3)], (2, 3), Work(add=12, div=6)),
    case("mul", {}, [(2, 3, 3), (2, 1, 1)], (2, 3, 3), Work(mul=18)),
    case("mul", {}, [(2,), (2, 3, 3)], (2, 3, 3), Work(mul=18)),
    case("mul", {}, [(2, 1, 1), (2,), (1, 3, 3)], (2, 3, 3), Work(mul=20)),  # 2, then 18
    case("mul", {}, [(1, 3), (2, 3)], (2, 3), Work(mul=6)),
    case("mul", {}, [(5,), (5,)], (5,), Work(mul=5)),
    case("concat", {}, [(2, 3, 3), (4, 3, 3), (1, 3, 3)], (7, 3, 3)),
    case("concat", {}, [(2,), (4,)], (6,)),
]  # fmt: skip

CASES = [
    *CONVOLUTIONS,
    *DENSE,
    *POOLS,
    *NORMS,
    *ACTIVATIONS,
    *MOVES,
    *SAMPLES,
    *JOINS,
]
