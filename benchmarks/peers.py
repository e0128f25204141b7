"""The same network, ResNet-50: cnncalc against torchvision with torchinfo or fvcore.

    python benchmarks/peers.py [--rounds 5]

Each contender is a cold process that prints a per-layer summary.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from contend import alternate, fresh_environment, median_ms, ratio

NETWORK = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from torchvision.models import resnet50
network = resnet50().eval()
"""
TORCHINFO = NETWORK + (
    "import torchinfo\nprint(torchinfo.summary(network, (1, 3, 224, 224), depth=5, verbose=0))"
)
FVCORE = NETWORK + (
    "from fvcore.nn import FlopCountAnalysis, flop_count_table\n"
    "print(flop_count_table(FlopCountAnalysis(network, torch.zeros(1, 3, 224, 224)), max_depth=5))"
)


def main() -> None:
    """Print times, memory and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    python = chosen.python or fresh_environment(
        "torch==2.13.0", "--no-deps torchvision==0.28.0", "pillow torchinfo==1.8.0 fvcore"
    )
    contenders = {
        "cnncalc": [str(Path(python).parent / "cnncalc"), "analyze", "resnet50"],
        "torchinfo": [python, "-c", TORCHINFO],
        "fvcore": [python, "-c", FVCORE],
    }
    runs = alternate(contenders, chosen.rounds)
    for name, each in runs.items():
        peak = statistics.median(run.peak_bytes for run in each) / 2**20
        print(f"{name:10} {median_ms(each):8.1f} ms {peak:8.1f} MiB")
    for name in ("torchinfo", "fvcore"):
        memory = statistics.median(
            one.peak_bytes / other.peak_bytes
            for one, other in zip(runs[name], runs["cnncalc"], strict=True)
        )
        print(
            f"{name} / cnncalc: {ratio(runs[name], runs['cnncalc']):.1f} x time, "
            f"{memory:.1f} x memory"
        )


if __name__ == "__main__":
    main()
