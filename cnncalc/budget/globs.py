"""Which layers a glob means: dotted paths with * (one part) and ** (any), or type:conv."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from cnncalc.errors import BudgetError, did_you_mean
from cnncalc.ops import canonical
from cnncalc.report import Report, Row

_MOST_SUGGESTIONS = 2000
MOST_LOOKED_AT = 500_000
MOST_OF_EACH = 10
"""What the lines of one check may look at by globs: so many layers, and each layer so often.

A hostile spec must not take long. A path without a star is ten times as quick.
"""

_COST_OF_A_LINE = 30

_TYPE = "type:"


class TooMuchError(BudgetError):
    """Lines look at more layers than they may."""


class Allowance:
    """How many layers the lines of one check may still look at, in each report that they ask."""

    def __init__(self) -> None:
        self._spent: dict[int, tuple[Report, int]] = {}

    def spend(self, report: Report, layers: int) -> None:
        """Count layers that are looked at; raises BudgetError where they are too many."""
        most = MOST_LOOKED_AT + MOST_OF_EACH * len(report.rows)
        spent = self._spent.get(id(report), (report, 0))[1] + layers
        self._spent[id(report)] = report, spent
        if spent > most:
            raise TooMuchError(
                f"budgets look at more than {most:,} layers",
                hint="use fewer lines with layers in brackets or `for each`",
            )


def layers_of(
    report: Report, glob: str, allowance: Allowance, called: Callable[[str], str] = str
) -> list[Row]:
    """Return the layers whose path, or a group they are in, is what the glob says.

    A part of a fused layer can be named, too (conv1.batch_norm). `called` is what a layer's path is
    to be matched as. Raises BudgetError where no layer matches.
    """
    if glob.startswith(_TYPE):
        return _of_type(report, glob, allowance)
    allowance.spend(report, len(report.rows) if "*" in glob else len(report.rows) // 10)
    found = list(_below(report.rows, glob, called)) or list(_below(report.parts, glob, called))
    if not found:
        raise _no_match(report, glob)
    return found


def type_of(glob: str) -> str:
    """Return the layer type that a glob such as type:conv means, by its full name; else ""."""
    if not glob.startswith(_TYPE):
        return ""
    name = glob.removeprefix(_TYPE).strip()
    return canonical(name) or name


def _of_type(report: Report, glob: str, allowance: Allowance) -> list[Row]:
    """Return the layers of a type, by its canonical or its short name.

    A norm or an activation may be fused to some layers and stand alone elsewhere: then all are
    counted as parts.
    """
    op = type_of(glob)
    allowance.spend(report, 2 * len(report.rows))
    rows = [row for row in report.rows if fits(row.op, op)]
    parts = [] if op == "*" else [row for row in report.parts if fits(row.op, op)]
    found = parts if len(parts) > len(rows) else rows
    if not found:
        raise _no_match(report, glob)
    return found


def each_of(report: Report, glob: str, allowance: Allowance) -> dict[str, list[Row]]:
    """Return the groups and layers whose whole path is what the glob says, with their layers.

    Raises BudgetError where nothing matches.
    """
    if glob.startswith(_TYPE):
        return {row.path: [row] for row in layers_of(report, glob, allowance)}
    allowance.spend(report, len(report.rows))
    matches = _cached(_path_matcher(glob))
    found: dict[str, list[Row]] = {}
    for row in report.rows:
        for path in self_and_ancestors(row.path):
            if matches(path):
                found.setdefault(path, []).append(row)
    if not found:
        raise _no_match(report, glob)
    allowance.spend(report, _COST_OF_A_LINE * len(found))
    return found


def fits(name: str, pattern: str) -> bool:
    """Whether a name matches a pattern in which * stands for any characters."""
    return _name_matcher(pattern)(name)


@lru_cache(maxsize=256)
def _name_matcher(pattern: str) -> Callable[[str], bool]:
    """Return a test of names; what a star took is never given back, so none takes long."""
    if "*" not in pattern:
        return pattern.__eq__
    first, *inner, last = map(re.escape, pattern.split("*"))
    text = first + "".join(f"(?>.*?{each})" for each in inner) + f".*{last}"
    compiled = re.compile(text, re.DOTALL)
    return lambda name: compiled.fullmatch(name) is not None


def _below(rows: Sequence[Row], glob: str, called: Callable[[str], str]) -> Iterator[Row]:
    if "*" not in glob:
        start = f"{glob}."
        yield from (row for row in rows if row.path == glob or row.path.startswith(start))
    else:
        matches = _cached(_path_matcher(glob))
        for row in rows:
            if any(matches(path) for path in self_and_ancestors(called(row.path))):
                yield row


def self_and_ancestors(path: str) -> Iterator[str]:
    """Yield the groups that a layer is in, from the outside, then its own path."""
    end = path.find(".")
    while end >= 0:
        yield path[:end]
        end = path.find(".", end + 1)
    yield path


def _path_matcher(glob: str) -> Callable[[str], bool]:
    """Return a test of paths; ** stands for any number of names."""
    pattern = [None if part == "**" else _name_matcher(part) for part in glob.split(".")]
    return lambda path: _wild(path.split("."), pattern)


def _cached(matches: Callable[[str], bool]) -> Callable[[str], bool]:
    """Remember what was asked: the layers of a group all ask for the group."""
    known: dict[str, bool] = {}

    def cached(path: str) -> bool:
        if path not in known:
            known[path] = matches(path)
        return known[path]

    return cached


def _wild(names: Sequence[str], pattern: Sequence[Callable[[str], bool] | None]) -> bool:
    """Match with one look back at the last ** (None): no pattern takes more than their product."""
    at = place = 0
    last, resume = -1, 0
    while at < len(names):
        same = pattern[place] if place < len(pattern) else None
        if place < len(pattern) and same is None:
            last, resume, place = place, at, place + 1
        elif same is not None and same(names[at]):
            at, place = at + 1, place + 1
        elif last >= 0:
            resume += 1
            at, place = resume, last + 1
        else:
            return False
    return all(each is None for each in pattern[place:])


def _no_match(report: Report, glob: str) -> BudgetError:
    if glob.startswith(_TYPE):
        ops = sorted({row.op for row in report.parts})
        near = did_you_mean(glob.removeprefix(_TYPE), ops)
    else:
        known = [*(group.path for group in report.groups), *(row.path for row in report.rows)]
        near = did_you_mean(glob, islice(known, _MOST_SUGGESTIONS))
    return BudgetError(f"{glob!r} matches no layer", hint=near)
