"""The layers of a base by the paths of the present: what was renamed has its old figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from cnncalc.errors import BudgetError
from cnncalc.report import Report

T = TypeVar("T")


class Past:
    """What groups and layers were called at the base; `told` is which names were needed."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self.told: dict[str, str] = {}

    def find(self, look: Callable[[Report, str], T], base: Report, path: str) -> T:
        """Return what is found by a path, else by what the path was called at the base.

        A name that the base has is never another's: a stage that grew into what the next one was
        is compared with itself. Raises BudgetError where neither is there.
        """
        try:
            return look(base, path)
        except BudgetError:
            old = self._old(path)
            if old is None:
                raise
            with suppress(BudgetError):
                found = look(base, old)
                self.told[path] = old
                return found
            raise

    def _old(self, path: str) -> str | None:
        """Return the old path, by its longest part that has another name now."""
        known, rest = path, ""
        while known not in self._names:
            known, _, last = known.rpartition(".")
            if not known:
                return None
            rest = f".{last}{rest}"
        return self._names[known] + rest
