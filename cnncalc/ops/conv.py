"""Convolutions: conv, depthwise and conv_transpose, on maps with 1 to 3 spatial axes."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from cnncalc.errors import ShapeError
from cnncalc.geometry import Shape, Window
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
from cnncalc.ops.sliding import need_groups, slid_shape, slide


class _Convolution(Op):
    """What conv and depthwise share: (C, *spatial) -> (out, *spatial).

    Parameters n·(c/groups·kernel + 1) and work of as many multiply-adds at each output position, by
    the course notes; sizes n_out = ⌊(n_in + 2p - d(k - 1) - 1)/s⌋ + 1, as in PyTorch.
    """

    kernel: Sizes
    stride: Sizes
    padding: Padding
    dilation: Sizes
    bias: bool
    notes: ClassVar[str] = (
        "One multiply-add for each tap at each output position, padding included; one addition "
        "a value for the bias."
    )

    def split(self, channels: int) -> tuple[int, int]:
        """Return (output channels, groups) for so many input channels."""
        raise NotImplementedError(f"{self.name}: split")

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return the kernel's window for each axis."""
        return (self._windows(ins[0]),)

    def _windows(self, shape: Shape) -> tuple[Window, ...]:
        return slide(
            self,
            shape,
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )

    def shape(self, *ins: Shape) -> Shape:
        """Return (out, *spatial); raises ShapeError where the kernel does not fit."""
        out, _ = self.split(ins[0][0])
        return slid_shape(self, ins[0], out, self._windows(ins[0]))

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight (out, C/groups, *kernel), and bias (out,)."""
        channels, rank = ins[0][0], len(ins[0]) - 1
        out, groups = self.split(channels)
        weight = Param(
            "weight", (out, channels // groups, *per_axis(self, "kernel", self.kernel, rank))
        )
        return (weight, Param("bias", (out,))) if self.bias else (weight,)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the multiply-adds, and the bias as additions."""
        channels, rank = ins[0][0], len(ins[0]) - 1
        _, groups = self.split(channels)
        taps = prod(per_axis(self, "kernel", self.kernel, rank))
        values = prod(out)
        return Work(mac=values * (channels // groups) * taps, add=values if self.bias else 0)


class Conv(_Convolution):
    """Convolution (cross-correlation), PyTorch's Conv1d, Conv2d and Conv3d."""

    name = "conv"
    notes = (
        _Convolution.notes + " Weight norm is folded into the weights before inference: no work."
    )

    out: int = arg("int", "output channels", low=1)
    kernel: Sizes = arg("sizes", "kernel size", alias="k", low=1)
    stride: Sizes = arg("sizes", "step between windows", default=1, alias="s", low=1)
    padding: Padding = arg("padding", "zeros around the input", default=0, alias="p", low=0)
    dilation: Sizes = arg("sizes", "distance between taps", default=1, alias="d", low=1)
    groups: int = arg("int", "parts that see only their channels", default=1, alias="g", low=1)
    bias: bool = arg("bool", "add a learned value to each output channel", default=True)
    norm: Any = arg("norm", "normalisation behind this layer", default=None)
    act: Any = arg("act", "activation behind this layer", default=None)
    weight_norm: bool = arg(
        "bool", "learn length and direction of the weights apart", default=False
    )

    def split(self, channels: int) -> tuple[int, int]:
        """Return (output channels, groups)."""
        return self.out, self.groups

    def shape(self, *ins: Shape) -> Shape:
        """Return (out, *spatial); raises ShapeError where groups or kernel do not fit."""
        need_map(self, ins[0])
        _need_channel_groups(self, ins[0], self.out)
        return super().shape(*ins)

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight, bias, and with weight norm the lengths weight_g (out, 1, …, 1)."""
        own = super().params(*ins)
        return (*own, _lengths(self.out, len(ins[0]))) if self.weight_norm else own


def _lengths(out: int, rank: int) -> Param:
    """Return the lengths that weight norm learns, in the shape in which PyTorch keeps them."""
    return Param("weight_g", (out,) + (1,) * rank)


def _need_channel_groups(op: Op, shape: Shape, out: int) -> None:
    need_groups(op, shape, shape[0], "input channels", "groups", also=out)
    need_groups(op, shape, out, "output channels", "groups", also=shape[0])


class Depthwise(_Convolution):
    """Convolution of each channel for itself: (C, *spatial) -> (C·multiplier, *spatial)."""

    name = "depthwise"
    aliases = ("dwconv",)

    kernel: Sizes = arg("sizes", "kernel size", alias="k", low=1)
    stride: Sizes = arg("sizes", "step between windows", default=1, alias="s", low=1)
    padding: Padding = arg("padding", "zeros around the input", default=0, alias="p", low=0)
    dilation: Sizes = arg("sizes", "distance between taps", default=1, alias="d", low=1)
    multiplier: int = arg("int", "output channels for each input channel", default=1, low=1)
    bias: bool = arg("bool", "add a learned value to each output channel", default=True)
    norm: Any = arg("norm", "normalisation behind this layer", default=None)
    act: Any = arg("act", "activation behind this layer", default=None)

    def split(self, channels: int) -> tuple[int, int]:
        """Return (output channels, groups): a group for each channel."""
        return channels * self.multiplier, channels


class ConvTranspose(Op):
    """Transposed convolution, PyTorch's ConvTranspose1d, 2d, 3d: (C, *spatial) -> (out, *spatial).

    Sizes n_out = (n_in - 1)·s - 2p + d(k - 1) + output_padding + 1; `same` gives n_in·s. As a
    window it steps by 1 over the input stuffed with s - 1 zeros between samples.
    """

    name = "conv_transpose"
    aliases = ("deconv",)
    notes = (
        "Every input value is multiplied by every tap of its group's output channels, also where "
        "padding cuts the product away; one addition a value for the bias."
    )

    out: int = arg("int", "output channels", low=1)
    kernel: Sizes = arg("sizes", "kernel size", alias="k", low=1)
    stride: Sizes = arg(
        "sizes", "distance of input samples in the output", default=1, alias="s", low=1
    )
    padding: Padding = arg("padding", "outputs cut off at the border", default=0, alias="p", low=0)
    output_padding: Sizes = arg("sizes", "outputs added at the end", default=0, low=0)
    dilation: Sizes = arg("sizes", "distance between taps", default=1, alias="d", low=1)
    groups: int = arg("int", "parts that see only their channels", default=1, alias="g", low=1)
    bias: bool = arg("bool", "add a learned value to each output channel", default=True)
    norm: Any = arg("norm", "normalisation behind this layer", default=None)
    act: Any = arg("act", "activation behind this layer", default=None)

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return, for each axis, a window over the zero-stuffed input."""
        return (self._windows(ins[0]),)

    def _windows(self, shape: Shape) -> tuple[Window, ...]:
        sizes = need_map(self, shape)
        names = ("kernel", "stride", "dilation", "padding", "output_padding")
        rows = [per_axis(self, name, self.args()[name], len(sizes)) for name in names]
        return tuple(self._window(*row) for row in zip(*rows, strict=True))

    def _window(self, kernel: int, stride: int, dilation: int, padding: Any, extra: int) -> Window:
        reach = dilation * (kernel - 1)
        low, high = _cut(padding, reach + 1, stride)
        return Window(kernel, 1, dilation, (reach - low, reach - high + extra), stride)

    def shape(self, *ins: Shape) -> Shape:
        """Return (out, *spatial); raises ShapeError where groups or paddings do not fit."""
        windows = self._windows(ins[0])
        _need_channel_groups(self, ins[0], self.out)
        self._need_output_padding(ins[0])
        sizes = tuple(w.out_size(size) for w, size in zip(windows, ins[0][1:], strict=True))
        if 0 in sizes:
            raise ShapeError(
                f"{self.name}: padding cuts away the whole output",
                label=f"input is {shape_text(ins[0])}, padding is {self.padding}",
                hint="use less padding, or a larger stride or kernel",
            )
        return (self.out, *sizes)

    def _need_output_padding(self, shape: Shape) -> None:
        names = ("output_padding", "stride", "dilation")
        rows = (per_axis(self, name, self.args()[name], len(shape) - 1) for name in names)
        for extra, stride, dilation in zip(*rows, strict=True):
            if extra >= max(stride, dilation):
                raise ShapeError(
                    f"{self.name}: output_padding={extra} is not below stride {stride} or dilation "
                    f"{dilation}",
                    label=f"input is {shape_text(shape)}",
                    hint=f"use at most output_padding {max(stride, dilation) - 1}",
                )
            if extra and self.padding == "same":
                raise ShapeError(
                    f"{self.name}: output_padding={extra} does not go with padding: same",
                    label="same already gives input size times stride",
                    hint="leave output_padding out",
                )

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight (C, out/groups, *kernel), and bias (out,)."""
        channels, rank = ins[0][0], len(ins[0]) - 1
        kernel = per_axis(self, "kernel", self.kernel, rank)
        weight = Param("weight", (channels, self.out // self.groups, *kernel))
        return (weight, Param("bias", (self.out,))) if self.bias else (weight,)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return input values · out/groups · taps multiply-adds, and the bias as additions."""
        taps = prod(per_axis(self, "kernel", self.kernel, len(ins[0]) - 1))
        mac = prod(ins[0]) * (self.out // self.groups) * taps
        return Work(mac=mac, add=prod(out) if self.bias else 0)


def _cut(padding: Any, span: int, stride: int) -> tuple[int, int]:
    """Return how many outputs are cut off at both ends; `same` adds some where span < stride."""
    if padding == "same":
        low = max(span - stride, 0) // 2
        return low, span - stride - low
    if padding == "half":
        return (span - 1) // 2, (span - 1) // 2
    if padding == "valid":
        return 0, 0
    return padding if isinstance(padding, tuple) else (padding, padding)
