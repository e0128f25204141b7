"""The convolutions and linear layers that a network executes, in order: PyTorch's and ours."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest.mock import patch

import oracles
import torch
from torch import nn

from cnncalc.net import Layer, Net
from cnncalc.ops.base import per_axis

torchvision = oracles.torchvision()

BlockParams = torchvision.models.regnet.BlockParams

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
KINDS = frozenset({"conv", "depthwise", "conv_transpose", "linear"})
INPUT = -1
"""The number of the network's input among the sources of a layer."""
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
TASKS = {
    "classification": torchvision.models,
    "segmentation": torchvision.models.segmentation,
    "video": torchvision.models.video,
}
UNINITIALISED = {"googlenet", "inception_v3"}
"""Networks that warn about slow initialisation unless it is switched off."""


class Executed(NamedTuple):
    """One execution of a layer.

    `out` is its output's shape without the batch; `sources` are the layers that its input comes
    from, by their place in the sequence, and INPUT.
    """

    kind: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    out: tuple[int, ...]
    params: int
    sources: tuple[int, ...]


def torchvision_model(name: str, task: str) -> nn.Module:
    """Return torchvision's model on the meta device: shapes alone, no values."""
    options: dict[str, Any] = {"weights": None}
    if name in UNINITIALISED:
        options["init_weights"] = False
    if name == "googlenet":
        options["aux_logits"] = False  # as its published numbers have it
    if task == "segmentation":
        options["weights_backbone"] = None
        if not name.startswith("lraspp"):
            options["aux_loss"] = True
    with torch.device("meta"), warnings.catch_warnings(), _regnet_widths_on_cpu():
        warnings.simplefilter("ignore")
        return getattr(TASKS[task], name)(**options)


def _regnet_widths_on_cpu() -> AbstractContextManager[Any]:
    """RegNet works its widths out with tensors, whose values it needs."""
    rule = BlockParams.from_init_params

    def on_cpu(*args: Any, **options: Any) -> BlockParams:
        with torch.device("cpu"):
            return rule(*args, **options)

    return patch.object(BlockParams, "from_init_params", on_cpu)


def by_torch(model: nn.Module, *shapes: tuple[int, ...], train: bool = False) -> list[Executed]:
    """Return what a model executes, found by hooks; `shapes` are its inputs' without the batch."""
    found: list[Executed] = []
    images = [torch.empty(2, *shape, device="meta", requires_grad=True) for shape in shapes]
    history = History(images)

    def hook(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        sources = history.sources(inputs[0])
        found.append(_of_module(module, tuple(output.shape[1:]), sources))
        history.add(output, len(found) - 1)

    handles = [
        module.register_forward_hook(hook)
        for module in model.modules()
        if isinstance(module, (*CONVOLUTIONS, *TRANSPOSED, nn.Linear))
    ]
    model.train(train)(*images)
    for handle in handles:
        handle.remove()
    return found


class History:
    """Where tensors come from, read from the graph that PyTorch keeps for its gradients."""

    def __init__(self, images: list[torch.Tensor]) -> None:
        self.images = images
        self.known: dict[Any, int] = {}
        """Backward node of a layer's output -> the layer's number."""

    def add(self, output: torch.Tensor, number: int) -> None:
        """Remember a layer by its output."""
        self.known[output.grad_fn] = number

    def sources(self, tensor: torch.Tensor) -> tuple[int, ...]:
        """Return the layers that a tensor comes from without another between, and INPUT."""
        if any(tensor is image for image in self.images):
            return (INPUT,)
        found, seen, open_nodes = set(), set(), [tensor.grad_fn]
        while open_nodes:
            node = open_nodes.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if node in self.known:
                found.add(self.known[node])
            elif any(getattr(node, "variable", None) is image for image in self.images):
                found.add(INPUT)
            else:
                open_nodes += [following for following, _ in node.next_functions]
        return tuple(sorted(found))


def _of_module(module: Any, out: tuple[int, ...], sources: tuple[int, ...]) -> Executed:
    params = sum(p.numel() for p in module.parameters())
    if isinstance(module, nn.Linear):
        # Over the last axis of a map that is stored with its channels last: a 1×1 convolution.
        one = (1,) * (len(out) - 1)
        kind = "conv" if one else "linear"
        return Executed(kind, one, one, one, 1, (*out[-1:], *out[:-1]), params, sources)
    kind = "conv_transpose" if isinstance(module, TRANSPOSED) else "conv"
    sizes = (module.kernel_size, module.stride, module.dilation)
    return Executed(kind, *sizes, module.groups, out, params, sources)


def by_cnncalc(net: Net) -> list[Executed]:
    """Return what our network executes, in the order of the spec."""
    found: list[Executed] = []
    sources: list[set[int]] = [{INPUT} for _ in net.graph.inputs]
    for layer in net.layers:
        come_from = set().union(*(sources[tensor] for tensor in layer.inputs))
        if layer.node.op.name in KINDS:
            found.append(_of_layer(layer, tuple(sorted(come_from))))
            come_from = {len(found) - 1}
        sources.append(come_from)
    return found


def _of_layer(layer: Layer, sources: tuple[int, ...]) -> Executed:
    op: Any = layer.node.op
    params = sum(param.size for param in layer.params if param.trainable)
    if op.name == "linear":
        return Executed("linear", (), (), (), 1, layer.out, params, sources)
    rank = len(layer.out) - 1
    values = (op.kernel, op.stride, op.dilation)
    kernel, stride, dilation = (per_axis(op, "", value, rank) for value in values)
    groups = layer.ins[0][0] if op.name == "depthwise" else op.groups
    kind = "conv" if op.name == "depthwise" else op.name
    return Executed(kind, kernel, stride, dilation, groups, layer.out, params, sources)
