"""What layers with a sliding window share: padding words, output sizes, and what does not fit."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import ShapeError
from cnncalc.geometry import POINT, Shape, Window
from cnncalc.ops.base import Op, Padding, Sizes, need_map, per_axis, shape_text

MOST_SUGGESTIONS = 6


def slide(
    op: Op, shape: Shape, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes = 1
) -> tuple[Window, ...]:
    """Return a window for each spatial axis of a map; raises ShapeError on a wrong rank."""
    sizes = need_map(op, shape)
    rank = len(sizes)
    kernels = per_axis(op, "kernel", kernel, rank)
    strides = per_axis(op, "stride", stride, rank)
    dilations = per_axis(op, "dilation", dilation, rank)
    paddings = per_axis(op, "padding", padding, rank)
    return tuple(
        _window(Window(*numbers), pads, size)
        for *numbers, pads, size in zip(kernels, strides, dilations, paddings, sizes, strict=True)
    )


def _window(window: Window, padding: Any, size: int) -> Window:
    window = window._replace(pad=sides(padding, window, size))
    return POINT if window == POINT else window


def sides(padding: Any, window: Window, size: int) -> tuple[int, int]:
    """Return the (low, high) padding of one axis of `size` positions, whatever way it is written.

    `half` keeps the size for an odd kernel and stride 1; `same` gives ⌈size / stride⌉ outputs with
    the odd position at the end (SAME_UPPER of ONNX, "same" of Keras).
    """
    if padding == "valid":
        return 0, 0
    if padding == "half":
        return (window.span - 1) // 2, (window.span - 1) // 2
    if padding == "same":
        covered = (-(-size // window.stride) - 1) * window.stride + window.span
        total = max(covered - size, 0)
        return total // 2, total - total // 2
    return padding if isinstance(padding, tuple) else (padding, padding)


def fit(window: Window, size: int, out: int) -> Window:
    """Return the window with the high padding that just lets `size` inputs give `out` outputs."""
    low = window.pad[0]
    high = (out - 1) * window.stride + window.span - (size - 1) * window.up - 1 - low
    return window._replace(pad=(low, high))


def slid_shape(op: Op, shape: Shape, channels: int, windows: tuple[Window, ...]) -> Shape:
    """Return (channels, *outputs of the windows); raises ShapeError where a kernel does not fit."""
    sizes = tuple(window.out_size(size) for window, size in zip(windows, shape[1:], strict=True))
    if 0 in sizes:
        raise _misfit(op, shape, windows, sizes.index(0))
    return (channels, *sizes)


def axis_name(axis: int, rank: int) -> str:
    """Return " on axis h" and so on for an error text; nothing where there is one axis only."""
    return f" on axis {'dhw'[axis - rank]}" if rank > 1 else ""


def _misfit(op: Op, shape: Shape, windows: tuple[Window, ...], axis: int) -> ShapeError:
    window = windows[axis]
    room = shape[1 + axis] + sum(window.pad)
    spans = f" spans {window.span} and" if window.span > window.kernel else ""
    return ShapeError(
        f"{op.name}: kernel {window.kernel}{spans} is larger than the padded input {room}"
        f"{axis_name(axis, len(windows))}",
        label=f"input is {shape_text(shape)}, padding {window.pad[0]} + {window.pad[1]}",
        hint="use a smaller kernel, padding: half, or fewer strides before this layer",
    )


def need_groups(
    op: Op, shape: Shape, count: int, what: str, argument: str, *, also: int = 0
) -> None:
    """Raise ShapeError unless `count` things divide into as many parts as the argument says.

    `also` is a second count that the suggested values divide too.
    """
    parts: int = op.args()[argument]
    if count % parts == 0:
        return
    raise ShapeError(
        f"{op.name}: {count} {what} do not divide into {argument}={parts}",
        label=f"input is {shape_text(shape)}",
        hint=f"try {argument} {one_of(_divisors(count, also, parts))}",
    )


def _divisors(count: int, also: int, near: int) -> list[int]:
    """Return the common divisors; where there are many, those nearest to the value given."""
    common = [n for n in range(1, min(count, 100_000) + 1) if count % n == 0 and also % n == 0]
    return sorted(sorted(common, key=lambda n: abs(n - near))[:MOST_SUGGESTIONS])


def one_of(numbers: list[int]) -> str:
    """Return numbers as people list them: 1, 2, 3 or 6."""
    *rest, last = map(str, numbers)
    return f"{', '.join(rest)} or {last}" if rest else last
