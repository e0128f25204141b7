"""How much memory a run would need, before it is begun; and the refusal of one that needs too much.

The figure is an upper bound on the arrays of the run, without Python and NumPy themselves: params,
the feature maps alive at once, and for the layer that runs a padded copy and partial results as
large as its input and output. A backward pass keeps what every layer read and made.
"""

from __future__ import annotations

from cnncalc.analyses.memory import live_values
from cnncalc.errors import CnncalcError
from cnncalc.net import Layer, Net
from cnncalc.units import iec
from cnncalc.verification.gradients import BATCH

FLOAT32, FLOAT64 = 4, 8
SCRATCH_BYTES = 16 << 20
"""Tiles of columns, and small arrays."""
KEPT = 3
"""Arrays of a layer's size that the tape keeps for it, and that backward makes of them."""


def forward_bytes(net: Net) -> int:
    """Return a bound on the arrays of a forward pass of one image in float32."""
    live = live_values(net)
    most = max(
        (alive + max(map(_beside, parts)) for alive, parts in zip(live, net.written, strict=True)),
        default=0,
    )
    return FLOAT32 * (_params(net) + most) + _columns(net, FLOAT32) + SCRATCH_BYTES


def backward_bytes(net: Net) -> int:
    """Return a bound on the arrays of a forward and a backward pass in float64."""
    values = sum(_beside(layer) for layer in net.layers)
    most = max(map(_beside, net.layers), default=0)
    maps = BATCH * (KEPT * values + 2 * most)
    return FLOAT64 * (5 * _params(net) + maps) + _columns(net, FLOAT64) + SCRATCH_BYTES


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


def _params(net: Net) -> int:
    layers = (layer for layer in net.layers if layer.node.shares is None)
    return sum(layer.facts.trainable + layer.facts.buffers for layer in layers)


def _beside(layer: Layer) -> int:
    """Return the values of a layer's inputs, its output, and the borders around its inputs."""
    inputs = 0
    for shape, windows in zip(layer.ins, layer.windows, strict=True):
        values = shape[0]
        for axis, size in enumerate(shape[1:]):
            pad = sum(windows[axis].pad) if windows and windows[axis].up == 1 else 0
            values *= size + max(pad, 0)
        inputs += values
    return inputs + layer.facts.values


def _columns(net: Net, item: int) -> int:
    """Return the bytes of the largest tile of columns: at least 256 rows of a convolution."""
    rows = (
        param.shape[1:] for layer in net.layers for param in layer.params if len(param.shape) > 2
    )
    most = 0
    for shape in rows:
        values = 1
        for size in shape:
            values *= size
        most = max(most, values)
    return 256 * most * item
