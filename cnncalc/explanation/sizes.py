"""The output size of layers whose window slides: convolutions and pools, axis by axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.explanation.words import by_axis, less, number
from cnncalc.geometry import Window
from cnncalc.net import Layer
from cnncalc.ops.base import per_axis
from cnncalc.ops.sliding import sides
from cnncalc.records import Record


class Axis(Record):
    """One axis of a sliding layer: its sizes, its window, and the padding as it is written."""

    size: int
    out: int
    window: Window
    written: Any


def axes_of(layer: Layer) -> tuple[Axis, ...]:
    """Return the axes of a layer with kernel, stride and padding; ceil mode's padding left out."""
    op = layer.node.op
    args = op.args()
    if args["stride"] is None:
        args["stride"] = args["kernel"]
    rank = len(layer.out) - 1
    names = ("kernel", "stride", "dilation", "padding")
    rows = zip(
        *(per_axis(op, name, args.get(name, 1), rank) for name in names),
        layer.ins[0][1:],
        layer.out[1:],
        strict=True,
    )
    return tuple(_axis(*row) for row in rows)


def _axis(kernel: int, stride: int, dilation: int, written: Any, size: int, out: int) -> Axis:
    window = Window(kernel, stride, dilation)
    return Axis(size, out, window._replace(pad=sides(written, window, size)), written)


def sliding(layer: Layer) -> Iterator[str]:
    """Yield the notes' n_out = ⌊(n_in + 2p − k)/s⌋ + 1, then the numbers for each axis."""
    axes = axes_of(layer)
    ceil = bool(layer.node.op.args().get("ceil"))
    left, right = "⌈⌉" if ceil else "⌊⌋"
    dilated = any(axis.window.dilation > 1 for axis in axes)
    kernel = "d·(k − 1) − 1" if dilated else "k"
    yield f"n_out = {left}(n_in + 2p − {kernel})/s{right} + 1"
    for names, index in by_axis(axes):
        yield from padding_text(axes[index])
        yield from _numbers(names, axes[index], ceil=ceil)


def padding_text(axis: Axis) -> Iterator[str]:
    """Yield how a padding word becomes numbers."""
    window, low, high = axis.window, *axis.window.pad
    reach = f"{window.dilation}·" if window.dilation > 1 else ""
    if axis.written == "half":
        formula = "⌊d·(k − 1)/2⌋" if reach else "⌊(k − 1)/2⌋"
        yield f"p = {formula} = ⌊{reach}({window.kernel} − 1)/2⌋ = {low} (padding: half)"
    elif axis.written == "same":
        yield f"n_out = ⌈n_in/s⌉ = ⌈{axis.size}/{window.stride}⌉ = {axis.out} (padding: same)"
        needed = (axis.out - 1) * window.stride + window.span
        yield (
            f"2p = (n_out − 1)·s + k − n_in = ({axis.out} − 1)·{window.stride} + {window.span} − "
            f"{axis.size} = {number(needed - axis.size)}: {low} in front, {high} behind"
        )
    elif low != high:
        yield f"2p = {low} + {high} = {low + high}: {low} in front, {high} behind"


def _numbers(names: str, axis: Axis, *, ceil: bool) -> Iterator[str]:
    window = axis.window
    room = axis.size + sum(window.pad) - window.span
    whole = room % window.stride == 0
    left, right = ("", "") if whole else "⌈⌉" if ceil else "⌊⌋"
    inside = f"{axis.size} {_padding(window)} {_reach(window)}"
    steps = -(-room // window.stride) if ceil else room // window.stride
    between = "" if whole else f" = {left}{number(room)}/{window.stride}{right} + 1"
    yield f"{names}: {left}({inside})/{window.stride}{right} + 1{between} = {steps + 1}"
    if steps + 1 != axis.out:
        yield (
            f"   the last window would begin behind the input and its padding: {steps + 1} − 1 "
            f"= {axis.out}"
        )


def _padding(window: Window) -> str:
    low, high = window.pad
    return f"+ 2·{low}" if low == high else f"+ {low} + {high}"


def _reach(window: Window) -> str:
    if window.dilation == 1:
        return f"− {window.kernel}"
    return f"− {window.dilation}·({window.kernel} − 1) − 1"


def grown(layer: Layer) -> Iterator[str]:
    """Yield the size of a transposed convolution: (n_in − 1)·s − 2p + d(k − 1) + extra + 1."""
    op = layer.node.op
    windows = layer.windows[0] or ()
    rank = len(windows)
    extras = per_axis(op, "output_padding", op.args()["output_padding"], rank)
    written = per_axis(op, "padding", op.args()["padding"], rank)
    rows = list(zip(layer.ins[0][1:], layer.out[1:], windows, extras, written, strict=True))
    yield "n_out = (n_in − 1)·s − 2p + d·(k − 1) + output_padding + 1"
    for names, index in by_axis(rows):
        size, out, window, extra, word = rows[index]
        low, high = window.span - 1 - window.pad[0], window.span - 1 + extra - window.pad[1]
        if isinstance(word, str):
            yield f"padding: {word} cuts {number(low)} in front, {number(high)} behind"
        cut = f"− 2·{low}" if low == high >= 0 else f"{less(low)} {less(high)}"
        yield (
            f"{names}: ({size} − 1)·{window.up} {cut} + {window.dilation}·({window.kernel} − 1) "
            f"+ {extra} + 1 = {out}"
        )
