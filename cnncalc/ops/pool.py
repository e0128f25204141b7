"""Pooling with a sliding window: max_pool and avg_pool; adaptive and global pools beside them."""

from __future__ import annotations

from math import gcd, prod

from cnncalc.errors import ShapeError
from cnncalc.geometry import POINT, Shape, Window
from cnncalc.ops.base import (
    Op,
    Padding,
    Param,
    Sizes,
    Windows,
    Work,
    arg,
    need_map,
    per_axis,
    shape_text,
)
from cnncalc.ops.sliding import axis_name, fit, slid_shape, slide


class _Pool(Op):
    """A window slides over each channel: (C, *spatial) -> (C, *spatial).

    Sizes as in PyTorch: ⌊(n + 2p - span)/s⌋ + 1; with `ceil` rounded up, less a last window that
    would begin behind the input and its low padding.
    """

    kernel: Sizes
    stride: Sizes | None
    padding: Padding
    ceil: bool

    def _dilation(self) -> Sizes:
        return 1

    def _slide(self, shape: Shape) -> tuple[Window, ...]:
        return slide(
            self,
            shape,
            kernel=self.kernel,
            stride=self.kernel if self.stride is None else self.stride,
            padding=self.padding,
            dilation=self._dilation(),
        )

    def _windows(self, shape: Shape) -> tuple[Window, ...]:
        windows = self._slide(shape)
        if not self.ceil:
            return windows
        return tuple(_rounded_up(w, size) for w, size in zip(windows, shape[1:], strict=True))

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return the window for each axis, with the high padding that `ceil` needs."""
        return (self._windows(ins[0]),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C, *spatial); raises ShapeError where the window or its padding does not fit."""
        if not isinstance(self.padding, str):
            _need_small_padding(self, ins[0], self._slide(ins[0]))
        return slid_shape(self, ins[0], ins[0][0], self._windows(ins[0]))

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return nothing: pooling learns nothing."""
        return ()

    def _taps(self, shape: Shape) -> int:
        return prod(per_axis(self, "kernel", self.kernel, len(shape) - 1))


def _rounded_up(window: Window, size: int) -> Window:
    low, high = window.pad
    out = -((window.span - size - low - high) // window.stride) + 1
    if (out - 1) * window.stride >= size + low:
        out -= 1
    return fit(window, size, out) if out > window.out_size(size) else window


def _need_small_padding(op: Op, shape: Shape, windows: tuple[Window, ...]) -> None:
    """Raise ShapeError where a window could lie in the padding alone; PyTorch's rule.

    The words half and same are allowed under any dilation, as ONNX allows them.
    """
    for axis, window in enumerate(windows):
        if max(window.pad) > window.kernel // 2:
            raise ShapeError(
                f"{op.name}: padding {max(window.pad)} is more than half the kernel "
                f"{window.kernel}{axis_name(axis, len(windows))}",
                label=f"input is {shape_text(shape)}",
                hint=f"use at most padding {window.kernel // 2}",
            )


class MaxPool(_Pool):
    """The maximum of each window, PyTorch's MaxPool1d, 2d and 3d."""

    name = "max_pool"
    notes = "K - 1 comparisons a value for a window of K taps, padding included."

    kernel: Sizes = arg("sizes", "window size", alias="k", low=1)
    stride: Sizes | None = arg(
        "sizes", "step between windows; without it the kernel", default=None, alias="s", low=1
    )
    padding: Padding = arg("padding", "positions around the input", default=0, alias="p", low=0)
    dilation: Sizes = arg("sizes", "distance between taps", default=1, alias="d", low=1)
    ceil: bool = arg("bool", "round the output size up", default=False)

    def _dilation(self) -> Sizes:
        return self.dilation

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return K - 1 comparisons for each output value."""
        return Work(cmp=prod(out) * (self._taps(ins[0]) - 1))


class AvgPool(_Pool):
    """The mean of each window, PyTorch's AvgPool1d, 2d and 3d."""

    name = "avg_pool"
    notes = "K - 1 additions and a division a value for a window of K taps, padding included."

    kernel: Sizes = arg("sizes", "window size", alias="k", low=1)
    stride: Sizes | None = arg(
        "sizes", "step between windows; without it the kernel", default=None, alias="s", low=1
    )
    padding: Padding = arg("padding", "zeros around the input", default=0, alias="p", low=0)
    ceil: bool = arg("bool", "round the output size up", default=False)
    count_include_pad: bool = arg("bool", "count padding in the mean", default=True)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return K - 1 additions and a division for each output value."""
        return Work(add=prod(out) * (self._taps(ins[0]) - 1), div=prod(out))


class _Adaptive(Op):
    """Windows are chosen so that the output has a given size: (C, *spatial) -> (C, *size).

    Of n positions, output i of m reads ⌊i·n/m⌋ … ⌈(i + 1)·n/m⌉ - 1, as in PyTorch.
    """

    size: Sizes

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return the exact window for each axis; None where one output reads the whole map."""
        sizes = ins[0][1:]
        outs = per_axis(self, "size", self.size, len(sizes))
        if set(outs) == {1}:
            return (None,)
        return (tuple(_adaptive_window(n, m) for n, m in zip(sizes, outs, strict=True)),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C, *size)."""
        return (ins[0][0], *per_axis(self, "size", self.size, len(need_map(self, ins[0]))))

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return nothing: pooling learns nothing."""
        return ()

    def _taps(self, shape: Shape, out: Shape) -> int:
        """Return the sizes of all windows of all channels, added up."""
        axes = zip(shape[1:], out[1:], strict=True)
        return shape[0] * prod(_window_sizes(n, m) for n, m in axes)


def _adaptive_window(size: int, out: int) -> Window:
    if size == out:
        return POINT
    common = gcd(size, out)
    step, up = size // common, out // common
    return Window(step + up - 1, step, 1, (up - 1, up - 1), up)


def _window_sizes(size: int, out: int) -> int:
    """Return the sum of the window sizes on one axis.

    Windows tile the axis, and neighbours share one position wherever a border i·n/m is no integer:
    at m - gcd(n, m) borders.
    """
    return size + out - gcd(size, out)


class AdaptiveAvgPool(_Adaptive):
    """The mean of each window, PyTorch's AdaptiveAvgPool1d, 2d and 3d."""

    name = "adaptive_avg_pool"
    notes = "For each window of K positions (they differ), K - 1 additions and a division."

    size: Sizes = arg("sizes", "output size", low=1)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the additions and divisions of the exact windows."""
        return Work(add=self._taps(ins[0], out) - prod(out), div=prod(out))


class AdaptiveMaxPool(_Adaptive):
    """The maximum of each window, PyTorch's AdaptiveMaxPool1d, 2d and 3d."""

    name = "adaptive_max_pool"
    notes = "For each window of K positions (they differ), K - 1 comparisons."

    size: Sizes = arg("sizes", "output size", low=1)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the comparisons of the exact windows."""
        return Work(cmp=self._taps(ins[0], out) - prod(out))


class _Global(Op):
    """One value for each channel: (C, *spatial) -> (C, 1, …)."""

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return None: the output reads the whole map."""
        return (None,)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C, 1, …), as many axes as the input has."""
        return (ins[0][0],) + (1,) * len(need_map(self, ins[0]))

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return nothing: pooling learns nothing."""
        return ()


class GlobalAvgPool(_Global):
    """The mean of each channel over all positions."""

    name = "global_avg_pool"
    aliases = ("gap",)
    notes = "For each channel of K positions, K - 1 additions and a division."

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the additions and one division a channel."""
        return Work(add=prod(ins[0]) - out[0], div=out[0])


class GlobalMaxPool(_Global):
    """The maximum of each channel over all positions."""

    name = "global_max_pool"
    aliases = ("gmp",)
    notes = "For each channel of K positions, K - 1 comparisons."

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the comparisons."""
        return Work(cmp=prod(ins[0]) - out[0])
