"""How much memory a run would need, before it is begun; and the refusal of one that needs too much.

The figure is an upper bound on the arrays of the run, without Python and NumPy themselves: params,
the feature maps alive at once, and for the layer that runs a padded copy and partial results as
large as its input and output. A backward pass keeps what every layer read and made.
"""

from __future__ import annotations

from math import prod

from cnncalc.analyses.memory import live_values
from cnncalc.errors import CnncalcError
from cnncalc.net import Layer, Net
from cnncalc.reference.columns import tile_rows
from cnncalc.reference.kernel import find
from cnncalc.units import iec
from cnncalc.verification.gradients import BATCH

FLOAT32, FLOAT64 = 4, 8
SCRATCH_BYTES = 16 << 20
"""Tiles of columns, and small arrays."""
KEPT = 2
"""Arrays of each layer's size that the tape keeps: inputs with a border, or what it found."""
BUSIEST = 5
"""Arrays as large as inputs and output that the busiest layer makes, forward and back."""
INPUT_COPIES = 3
"""As made, made small, with NaN in it."""
PARAM_COPIES = 6
"""Made, moved off kinks, their gradients, a direction for each, and both ends of a step."""


def forward_bytes(net: Net) -> int:
    """Return a bound on the arrays of a forward pass of one image in float32."""
    live = live_values(net)
    most = max(
        (alive + max(map(_beside, parts)) for alive, parts in zip(live, net.written, strict=True)),
        default=0,
    )
    values = _params(net) + _largest(net) + most + INPUT_COPIES * _inputs(net)
    return FLOAT32 * values + _columns(net, FLOAT32) + SCRATCH_BYTES


def backward_bytes(net: Net) -> int:
    """Return a bound on the arrays of a forward and a backward pass in float64."""
    outputs = sum(layer.facts.values for layer in net.layers)
    most = max(map(_beside, net.layers), default=0)
    maps = BATCH * (KEPT * outputs + BUSIEST * most + INPUT_COPIES * _inputs(net))
    values = PARAM_COPIES * _params(net) + 3 * _largest(net) + maps
    return FLOAT64 * values + _columns(net, FLOAT64) + SCRATCH_BYTES


def need_memory(net: Net, limit: int, *, backward: bool) -> None:
    """Raise CnncalcError, with the figure, where a run would need more than `limit` bytes."""
    needed = backward_bytes(net) if backward else forward_bytes(net)
    if needed > limit:
        what = "with gradients, " if backward else ""
        shapes = " and ".join("x".join(map(str, shape)) for shape in net.graph.inputs.values())
        raise CnncalcError(
            f"{net.origin.spec or 'the network'}: {what}a run at input {shapes} needs up to "
            f"{iec(needed)}, and the limit is {iec(limit)}",
            hint=f"raise it with --memory {needed // (1 << 30) + 1}GiB, or give a smaller --input",
        )


def _inputs(net: Net) -> int:
    return sum(map(prod, net.graph.inputs.values()))


def _largest(net: Net) -> int:
    """Return the values of the largest array, which is copied while it is made."""
    return max((param.size for layer in net.layers for param in layer.params), default=0)


def _params(net: Net) -> int:
    layers = (layer for layer in net.layers if layer.node.shares is None)
    return sum(layer.facts.trainable + layer.facts.buffers for layer in layers)


def _beside(layer: Layer) -> int:
    """Return the values of a layer's inputs with their borders, its output, and spare ones."""
    inputs = 0
    for shape, windows in zip(layer.ins, layer.windows, strict=True):
        values = shape[0]
        for axis, size in enumerate(shape[1:]):
            pad = sum(windows[axis].pad) if windows and windows[axis].up == 1 else 0
            values *= size + max(pad, 0)
        inputs += values
    marks = layer.facts.values // 2  # which values are NaN, a byte each
    return inputs + layer.facts.values * (1 + find(layer.node.op.name).spare) + marks


def _columns(net: Net, item: int) -> int:
    """Return the bytes of the largest tile of columns, all groups of a convolution together."""
    most = 0
    for layer in net.layers:
        kernels = [param.shape[2:] for param in layer.params if len(param.shape) > 2]
        row = layer.ins[0][0] * prod(kernels[0]) * item if kernels else 0
        if row:
            most = max(most, row * min(tile_rows(row), prod(layer.out[1:])))
    return most
