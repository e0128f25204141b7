"""Upsampling and downsampling by nearest sample or by linear interpolation."""

from __future__ import annotations

from math import gcd, prod

from cnncalc.errors import ShapeError
from cnncalc.geometry import POINT, Shape, Window
from cnncalc.ops.base import (
    Op,
    Param,
    Sizes,
    Windows,
    Work,
    arg,
    need_map,
    per_axis,
    shape_text,
)
from cnncalc.ops.sliding import axis_name, fit

LARGEST_DENOMINATOR = 1024


class _Axis:
    """One axis: `size` inputs, `out` outputs, `stride`/`up` input samples from output to output.

    The step is a ratio in lowest terms.
    """

    __slots__ = ("out", "size", "stride", "up")

    def __init__(self, size: int, out: int, stride: int, up: int) -> None:
        self.size, self.out = size, out
        common = gcd(stride, up)
        self.stride, self.up = stride // common, up // common

    def nearest(self) -> Window:
        """Output i reads ⌊i·step⌋."""
        up = self.up
        return self._fitted(Window(up, self.stride, 1, (up - 1, 0), up))

    def linear(self) -> Window:
        """Output i reads the samples less than 1 from (i + ½)·step - ½, on a grid of halves."""
        if self.up == self.stride:
            return self.nearest()
        up, low = 2 * self.up, 3 * self.up - self.stride - 1
        return self._fitted(Window(2 * up - 1, 2 * self.stride, 1, (low, 0), up))

    def aligned(self) -> Window:
        """Output i reads the samples less than 1 from i·(n - 1)/(m - 1): both ends stay ends."""
        if self.size == 1:
            return _Axis(1, self.out, 1, self.out).nearest()
        if self.out == 1:
            return self._fitted(POINT)
        axis = _Axis(self.size, self.out, self.size - 1, self.out - 1)
        up = axis.up
        return axis._fitted(Window(2 * up - 1, axis.stride, 1, (up - 1, 0), up))

    def _fitted(self, window: Window) -> Window:
        window = fit(window, self.size, self.out)
        return POINT if window == POINT else window


class Upsample(Op):
    """A map of another size, larger or smaller; PyTorch's Upsample: (C, *spatial) -> (C, *sizes).

    With `scale` the size is ⌊n·scale⌋ and the step from output to output 1/scale; with `size` the
    step is n/size; with `align_corners` it is (n - 1)/(size - 1). An axis that a scale leaves as it
    is, is copied; but nearest on one or three axes steps by 1/scale there too. `bilinear`
    interpolates linearly on every axis, be it one, two or three. Steps are exact ratios: where
    PyTorch's 32-bit step falls beside a sample, PyTorch may read the sample beside.
    """

    name = "upsample"
    notes = (
        "nearest: nothing, values are copied. bilinear: with 2 taps an axis, K in all, K products "
        "and K - 1 additions a value; the weights depend on the place alone."
    )

    scale: float | tuple[float, ...] | None = arg(
        "scale", "output size as a multiple of the input's", default=None
    )
    mode: str = arg(
        "word", "how values are made", default="nearest", choices=("nearest", "bilinear")
    )
    align_corners: bool = arg("bool", "first and last samples keep their places", default=False)
    size: Sizes | None = arg("sizes", "output size", default=None, low=1)

    def _axes(self, shape: Shape) -> tuple[_Axis, ...]:
        sizes = need_map(self, shape)
        if self.size is not None:
            outs = per_axis(self, "size", self.size, len(sizes))
            return tuple(_Axis(n, m, n, m) for n, m in zip(sizes, outs, strict=True))
        copies = self.mode == "bilinear" or len(sizes) == 2  # in PyTorch nearest differs by rank
        axes = []
        for n, scale in zip(sizes, per_axis(self, "scale", self.scale, len(sizes)), strict=True):
            up, stride = _ratio(self, scale)
            out = n * up // stride
            axes.append(_Axis(n, out, 1, 1) if out == n and copies else _Axis(n, out, stride, up))
        return tuple(axes)

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return the exact window for each axis."""
        axes = self._axes(ins[0])
        if self.mode == "nearest":
            return (tuple(axis.nearest() for axis in axes),)
        if self.align_corners:
            return (tuple(axis.aligned() for axis in axes),)
        return (tuple(axis.linear() for axis in axes),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C, *sizes); raises ShapeError where arguments contradict or nothing is left."""
        self._need_arguments()
        outs = tuple(axis.out for axis in self._axes(ins[0]))
        if 0 in outs:
            axis = outs.index(0)
            raise ShapeError(
                f"{self.name}: scale {self.scale} leaves nothing of {ins[0][1 + axis]} positions"
                f"{axis_name(axis, len(outs))}",
                label=f"input is {shape_text(ins[0])}",
                hint="use a larger scale, or give the size",
            )
        return (ins[0][0], *outs)

    def _need_arguments(self) -> None:
        if (self.scale is None) == (self.size is None):
            given = "neither is" if self.scale is None else "both are"
            raise ShapeError(
                f"{self.name}: needs either scale or size, and {given} given",
                hint="write `upsample: 2` to double the size",
            )
        if self.align_corners and self.mode == "nearest":
            raise ShapeError(
                f"{self.name}: align_corners is for mode bilinear, and the mode is nearest",
                hint="use mode: bilinear, or leave align_corners out",
            )

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return nothing: there is nothing to learn."""
        return ()

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the interpolation's products and additions; nearest copies."""
        if self.mode == "nearest":
            return Work()
        taps = 2 ** (len(out) - 1)
        return Work(mul=taps * prod(out), add=(taps - 1) * prod(out))


def _ratio(op: Op, scale: float) -> tuple[int, int]:
    """Return a scale in lowest terms, by the smallest denominator that gives the same float."""
    for denominator in range(1, LARGEST_DENOMINATOR + 1):
        numerator = round(scale * denominator)
        if numerator > 0 and numerator / denominator == scale:
            return numerator, denominator
    raise ShapeError(
        f"{op.name}: scale {scale} is not a ratio of whole numbers up to {LARGEST_DENOMINATOR}",
        hint="write a quotient such as 4 / 3, or give the size",
    )
