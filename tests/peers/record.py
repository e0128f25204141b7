"""Write tests/data/presets.csv: what each tool returns for each bundled torchvision network.

    python tests/peers/record.py

Needs torch, torchvision, fvcore, torchinfo, thop, ptflops and calflops.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS)]


from cnncalc.bundled import bundled  # noqa: E402

DATA = TESTS / "data"


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the input shape of every bundled network that is torchvision's."""
    with (DATA / "torchvision.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row["input"] for row in csv.DictReader(file)}
    names = [variant or path.stem for path, variant in bundled()]
    return {name: tuple(map(int, rows[name].split("x"))) for name in names if name in rows}


def main() -> None:
    """Measure all, a network at a time."""
    from peers.tools import TOOLS, count, tool_version, torchvision_model

    with (DATA / "presets.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["tool", "version", "network", "count"])
        for name, shape in sorted(shapes().items()):
            for tool in TOOLS:
                found = count(tool, torchvision_model(name), shape)
                writer.writerow([tool, tool_version(tool), name, found])
                print(tool, name, found, flush=True)


if __name__ == "__main__":
    main()
