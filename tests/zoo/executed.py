"""The convolutions and linear layers that a network executes, in order: PyTorch's and ours."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from torch import nn

from cnncalc.net import Layer, Net
from cnncalc.ops.base import per_axis

try:
    import torchvision
except RuntimeError:  # built for another torch, so that its own operators are missing: no loss here
    _library = torch.library.Library("torchvision", "DEF")
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

from torchvision.models.regnet import BlockParams

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
TASKS = {
    "classification": torchvision.models,
    "segmentation": torchvision.models.segmentation,
    "video": torchvision.models.video,
}
UNINITIALISED = {"googlenet", "inception_v3"}
"""Networks that warn about slow initialisation unless it is switched off."""


class Executed(NamedTuple):
    """One execution of a layer; `out` is its output's shape without the batch."""

    kind: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    out: tuple[int, ...]
    params: int


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

    def hook(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        found.append(_of_module(module, tuple(output.shape[1:])))

    handles = [
        module.register_forward_hook(hook)
        for module in model.modules()
        if isinstance(module, (*CONVOLUTIONS, *TRANSPOSED, nn.Linear))
    ]
    with torch.no_grad():
        model.train(train)(*[torch.empty(2, *shape, device="meta") for shape in shapes])
    for handle in handles:
        handle.remove()
    return found


def _of_module(module: Any, out: tuple[int, ...]) -> Executed:
    params = sum(p.numel() for p in module.parameters())
    if isinstance(module, nn.Linear):
        # Over the last axis of a map that is stored with its channels last: a 1×1 convolution.
        one = (1,) * (len(out) - 1)
        kind = "conv" if one else "linear"
        return Executed(kind, one, one, one, 1, (*out[-1:], *out[:-1]), params)
    kind = "conv_transpose" if isinstance(module, TRANSPOSED) else "conv"
    sizes = (module.kernel_size, module.stride, module.dilation)
    return Executed(kind, *sizes, module.groups, out, params)


def by_cnncalc(net: Net) -> list[Executed]:
    """Return what our network executes, in the order of the spec."""
    kinds = ("conv", "depthwise", "conv_transpose", "linear")
    return [_of_layer(layer) for layer in net.layers if layer.node.op.name in kinds]


def _of_layer(layer: Layer) -> Executed:
    op: Any = layer.node.op
    params = sum(param.size for param in layer.params if param.trainable)
    if op.name == "linear":
        return Executed("linear", (), (), (), 1, layer.out, params)
    rank = len(layer.out) - 1
    values = (op.kernel, op.stride, op.dilation)
    kernel, stride, dilation = (per_axis(op, "", value, rank) for value in values)
    groups = layer.ins[0][0] if op.name == "depthwise" else op.groups
    kind = "conv" if op.name == "depthwise" else op.name
    return Executed(kind, kernel, stride, dilation, groups, layer.out, params)
