"""All analyses of one network, put together as a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from cnncalc import ops
from cnncalc.analyses import DTYPE_BYTES, METRICS, Settings, Steps
from cnncalc.analyses.crosscheck import cross_check
from cnncalc.analyses.fields import axes_of, notes
from cnncalc.analyses.lints import LINT_LIMIT, lints
from cnncalc.analyses.receptive import Receptive
from cnncalc.analyses.work import convention as find_convention
from cnncalc.errors import CnncalcError
from cnncalc.graph import Node
from cnncalc.net import Layer, Net
from cnncalc.ops.base import Op, Work
from cnncalc.report import Axes, Check, Head, Place, Report, Row, Totals

NORMS = frozenset(name for name, family in ops.OPS.items() if family == "norm")


def analyze(
    net: Net, *, convention: str = "notes", batch: int = 1, dtype: str = "float32"
) -> Report:
    """Return exact figures for every layer and the whole network.

    MACs, FLOPs, activations and memory are for `batch` images, sizes in bytes for `dtype`. Raises
    CnncalcError for an unknown convention or dtype, and CrossCheckError where the receptive field
    top-down differs from bottom-up: a fault in cnncalc, never in the network.
    """
    if dtype not in DTYPE_BYTES:
        raise CnncalcError(f"unknown dtype {dtype!r}", hint=f"one of {', '.join(DTYPE_BYTES)}")
    if batch < 1:
        raise CnncalcError(f"batch must be at least 1, got {batch}")
    settings = Settings(find_convention(convention), batch, DTYPE_BYTES[dtype])
    fields = [Receptive(net, source) for source in range(len(net.graph.inputs))]
    checks = _cross_checks(fields)
    steps = net.written
    metrics = {key: metric.values(net, steps, settings) for key, metric in METRICS.items()}
    totals = _totals(metrics, settings)
    return Report(
        Head(
            net.origin.spec,
            net.origin.variant,
            net.origin.name,
            net.graph.inputs,
            dict(net.origin.vars),
            convention,
            settings.convention.rule,
            batch,
            dtype,
            net.origin.lines,
            net.origin.defaults,
        ),
        totals,
        _last_local(fields, steps),
        _peak(metrics["live_bytes"], steps),
        checks,
        lambda: tuple(_notes(net, fields)),
        _row_maker(net, fields, settings, steps, metrics),
    )


def _cross_checks(fields: list[Receptive]) -> list[Check]:
    checks = []
    for receptive in fields:
        agreed = cross_check(receptive)
        if not agreed.axes or not agreed.units + agreed.left_out:
            continue
        left = f", {agreed.left_out} phases left out" if agreed.left_out else ""
        checks.append(
            Check(
                "receptive field",
                ok=True if agreed.units else None,
                detail=f"top-down = bottom-up at {_count(agreed.layers, 'layer')}, "
                f"{_count(agreed.axes, 'axis', 'axes')}, {_count(agreed.units, 'unit')}{left}",
            )
        )
    return checks


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _totals(metrics: dict[str, list[int]], settings: Settings) -> Totals:
    sums = {key: sum(values) for key, values in metrics.items()}
    return Totals(
        params=sums["params"],
        trainable=sums["params"],
        buffers=sums["buffers"],
        macs=sums["macs"],
        flops=sums["flops"],
        weights_bytes=sums["params"] * settings.dtype_bytes,
        activations=sums["activations"],
        peak_memory_bytes=max(metrics["live_bytes"], default=0),
        layers=len(metrics["params"]),
    )


def _peak(live_bytes: list[int], steps: Steps) -> str:
    if not live_bytes:
        return ""
    return steps[live_bytes.index(max(live_bytes))][0].path


def _last_local(fields: list[Receptive], steps: Steps) -> tuple[str, Axes, bool] | None:
    """Return (path, field, whole map) of the last layer with a local field, if there is any."""
    tensor = len(fields[0].seen) - 1
    for parts in reversed(steps):
        rf, sees_all = _field_of(fields, tensor)
        if rf is not None:
            return parts[0].path, rf, sees_all
        tensor -= len(parts)
    return None


def _field_of(fields: list[Receptive], tensor: int) -> tuple[Axes | None, bool]:
    """Return the local field on the first input that has one, and whether the whole map enters."""
    sees_all = False
    for receptive in fields:
        seen = receptive.seen[tensor]
        if seen is None:
            continue
        sees_all = sees_all or seen.whole_from is not None
        if seen.local:
            return axes_of(seen.local, receptive.net.shape_of(tensor)), sees_all
    return None, sees_all


def _notes(net: Net, fields: list[Receptive]) -> Iterator[str]:
    names = list(net.graph.inputs)
    for receptive in fields:
        prefix = f"{names[receptive.source]}: " if len(fields) > 1 else ""
        yield from (prefix + note for note in notes(receptive))
    yield from islice(lints(net, fields[0]), LINT_LIMIT)


def _row_maker(
    net: Net,
    fields: list[Receptive],
    settings: Settings,
    steps: Steps,
    metrics: dict[str, list[int]],
) -> Callable[[bool], list[Row]]:
    def rows(parts: bool) -> list[Row]:
        if not parts:
            return list(_rows(net, fields, settings, steps, metrics))
        single = [(layer,) for layer in net.layers]
        values = {key: metric.values(net, single, settings) for key, metric in METRICS.items()}
        return list(_rows(net, fields, settings, single, values))

    return rows


def _rows(
    net: Net,
    fields: list[Receptive],
    settings: Settings,
    steps: Steps,
    metrics: dict[str, list[int]],
) -> Iterator[Row]:
    tensor = len(net.graph.inputs) - 1
    names = [*net.graph.inputs, *(parts[0].path for parts in steps for _ in parts)]
    for index, parts in enumerate(steps):
        first, last = parts[0], parts[-1]
        tensor += len(parts)
        rf, sees_all = _field_of(fields, tensor)
        node = first.node
        numbers = {key: values[index] for key, values in metrics.items()}
        yield Row(  # in the order of its fields: by name it would cost twice as much
            first.path,
            node.op.name,
            _args(parts),
            tuple([names[each] for each in node.inputs]),
            first.ins,
            last.out,
            numbers["params"],
            numbers["buffers"],
            _work(parts, settings.batch)._asdict(),
            numbers["macs"],
            numbers["flops"],
            numbers["activations"],
            numbers["live_bytes"],
            rf,
            sees_all,
            _places(node),
            kernel_text(node.op, len(first.ins[0]) - 1),
            node.branches,
            node.shares.path if node.shares else "",
        )


def _args(parts: tuple[Layer, ...]) -> dict[str, Any]:
    op = parts[0].node.op
    args = {key: value for key, value in op.args().items() if value is not None}
    for part in parts[1:]:
        is_norm = part is parts[1] and part.node.op.name in NORMS
        args["norm" if is_norm else "act"] = part.node.op.name
    return args


def _work(parts: tuple[Layer, ...], batch: int) -> Work:
    if len(parts) == 1:
        return parts[0].facts.work.times(batch)
    return Work(*[batch * sum(each) for each in zip(*[p.facts.work for p in parts], strict=True)])


@lru_cache(maxsize=512)
def _call_text(op: Op) -> str:
    """Return the op with the arguments that differ from their defaults: conv(out=64, kernel=3)."""
    args = op.args()
    given = (
        f"{a.name}={_written(args[a.name])}" for a in op.arguments if args[a.name] != a.default
    )
    return f"{op.name}({', '.join(given)})"


def _written(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _places(node: Node) -> tuple[Place, ...]:
    source = node.source
    if not source.line:
        return ()
    own = Place(source.file, source.line, source.column, _call_text(node.op), node.path)
    calls = (Place(c.file, c.line, c.column, str(c), c.path) for c in source.calls())
    return (own, *calls)


@lru_cache(maxsize=512)
def kernel_text(op: Op, rank: int) -> str:
    """Return an op's kernel, stride and dilation as in the papers: 7×7/2."""
    kernel = getattr(op, "kernel", None)
    if kernel is None or rank < 1:
        return ""
    sizes = kernel if isinstance(kernel, tuple) else (kernel,) * rank
    text = "×".join(map(str, sizes))
    for name, mark in (("stride", "/"), ("dilation", " d")):
        value = getattr(op, name, None)
        if name == "stride" and value is None:
            value = kernel
        if value is not None and value not in (1, (1,) * rank):
            same = not isinstance(value, tuple) or len(set(value)) == 1
            shown = value if not isinstance(value, tuple) else value[0]
            text += mark + (str(shown) if same else "×".join(map(str, value)))
    return text
