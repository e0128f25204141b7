"""Whole networks, the reference beside PyTorch eager: outputs in float32, gradients in float64.

PyTorch's side is defined elsewhere: by torchvision, or after a paper. Its arrays are random, the
running statistics, factors and offsets of batch norm too, and go to the spec's layers in the order
in which layers run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

import cnncalc  # noqa: E402
from cnncalc.net import Net  # noqa: E402
from cnncalc.reference import Params, Tape, backward, forward  # noqa: E402

pytestmark = pytest.mark.slow
torch.set_num_threads(1)

BOUND = 1e-5
"""Largest difference of outputs in float32, as a part of the largest output."""


class Pair(nn.Sequential):
    """Two convolutions that keep the size."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(
            nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(),
            nn.Conv2d(out, out, 3, padding=1), nn.ReLU(),
        )  # fmt: skip


class UNet(nn.Module):
    """Ronneberger, Fischer, Brox, arXiv:1505.04597, padded so that maps keep their sizes."""

    def __init__(self, width: int = 64, classes: int = 2) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(5)]
        self.down = nn.ModuleList(map(Pair, [1, *widths[:-1]], widths))
        widths.reverse()
        self.wider = nn.ModuleList(
            nn.ConvTranspose2d(low, high, 2, 2) for low, high in pairwise(widths)
        )
        self.up = nn.ModuleList(Pair(low, high) for low, high in pairwise(widths))
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for level, pair in enumerate(self.down):
            x = pair(nn.functional.max_pool2d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        for wider, pair in zip(self.wider, self.up, strict=True):
            x = pair(torch.cat([skips.pop(), wider(x)], 1))
        return self.head(x)


libraries: list[Any] = []


def of_torchvision(name: str) -> nn.Module:
    _declare()
    return getattr(pytest.importorskip("torchvision").models, name)(weights=None)


def _declare() -> None:
    """See that torchvision can be imported, without its compiled operators too: none is used."""
    try:
        pytest.importorskip("torchvision")
    except RuntimeError:
        libraries.append(torch.library.Library("torchvision", "DEF"))
        for name in ("nms", "qnms"):
            libraries[0].define(
                f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )


def randomise(model: nn.Module, x: Tensor, seed: int) -> None:
    """Fill all arrays: weights by He et al., and batch norm with what training might leave.

    Running statistics are those of a batch, moved by chance: with any others, outputs would hardly
    depend on the image.
    """
    random = torch.Generator().manual_seed(seed)
    normal = partial(nn.init.normal_, generator=random)
    uniform = partial(nn.init.uniform_, generator=random)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            normal(module.weight, std=(2 / prod(module.weight.shape[1:])) ** 0.5)
        elif isinstance(module, nn.ConvTranspose2d):
            normal(module.weight, std=module.in_channels**-0.5)
        elif isinstance(module, nn.BatchNorm2d):
            uniform(module.weight, 0.5, 1.5)
            module.momentum = 1
        if getattr(module, "bias", None) is not None:
            normal(module.bias, std=0.3)
    if norms:
        model.train()(x)
    for module in norms:
        module.momentum = 0.1
        module.running_mean += 0.1 * normal(torch.empty_like(module.running_mean))
        module.running_var *= uniform(torch.empty_like(module.running_var), 0.7, 1.4)


def ran(model: nn.Module, x: Tensor) -> tuple[Tensor, list[nn.Module]]:
    """Return the output, and the modules with arrays in the order in which they ran."""
    order: list[nn.Module] = []
    hooks = [
        module.register_forward_pre_hook(lambda module, _: order.append(module))
        for module in model.modules()
        if any(True for _ in module.parameters(recurse=False))
    ]
    y = model(x)
    for hook in hooks:
        hook.remove()
    return y, order


def arrays_of(net: Net, order: list[nn.Module]) -> dict[str, Tensor]:
    """Return PyTorch's arrays by the names that they have in the net."""
    named = {}
    layers = [layer for layer in net.layers if layer.params]
    for layer, module in zip(layers, order, strict=True):
        theirs = dict(module.named_parameters(recurse=False))
        theirs |= dict(module.named_buffers(recurse=False))
        theirs.pop("num_batches_tracked", None)
        assert set(theirs) == {param.name for param in layer.params}, layer.path
        named |= {f"{layer.path}.{name}": tensor for name, tensor in theirs.items()}
    return named


def images(seed: int, *shape: int, dtype: str = "float32") -> Any:
    """Return patches of colour with grain: of grain alone, all means over a map are alike."""
    random = np.random.default_rng(seed)
    patches = random.standard_normal((*shape[:2], *(size // 32 for size in shape[2:])))
    return (patches.repeat(32, 2).repeat(32, 3) + random.standard_normal(shape)).astype(dtype)


def as_params(named: dict[str, Tensor]) -> Params:
    return Params({name: tensor.detach().numpy() for name, tensor in named.items()})


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    # spec -> PyTorch's network, images
    "resnet50": (partial(of_torchvision, "resnet50"), (2, 3, 224, 224)),
    "vgg16": (partial(of_torchvision, "vgg16"), (2, 3, 224, 224)),
    "mobilenet_v2": (partial(of_torchvision, "mobilenet_v2"), (2, 3, 224, 224)),
    "densenet121": (partial(of_torchvision, "densenet121"), (2, 3, 224, 224)),
    "unet": (UNet, (1, 1, 512, 512)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_agree_with_torch_in_float32(name, capsys):
    build, shape = NETWORKS[name]
    model, x = build(), images(1, *shape)
    with torch.inference_mode():
        randomise(model, torch.from_numpy(x), 2)
        wanted, order = ran(model.eval(), torch.from_numpy(x))
    net = cnncalc.load(name, input=shape[1:])
    (found,) = forward(net, x, as_params(arrays_of(net, order))).values()
    truth = wanted.numpy()
    assert found.dtype == np.float32
    assert found.shape == truth.shape
    assert _differs(truth), "the outputs hardly depend on image, class or place: no test at all"
    error = np.abs(found - truth).max() / np.abs(truth).max()
    with capsys.disabled():
        print(f"\n{name}: largest difference from PyTorch {error:.1e} of the largest output")
    assert error < BOUND


def _differs(y: Any) -> bool:
    """Whether outputs vary along each axis, by a tenth of their largest value at least."""
    return all(
        np.ptp(y, axis).max() > 0.1 * np.abs(y).max() for axis in range(y.ndim) if y.shape[axis] > 1
    )


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "densenet121"])
@pytest.mark.parametrize("training", [False, True])
def test_gradients_agree_with_torch_in_float64(name, training):
    model = of_torchvision(name).double()
    x = images(4, 3, 3, 64, 64, dtype="float64")
    grad = np.random.default_rng(5).standard_normal((3, 1000))
    net, tensor = cnncalc.load(name, input=(3, 64, 64)), torch.tensor(x, requires_grad=True)
    with torch.no_grad():
        randomise(model, tensor, 3)
        _, order = ran(model.eval(), tensor)  # in training it would change running statistics
    named = arrays_of(net, order)
    params, tape = as_params(named), Tape()
    outputs = forward(net, x, params, "training" if training else "inference", tape=tape)
    updates = dict(tape.updates)
    found = backward(net, tape, grad)
    wanted = model.train(training)(tensor)
    wanted.backward(torch.from_numpy(grad))
    close("output", next(iter(outputs.values())), wanted, 1e-10)
    close("input", found.inputs["input"], tensor.grad, 1e-8)
    learned = {path: array for path, array in named.items() if array.requires_grad}
    assert set(found.params) == set(learned)
    for path, array in learned.items():
        close(path, found.params[path], array.grad, 1e-8)
    buffers = set(named) - set(learned) if training else set()
    assert set(updates) == buffers
    for path in buffers:
        close(path, updates[path], named[path], 1e-10)


def close(name: str, found: Any, wanted: Tensor, share: float) -> None:
    """Compare two arrays, with a tolerance by the largest value."""
    truth = wanted.detach().numpy()
    assert np.abs(found - truth).max() <= share * np.abs(truth).max(), name
