"""A group, a block or a repeat: what it turns its input into, and the sums over its layers."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analyses.work import Counting
from cnncalc.explanation.words import number
from cnncalc.net import Layer, Net
from cnncalc.ops.base import shape_text
from cnncalc.records import Record

ROWS = 40


class Sums(Record):
    """Sums over some layers as written."""

    layers: int
    params: int
    macs: int
    flops: int

    def plus(self, other: Sums) -> Sums:
        """Return the sums over both."""
        return Sums(*(one + two for one, two in zip(self, other, strict=True)))


NOTHING = Sums(0, 0, 0, 0)


def inside(net: Net, path: str) -> list[tuple[Layer, ...]]:
    """Return the layers as written whose paths start with `path`."""
    return [parts for parts in net.written if parts[0].path.startswith(path + ".")]


def group(steps: list[tuple[Layer, ...]], path: str, rule: Counting) -> Iterator[str]:
    """Yield the sums of each child of a group, then of the group."""
    children: dict[str, Sums] = {}
    outs: dict[str, str] = {}
    for parts in steps:
        child = parts[0].path[len(path) + 1 :].split(".", 1)[0]
        children[child] = children.get(child, NOTHING).plus(_sums(parts, rule))
        outs[child] = shape_text(parts[-1].out)
    total = NOTHING
    for sums in children.values():
        total = total.plus(sums)
    rows = [
        (name, str(sums.layers), outs[name], *map(number, sums[1:]))
        for name, sums in children.items()
    ]
    yield from _table(rows, ("total", str(total.layers), "", *map(number, total[1:])))
    for index, what in ((1, "params"), (2, "MACs"), (3, "FLOPs")):
        parts_text = " + ".join(number(sums[index]) for sums in children.values() if sums[index])
        if 0 < parts_text.count("+") < ROWS:
            yield f"{what}: {parts_text} = {number(total[index])}"


def _sums(parts: tuple[Layer, ...], rule: Counting) -> Sums:
    learned = sum(0 if part.node.shares else part.facts.trainable for part in parts)
    macs = sum(part.work.mac for part in parts)
    return Sums(1, learned, macs, sum(map(rule.count, parts)))


def _table(rows: list[tuple[str, ...]], total: tuple[str, ...]) -> Iterator[str]:
    left_out = len(rows) - ROWS
    if left_out > 0:
        rows = [*rows[: ROWS - 10], (f"… {left_out + 1} more", "", "", "", "", ""), *rows[-9:]]
    rows = [("", "layers", "out", "params", "MACs", "FLOPs"), *rows, total]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for row in rows:
        texts = [
            f"{cell:{width}}" if column in (0, 2) else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(texts).rstrip()
