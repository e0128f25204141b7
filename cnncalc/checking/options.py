"""How a check is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnncalc.records import Record


class Options(Record):
    """How a check is run. `base` is a git reference, `lock` a lock file; at most one of them."""

    base: str = ""
    lock: Path | None = None
    only_new: bool = False
    level: str = "error"
    set: Mapping[str, Any] = {}
    budgets: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    convention: str = "notes"
