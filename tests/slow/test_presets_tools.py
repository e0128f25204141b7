"""The tools themselves, run again: the figures on file, and what the documentation says of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("torch")

from generated.build import net_of
from peers.record import write_layers
from peers.tools import TOOLS, Holder, count, need, tool_version, torchvision_model
from torch import Tensor, nn

import cnncalc
from cnncalc.analyses.presets import left_out
from cnncalc.analyses.work import convention

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent.parent


def rows(name: str) -> list[dict[str, str]]:
    with (TESTS / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = rows("presets.csv")
SHAPES = {row["name"]: tuple(map(int, row["input"].split("x"))) for row in rows("torchvision.csv")}


RUN_AGAIN = {
    "alexnet",
    "convnext_tiny",
    "deeplabv3_mobilenet_v3_large",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "fcn_resnet50",
    "googlenet",
    "inception_v3",
    "lraspp_mobilenet_v3_large",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "r3d_18",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "vgg11_bn",
    "vgg16",
}
"""One of each family, to know that the tools still count as on file; record.py measures all."""


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row["network"] in RUN_AGAIN],
    ids=lambda row: f"{row['tool']}-{row['network']}",
)
def test_the_figure_on_file_is_the_tools(row):
    need(row["tool"])
    assert tool_version(row["tool"]) == row["version"]
    name = row["network"]
    assert count(row["tool"], torchvision_model(name), SHAPES[name]) == int(row["count"])


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_is_asked_again_about_a_dozen_networks_that_it_counts_alike(tool):
    assert len(RUN_AGAIN - left_out(tool).keys()) >= 12


def test_the_figures_of_layers_on_file_are_the_tools(tmp_path):
    for tool in TOOLS:
        need(tool)
    write_layers(tmp_path / "layers.csv")
    on_file = (TESTS / "data" / "presets_layers.csv").read_text(encoding="utf-8")
    assert (tmp_path / "layers.csv").read_text(encoding="utf-8") == on_file


@pytest.mark.parametrize("tool", TOOLS)
def test_a_shared_layer_counts_each_time(tool):
    need(tool)
    text = """
input: [3, 8, 8]
defaults: {conv: {padding: 1, norm: batch_norm, bias: true}}
layers:
  one: {conv: [3, 3]}
  two: {conv: [3, 3], share: one}
"""
    net = cnncalc.loads(text)
    modules = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
    expected = cnncalc.analyze(net, convention=tool).totals.flops
    assert count(tool, Holder(*modules, twice=True), (3, 8, 8)) == expected


@pytest.mark.parametrize("tool", TOOLS)
def test_the_transposed_convolution_of_the_documentation(tool):
    need(tool)
    figures = {
        "fvcore": 1_048_576, "torchinfo": 4_194_304, "thop": 4_194_304, "ptflops": 1_048_576,
        "calflops": 131_072, "torch": 2 * 1_048_576,
    }  # fmt: skip
    module = nn.ConvTranspose2d(256, 256, 2, 2, groups=16, bias=False)
    assert count(tool, Holder(module), (256, 8, 8)) == figures[tool]
    args = {"out": 256, "kernel": 2, "stride": 2, "groups": 16, "bias": False}
    net = net_of((256, 8, 8), ("conv_transpose", args))
    assert convention(tool).count(net.layers[0]) == figures[tool]


@pytest.mark.parametrize(
    "module, counts",
    [
        (nn.ReLU(), {"ptflops": 24, "calflops": 12}),
        (nn.AdaptiveAvgPool2d(1), {"ptflops": 24, "thop": 15, "fvcore": 12}),
    ],
)
def test_modules_and_functions_count_differently(module, counts):
    """What the documentation says of relu and of pools: a module, and then the function alone."""
    shape = (3, 2, 2)
    functions = {"ptflops": 12, "calflops": 12, "thop": 0, "fvcore": 12}
    for tool, expected in counts.items():
        need(tool)
        assert count(tool, Holder(module), shape) == expected
        assert count(tool, Holder(Function(module)), shape) == functions[tool]


class Function(nn.Module):
    """The function that a module calls, called without the module."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.relu = isinstance(module, nn.ReLU)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(x) if self.relu else nn.functional.adaptive_avg_pool2d(x, 1)
