"""Write what each tool returns: for bundled networks of torchvision, and for single layers.

    python tests/peers/record.py [--to FOLDER] [NETWORK ...]

writes presets.csv and presets_layers.csv into tests/data or another folder. Needs torch,
torchvision, fvcore, torchinfo, thop, ptflops and calflops.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "ops")]

from cases import CASES  # noqa: E402

from cnncalc.bundled import bundled  # noqa: E402

DATA = TESTS / "data"
WRITTEN_OTHERWISE = {
    # a conv whose padding is a word has an operator of its own, which fvcore does not count
    ("fvcore", "conv(out=2,kernel=3,padding=same,dilation=2)-1x9"),
    # calflops cannot take a scale for each axis: it fails
    ("calflops", "upsample(scale=(0.3333333333333333, 2))-1x9x2"),
}
"""Cases whose modules are not what a preset stands for."""


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the input shape of every bundled network that is torchvision's, detectors apart."""
    with (DATA / "torchvision.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file) if row["task"] != "detection"}
    names = [variant or path.stem for path, variant in bundled()]
    return {name: tuple(map(int, rows[name]["input"].split("x"))) for name in names if name in rows}


def write_layers(path: Path) -> None:
    """Measure each case of a layer type that has a module in PyTorch."""
    from peers.tools import TOOLS, Holder, count
    from torch import nn

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["tool", "layer", "count"])
        for case in CASES:
            for tool in TOOLS:
                if case.torch and (tool, case.id) not in WRITTEN_OTHERWISE:
                    found = count(tool, Holder(case.torch(nn)), case.ins[0])
                    writer.writerow([tool, case.id, found])


def write_networks(path: Path, names: list[str]) -> None:
    """Measure whole networks."""
    from peers.tools import TOOLS, count, tool_version, torchvision_model

    sizes = shapes()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["tool", "version", "network", "count"])
        for name in sorted(names):
            for tool in TOOLS:
                found = count(tool, torchvision_model(name), sizes[name])
                writer.writerow([tool, tool_version(tool), name, found])


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=Path, default=DATA)
    parser.add_argument("networks", nargs="*", default=list(shapes()))
    chosen = parser.parse_args()
    write_layers(chosen.to / "presets_layers.csv")
    write_networks(chosen.to / "presets.csv", chosen.networks)


if __name__ == "__main__":
    main()
