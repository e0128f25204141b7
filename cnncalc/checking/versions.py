"""Networks to check: read once, analysed once for each data type that a rule counts in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnncalc.analyses.summary import analyze
from cnncalc.errors import SpecError
from cnncalc.net import Net
from cnncalc.report import Report
from cnncalc.spec import DISK, Choice, Disk, Limits, Tree, read, read_text


class Watched(Disk):
    """The disk, with all files that were read from it."""

    def __init__(self) -> None:
        self.contents: dict[Path, bytes] = {}
        self.linked = False
        """Whether one of them was reached through a link."""

    def resolve(self, path: Path) -> Path:
        """Return a path without links and dots, and remember whether there was a link."""
        real = super().resolve(path)
        self.linked |= str(real) != os.path.abspath(path)  # noqa: PTH100 without links
        return real

    def read(self, path: Path, most: int) -> bytes:
        """Return a file's bytes, and remember them."""
        content = self.contents[self.resolve(path)] = super().read(path, most)
        return content


class Version:
    """A network with its reports."""

    def __init__(self, net: Net, convention: str) -> None:
        self.net = net
        self._convention = convention
        self._reports: dict[str, Report] = {}

    def report(self, dtype: str = "") -> Report:
        """Return the report, with bytes of a data type."""
        dtype = dtype or "float32"
        if dtype not in self._reports:
            self._reports[dtype] = analyze(self.net, convention=self._convention, dtype=dtype)
        return self._reports[dtype]


def load(
    path: Path,
    shown: str,
    variant: str | None,
    overrides: Mapping[str, Any],
    convention: str,
    tree: Tree = DISK,
) -> Version:
    """Return a network of a file, of the disk or of a commit.

    Raises SpecError with problems that all name a file: of many specs, one must be told.
    """
    try:
        net = read(read_text(path, shown, Limits(), tree), Choice(variant, overrides))
    except SpecError as error:
        named = (each if each.file else each._replace(file=shown) for each in error.problems)
        raise SpecError(*named) from None
    return Version(net, convention)
