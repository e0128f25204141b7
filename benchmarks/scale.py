"""Load and analyse specs of 100 to 100,000 layers in process: time and memory a layer.

    python benchmarks/scale.py

Two ways to write n layers: a block that repeats (what people write), and one line a layer (what a
converter would write; the limits on file size and YAML nodes are raised for it). Each run is a
process of its own; memory is what it holds and has touched above a process that only imports.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import time

SIZES = (100, 1_000, 10_000, 100_000)
UNIT = 4  # conv, batch_norm, relu, and an add each


def repeated(layers: int) -> str:
    """Return a spec of `layers` layers: residual blocks of a fused conv (3 layers) and an add."""
    blocks = layers // UNIT
    stages = max(1, blocks // 5_000)
    lines = [f"  s{i}: {{Res: 64, repeat: {blocks // stages}}}" for i in range(stages)]
    body = "{add: {main: {conv: [c, 3, padding: half, norm: bn, act: relu]}, skip: prev}}"
    return f"input: [64, 32, 32]\nblocks:\n  Res(c): {body}\nlayers:\n" + "\n".join(lines)


def flat(layers: int) -> str:
    """Return a spec of `layers` layers, one line each."""
    lines = ["- conv: [64, 3, padding: 1]", "- bn", "- relu", "- identity"] * (layers // 4)
    return "input: [64, 32, 32]\nlayers:\n" + "\n".join(lines)


def measure(kind: str, layers: int) -> None:
    """Print microseconds and bytes a layer for one spec."""
    import cnncalc
    from cnncalc.spec.loader import Limits

    text = {"repeated": repeated, "flat": flat}[kind](layers)
    limits = Limits(file_bytes=1 << 26, nodes=10_000_000)
    for warm in (repeated(UNIT * 10), flat(UNIT * 10)):  # lazy imports and first calls
        cnncalc.analyze(cnncalc.loads(warm))
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    net = cnncalc.loads(text, max_layers=layers + 1, limits=limits)
    loaded = time.process_time()
    gc.collect()
    gc.freeze()
    report = cnncalc.analyze(net)
    done = time.process_time()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = len(net.layers)
    assert report.totals.layers
    print(
        f"{kind} {count} {1e6 * (loaded - start) / count:.1f} {1e6 * (done - loaded) / count:.1f} "
        f"{1e6 * (done - start) / count:.1f} {1024 * (after - before) / count:.0f}"
    )


def main() -> None:
    """Run every size in a process of its own and print a table."""
    print(f"{'kind':9} {'layers':>7} {'load µs':>8} {'analyze µs':>10} {'sum µs':>7} {'bytes':>6}")
    for kind in ("repeated", "flat"):
        for layers in SIZES:
            command = [sys.executable, __file__, kind, str(layers)]
            runs = [
                subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
                for _ in range(3)
            ]
            best = min(runs, key=lambda row: float(row[4]))
            name, count, load, analyze, total, size = best
            print(f"{name:9} {count:>7} {load:>8} {analyze:>10} {total:>7} {size:>6}")


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 1 else main()
