"""The counting tools themselves: what each returns for a PyTorch module and an input."""

from __future__ import annotations

import importlib.util
import logging
import sys
import types
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest
import torch
from oracles import torchvision
from torch import Tensor, nn

torch.set_num_threads(1)


def fvcore(model: nn.Module, x: Tensor) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer's age, and of Python's own deprecations
        from fvcore.nn import FlopCountAnalysis

        logging.disable(logging.WARNING)  # it names the operators that it does not count
        try:
            return int(FlopCountAnalysis(model, x).total())
        finally:
            logging.disable(logging.NOTSET)


def torchinfo(model: nn.Module, x: Tensor) -> int:
    from torchinfo import summary

    return int(summary(model, input_data=x, verbose=0, device="cpu").total_mult_adds)


def thop(model: nn.Module, x: Tensor) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # distutils' version class, and its own old functions
        import thop as tool

        count = tool.profile(model, (x,), verbose=False)[0]
    assert count == int(count)
    return int(count)


def ptflops(model: nn.Module, x: Tensor) -> int:
    torchvision()  # which it imports for a layer type of its own
    from ptflops import get_model_complexity_info

    shape = tuple(x.shape[1:])
    count, _ = get_model_complexity_info(
        model, shape, print_per_layer_stat=False, as_strings=False, backend="pytorch"
    )
    assert isinstance(count, int)
    return count


def calflops(model: nn.Module, x: Tensor) -> int:
    count, _, _ = _calflops()(model, tuple(x.shape), print_results=False, output_as_string=False)
    return int(count)


def _calflops() -> Any:
    """Return its function without its package's start, which wants all of transformers."""
    if "calflops" not in sys.modules:
        found = importlib.util.find_spec("calflops")
        assert found is not None
        package = types.ModuleType("calflops")
        package.__path__ = list(found.submodule_search_locations or ())
        sys.modules["calflops"] = package
    from calflops.flops_counter import calculate_flops

    return calculate_flops


def torch_counter(model: nn.Module, x: Tensor) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        model(x)
    return int(counter.get_total_flops())


class Holder(nn.Module):
    """One module beside a parameter: some tools ask a network for its first parameter."""

    def __init__(self, *inner: nn.Module, twice: bool = False) -> None:
        super().__init__()
        self.inner = nn.Sequential(*inner)
        self.twice = twice
        self.anchor = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(self.inner(x)) if self.twice else self.inner(x)


TOOLS: dict[str, Callable[[nn.Module, Tensor], int]] = {
    "fvcore": fvcore,
    "torchinfo": torchinfo,
    "thop": thop,
    "ptflops": ptflops,
    "calflops": calflops,
    "torch": torch_counter,
}
"""Convention -> its tool."""


def count(tool: str, model: nn.Module, shape: tuple[int, ...]) -> int:
    """Return a tool's figure for one image, at inference. The model may be changed by it."""
    with torch.no_grad():
        return TOOLS[tool](model.eval(), torch.zeros(1, *shape))


def need(tool: str) -> None:
    """Skip the test where a package is missing."""
    for package in ("torchvision", tool):
        try:
            version(package)
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed")


def tool_version(tool: str) -> str:
    return version(tool).partition("+")[0]


ARGUMENTS = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception": {"aux_logits": False, "init_weights": False},
    "deeplab": {"aux_loss": True, "weights_backbone": None},
    "fcn": {"aux_loss": True, "weights_backbone": None},
    "lraspp": {"weights_backbone": None},
}
"""Start of a name -> what makes torchvision build the network that it publishes, at inference."""


def torchvision_model(name: str) -> nn.Module:
    """Return a torchvision network, without weights."""
    given = [arguments for start, arguments in ARGUMENTS.items() if name.startswith(start)]
    arguments: dict[str, Any] = given[0] if given else {}
    model: nn.Module = torchvision().models.get_model(name, weights=None, **arguments)
    return model
