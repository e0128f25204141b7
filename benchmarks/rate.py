"""In process, on one core: analyses a second of ResNet-50, loaded and from YAML text.

    python benchmarks/rate.py

Counted in processor time, best of several batches; the work of an analysis is everything that
`cnncalc.analyze` computes, without formatting a report.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cnncalc
from cnncalc.bundled import find_bundled


def rate(run: Callable[[], object], batch: int, batches: int = 9) -> float:
    """Return the best rate of several batches, a second of processor time."""
    best = 0.0
    for _ in range(batches):
        start = time.process_time()
        for _ in range(batch):
            run()
        best = max(best, batch / (time.process_time() - start))
    return best


def main() -> None:
    """Print the rates."""
    found = find_bundled("resnet50")
    assert found is not None
    path, _, variant = found
    text = path.read_text(encoding="utf-8")
    net = cnncalc.loads(text, variant=variant)

    def whole() -> object:
        return cnncalc.analyze(cnncalc.loads(text, variant=variant))

    print(f"layers {len(net.layers)}")
    print(f"analyze(net): {rate(lambda: cnncalc.analyze(net), 100):.0f} /s")
    print(f"analyze(net).rows: {rate(lambda: cnncalc.analyze(net).rows, 50):.0f} /s")
    print(f"analyze(loads(text)): {rate(whole, 20):.0f} /s")


if __name__ == "__main__":
    main()
