"""Layers that move values and do no arithmetic: flatten, reshape, pad, crop, shuffles."""

from __future__ import annotations

from math import prod

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
    point_windows,
    shape_text,
)
from cnncalc.ops.sliding import axis_name, need_groups, sides


class _Movement(Op):
    """A layer whose outputs are copies of inputs (or constants): no arithmetic, nothing learned."""

    notes = "Nothing: values are moved or copied."

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return a point for each axis: every value stays at its place on the map."""
        return (point_windows(ins[0]),)

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return nothing: there is nothing to learn."""
        return ()

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return no work: that is the rule for moving values, not a gap."""
        return Work()


class Identity(_Movement):
    """The input as it is."""

    name = "identity"

    def shape(self, *ins: Shape) -> Shape:
        """Return the input's shape."""
        return ins[0]


class Flatten(_Movement):
    """All values in one row, channels first: (C, *spatial) -> (C·spatial,)."""

    name = "flatten"

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return None for a map: its outputs have no place on it."""
        return (None if len(ins[0]) > 1 else (),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (values,)."""
        return (prod(ins[0]),)


class Reshape(_Movement):
    """The same values in another shape of 1 to 4 axes, in row-major order; one size may be -1."""

    name = "reshape"

    to: tuple[int, ...] = arg(
        "shape", "new shape, without a batch axis; -1: what is left", alias="shape", low=-1
    )

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return None, unless the shape stays: values leave their places on the map."""
        return (point_windows(ins[0]) if self.shape(*ins) == ins[0] else None,)

    def shape(self, *ins: Shape) -> Shape:
        """Return the new shape; raises ShapeError where it does not hold the input's values."""
        values = prod(ins[0])
        known = prod(size for size in self.to if size != -1)
        open_axes = self.to.count(-1)
        if open_axes > 1:
            raise self._misfit(ins[0], f"{open_axes} sizes are -1", "leave one size open at most")
        if not 1 <= len(self.to) <= 4:
            count = len(self.to)
            raise self._misfit(ins[0], f"{count} axes are not 1 to 4", "channels, then 0 to 3 axes")
        if known < 1 or (values % known if open_axes else values != known):
            wanted = f"a multiple of {known}" if open_axes else str(known)
            text = f"the input's {values} values are not {wanted}"
            raise self._misfit(ins[0], text, "the sizes multiplied must give the input's values")
        return tuple(values // known if size == -1 else size for size in self.to)

    def _misfit(self, shape: Shape, text: str, hint: str) -> ShapeError:
        label = f"input is {shape_text(shape)}, new shape is {list(self.to)}"
        return ShapeError(f"{self.name}: {text}", label=label, hint=hint)


class Pad(_Movement):
    """More positions around a map: zeros, a reflection, or the border repeated.

    Receptive fields count all three as padding. PyTorch's F.pad, here in the order of the axes.
    """

    name = "pad"

    padding: Padding = arg("padding", "positions added, or [low, high] an axis", alias="p", low=0)
    mode: str = arg(
        "word", "what is added", default="zero", choices=("zero", "reflect", "replicate")
    )

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return a padded point for each axis."""
        return (self._windows(ins[0]),)

    def _windows(self, shape: Shape) -> tuple[Window, ...]:
        sizes = need_map(self, shape)
        if isinstance(self.padding, str) and self.padding != "valid":
            raise ShapeError(
                f"{self.name}: padding {self.padding!r} is a rule for kernels, and there is none",
                hint="give a number of positions, or [low, high] for each axis",
            )
        pads = per_axis(self, "padding", self.padding, len(sizes))
        both = (sides(pad, POINT, size) for pad, size in zip(pads, sizes, strict=True))
        return tuple(Window(pad=pad) if any(pad) else POINT for pad in both)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C, *padded); raises ShapeError where a reflection is longer than the map."""
        windows = self._windows(ins[0])
        for axis, (window, size) in enumerate(zip(windows, ins[0][1:], strict=True)):
            if self.mode == "reflect" and max(window.pad) >= size:
                raise ShapeError(
                    f"{self.name}: reflect padding {max(window.pad)} is not below the size {size}"
                    f"{axis_name(axis, len(windows))}",
                    label=f"input is {shape_text(ins[0])}",
                    hint=f"use at most padding {size - 1}, or mode: replicate",
                )
        sizes = (w.out_size(size) for w, size in zip(windows, ins[0][1:], strict=True))
        return (ins[0][0], *sizes)


class Crop(_Movement):
    """The middle of a map: (C, *spatial) -> (C, *size); an odd position is cut at the end."""

    name = "crop"

    size: Sizes = arg("sizes", "output size", low=1)

    def _outs(self, shape: Shape) -> tuple[int, ...]:
        return per_axis(self, "size", self.size, len(need_map(self, shape)))

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return a point with negative padding for each axis."""
        pairs = zip(ins[0][1:], self._outs(ins[0]), strict=True)
        return (tuple(_crop_window(size, out) for size, out in pairs),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C, *size); raises ShapeError where the map is smaller."""
        outs = self._outs(ins[0])
        for axis, (size, out) in enumerate(zip(ins[0][1:], outs, strict=True)):
            if out > size:
                raise ShapeError(
                    f"{self.name}: size {out} is more than the input's {size}"
                    f"{axis_name(axis, len(outs))}",
                    label=f"input is {shape_text(ins[0])}",
                    hint="use a smaller size; pad makes maps larger",
                )
        return (ins[0][0], *outs)


def _crop_window(size: int, out: int) -> Window:
    low = (size - out) // 2
    return Window(pad=(-low, out - size + low)) if out < size else POINT


class ChannelShuffle(_Movement):
    """Channels read across groups, as in ShuffleNet (Zhang et al. 2018). Shape kept."""

    name = "channel_shuffle"

    groups: int = arg("int", "groups the channels come from", alias="g", low=1)

    def shape(self, *ins: Shape) -> Shape:
        """Return the input's shape; raises ShapeError where the channels do not divide."""
        need_groups(self, ins[0], ins[0][0], "channels", "groups")
        return ins[0]


class Chunk(_Movement):
    """One of n equal parts of the channels: (C, *spatial) -> (C/n, *spatial)."""

    name = "chunk"

    n: int = arg("int", "parts", low=1)
    index: int = arg("int", "which part, from 0", low=0)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C/n, *spatial); raises ShapeError where there is no such part."""
        need_groups(self, ins[0], ins[0][0], "channels", "n")
        if self.index >= self.n:
            raise ShapeError(
                f"{self.name}: index {self.index} is not below n={self.n}",
                label=f"input is {shape_text(ins[0])}",
                hint=f"parts are counted from 0: the last is {self.n - 1}",
            )
        return (ins[0][0] // self.n, *ins[0][1:])


class PixelShuffle(_Movement):
    """Channels become positions: (C·r^rank, *spatial) -> (C, *spatial·r); Shi et al. 2016.

    PyTorch's PixelShuffle, with r on every axis of a map with 1 to 3 axes.
    """

    name = "pixel_shuffle"

    r: int = arg("int", "factor by which the map grows on each axis", low=1)

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return, for each axis, r outputs that read one position."""
        window = Window(self.r, 1, 1, (self.r - 1, self.r - 1), self.r) if self.r > 1 else POINT
        return ((window,) * (len(ins[0]) - 1),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C/r^rank, *spatial·r); raises ShapeError where the channels do not divide."""
        sizes = need_map(self, ins[0])
        parts = self.r ** len(sizes)
        if ins[0][0] % parts:
            raise ShapeError(
                f"{self.name}: {ins[0][0]} channels do not divide by r^{len(sizes)} = {parts}",
                label=f"input is {shape_text(ins[0])}",
                hint=f"give the layer before it a multiple of {parts} channels",
            )
        return (ins[0][0] // parts, *(size * self.r for size in sizes))


class PixelUnshuffle(_Movement):
    """Positions become channels: (C, *spatial) -> (C·r^rank, *spatial/r); PyTorch's PixelUnshuffle.

    Each output channel reads one of the r positions of an axis; the window holds them all.
    """

    name = "pixel_unshuffle"

    r: int = arg("int", "factor by which the map shrinks on each axis", low=1)

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return, for each axis, windows of r positions beside each other."""
        return ((Window(self.r, self.r) if self.r > 1 else POINT,) * (len(ins[0]) - 1),)

    def shape(self, *ins: Shape) -> Shape:
        """Return (C·r^rank, *spatial/r); raises ShapeError where a size does not divide."""
        sizes = need_map(self, ins[0])
        for axis, size in enumerate(sizes):
            if size % self.r:
                raise ShapeError(
                    f"{self.name}: size {size} does not divide by r={self.r}"
                    f"{axis_name(axis, len(sizes))}",
                    label=f"input is {shape_text(ins[0])}",
                    hint="crop or pad the map to a multiple of r first",
                )
        return (ins[0][0] * self.r ** len(sizes), *(size // self.r for size in sizes))
