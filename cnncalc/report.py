"""Reports as plain data: all that renderers, budgets and other programs see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from cnncalc.records import Record


class Check(Record):
    """Something that was checked: a cross-check, a budget, a published number."""

    key: str
    ok: bool | None
    """None: not checked, `detail` says why."""
    detail: str

    def to_dict(self) -> dict[str, Any]:
        """Return the check as JSON data."""
        return {"key": self.key, "ok": self.ok, "detail": self.detail}


class Axes(Record):
    """A receptive field as reported: one number for each spatial axis, in the input's order."""

    size: tuple[int, ...]
    jump: tuple[int | str, ...]
    """Effective stride in input pixels; an exact rational as text ("1/2") below one."""
    start: tuple[int, ...]
    aligned: bool
    phases: tuple[tuple[tuple[int, int], ...], ...] | None
    """For each axis the (size, start) of each phase, where upsampling made several."""


class Place(Record):
    """A place in a spec, and the call that stands there."""

    file: str
    line: int
    column: int
    call: str
    path: str = ""
    """The layer, or the group of layers that the call made."""

    def to_dict(self) -> dict[str, Any]:
        """Return the place as JSON data."""
        return {"file": self.file, "line": self.line, "column": self.column, "call": self.call}


class Row(Record):
    """One layer as written (or one part of it): plain numbers, and words for people."""

    path: str
    op: str
    args: dict[str, Any]
    inputs: tuple[str, ...]
    in_shapes: tuple[tuple[int, ...], ...]
    out_shape: tuple[int, ...]
    params: int
    buffers: int
    work: dict[str, int]
    macs: int
    flops: int
    activations: int
    """Values in the output, for the whole batch."""
    live_bytes: int
    """Memory of all tensors alive while this layer runs."""
    rf: Axes | None
    """The local field; None where there is none, as after global pooling."""
    sees_all: bool
    """Whether whole-map context enters here or before."""
    source: tuple[Place, ...]
    kernel: str
    """Kernel and stride for the table, such as 7×7/2."""
    branches: tuple[str, ...] = ()
    """Where a join's inputs come from, by the names of its branches."""
    shares: str = ""
    """The layer whose parameters this one uses too."""

    def to_dict(self) -> dict[str, Any]:
        """Return the row as the JSON of `cnncalc.analysis/1`."""
        return {
            "path": self.path,
            "op": self.op,
            "args": self.args,
            "inputs": self.inputs,
            "in_shapes": self.in_shapes,
            "out_shape": self.out_shape,
            "params": self.params,
            "buffers": self.buffers,
            "work": self.work,
            "macs": self.macs,
            "flops": self.flops,
            "rf": rf_dict(self.rf, self.sees_all),
            "source": [place.to_dict() for place in self.source],
        }


def rf_dict(rf: Axes | None, sees_all: bool) -> dict[str, Any] | None:
    """Return a local field as JSON data; a layer without one keeps only its `global`."""
    if rf is None:
        return None
    return {
        "size": rf.size,
        "jump": rf.jump,
        "start": rf.start,
        "global": sees_all,
        "aligned": rf.aligned,
        "phases": rf.phases,
    }


class Group(Record):
    """Sums over all layers whose path starts with `path`."""

    path: str
    layers: int
    params: int
    buffers: int
    macs: int
    flops: int
    activations: int


class Head(Record):
    """What was analysed, and how it was counted."""

    spec: str
    variant: str | None
    name: str
    inputs: dict[str, tuple[int, ...]]
    vars: dict[str, Any]
    convention: str
    rule: str
    """What the convention counts, in words."""
    batch: int
    dtype: str
    lines: Mapping[str, int] = {}
    """The lines of the spec with `input`, `vars.NAME` and `defaults.TYPE.ARGUMENT`."""
    defaults: Mapping[str, Mapping[str, str]] = {}
    """Layer type -> argument -> its default in the spec, as it is written."""


class Totals(Record):
    """Sums over the network: exact integers. Params and buffers do not grow with the batch."""

    params: int
    trainable: int
    buffers: int
    macs: int
    flops: int
    weights_bytes: int
    activations: int
    peak_memory_bytes: int
    layers: int


class Report:
    """All that `analyze` found out about one network.

    `rows` has one entry for each layer as written, in that order; `parts` has one for each part (a
    fused conv, its norm, its activation); `groups` sums up each group, block and repeat. They
    and the notes are made when they are first asked for. `rf` is the field of the last layer that
    has a local one.
    """

    def __init__(
        self,
        head: Head,
        totals: Totals,
        rf: tuple[str, Axes, bool] | None,
        peak: str,
        checks: Sequence[Check],
        notes: Sequence[str] | Callable[[], Sequence[str]],
        rows: Callable[[bool], Sequence[Row]],
    ) -> None:
        self.head = head
        self.totals = totals
        self.rf = rf
        self.peak = peak
        """Path of the layer that runs when the most memory is alive."""
        self.checks = tuple(checks)
        self._notes = notes
        self._rows = rows

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the figures must know, and remarks on the network."""
        return tuple(self._notes() if callable(self._notes) else self._notes)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """One row for each layer as written."""
        return tuple(self._rows(False))

    @cached_property
    def parts(self) -> tuple[Row, ...]:
        """One row for each part of a layer."""
        return tuple(self._rows(True))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Sums over each group, in the order in which the groups begin."""
        sums: dict[str, list[int]] = {}
        for row in self.rows:
            numbers = (1, row.params, row.buffers, row.macs, row.flops, row.activations)
            for path in _ancestors(row.path):
                total = sums.setdefault(path, [0] * len(numbers))
                for index, number in enumerate(numbers):
                    total[index] += number
        return tuple(Group(path, *total) for path, total in sums.items())

    def with_checks(self, checks: Sequence[Check]) -> Report:
        """Return the same report with more checks."""
        copy = Report.__new__(Report)
        copy.__dict__.update(self.__dict__, checks=(*self.checks, *checks))
        return copy

    def to_dict(self, *, parts: bool = False) -> dict[str, Any]:
        """Return the report as the JSON data of `cnncalc.analysis/1`."""
        head = self.head
        return {
            "schema": "cnncalc.analysis/1",
            "spec": head.spec,
            "variant": head.variant,
            "name": head.name,
            "inputs": head.inputs,
            "vars": head.vars,
            "convention": head.convention,
            "totals": self.totals._asdict(),
            "rf": self._last_rf(),
            "layers": [row.to_dict() for row in (self.parts if parts else self.rows)],
            "groups": [group._asdict() for group in self.groups],
            "checks": [check.to_dict() for check in self.checks],
            "notes": list(self.notes),
        }

    def _last_rf(self) -> dict[str, Any] | None:
        if self.rf is None:
            return None
        path, axes, sees_all = self.rf
        return {
            "path": path,
            "size": axes.size,
            "jump": axes.jump,
            "start": axes.start,
            "global": sees_all,
        }


def _ancestors(path: str) -> Iterator[str]:
    end = path.find(".")
    while end >= 0:
        yield path[:end]
        end = path.find(".", end + 1)
