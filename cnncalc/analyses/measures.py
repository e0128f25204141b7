"""What the presets count of a layer: its multiply-adds, its inputs, its windows.

A measure is a whole number that follows from a layer's facts. The presets weigh measures; the
names here are the words of their rules.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.net import Layer
from cnncalc.ops.base import per_axis

Count = Callable[[Layer], int]


def _mac(layer: Layer) -> int:
    return layer.work.mac


def _bias(layer: Layer) -> int:
    """Return the additions, in a conv or a linear layer those of the bias alone."""
    return layer.work.add


def _values(layer: Layer) -> int:
    return layer.facts.values


def _inputs(layer: Layer) -> int:
    return prod(layer.ins[0])


def _affine(layer: Layer) -> int:
    op: Any = layer.node.op
    return _inputs(layer) if op.affine else 0


def _channels(layer: Layer) -> int:
    return layer.out[0]


def _affine_channels(layer: Layer) -> int:
    op: Any = layer.node.op
    return layer.out[0] if op.affine else 0


def _sets(layer: Layer) -> int:
    """Return how many sets of values layer norm takes together."""
    op: Any = layer.node.op
    return 1 if op.over == "all" else prod(layer.out[1:])


def _affine_sets(layer: Layer) -> int:
    op: Any = layer.node.op
    return _sets(layer) if op.affine else 0


def _params(layer: Layer) -> int:
    return layer.facts.trainable


def _rank(layer: Layer) -> int:
    return len(layer.ins[0]) - 1


def _inputs_2d(layer: Layer) -> int:
    return _inputs(layer) if _rank(layer) == 2 else 0


def _mac_at_outputs(layer: Layer) -> int:
    """Return weights times output positions, also where the conv is transposed."""
    return layer.params[0].size * prod(layer.out[1:])


def _mac_split_twice(layer: Layer) -> int:
    """Return multiply-adds with the output channels divided by the groups twice."""
    op: Any = layer.node.op
    outs: int = op.out // op.groups // op.groups
    return prod(layer.ins[0]) * outs * prod(layer.params[0].shape[2:])


def _bias_at_shrunk(layer: Layer) -> int:
    """Return a group's output channels, times the positions that a plain conv would give."""
    op: Any = layer.node.op
    if not op.bias:
        return 0
    rows = (
        per_axis(op, "", value, _rank(layer))
        for value in (op.kernel, op.stride, op.dilation, _padding(layer))
    )
    sizes = (
        (n + 2 * p - (d * (k - 1) + 1)) // s + 1
        for n, k, s, d, p in zip(layer.ins[0][1:], *rows, strict=True)
    )
    shrunk: int = op.out // op.groups * prod(sizes)
    return shrunk


def _padding(layer: Layer) -> tuple[int, ...]:
    """Return the outputs cut off at both ends of each axis; raises CnncalcError if they differ."""
    op: Any = layer.node.op
    windows = layer.windows[0] or ()
    extras = per_axis(op, "", op.output_padding, _rank(layer))
    cuts = []
    for window, extra in zip(windows, extras, strict=True):
        reach = window.dilation * (window.kernel - 1)
        low, high = reach - window.pad[0], reach - window.pad[1] + extra
        if low != high:
            raise CnncalcError(
                f"{layer.path}: padding cuts off {low} and {high}",
                hint="PyTorch's transposed convolutions cut both ends alike",
            )
        cuts.append(low)
    return tuple(cuts)


def _mac_by_stride(layer: Layer) -> int:
    """Return twice the weights times the output positions by the strides, rounded down."""
    op: Any = layer.node.op
    if _rank(layer) > 2:
        return 0
    strides: int = prod(per_axis(op, "", op.stride, _rank(layer)))
    return 2 * _mac_at_outputs(layer) // strides


def _window(layer: Layer) -> int:
    """Return the positions of all windows, padding included, of pools on one or two axes."""
    op: Any = layer.node.op
    if _rank(layer) > 2:
        return 0
    taps: int = prod(per_axis(op, "", op.kernel, _rank(layer)))
    return layer.facts.values * taps


def _pooled(layer: Layer) -> int:
    """Return the inputs of an adaptive pool whose windows tile the map; 0 if it keeps the map.

    Raises CnncalcError where windows overlap: then no fixed window does the same.
    """
    pairs = list(zip(layer.ins[0][1:], layer.out[1:], strict=True))
    if any(size % out for size, out in pairs):
        raise CnncalcError(
            f"{layer.path}: {layer.node.op.name} to a size that does not divide the input's",
            hint="TensorFlow has no pool with such windows; choose another convention",
        )
    whole = all(out == 1 for _, out in pairs)
    tiles = whole or len(pairs) < 3  # pools on three axes have no statistics, the mean of all has
    return _inputs(layer) if tiles and layer.ins[0] != layer.out else 0


def _mean_windows(layer: Layer) -> int:
    """Return the sizes of an adaptive pool's windows, if they did not overlap, and 1 a value.

    Worked out in floating point as thop does, whose last digit decides whether it rounds down.
    """
    share = 1.0
    for size, out in zip(layer.ins[0][1:], layer.out[1:], strict=True):
        share *= size / out
    return int((share + 1) * layer.facts.values)


def _resized(mode: str, *ranks: int) -> Count:
    def count(layer: Layer) -> int:
        op: Any = layer.node.op
        return layer.facts.values if op.mode == mode and _rank(layer) in ranks else 0

    return count


def _resized_blind(layer: Layer) -> int:
    """Return one channel's positions where a size is given, the inputs where a scale is."""
    op: Any = layer.node.op
    return _inputs(layer) if op.size is None else prod(layer.out[1:])


def _with_neighbours(layer: Layer) -> int:
    """Return the inputs with the channels of zeros that a mean over neighbours needs."""
    op: Any = layer.node.op
    channels, *spatial = layer.ins[0]
    padded: int = channels + op.size - 1
    return padded * prod(spatial)


MEASURES: dict[str, tuple[str, Count]] = {
    "mac": ("multiply-adds", _mac),
    "bias": ("bias additions", _bias),
    "values": ("output values", _values),
    "inputs": ("input values", _inputs),
    "affine": ("input values with γ and β", _affine),
    "channels": ("channels", _channels),
    "affine_channels": ("channels with γ and β", _affine_channels),
    "sets": ("sets of values", _sets),
    "affine_sets": ("sets with γ and β", _affine_sets),
    "params": ("parameters", _params),
    "inputs_2d": ("input values of 2-D maps", _inputs_2d),
    "mac_at_outputs": ("weights · output positions", _mac_at_outputs),
    "mac_split_twice": ("multiply-adds / groups", _mac_split_twice),
    "bias_at_shrunk": ("bias additions of a conv that is not transposed", _bias_at_shrunk),
    "mac_by_stride": ("2·weights · output positions / strides", _mac_by_stride),
    "window": ("window positions", _window),
    "pooled": ("input values where the size changes", _pooled),
    "mean_windows": ("window positions and a division a value", _mean_windows),
    "nearest": ("output values of nearest", _resized("nearest", 1, 2, 3)),
    "nearest_2d": ("output values of nearest on 2-D maps", _resized("nearest", 2)),
    "linear_1d": ("output values of linear", _resized("bilinear", 1)),
    "linear_2d": ("output values of bilinear", _resized("bilinear", 2)),
    "resized_blind": ("positions of one channel, or the inputs where scaled", _resized_blind),
    "with_neighbours": ("input values with padded channels", _with_neighbours),
    # entries of the work ledger beside those of conv and linear
    "add": ("additions", lambda layer: layer.work.add),
    "mul": ("products", lambda layer: layer.work.mul),
    "div": ("divisions", lambda layer: layer.work.div),
    "cmp": ("comparisons", lambda layer: layer.work.cmp),
    "exp": ("exponentials, roots, powers", lambda layer: layer.work.exp),
}
"""Name of a measure -> what it is called where it is printed, and how it is taken."""
