"""How many layers of each kind a network has beside its convolutions: PyTorch's and ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from cnncalc.net import Net

OURS = {
    "AdaptiveAvgPool2DBackward0": "adaptive_avg_pool",
    "AdaptiveAvgPool3DBackward0": "global_avg_pool",
    "AddBackward0": "add",
    "AvgPool2DBackward0": "avg_pool",
    "CatBackward0": "concat",
    "GeluBackward0": "gelu",
    "HardsigmoidBackward0": "hard_sigmoid",
    "HardswishBackward0": "hard_swish",
    "HardtanhBackward0": "relu6",
    "MaxPool2DWithIndicesBackward0": "max_pool",
    "MeanBackward1": "global_avg_pool",
    "MulBackward0": "mul",
    "NativeBatchNormBackward0": "batch_norm",
    "NativeLayerNormBackward0": "layer_norm",
    "ReluBackward0": "relu",
    "SigmoidBackward0": "sigmoid",
    "SiluBackward0": "silu",
    "UpsampleBilinear2DBackward0": "upsample",
}
"""Node of PyTorch's backward graph -> our layer type; a factor a channel is a product, too."""

MOVEMENTS = {
    "AddmmBackward0",
    "AsStridedBackward1",
    "CloneBackward0",
    "ConvolutionBackward0",
    "PermuteBackward0",
    "SplitBackward0",
    "TBackward0",
    "TransposeBackward0",
    "UnsafeViewBackward0",
    "ViewBackward0",
    "torch::autograd::AccumulateGrad",
}
"""Nodes that are compared elsewhere, or that move values."""


def kinds_by_torch(
    model: nn.Module, shape: tuple[int, ...], *, train: bool = False
) -> Counter[str]:
    """Return the kinds on the way to the model's outputs, read from its backward graph."""
    outputs = model.train(train)(torch.empty(2, *shape, device="meta"))
    seen: set[Any] = set()
    open_nodes = [tensor.grad_fn for tensor in _tensors(outputs)]
    while open_nodes:
        node = open_nodes.pop()
        if node is not None and node not in seen:
            seen.add(node)
            open_nodes += [following for following, _ in node.next_functions]
    names = (node.name() for node in seen)
    return Counter(OURS[name] for name in names if name not in MOVEMENTS)


def _tensors(outputs: Any) -> Iterator[torch.Tensor]:
    if isinstance(outputs, torch.Tensor):
        yield outputs
    else:
        for each in outputs.values() if isinstance(outputs, dict) else outputs:
            yield from _tensors(each)


def kinds_by_cnncalc(net: Net) -> Counter[str]:
    """Return the kinds of our network's layers, of those that PyTorch's graph shows."""
    names = ("mul" if name == "scale" else name for name in (x.node.op.name for x in net.layers))
    return Counter(name for name in names if name in OURS.values())
