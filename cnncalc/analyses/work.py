"""MACs and FLOPs from the work ledger. A convention is data; no layer knows one."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.net import Layer
from cnncalc.ops.base import Work
from cnncalc.records import Record

PRESETS = ("fvcore", "torchinfo", "thop", "ptflops", "calflops", "torch", "tf-profiler")
"""Conventions that count as a tool does; their rules are loaded when one is asked for."""


class Term(NamedTuple):
    """An amount of things in a layer, such as its multiply-adds, counted `weight` each."""

    measure: str
    weight: int
    amount: int


class Counting(Protocol):
    """What every convention offers."""

    @property
    def rule(self) -> str:
        """The rule in a few words, printed beside the figure."""

    def terms(self, layer: Layer) -> list[Term]:
        """Return what the count of one layer is made of; raises CnncalcError without a rule."""

    def count(self, layer: Layer) -> int:
        """Return the count of one layer for one image; raises CnncalcError without a rule."""


class Convention(Record):
    """How a ledger is counted: a weight for each primitive operation.

    `matrix` is for conv, transposed conv and linear (ledgers with multiply-accumulates; their only
    other entry is the bias), `other` for all the rest.
    """

    rule: str
    matrix: Work
    other: Work

    def flops(self, work: Work) -> int:
        """Return the count for one ledger."""
        weights = self.matrix if work.mac else self.other
        return sum(map(int.__mul__, work, weights))

    def count(self, layer: Layer) -> int:
        """Return the count of one layer."""
        return self.flops(layer.work)

    def terms(self, layer: Layer) -> list[Term]:
        """Return the entries of a layer's ledger, those that count 0 with them."""
        work = layer.work
        weights = self.matrix if work.mac else self.other
        names = ("mac", "bias") if work.mac else Work._fields
        rows = zip(names, weights, work, strict=False)  # a matrix product has these two alone
        return [Term(*row) for row in rows if row[2]]


CONVENTIONS = {
    "notes": Convention("1 per multiply-add, 1 per bias", Work(mac=1, add=1), Work()),
    "macs": Convention("1 per multiply-add, nothing else", Work(mac=1), Work()),
    "ops": Convention(
        "2 per multiply-add, 1 per other operation", Work(2, 1, 1, 1, 1, 1), Work(2, 1, 1, 1, 1, 1)
    ),
}
NAMES = (*CONVENTIONS, *PRESETS)


def convention(name: str) -> Counting:
    """Return a convention by name; raises CnncalcError."""
    if name in CONVENTIONS:
        return CONVENTIONS[name]
    if name in PRESETS:
        from cnncalc.analyses.presets import preset

        return preset(name)
    raise CnncalcError(f"unknown convention {name!r}", hint=did_you_mean(name, NAMES))
