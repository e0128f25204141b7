"""Time the NumPy forward pass against PyTorch eager: the same network, the same machine, in turn.

Each contender is a process of its own that runs one forward pass when it is told to, so that the
idle threads of one do not slow the other. Rounds alternate; the figure is the median of their
ratios, and the ratio of the most memory that each process held.

    python benchmarks/forward.py [--rounds 15] [NETWORK …]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
NETWORKS = {"resnet50": 1.0, "vgg16": 1.15, "mobilenet_v2": 1.2}
"""Network -> the most that a forward pass of one image may take, as a multiple of PyTorch's."""
BATCH_LIMIT = 0.8
MEMORY_LIMIT = 1.5
SETTINGS = ((1, 1), (1, 2), (8, 2))
"""(images, threads)."""


class Contender:
    """A process that answers each line with the seconds of one forward pass."""

    def __init__(self, name: str, network: str, batch: int, threads: int) -> None:
        images = batch > 1 and name == "cnncalc"
        count = "1" if images else str(threads)
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(HERE / "forward_worker.py"),
                name,
                network,
                f"{batch}",
                f"{threads}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count},
        )

    def ask(self, word: str) -> float:
        """Return the answer to `run` (seconds) or `peak` (bytes)."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.communicate()


class Result(NamedTuple):
    ratio: float
    ours: float
    torch: float
    memory: float


def compete(network: str, batch: int, threads: int, rounds: int) -> Result:
    """Return medians over the rounds: ratio, milliseconds of both, and the ratio of memory."""
    pair = [Contender(name, network, batch, threads) for name in ("cnncalc", "torch")]
    for contender in pair:
        for _ in range(2):
            contender.ask("run")
    times = [[contender.ask("run") for contender in pair] for _ in range(rounds)]
    peaks = [contender.ask("peak") for contender in pair]
    for contender in pair:
        contender.stop()
    ours, torch = (1000 * statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(one / other for one, other in times)
    return Result(ratio, ours, torch, peaks[0] / peaks[1])


def main() -> None:
    """Print a line for each network and setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    print("network       images threads  cnncalc     torch    ratio  limit  memory")
    for network in options.networks:
        for batch, threads in SETTINGS:
            found = compete(network, batch, threads, options.rounds)
            limit = NETWORKS.get(network, 1.2) if batch == 1 else BATCH_LIMIT
            print(
                f"{network:13} {batch:6} {threads:7} {found.ours:6.1f} ms {found.torch:6.1f} ms"
                f" {found.ratio:7.2f} {limit:6.2f} {found.memory:7.2f}"
                f" {'✓' if found.ratio <= limit and found.memory <= MEMORY_LIMIT else '✗'}",
                flush=True,
            )


if __name__ == "__main__":
    main()
