"""Layers that move values, and the change of a map's size."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np
from conformance.engines import Unsupported, layer
from conformance.onnx_nodes import (
    Translation,
    as_map,
    channels_at,
    channels_back,
    refuse_unless,
    translates,
)

from cnncalc.reference.arrays import Array


def _reshaped(node: Translation, x: Array, to: list[int]) -> Array:
    """Reshape by the layer; the first axis is the batch where it stays, or there is a batch of 1.

    A size of -1 is left to the layer.
    """
    if len(to) > 1 and x.ndim > 1 and to[0] == x.shape[0]:
        return node.run(x, layer("reshape", to=tuple(to[1:])))
    y = node.run(x[None] if x.ndim else x.reshape(1, 1), layer("reshape", to=tuple(to)))
    return y.reshape(y.shape[1:])


@translates("Reshape", exact=True)
def reshape(node: Translation) -> list[Array]:
    to, x = node.integers("shape", 1) or [], node.x
    if not node.take("allowzero", 0):
        to = [size or x.shape[axis] for axis, size in enumerate(to)]
    return [_reshaped(node, x, to)]


@translates("Squeeze", exact=True)
def squeeze(node: Translation) -> list[Array]:
    gone = {axis % node.x.ndim for axis in node.integers("axes", 1) or []}
    to = [size for axis, size in enumerate(node.x.shape) if axis not in gone]
    return [_reshaped(node, node.x, to)]


@translates("Unsqueeze", exact=True)
def unsqueeze(node: Translation) -> list[Array]:
    axes = node.integers("axes", 1) or []
    rank = node.x.ndim + len(axes)
    new, sizes = {axis % rank for axis in axes}, iter(node.x.shape)
    return [_reshaped(node, node.x, [1 if axis in new else next(sizes) for axis in range(rank)])]


@translates("Flatten", exact=True)
def flatten(node: Translation) -> list[Array]:
    """The axes before one are the batch, and those from it on a row."""
    x, axis = node.x, node.take("axis", 1)
    axis = axis % x.ndim if axis < 0 else axis
    batch = int(np.prod(x.shape[:axis]))
    return [node.run(x.reshape(batch, *(x.shape[axis:] or (1,))), layer("flatten"))]


@translates("Identity", exact=True)
def identity(node: Translation) -> list[Any]:
    return [node.run(as_map(node.x), layer("identity")).reshape(np.shape(node.x))]


@translates("Concat", exact=True)
def concat(node: Translation) -> list[Array]:
    axis, rank = node.take("axis"), node.x.ndim
    first, *rest = (channels_at(x, axis) for x in node.inputs)
    return [channels_back(node.run(first, layer("concat", beside=rest)), axis, rank)]


@translates("Split", exact=True)
def split(node: Translation) -> list[Array]:
    """Chunk makes equal parts; `num_outputs` would make the last one smaller."""
    axis, count, parts = node.take("axis", 0), node.outputs, node.integers("split", 1)
    node.take("num_outputs")
    size = node.x.shape[axis]
    refuse_unless(size % count == 0 and len({*(parts or [0])}) == 1, "chunk makes equal parts")
    x = channels_at(node.x, axis)
    found = [node.run(x, layer("chunk", n=count, index=index)) for index in range(count)]
    return [channels_back(y, axis, node.x.ndim) for y in found]


@translates("DepthToSpace", exact=True)
def depth_to_space(node: Translation) -> list[Array]:
    """CRD is PyTorch's order; in DCR the r² parts of the channels come first: they are shuffled."""
    r, mode = node.take("blocksize"), node.take("mode", "DCR")
    before = [layer("channel_shuffle", groups=r * r)] if mode == "DCR" else []
    return [node.run(node.x, *before, layer("pixel_shuffle", r=r))]


@translates("SpaceToDepth", exact=True)
def space_to_depth(node: Translation) -> list[Array]:
    r, mode, channels = node.take("blocksize"), node.take("mode", "DCR"), node.x.shape[1]
    behind = [layer("channel_shuffle", groups=channels)] if mode == "DCR" else []
    return [node.run(node.x, layer("pixel_unshuffle", r=r), *behind)]


MODES = {"constant": "zero", "reflect": "reflect", "edge": "replicate"}


@translates("Pad", exact=True)
def pad(node: Translation) -> list[Array]:
    rank, mode, value = node.x.ndim, node.take("mode", "constant"), node.input(2)
    pads, axes = node.integers("pads", 1) or [], node.integers("axes", 3) or range(rank)
    value = node.take("value", 0.0) if value is None else float(value)
    refuse_unless(mode in MODES, f"pad has no mode {mode}")
    refuse_unless(value == 0, "pad adds zeros, no other constant")
    both = [(0, 0)] * rank
    for axis, low, high in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        both[axis] = (low, high)
    refuse_unless(not any(map(any, both[:2])), "pad adds positions, no channels")
    return [node.run(node.x, layer("pad", padding=tuple(both[2:]), mode=MODES[mode]))]


@translates("CenterCropPad", exact=True)
def center_crop_pad(node: Translation) -> list[Array]:
    """Crop what is too large, then pad what is too small, an odd position at the end."""
    x = node.x
    axes = node.take("axes", range(x.ndim))
    wanted = list(x.shape)
    for axis, size in zip(axes, node.integers("shape", 1) or [], strict=True):
        wanted[axis] = size
    kept = tuple(map(min, x.shape, wanted))
    missing = [size - have for size, have in zip(wanted, kept, strict=True)]
    pads = tuple((more // 2, more - more // 2) for more in missing)
    return [node.run(x[None, None], layer("crop", size=kept), layer("pad", padding=pads))[0, 0]]


class Axis(NamedTuple):
    """One axis of a resize: sizes, and ONNX's step from output to output."""

    size: int
    out: int
    step: Fraction


@translates("Upsample", exact=True)
def upsample(node: Translation) -> list[Array]:
    """What resize was before version 10: nearest reads ⌊i·step⌋."""
    refuse_unless(node.take("mode", "nearest") == "nearest", "linear without half pixels")
    scales = _ratios(node.input(1))
    axes = [Axis(n, floor(n * s), 1 / s) for n, s in zip(node.x.shape, scales, strict=True)]
    return [_resized(node, axes, "nearest", "asymmetric", "floor")]


@translates("Resize")
def resize(node: Translation) -> list[Array]:
    mode, coordinates = node.take("mode", "nearest"), node.take(COORDINATES, "half_pixel")
    rounding = node.take("nearest_mode", "round_prefer_floor")
    cubic = node.take("cubic_coeff_a"), node.take("exclude_outside")
    crops = node.take("extrapolation_value"), coordinates == "tf_crop_and_resize"
    axes = _axes(node)
    refuse_unless(mode != "cubic" and cubic == (None, None), "upsample is not cubic")
    refuse_unless(not node.take("antialias", 0), "upsample has no antialias filter")
    refuse_unless(crops == (None, False), "upsample does not crop")
    return [_resized(node, axes, mode, coordinates, rounding)]


COORDINATES = "coordinate_transformation_mode"


def _ratios(scales: Array) -> list[Fraction]:
    """Return the ratios that float32 numbers mean."""
    return [Fraction(float(scale)).limit_denominator(1024) for scale in scales]


def _axes(node: Translation) -> list[Axis]:
    """Return all axes of the map with their new sizes and steps."""
    shape, scales, sizes = node.x.shape, node.input(2), node.input(3)
    numbers = node.take("axes", range(len(shape)))
    policy = node.take("keep_aspect_ratio_policy", "stretch")
    found = [Axis(size, size, Fraction(1)) for size in shape]
    if scales is not None:
        for axis, scale in zip(numbers, _ratios(scales), strict=True):
            found[axis] = Axis(shape[axis], floor(shape[axis] * scale), 1 / scale)
        return found
    ratios = {axis: Fraction(int(n), shape[axis]) for axis, n in zip(numbers, sizes, strict=True)}
    if policy != "stretch":
        one = {"not_larger": min, "not_smaller": max}[policy](ratios.values())
        ratios = dict.fromkeys(ratios, one)
    for axis, ratio in ratios.items():
        out = floor(shape[axis] * ratio + Fraction(1, 2))
        found[axis] = Axis(shape[axis], out, 1 / ratio)
    return found


def _resized(
    node: Translation, axes: list[Axis], mode: str, coordinates: str, rounding: str
) -> Array:
    refuse_unless(all(axis.step == 1 for axis in axes[:2]), "upsample keeps the channels")
    axes = axes[2:]
    args: dict[str, Any] = (
        {"scale": tuple(float(1 / axis.step) for axis in axes)}
        if node.input(3) is None
        else {"size": tuple(axis.out for axis in axes)}
    )
    if mode == "nearest":
        for axis in axes:
            step = axis.step if "scale" in args else Fraction(axis.size, axis.out)
            _need_same_samples(axis, step, coordinates, rounding)
        return node.run(node.x, layer("upsample", **args))
    whole = all(axis.out == axis.size / axis.step for axis in axes)
    if coordinates == "pytorch_half_pixel":
        refuse_unless(all(axis.out > 1 for axis in axes), "one output reads the middle, not 0")
    elif coordinates in ("half_pixel_symmetric", "align_corners"):
        refuse_unless(whole, "a step depends on whole sizes, not on what a scale cuts off")
    else:
        refuse_unless(coordinates == "half_pixel", f"upsample has no {coordinates} coordinates")
    aligned = coordinates == "align_corners"
    return node.run(node.x, layer("upsample", mode="bilinear", align_corners=aligned, **args))


ROUNDINGS = {
    "floor": floor,
    "ceil": ceil,
    "round_prefer_floor": lambda at: ceil(at - Fraction(1, 2)),
    "round_prefer_ceil": lambda at: floor(at + Fraction(1, 2)),
}


def _need_same_samples(axis: Axis, step: Fraction, coordinates: str, rounding: str) -> None:
    """Raise Unsupported unless ONNX's rule reads ⌊i·step⌋ here, as the layer does."""
    for place in range(axis.out):
        if coordinates == "half_pixel":
            at = (place + Fraction(1, 2)) * axis.step - Fraction(1, 2)
        elif coordinates == "align_corners":
            at = Fraction(place * (axis.size - 1), max(axis.out - 1, 1))
        elif coordinates == "asymmetric":
            at = place * axis.step
        else:
            raise Unsupported(f"upsample has no {coordinates} coordinates")
        sample = min(max(ROUNDINGS[rounding](at), 0), axis.size - 1)
        refuse_unless(sample == floor(place * step), "nearest reads ⌊i·step⌋ here")
