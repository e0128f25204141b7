"""MACs and FLOPs from the work ledger. A convention is data; no layer knows one."""

from __future__ import annotations

from cnncalc.errors import CnncalcError
from cnncalc.ops.base import Work
from cnncalc.records import Record


class Convention(Record):
    """How a ledger is counted: a weight for each primitive operation.

    `matrix` is for conv, transposed conv and linear (ledgers with multiply-accumulates; their only
    other entry is the bias), `other` for all the rest.
    """

    rule: str
    matrix: Work
    other: Work

    def flops(self, work: Work) -> int:
        """Return the count for one layer."""
        weights = self.matrix if work.mac else self.other
        return sum(map(int.__mul__, work, weights))


CONVENTIONS = {
    "notes": Convention("1 per multiply-add, 1 per bias", Work(mac=1, add=1), Work()),
    "macs": Convention("1 per multiply-add, nothing else", Work(mac=1), Work()),
    "ops": Convention(
        "2 per multiply-add, 1 per other operation", Work(2, 1, 1, 1, 1, 1), Work(2, 1, 1, 1, 1, 1)
    ),
}


def convention(name: str) -> Convention:
    """Return a convention by name; raises CnncalcError."""
    if name not in CONVENTIONS:
        raise CnncalcError(
            f"unknown convention {name!r}", hint=f"choose one of {', '.join(CONVENTIONS)}"
        )
    return CONVENTIONS[name]
