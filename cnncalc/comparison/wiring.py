"""Which layers that both versions have take their input from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.comparison.align import Alignment
from cnncalc.report import Row


def rewired(before: Iterable[Row], after: Iterable[Row], alignment: Alignment) -> dict[str, str]:
    """Return path after -> what differs: from a, b → input, b.

    A layer put in between, or taken out, is a change of its own and not one of what follows it.
    """
    paired = [(old, new) for old, new in alignment.pairs if old and new]
    to_before = {new.path: old.path for old, new in paired}
    removed = _origins(before, {old.path for old, _ in paired})
    added = _origins(after, set(to_before))
    found: dict[str, str] = {}
    for old, new in paired:
        was = [removed.get(name, {name}) for name in old.inputs]
        now = [{to_before.get(n, n) for n in added.get(name, {name})} for name in new.inputs]
        if old.inputs == new.inputs:  # the names say the same; what has them may be paired else
            continue
        if len(was) != len(now) or not all(a & b for a, b in zip(was, now, strict=True)):
            found[new.path] = f"from {', '.join(old.inputs)} → {', '.join(new.inputs)}"
    return found


def _origins(rows: Iterable[Row], kept: set[str]) -> dict[str, set[str]]:
    """Return path -> the nearest kept layers before it, of the layers of one version alone."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.path not in kept:
            found[row.path] = {n for name in row.inputs for n in found.get(name, {name})}
    return found
