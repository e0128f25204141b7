"""TensorFlow's profiler, run again: its figures for layers and networks are those on file.

In a process of its own: TensorFlow and torch are not always friends.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent.parent
NETWORKS = [
    "alexnet", "densenet121", "googlenet", "mobilenet_v2", "mobilenet_v3_large",
    "mobilenet_v3_small", "r3d_18", "resnet18", "resnet34", "resnet50", "squeezenet1_0",
    "squeezenet1_1", "vgg11_bn", "vgg16",
]  # fmt: skip


def test_the_figures_on_file_are_the_profilers(tmp_path):
    if find_spec("tensorflow") is None:
        pytest.skip("tensorflow is not installed")
    program = str(TESTS / "peers" / "tf_twin.py")
    subprocess.run([sys.executable, program, "--to", str(tmp_path), *NETWORKS], check=True)
    layers = "presets_tensorflow_layers.csv"
    assert (tmp_path / layers).read_text() == (TESTS / "data" / layers).read_text()
    found = (tmp_path / "presets_tensorflow.csv").read_text().splitlines()
    assert len(found) > len(NETWORKS)
    assert set(found) <= set((TESTS / "data" / "presets_tensorflow.csv").read_text().splitlines())
