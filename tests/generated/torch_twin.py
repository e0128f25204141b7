"""The same network as PyTorch calls, and what its outputs are seen to read when it runs."""

# ruff: noqa: ARG005 the makers of modules all have the same arguments

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.geometry import Shape
from cnncalc.graph import Graph, Node
from cnncalc.ops.base import Op

torch.set_num_threads(1)  # maps are so small that threads only wait for each other

SEEN = 1e-6
"""Weights below this are rounding: those of an interpolation are much larger here."""
JOINS = ("add", "sub", "mul", "max", "mean", "concat")
WEIGHT_NORM = {"original0": "weight_g", "original1": "weight"}
"""Names of PyTorch's parametrization: the lengths of the weights, and their directions."""
WHOLE = ("global_avg_pool", "global_max_pool", "flatten", "linear")
NEUTRAL = (
    "relu", "tanh", "prelu", "batch_norm", "softmax", "scale", "layer_norm", "group_norm",
    "instance_norm", "local_response_norm", "dropout", "identity",
)  # fmt: skip


class Call(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Factor(nn.Module):
    """A learned factor for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight.reshape(-1, *(1,) * (x.ndim - 2))


class Offset(nn.Module):
    """A learned offset for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias.reshape(-1, *(1,) * (x.ndim - 2))


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels at each position."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


def each(value: Any, rank: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * rank


def padded(pairs: list[tuple[int, int]], mode: str = "constant", value: float = 0) -> Call:
    """Return a padding of each axis, given in the order of the axes; PyTorch wants the reverse."""
    amounts = [amount for pair in reversed(pairs) for amount in pair]
    given = {"value": value} if mode == "constant" else {}
    return Call(lambda x: functional.pad(x, amounts, mode, **given))


def pads_of(op: Any, sizes: Shape, stride: Any) -> list[tuple[int, int]]:
    """Return (low, high) for each axis; `same` is Keras's and ONNX's SAME_UPPER."""
    rank = len(sizes)
    dilation = getattr(op, "dilation", 1)
    spans = [
        d * (k - 1) + 1 for k, d in zip(each(op.kernel, rank), each(dilation, rank), strict=True)
    ]
    if op.padding == "half":
        return [((span - 1) // 2,) * 2 for span in spans]
    if op.padding == "same":
        totals = [
            max((-(-size // s) - 1) * s + span - size, 0)
            for size, s, span in zip(sizes, each(stride, rank), spans, strict=True)
        ]
        return [(total // 2, total - total // 2) for total in totals]
    pads = (0,) * rank if op.padding == "valid" else each(op.padding, rank)
    return [pad if isinstance(pad, tuple) else (pad, pad) for pad in pads]


def of_rank(name: str, shape: Shape) -> Any:
    return getattr(nn, f"{name}{len(shape) - 1}d")


def make_conv(op: Any, shape: Shape) -> nn.Module:
    rank, channels = len(shape) - 1, shape[0]
    own = op.name == "depthwise"
    out = channels * op.multiplier if own else op.out
    pads = pads_of(op, shape[1:], op.stride)
    level = all(low == high for low, high in pads)
    module = of_rank("Conv", shape)(
        channels, out, each(op.kernel, rank), each(op.stride, rank),
        tuple(low for low, _ in pads) if level else 0, each(op.dilation, rank),
        channels if own else op.groups, op.bias,
    )  # fmt: skip
    if not own and op.weight_norm:
        module = nn.utils.parametrizations.weight_norm(module)
    return module if level else nn.Sequential(padded(pads), module)


def make_conv_transpose(op: Any, shape: Shape) -> nn.Module:
    """Where PyTorch has no such padding, the whole output is made and its ends are cut off.

    What lies beyond it is only the bias, which therefore comes last.
    """
    rank, word = len(shape) - 1, op.padding
    cuts = pads_of(op, shape[1:], 1) if word != "same" else [(0, 0)] * rank
    level = word != "same" and all(low == high for low, high in cuts)
    extra = each(op.output_padding, rank)
    module = of_rank("ConvTranspose", shape)(
        shape[0], op.out, each(op.kernel, rank), each(op.stride, rank),
        tuple(low for low, _ in cuts) if level else 0, extra if level else 0,
        op.groups, op.bias and level, each(op.dilation, rank),
    )  # fmt: skip
    if level:
        return module
    if word == "same":
        spans = zip(
            each(op.kernel, rank), each(op.dilation, rank), each(op.stride, rank), strict=True
        )
        spare = [d * (k - 1) + 1 - s for k, d, s in spans]
        cuts = [(max(n, 0) // 2, n - max(n, 0) // 2) for n in spare]
    ends = [(-low, more - high) for (low, high), more in zip(cuts, extra, strict=True)]
    steps = [module, padded(ends)]
    return nn.Sequential(*steps, Offset(op.out)) if op.bias else nn.Sequential(*steps)


def make_pool(op: Any, shape: Shape) -> nn.Module:
    rank, stride = len(shape) - 1, op.kernel if op.stride is None else op.stride
    pads = pads_of(op, shape[1:], stride)
    level = all(low == high for low, high in pads)
    largest = op.name == "max_pool"
    more = {"dilation": each(op.dilation, rank)} if largest else {}
    module = of_rank("MaxPool" if largest else "AvgPool", shape)(
        each(op.kernel, rank), each(stride, rank),
        tuple(low for low, _ in pads) if level else 0, ceil_mode=op.ceil, **more,
    )  # fmt: skip
    if level:
        return module
    return nn.Sequential(padded(pads, value=float("-inf") if largest else 0), module)


def make_upsample(op: Any, shape: Shape) -> nn.Module:
    rank = len(shape) - 1
    linear = ("linear", "bilinear", "trilinear")[rank - 1]
    mode = linear if op.mode == "bilinear" else "nearest"
    corners = op.align_corners if op.mode == "bilinear" else None
    if op.size is not None:
        return nn.Upsample(size=each(op.size, rank), mode=mode, align_corners=corners)
    scale = tuple(map(float, each(op.scale, rank)))
    module = nn.Upsample(
        scale_factor=scale, mode=mode, align_corners=corners, recompute_scale_factor=False
    )
    stays = any(int(n * s) == n and s != 1 for n, s in zip(shape[1:], scale, strict=True))
    return Nearest(module) if stays and mode == "nearest" and rank != 2 else module


class Nearest(nn.Module):
    """PyTorch's upsampling by the places that it reads, and a gradient that goes back to them.

    On one or three axes, where the size stays, PyTorch (2.13) reads every 1/scale in its forward
    pass but gives gradients back as if it had copied.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        if x.is_meta:
            return self.module(x)
        sizes = x.shape[2:]
        places = self.module(torch.arange(float(sizes.numel())).reshape(1, 1, *sizes))
        found = x.flatten(2)[..., places.long().flatten()]
        return found.unflatten(-1, places.shape[2:])


def make_crop(op: Any, shape: Shape) -> nn.Module:
    rows = []
    for size, kept in zip(shape[1:], each(op.size, len(shape) - 1), strict=True):
        low = (size - kept) // 2
        rows.append(slice(low, low + kept))
    return Call(lambda x: x[(slice(None), slice(None), *rows)])


def make_pad(op: Any, shape: Shape) -> nn.Module:
    pads = [
        pad if isinstance(pad, tuple) else (pad, pad) for pad in each(op.padding, len(shape) - 1)
    ]
    return padded(pads, {"zero": "constant"}.get(op.mode, op.mode))


def shuffled(x: Tensor, r: int) -> Tensor:
    """Return PixelShuffle at any rank, written with reshapes: channel c·r + i goes to place i."""
    batch, channels, *sizes = x.shape
    rank = len(sizes)
    x = x.reshape(batch, channels // r**rank, *(r,) * rank, *sizes)
    order = [place for axis in range(rank) for place in (2 + rank + axis, 2 + axis)]
    return x.permute(0, 1, *order).reshape(batch, -1, *(size * r for size in sizes))


def unshuffled(x: Tensor, r: int) -> Tensor:
    batch, channels, *sizes = x.shape
    rank = len(sizes)
    x = x.reshape(batch, channels, *(part for size in sizes for part in (size // r, r)))
    order = [3 + 2 * axis for axis in range(rank)] + [2 + 2 * axis for axis in range(rank)]
    return x.permute(0, 1, *order).reshape(batch, -1, *(size // r for size in sizes))


def channels_shuffled(x: Tensor, groups: int) -> Tensor:
    return x.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)


def make_linear(op: Any, shape: Shape) -> nn.Module:
    values = torch.Size(shape).numel()
    module: nn.Module = nn.Linear(values, op.out, op.bias)
    if op.weight_norm:
        module = nn.utils.parametrizations.weight_norm(module)
    return nn.Sequential(nn.Flatten(), module)


def make_layer_norm(op: Any, shape: Shape) -> nn.Module:
    return nn.LayerNorm(shape) if op.over == "all" else ChannelNorm(shape[0])


def make_batch_norm(op: Any, shape: Shape) -> nn.Module:
    kind = nn.BatchNorm1d if len(shape) < 3 else of_rank("BatchNorm", shape)
    return kind(shape[0], affine=op.affine)


MAKERS: dict[str, Callable[[Any, Shape], nn.Module]] = {
    "conv": make_conv,
    "depthwise": make_conv,
    "conv_transpose": make_conv_transpose,
    "max_pool": make_pool,
    "avg_pool": make_pool,
    "adaptive_avg_pool": lambda op, s: of_rank("AdaptiveAvgPool", s)(each(op.size, len(s) - 1)),
    "adaptive_max_pool": lambda op, s: of_rank("AdaptiveMaxPool", s)(each(op.size, len(s) - 1)),
    "global_avg_pool": lambda op, s: of_rank("AdaptiveAvgPool", s)(1),
    "global_max_pool": lambda op, s: of_rank("AdaptiveMaxPool", s)(1),
    "upsample": make_upsample,
    "pad": make_pad,
    "crop": make_crop,
    "channel_shuffle": lambda op, s: Call(lambda x: channels_shuffled(x, op.groups)),
    "chunk": lambda op, s: Call(lambda x: torch.chunk(x, op.n, 1)[op.index]),
    "pixel_shuffle": lambda op, s: (
        nn.PixelShuffle(op.r) if len(s) == 3 else Call(lambda x: shuffled(x, op.r))
    ),
    "pixel_unshuffle": lambda op, s: (
        nn.PixelUnshuffle(op.r) if len(s) == 3 else Call(lambda x: unshuffled(x, op.r))
    ),
    "linear": make_linear,
    "flatten": lambda op, s: nn.Flatten(),
    "reshape": lambda op, s: Call(lambda x: x.reshape(x.shape[0], *op.to)),
    "relu": lambda op, s: nn.ReLU(),
    "tanh": lambda op, s: nn.Tanh(),
    "prelu": lambda op, s: nn.PReLU(s[0] if op.per_channel else 1),
    "softmax": lambda op, s: nn.Softmax(1),
    "dropout": lambda op, s: nn.Dropout(op.rate),
    "identity": lambda op, s: nn.Identity(),
    "scale": lambda op, s: Factor(s[0]),
    "batch_norm": make_batch_norm,
    "layer_norm": make_layer_norm,
    "group_norm": lambda op, s: nn.GroupNorm(op.groups, s[0]),
    "instance_norm": lambda op, s: of_rank("InstanceNorm", s)(s[0], affine=op.affine),
    "local_response_norm": lambda op, s: nn.LocalResponseNorm(op.size),
}


def as_maps(tensors: tuple[Tensor, ...]) -> list[Tensor]:
    rank = max(x.ndim for x in tensors)
    return [x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in tensors]


def joined(op: Op, tensors: tuple[Tensor, ...]) -> Tensor:
    if op.name == "concat":
        return torch.cat(tensors, 1)
    first, *rest = as_maps(tensors) if op.name == "mul" else tensors
    for other in rest:
        if op.name in ("add", "mean"):
            first = first + other
        elif op.name == "sub":
            first = first - other
        elif op.name == "mul":
            first = first * other
        else:
            first = torch.maximum(first, other)
    return first / len(tensors) if op.name == "mean" else first


class Twin(nn.Module):
    """A graph as PyTorch modules. On the meta device they give shapes without arithmetic."""

    def __init__(self, graph: Graph, shapes: list[Shape], device: str = "meta") -> None:
        super().__init__()
        self.graph = graph
        self.steps = nn.ModuleDict()
        with torch.device(device):
            for node in graph.nodes:
                if node.op.name not in JOINS and node.shares is None:
                    made = MAKERS[node.op.name](node.op, shapes[node.inputs[0]])
                    self.steps[node.path] = made.eval()

    def module_of(self, node: Node) -> nn.Module:
        return self.steps[(node.shares or node).path]

    def forward(self, *inputs: Tensor) -> list[Tensor]:
        """Return every tensor of the network: of one sample on the meta device without inputs."""
        shapes = self.graph.inputs.values()
        found = list(inputs) or [torch.empty(1, *shape, device="meta") for shape in shapes]
        for node in self.graph.nodes:
            ins = tuple(found[tensor] for tensor in node.inputs)
            found.append(
                joined(node.op, ins) if node.op.name in JOINS else self.module_of(node)(ins[0])
            )
        return found

    def arrays(self) -> Iterator[tuple[str, Tensor]]:
        """Yield learned arrays and buffers by the names that they have in the reference."""
        for path, module in self.steps.items():
            for name, tensor in (*module.named_parameters(), *module.named_buffers()):
                last = name.rpartition(".")[2]
                if last != "num_batches_tracked":
                    yield f"{path}.{WEIGHT_NORM.get(last, last)}", tensor

    def values(self, node: Node) -> tuple[int, int]:
        """Return the number of learned values and of buffers of one layer, its own or shared."""
        if node.op.name in JOINS:
            return 0, 0
        module = self.module_of(node)
        return (
            sum(each.numel() for each in module.parameters()),
            sum(b.numel() for n, b in module.named_buffers() if "num_batches" not in n),
        )


def reacts(graph: Graph, shapes: list[Shape], source: int, axis: int) -> list[Tensor | None]:
    """Return, for each map, a table [position, unit]: does the unit react to the input's position?

    Each sample of a batch has one row (column, plane) of the input at 1, the rest at 0. The
    layers run with weights of 1; behind each of them every value that is not 0 becomes 1. Whole-map
    layers give nothing: their paths are not local.
    """
    size = shapes[source][1 + axis]
    values = [torch.zeros(size, *shape) for shape in graph.inputs.values()]
    for position in range(size):
        values[source][position].select(1 + axis, position).fill_(1)
    for node in graph.nodes:
        ins = [values[tensor] for tensor in node.inputs]
        shape = shapes[len(values)]
        values.append((_ran(node.op, ins, shape) > SEEN).to(torch.float32))
    others = [
        [1, *(2 + each for each in range(x.ndim - 2) if each != axis)] if x.ndim > 2 else None
        for x in values
    ]
    return [x.amax(dims) > 0 if dims else None for x, dims in zip(values, others, strict=True)]


def _ran(op: Op, ins: list[Tensor], out: Shape) -> Tensor:
    if op.name == "concat":
        return torch.cat(ins, 1)
    if op.name in JOINS:
        total = torch.zeros(len(ins[0]), *out)
        for each_in in ins:
            if each_in.ndim == total.ndim:
                total = total + each_in
        return total
    if op.name in NEUTRAL:
        return ins[0]
    whole = op.name.startswith("adaptive") and set(out[1:]) == {1}
    moved = op.name == "reshape" and tuple(ins[0].shape[1:]) != out
    if whole or moved or op.name in WHOLE:
        return torch.zeros(len(ins[0]), *out)
    if op.name == "pad":
        return make_pad(_AsZero(op), out)(ins[0])
    module = MAKERS[op.name](op, tuple(ins[0].shape[1:])).requires_grad_(False)
    for name, parameter in module.named_parameters():
        parameter.fill_(0 if name.endswith("bias") else 1)
    return module(ins[0])


class _AsZero:
    """A pad as one with zeros: what padding reads is not part of a field."""

    mode = "zero"

    def __init__(self, op: Any) -> None:
        self.padding = op.padding
