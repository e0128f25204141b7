"""Analyses: functions over a network's facts. METRICS is their table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnncalc.analyses.memory import live_values
from cnncalc.analyses.work import Counting
from cnncalc.net import Layer, Net
from cnncalc.records import Record
from cnncalc.units import DTYPE_BYTES as DTYPE_BYTES

Steps = Sequence[tuple[Layer, ...]]
"""Layers as written, each with its parts; or each part for itself."""


class Settings(Record):
    """How figures are counted."""

    convention: Counting
    batch: int
    dtype_bytes: int


class Metric(Record):
    """A figure for each layer: an exact integer in `unit`, for the whole batch."""

    key: str
    title: str
    unit: str
    values: Callable[[Net, Steps, Settings], list[int]]


def _params(_: Net, steps: Steps, __: Settings) -> list[int]:
    """Learned values; a layer that shares another's has none of its own."""
    return [sum(0 if p.node.shares else p.facts.trainable for p in parts) for parts in steps]


def _buffers(_: Net, steps: Steps, __: Settings) -> list[int]:
    return [sum(0 if p.node.shares else p.facts.buffers for p in parts) for parts in steps]


def _macs(_: Net, steps: Steps, settings: Settings) -> list[int]:
    batch = settings.batch
    return [batch * sum([part.facts.work.mac for part in parts]) for parts in steps]


def _flops(_: Net, steps: Steps, settings: Settings) -> list[int]:
    batch, count = settings.batch, settings.convention.count
    known: dict[int, int] = {}  # equal layers share one object of facts
    counts = []
    for parts in steps:
        total = 0
        for part in parts:
            key = id(part.facts)
            if key not in known:
                known[key] = count(part)
            total += known[key]
        counts.append(batch * total)
    return counts


def _activations(_: Net, steps: Steps, settings: Settings) -> list[int]:
    return [settings.batch * parts[-1].facts.values for parts in steps]


def _live_bytes(net: Net, steps: Steps, settings: Settings) -> list[int]:
    scale = settings.batch * settings.dtype_bytes
    alive = [scale * values for values in live_values(net)]
    if len(steps) == len(net.written):
        return alive
    return [each for each, parts in zip(alive, net.written, strict=True) for _ in parts]


METRICS = {
    metric.key: metric
    for metric in (
        Metric("params", "params", "", _params),
        Metric("buffers", "buffers", "", _buffers),
        Metric("macs", "MACs", "", _macs),
        Metric("flops", "FLOPs", "", _flops),
        Metric("activations", "activations", "", _activations),
        Metric("live_bytes", "live memory", "byte", _live_bytes),
    )
}
