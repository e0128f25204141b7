"""One forward pass, watched: executed shapes, arrays and multiply-adds against the predicted."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from cnncalc import analyses
from cnncalc.analyses import Settings
from cnncalc.analyses.work import convention
from cnncalc.findings import Finding
from cnncalc.graph import Node
from cnncalc.net import Layer, Net
from cnncalc.ops.base import shape_text
from cnncalc.records import Record
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call, find
from cnncalc.reference.params import Params, owner
from cnncalc.reference.run import forward

Arrays = dict[str, tuple[tuple[int, ...], bool]]
"""Name -> (shape, whether it is learned)."""


class Executed(Record):
    """What one layer did, for each image: its output, its arrays, its multiply-adds."""

    shape: tuple[int, ...]
    arrays: Arrays
    macs: int


class Watch:
    """Looks on while a network runs; holds what each layer did, by its node's path."""

    def __init__(self) -> None:
        self.seen: dict[str, Executed] = {}
        self.running = ""

    def __call__(self, node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
        """Run a layer and note what it did."""
        path = self.running = node.path
        before = call.bench.macs
        kernel = find(call.op.name)
        out = kernel.forward(call, *xs)
        macs, images = call.bench.macs - before, len(out)
        arrays = {
            name: (values.shape, name not in kernel.buffers) for name, values in call.params.items()
        }
        self.seen[path] = Executed(out.shape[1:], arrays, macs // images)
        return out


def executed(net: Net, inputs: dict[str, Array], params: Params) -> Iterator[Finding]:
    """Yield findings about shapes, arrays and multiply-adds of every layer."""
    watch = Watch()
    problem = ""
    try:
        with np.errstate(all="ignore"):
            forward(net, inputs, params, around=watch)
    except ValueError as error:  # arrays that do not fit: the shapes are wrong
        problem = str(error)
    for layer in net.layers:
        seen = watch.seen.get(layer.path)
        if seen is None:
            here = layer.path == watch.running
            detail = "" if here else "not reached"
            yield finding("runs", layer, False if here else None, "a run", problem, detail)
            if here:
                continue
            return
        yield from _compared(layer, seen)
    yield _total(net, watch)


def _total(net: Net, watch: Watch) -> Finding:
    """Return a finding about all learned values: arrays that layers share are there once."""
    owners = {owner(node) for node in net.graph.nodes}
    made = sum(_sizes(seen.arrays)[0] for path, seen in watch.seen.items() if path in owners)
    settings = Settings(convention("macs"), 1, 1)
    predicted = sum(analyses.METRICS["params"].values(net, net.written, settings))
    return Finding("params", "", made == predicted, (predicted, 0), (made, 0))


def _compared(layer: Layer, seen: Executed) -> Iterator[Finding]:
    yield finding("shape", layer, seen.shape == layer.out, layer.out, seen.shape)
    predicted = {param.name: (param.shape, param.trainable) for param in layer.params}
    if predicted or seen.arrays:
        same = seen.arrays == predicted
        detail = "" if same else f"{_text(predicted)}; arrays that ran: {_text(seen.arrays)}"
        yield finding("params", layer, same, _sizes(predicted), _sizes(seen.arrays), detail)
    mac = layer.work.mac
    if mac or seen.macs:
        yield finding("macs", layer, seen.macs == mac, mac, seen.macs)


def _sizes(arrays: Arrays) -> tuple[int, int]:
    """Return the numbers of learned values and of values in buffers."""
    learned = sum(prod(shape) for shape, trainable in arrays.values() if trainable)
    return learned, sum(prod(shape) for shape, _ in arrays.values()) - learned


def _text(arrays: Arrays) -> str:
    listed = (
        f"{name} {shape_text(shape)}" + ("" if trainable else " (buffer)")
        for name, (shape, trainable) in sorted(arrays.items())
    )
    return ", ".join(listed) or "none"


def finding(
    key: str,
    layer: Layer,
    ok: bool | None,
    predicted: Any,
    executed: Any,
    detail: str = "",
    of: str = "",
) -> Finding:
    """Return a finding at a layer, with its place in the spec."""
    place = layer.node.source
    return Finding(key, layer.path, ok, predicted, executed, detail, place.file, place.line, of)
