"""One contender of forward.py: runs a network once for each line `run`, and prints the seconds."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable


def cnncalc_pass(network: str, batch: int, threads: int) -> Callable[[], object]:
    """Return one forward pass of the reference; images are spread over the threads."""
    import numpy as np

    import cnncalc
    from cnncalc.reference import Params, forward

    net, params = cnncalc.load(network), Params(seed=0)
    shape = (batch, *net.graph.inputs["input"])
    x = np.random.default_rng(0).standard_normal(shape, np.float32)
    return lambda: forward(net, x, params, threads=threads if batch > 1 else 1)


def torch_pass(network: str, batch: int, threads: int) -> Callable[[], object]:
    """Return one forward pass of torchvision's network in eager mode."""
    import torch

    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

    torch.set_num_threads(threads)
    net = getattr(torchvision.models, network)(weights=None).eval()
    x = torch.randn(batch, 3, 224, 224)

    def run() -> object:
        with torch.inference_mode():
            return net(x)

    return run


def main() -> None:
    """Answer the lines of standard input until it ends."""
    name, network, batch, threads = sys.argv[1:]
    make = {"cnncalc": cnncalc_pass, "torch": torch_pass}[name]
    run = make(network, int(batch), int(threads))
    for line in sys.stdin:
        if line.strip() == "peak":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
            continue
        start = time.perf_counter()
        run()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
