"""Activation memory: how many bytes of feature maps are alive while each layer runs.

The model: batch 1 unless said, layers in written order, a conv fused with its norm and activation;
a tensor lives from the step that makes it to the last step that reads it, a network's outputs to
the end. Buffers inside a kernel and the weights are not counted.
"""

from __future__ import annotations

from math import prod

from cnncalc.net import Net

MODEL = "feature maps alive at once, in written order; weights and scratch space not counted"


def live_values(net: Net) -> list[int]:
    """Return the number of values alive while each layer as written runs, for one image."""
    count = len(net.graph.inputs)
    last_read = _last_read(net)
    values = [prod(shape) for shape in net.graph.inputs.values()]
    values += [layer.facts.values for layer in net.layers]
    freed = [0] * (len(net.written) + 1)
    for tensor, step in last_read.items():
        freed[step] += values[tensor]
    live = sum(values[:count])
    alive = []
    made = count - 1
    for step, parts in enumerate(net.written):
        made += len(parts)
        live += values[made]
        alive.append(live)
        live -= freed[step]
        if made not in last_read:
            live -= values[made]
    return alive


def _last_read(net: Net) -> dict[int, int]:
    """Return the step after which each tensor is free; tensors inside a fused layer never exist."""
    last: dict[int, int] = {}
    for step, parts in enumerate(net.written):
        for tensor in parts[0].node.inputs:
            last[tensor] = step
    for tensor in net.graph.outputs:
        last[tensor] = len(net.written)
    return last
