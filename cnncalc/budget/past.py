"""The layers of a base by the paths of the present: what was renamed has its old figures."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from cnncalc.budget.globs import Allowance, layers_of, self_and_ancestors, type_of
from cnncalc.errors import BudgetError
from cnncalc.report import Report, Row


class Past:
    """What groups and layers were called at the base.

    A name that the base has is never another's: a stage that grew into what the next one was is
    compared with itself. `told` is which names were needed, path now -> path at the base.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._now: dict[str, str] | None = None
        self.told: dict[str, str] = {}

    def find(self, base: Report, glob: str, allowance: Allowance) -> list[Row]:
        """Return the layers of the base that a path or a glob of the present means.

        Raises BudgetError where there are none.
        """
        if not self._names or type_of(glob):
            return layers_of(base, glob, allowance)
        if "*" in glob:
            return self._matching(base, glob, allowance)
        try:
            return layers_of(base, glob, allowance)
        except BudgetError:
            renamed = _longest(glob, self._names)
            if renamed is None:
                raise
            known, rest = renamed
            with suppress(BudgetError):
                found = layers_of(base, self._names[known] + rest, allowance)
                self.told[glob] = self._names[known] + rest
                return found
            raise

    def _matching(self, base: Report, glob: str, allowance: Allowance) -> list[Row]:
        """Match the layers of the base as they are called now, where that tells them apart."""
        if self._now is None:
            there = {path for row in base.rows for path in self_and_ancestors(row.path)}
            self._now = {old: now for now, old in self._names.items() if now not in there}
        called = self._now

        def present(path: str) -> str:
            renamed = _longest(path, called)
            return called[renamed[0]] + renamed[1] if renamed else path

        found = layers_of(base, glob, allowance, present)
        for row in found:
            now = present(row.path)
            for old in self_and_ancestors(row.path):  # the first: a group stands for its layers
                if old in called and now == called[old] + row.path[len(old) :]:
                    self.told[called[old]] = old
                    break
        return found


def _longest(path: str, names: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the longest beginning of a path that has another name, and the rest of the path."""
    known, rest = path, ""
    while known not in names:
        known, _, last = known.rpartition(".")
        if not known:
            return None
        rest = f".{last}{rest}"
    return known, rest
