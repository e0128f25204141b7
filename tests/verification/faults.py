"""Faults to plant in the facts that the analysis is made of, each with a network it matters for.

A fault is planted by exchanging one method or function of `cnncalc.ops`, `cnncalc.geometry`,
`cnncalc.net` or `cnncalc.analyses` while a spec is read and verified. The reference, which runs the
network, knows none of these, so it stays right.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from cnncalc import analyses
from cnncalc import net as nets
from cnncalc.analyses import receptive, summary
from cnncalc.geometry import POINT, Field, Window
from cnncalc.ops import activation as act
from cnncalc.ops import conv, linear, merge, norm, pool, resample, reshape, sliding
from cnncalc.ops.base import Param

Change = tuple[object, str, Any]
"""(module or class, name, what stands there instead)."""


class Fault(NamedTuple):
    name: str
    spec: str
    layer: str
    key: str
    changes: tuple[Change, ...]


FAULTS: list[Fault] = []
CONV = "input: [2, 9, 8]\nlayers:\n  a: {relu: }\n  b: {conv: %s}\n  c: {relu: }\n"


def fault(name: str, spec: str, layer: str, key: str, *changes: Change) -> None:
    FAULTS.append(Fault(name, spec, layer, key, changes))


def wrapped(owner: Any, name: str, change: Callable[..., Any]) -> Change:
    """Return a change of what a method returns: `change(op, true value, *inputs)`."""
    true = getattr(owner, name)

    def faulty(op: Any, *args: Any, **kwargs: Any) -> Any:
        return change(op, true(op, *args, **kwargs), *args, **kwargs)

    return owner, name, faulty


def each_window(change: Callable[[Window], Window]) -> Callable[..., Any]:
    """Return a change of every window of every input."""

    def changed(_: Any, windows: Any, *__: Any, **___: Any) -> Any:
        return tuple(row and tuple(map(change, row)) for row in windows)

    return changed


def moved(window: Window) -> Window:
    low, high = window.pad
    return window._replace(pad=(low + 1, high - 1))


def in_work(change: Callable[..., int]) -> Callable[..., Any]:
    """Return a change of the multiply-adds: `change(op, mac, input shape, output shape)`."""
    return lambda op, work, *ins, out: work._replace(mac=change(op, work.mac, ins[0], out))


def without(name: str) -> Callable[..., Any]:
    return lambda _, params, *__: tuple(param for param in params if param.name != name)


# Convolutions

fault(
    "padding off by one", CONV % "{out: 3, kernel: 3, padding: 1}", "b", "shape",
    wrapped(conv.Conv, "_windows", lambda _, row, __: tuple(
        w._replace(pad=(w.pad[0], w.pad[1] + 1)) for w in row)),
)  # fmt: skip
fault(
    "padding on the wrong side", CONV % "{out: 3, kernel: 3, padding: 1}", "c", "field",
    wrapped(conv.Conv, "windows", each_window(moved)),
)  # fmt: skip
fault(
    "dilation ignored, size and all", CONV % "{out: 3, kernel: 3, dilation: 2}", "b", "shape",
    wrapped(conv.Conv, "_windows", lambda _, row, __: tuple(
        w._replace(dilation=1) for w in row)),
)  # fmt: skip
fault(
    "dilation ignored in windows", CONV % "{out: 3, kernel: 3, dilation: 2, padding: half}",
    "c", "field",
    wrapped(conv.Conv, "windows", each_window(lambda w: w._replace(dilation=1))),
)  # fmt: skip
fault(
    "stride ignored in windows, both directions alike", CONV % "{out: 3, kernel: 3, stride: 2}",
    "c", "field",
    wrapped(conv.Conv, "windows", each_window(lambda w: w._replace(stride=1))),
)  # fmt: skip
fault(
    "kernel taken from the other axis", CONV % "{out: 3, kernel: [1, 3], padding: half}",
    "c", "field",
    wrapped(conv.Conv, "windows", lambda _, found, *__: (found[0][::-1],)),
)  # fmt: skip
fault(
    "groups ignored in work", CONV % "{out: 4, kernel: 3, groups: 2}", "b", "macs",
    wrapped(conv.Conv, "work", in_work(lambda op, mac, *_: mac * op.groups)),
)  # fmt: skip
fault(
    "groups ignored in params", CONV % "{out: 4, kernel: 3, groups: 2}", "b", "params",
    wrapped(conv.Conv, "params", lambda op, params, shape: (
        Param("weight", (op.out, shape[0], 3, 3)), *params[1:])),
)  # fmt: skip
fault(
    "bias left out of params", CONV % "{out: 4, kernel: 3}", "b", "params",
    wrapped(conv.Conv, "params", without("bias")),
)  # fmt: skip
fault(
    "bias counted where there is none", CONV % "{out: 4, kernel: 3, bias: false}", "b", "params",
    wrapped(conv.Conv, "params", lambda op, params, *_: (*params, Param("bias", (op.out,)))),
)  # fmt: skip
fault(
    "bias counted as multiply-adds", CONV % "{out: 4, kernel: 3}", "b", "macs",
    wrapped(conv.Conv, "work", in_work(lambda _, mac, __, out: mac + prod(out))),
)  # fmt: skip
fault(
    "work of the input's positions, not the output's", CONV % "{out: 4, kernel: 3, stride: 2}",
    "b", "macs",
    wrapped(conv.Conv, "work", in_work(lambda _, mac, shape, out: (
        mac // prod(out[1:]) * prod(shape[1:])))),
)  # fmt: skip
fault(
    "work of inner positions only", CONV % "{out: 4, kernel: 3, padding: 1}", "b", "macs",
    wrapped(conv.Conv, "work", in_work(lambda _, mac, __, out: (
        mac // prod(out[1:]) * (out[1] - 2) * (out[2] - 2)))),
)  # fmt: skip
fault(
    "the lengths of weight norm forgotten", CONV % "{out: 4, kernel: 3, weight_norm: true}",
    "b", "params",
    wrapped(conv.Conv, "params", without("weight_g")),
)  # fmt: skip
fault(
    "same padding with the odd position in front", CONV % "{out: 3, kernel: 4, padding: same}",
    "c", "field",
    (sliding, "sides", lambda padding, window, _: (
        ((window.span - 1) // 2 + 1, (window.span - 1) // 2) if padding == "same" else (0, 0))),
)  # fmt: skip
fault(
    "half padding of the undilated kernel",
    CONV % "{out: 3, kernel: 3, dilation: 2, padding: half}", "b", "shape",
    (sliding, "sides", lambda _, window, __: (window.kernel // 2, window.kernel // 2)),
)  # fmt: skip

DEPTHWISE = "input: [4, 6, 6]\nlayers:\n  a: {depthwise: {kernel: 3, multiplier: 2}}\n"
fault(
    "depthwise work counted as dense", DEPTHWISE, "a", "macs",
    wrapped(conv.Depthwise, "work", in_work(lambda _, mac, shape, __: mac * shape[0])),
)  # fmt: skip
fault(
    "depthwise params counted as dense", DEPTHWISE, "a", "params",
    wrapped(conv.Depthwise, "params", lambda _, params, shape: (
        Param("weight", (8, shape[0], 3, 3)), *params[1:])),
)  # fmt: skip
fault(
    "depthwise multiplier ignored", DEPTHWISE, "a", "shape",
    (conv.Depthwise, "split", lambda _, channels: (channels, channels)),
)  # fmt: skip

TRANSPOSED = (
    "input: [4, 5, 5]\nlayers:\n  a: {conv: {out: 4, kernel: 3, padding: 1}}\n"
    "  up: {conv_transpose: {out: 2, kernel: 3, stride: 2, padding: 1, output_padding: 1, "
    "groups: 2}}\n  c: {conv: {out: 2, kernel: 3, padding: 1}}\n"
)
fault(
    "output padding of a transposed conv ignored", TRANSPOSED, "up", "shape",
    wrapped(conv.ConvTranspose, "_window", lambda _, w, *__: (
        w._replace(pad=(w.pad[0], w.pad[1] - 1)))),
)  # fmt: skip
fault(
    "transposed conv's work counted at its outputs", TRANSPOSED, "up", "macs",
    wrapped(conv.ConvTranspose, "work", in_work(lambda _, mac, shape, out: (
        mac // prod(shape[1:]) * prod(out[1:])))),
)  # fmt: skip
fault(
    "transposed conv's groups ignored in params", TRANSPOSED, "up", "params",
    wrapped(conv.ConvTranspose, "params", lambda op, params, shape: (
        Param("weight", (shape[0], op.out, 3, 3)), *params[1:])),
)  # fmt: skip
fault(
    "transposed conv's window off by one", TRANSPOSED, "c", "field",
    wrapped(conv.ConvTranspose, "windows", each_window(moved)),
)  # fmt: skip

# Pools

POOL = "input: [2, 8, 8]\nlayers:\n  a: {%s}\n  b: {conv: [2, 1]}\n"
fault(
    "ceil dropped", POOL % "max_pool: {kernel: 3, stride: 2, ceil: true}", "a", "shape",
    (pool, "_rounded_up", lambda window, _: window),
)  # fmt: skip
fault(
    "ceil without its rule for the last window",
    "input: [2, 5, 5]\nlayers: {a: {max_pool: {kernel: 2, stride: 3, padding: 1, ceil: true}}}\n",
    "a", "shape",
    (pool, "_rounded_up", lambda w, size: sliding.fit(
        w, size, -((w.span - size - sum(w.pad)) // w.stride) + 1 + 1)),
)  # fmt: skip
fault(
    "stride of a pool 1 without one given", POOL % "max_pool: 2", "a", "shape",
    wrapped(pool.MaxPool, "_slide", lambda _, row, __: tuple(w._replace(stride=1) for w in row)),
)  # fmt: skip
fault(
    "dilation of a pool ignored in windows", POOL % "max_pool: {kernel: 3, stride: 1, dilation: 2}",
    "b", "field",
    wrapped(pool.MaxPool, "windows", each_window(lambda w: w._replace(dilation=1))),
)  # fmt: skip
fault(
    "average pool's window one too large", POOL % "avg_pool: {kernel: 3, stride: 2}", "b", "field",
    wrapped(pool.AvgPool, "windows", each_window(lambda w: w._replace(kernel=w.kernel + 1))),
)  # fmt: skip
fault(
    "adaptive pool's window too small", POOL % "adaptive_avg_pool: 3", "b", "field",
    (pool, "_adaptive_window", lambda size, out: Window(size // out, size // out)),
)  # fmt: skip
fault(
    "a global pool taken for a local one", POOL % "global_avg_pool: ", "a", "field",
    (pool.GlobalAvgPool, "windows", lambda _, *ins: (tuple(map(Window, ins[0][1:])),)),
)  # fmt: skip

# Linear layers, norms, activations

HEAD = "input: [3, 4, 4]\nlayers:\n  a: {relu: }\n  b: {linear: 5}\n"
fault(
    "work of a linear layer on a map that is not flattened", HEAD, "b", "macs",
    wrapped(linear.Linear, "work", in_work(lambda op, _, shape, __: op.out * shape[0])),
)  # fmt: skip
fault(
    "weights of a linear layer on a map that is not flattened", HEAD, "b", "params",
    wrapped(linear.Linear, "params", lambda op, params, shape: (
        Param("weight", (op.out, shape[0])), *params[1:])),
)  # fmt: skip
fault(
    "weights of a linear layer transposed", HEAD, "b", "params",
    wrapped(linear.Linear, "params", lambda _, params, __: (
        Param("weight", params[0].shape[::-1]), *params[1:])),
)  # fmt: skip
NORM = "input: [4, 5, 5]\nlayers:\n  a: {%s}\n"
fault(
    "running statistics counted as learned", NORM % "batch_norm: ", "a", "params",
    wrapped(norm.BatchNorm, "params", lambda _, params, __: tuple(
        Param(each.name, each.shape) for each in params)),
)  # fmt: skip
fault(
    "running statistics forgotten", NORM % "batch_norm: ", "a", "params",
    wrapped(norm.BatchNorm, "params", lambda _, params, __: params[:2]),
)  # fmt: skip
fault(
    "a factor for each group, not each channel", NORM % "group_norm: 2", "a", "params",
    wrapped(norm.GroupNorm, "params", lambda op, params, __: tuple(
        Param(each.name, (op.groups,)) for each in params)),
)  # fmt: skip
fault(
    "layer norm over all with params for channels alone", NORM % "layer_norm: ", "a", "params",
    wrapped(norm.LayerNorm, "params", lambda _, params, shape: tuple(
        Param(each.name, shape[:1]) for each in params)),
)  # fmt: skip
fault(
    "one slope where there is one a channel", NORM % "prelu: {per_channel: true}", "a", "params",
    (act.Prelu, "params", lambda _, *__: (Param("weight", (1,)),)),
)  # fmt: skip

# Movements and resampling

MOVED = "input: [4, 8, 8]\nlayers:\n  a: {%s}\n  b: {conv: {out: 2, kernel: 3, padding: 1}}\n"
fault(
    "pad's window shifted", MOVED % "pad: {padding: [[1, 2], [0, 1]]}", "b", "field",
    wrapped(reshape.Pad, "windows", each_window(lambda w: w._replace(pad=w.pad[::-1]))),
)  # fmt: skip
fault(
    "pad on one side only", MOVED % "pad: {padding: 1, mode: reflect}", "a", "shape",
    wrapped(reshape.Pad, "_windows", lambda _, row, __: tuple(
        w._replace(pad=(w.pad[0], 0)) for w in row)),
)  # fmt: skip
fault(
    "crop off by one", MOVED % "crop: 5", "b", "field",
    wrapped(reshape.Crop, "windows", each_window(moved)),
)  # fmt: skip
fault(
    "chunk of all channels", MOVED % "chunk: {n: 2, index: 1}", "a", "shape",
    wrapped(reshape.Chunk, "shape", lambda _, __, shape: shape),
)  # fmt: skip
fault(
    "pixel shuffle's window off by one", MOVED % "pixel_shuffle: 2", "b", "field",
    wrapped(reshape.PixelShuffle, "windows", each_window(moved)),
)  # fmt: skip
fault(
    "pixel shuffle's channels by r, not r²", MOVED % "pixel_shuffle: 2", "a", "shape",
    wrapped(reshape.PixelShuffle, "shape", lambda op, out, shape: (shape[0] // op.r, *out[1:])),
)  # fmt: skip
fault(
    "pixel unshuffle reads one of r positions", MOVED % "pixel_unshuffle: 2", "b", "field",
    wrapped(reshape.PixelUnshuffle, "windows", each_window(lambda w: w._replace(kernel=1))),
)  # fmt: skip
fault(
    "linear interpolation reads the nearest sample",
    MOVED % "upsample: {scale: 2, mode: bilinear}", "b", "field",
    (resample._Axis, "linear", resample._Axis.nearest),
)  # fmt: skip
fault(
    "aligned corners ignored",
    MOVED % "upsample: {size: 15, mode: bilinear, align_corners: true}", "b", "field",
    (resample._Axis, "aligned", resample._Axis.linear),
)  # fmt: skip
fault(
    "upsampling by the size after rounding, not by the scale",
    "input: [2, 9, 9]\nlayers: {a: {upsample: {scale: 1.25, mode: bilinear}}}\n", "a", "field",
    wrapped(resample.Upsample, "_axes", lambda _, axes, __: tuple(
        resample._Axis(a.size, a.out, a.size, a.out) for a in axes)),
)  # fmt: skip

# Joins

FORK = (
    "input: [2, 12, 12]\nlayers:\n  a: {conv: {out: 2, kernel: 3, padding: 1}}\n"
    "  b: {conv: {out: 2, kernel: 5, padding: 2}, from: a}\n"
    "  join: {%s: [a, b]}\n  c: {conv: {out: 2, kernel: 3, padding: 1}}\n"
)
fault(
    "concat has the channels of its widest branch", FORK % "concat", "join", "shape",
    wrapped(merge.Concat, "shape", lambda _, out, *ins: (max(i[0] for i in ins), *out[1:])),
)  # fmt: skip
fault(
    "one branch of a join left out, both directions alike", FORK % "add", "c", "field",
    wrapped(merge.Add, "windows", lambda _, windows, *__: (*windows[:-1], None)),
)  # fmt: skip
fault(
    "one branch of a join ignored bottom-up", FORK % "add", "c", "field",
    wrapped(receptive.Receptive, "_hull", lambda _, __, ___, branches: branches[0][1]),
)  # fmt: skip
GATE = (
    "input: [2, 6, 8]\nlayers:\n  a: {conv: {out: 2, kernel: 3, padding: 1}}\n"
    "  rows: {adaptive_avg_pool: [6, 1]}\n  gate: {mul: [a, rows]}\n"
)
fault(
    "a gate that is repeated on an axis taken for a point", GATE, "gate", "field",
    (merge, "BROADCAST", POINT),
)  # fmt: skip
fault(
    "the gate's branch left out", GATE, "gate", "field",
    wrapped(merge.Mul, "windows", lambda _, windows, *__: (windows[0], None)),
)  # fmt: skip

# Geometry, the two directions, inference

CHAIN = (
    "input: [1, 24, 24]\nlayers:\n  a: {conv: {out: 2, kernel: 3, stride: 2}}\n"
    "  b: {conv: {out: 2, kernel: 5, padding: 2, dilation: 2}}\n"
    "  c: {conv: {out: 2, kernel: 3, stride: 2}}\n"
)
UP = (
    "input: [1, 6, 6]\nlayers:\n  a: {conv: {out: 2, kernel: 3, padding: 1}}\n"
    "  up: {upsample: 2}\n  c: {conv: {out: 2, kernel: 3, padding: 1}}\n"
)


def _through(change: Callable[[Field, Field, Window], Field]) -> Change:
    """Return a change of what lies behind a window, bottom-up."""
    return wrapped(Field, "through", change)


def _both(change: Callable[[Window], Window]) -> tuple[Change, Change]:
    """Return changes of the window that both directions see, wherever it comes from."""
    through, reach = Field.through, Window.reach
    return (
        (Field, "through", lambda field, window: through(field, change(window))),
        (Window, "reach", lambda window, lo, hi: reach(change(window), lo, hi)),
    )


fault(
    "jump multiplied twice", CHAIN, "c", "field",
    _through(lambda _, behind, window: behind._replace(jump=behind.jump * window.stride)),
)  # fmt: skip
fault(
    "bottom-up ignores a kernel of 5", CHAIN, "c", "field",
    _through(lambda field, behind, w: field if w.kernel == 5 else behind),
)  # fmt: skip
fault(
    "top-down forgets the points between taps", CHAIN, "c", "field",
    (Window, "reach", lambda w, lo, hi: (
        lo * w.stride - w.pad[0], hi * w.stride - w.pad[0] + w.kernel - 1)),
)  # fmt: skip
fault(
    "both directions ignore a kernel of 5", CHAIN, "c", "field",
    *_both(lambda w: w._replace(kernel=1, pad=(0, 0)) if w.kernel == 5 else w),
)  # fmt: skip
fault(
    "both directions ignore the second stride", CHAIN, "c", "field",
    *_both(lambda w: w._replace(stride=1) if w.stride == 2 else w),
)  # fmt: skip
fault(
    "only the first phase behind upsampling", UP, "c", "field",
    _through(lambda _, behind, __: Field(behind.phases[:1], 1)),
)  # fmt: skip
fault(
    "phases in the wrong order, both directions alike", UP, "c", "field",
    wrapped(resample.Upsample, "windows", each_window(
        lambda w: w._replace(pad=(w.pad[0] - 1, w.pad[1] + 1)))),
)  # fmt: skip
fault(
    "equal ops of different inputs taken for one", "input: [2, 9, 9]\nlayers:\n"
    "  a: {conv: {out: 2, kernel: 3, stride: 2}}\n  b: {conv: {out: 2, kernel: 3, stride: 2}}\n",
    "b", "shape",
    (nets.Inference, "facts", lambda self, op, ins: (
        self._known.setdefault((op, ()), nets.Facts(op, ins)))),
)  # fmt: skip
VIDEO = (
    "input: [2, 6, 7, 8]\nlayers:\n  a: {conv: {out: 2, kernel: [1, 3, 5], padding: half}}\n"
    "  b: {relu: }\n"
)
fault(
    "three axes in the order of width, height, depth", VIDEO, "b", "field",
    wrapped(conv.Conv, "windows", lambda _, found, *__: (found[0][::-1],)),
)  # fmt: skip
fault(
    "the kernel of one axis for all three in work", VIDEO, "a", "macs",
    wrapped(conv.Conv, "work", in_work(lambda _, mac, *__: mac // 15 * 27)),
)  # fmt: skip
SIGNAL = (
    "input: [1, 40]\nlayers:\n  a: {conv: {out: 2, kernel: 8, stride: 4}}\n  b: {max_pool: 3}\n"
)
fault(
    "a field one longer on one axis", SIGNAL, "b", "field",
    wrapped(conv.Conv, "windows", each_window(lambda w: w._replace(kernel=w.kernel + 1))),
)  # fmt: skip
TWO = (
    "inputs: {left: [1, 9, 9], right: [1, 9, 9]}\nlayers:\n"
    "  a: {conv: {out: 1, kernel: 3, padding: 1}, from: left}\n"
    "  b: {conv: {out: 1, kernel: 5, padding: 2}, from: right}\n  join: {add: [a, b]}\n"
)
fault(
    "the window of the second input's branch off by one", TWO, "join", "field",
    wrapped(merge.Add, "windows", lambda _, windows, *__: (
        windows[0], tuple(map(moved, windows[1])))),
)  # fmt: skip
SHUFFLE = (
    "input: [4, 12, 12]\nlayers:\n  a: {conv: {out: 4, kernel: 3, padding: 1}}\n"
    "  left: {chunk: {n: 2, index: 0}, from: a}\n  right: {chunk: {n: 2, index: 1}, from: a}\n"
    "  deep: {depthwise: {kernel: 3, padding: 1}, from: right}\n  join: {concat: [left, deep]}\n"
    "  mix: {channel_shuffle: 2}\n  half: {chunk: {n: 2, index: 0}}\n"
    "  out: {depthwise: {kernel: 3, padding: 1}}\n"
)
fault(
    "a window too large before a part of the channels is taken", SHUFFLE, "out", "field",
    wrapped(conv.Depthwise, "windows", each_window(
        lambda w: w._replace(kernel=5, pad=(2, 2)))),
)  # fmt: skip

# What the whole map enters, what is given up, and totals

fault(
    "a local layer taken for one that reads the whole map", CONV % "{out: 3, kernel: 3}",
    "b", "field",
    (conv.Conv, "windows", lambda _, *__: (None,)),
)  # fmt: skip
fault(
    "statistics of the whole map forgotten", NORM % "instance_norm: ", "a", "field",
    (norm.InstanceNorm, "whole_map", False),
)  # fmt: skip
SHARED = (
    "input: [2, 6, 6]\nlayers:\n  a: {conv: {out: 2, kernel: 3, padding: 1}}\n"
    "  b: {conv: {out: 2, kernel: 3, padding: 1}, share: a}\n"
)


def _counted_twice() -> tuple[Change, ...]:
    def values(_: Any, steps: Any, __: Any) -> list[int]:
        return [sum(part.facts.trainable for part in parts) for parts in steps]

    metrics = {**analyses.METRICS, "params": analyses.METRICS["params"]._replace(values=values)}
    return (analyses, "METRICS", metrics), (summary, "METRICS", metrics)


fault(
    "params of a shared layer counted twice in the total", SHARED, "", "params", *_counted_twice()
)
