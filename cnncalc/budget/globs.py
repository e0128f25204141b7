"""Which layers a glob means: dotted paths with * (one part) and ** (any), or type:conv."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from cnncalc.errors import BudgetError, did_you_mean
from cnncalc.report import Report, Row

_MOST_SUGGESTIONS = 2000
_TYPE = "type:"


def layers_of(report: Report, glob: str) -> list[Row]:
    """Return the layers whose path, or a group they are in, is what the glob says.

    A part of a fused layer can be named, too (conv1.batch_norm). Raises BudgetError where no layer
    matches.
    """
    found = list(_below(report.rows, glob)) or list(_below(report.parts, glob))
    if not found:
        raise _no_match(report, glob)
    return found


def each_of(report: Report, glob: str) -> dict[str, list[Row]]:
    """Return the groups and layers whose whole path is what the glob says, with their layers.

    Raises BudgetError where nothing matches.
    """
    if glob.startswith(_TYPE):
        return {row.path: [row] for row in layers_of(report, glob)}
    matches = _cached(_path_matcher(glob))
    found: dict[str, list[Row]] = {}
    for row in report.rows:
        for path in _self_and_ancestors(row.path):
            if matches(path):
                found.setdefault(path, []).append(row)
    if not found:
        raise _no_match(report, glob)
    return found


def fits(name: str, pattern: str) -> bool:
    """Whether a name matches a pattern in which * stands for any characters."""
    return _wild(name, pattern, "*", str.__eq__)


def _below(rows: Sequence[Row], glob: str) -> Iterator[Row]:
    if glob.startswith(_TYPE):
        op = glob.removeprefix(_TYPE).strip()
        yield from (row for row in rows if fits(row.op, op))
    elif "*" not in glob:
        start = f"{glob}."
        yield from (row for row in rows if row.path == glob or row.path.startswith(start))
    else:
        matches = _cached(_path_matcher(glob))
        for row in rows:
            if any(matches(path) for path in _self_and_ancestors(row.path)):
                yield row


def _self_and_ancestors(path: str) -> Iterator[str]:
    end = path.find(".")
    while end >= 0:
        yield path[:end]
        end = path.find(".", end + 1)
    yield path


def _path_matcher(glob: str) -> Callable[[str], bool]:
    pattern = glob.split(".")
    return lambda path: _wild(path.split("."), pattern, "**", fits)


def _cached(matches: Callable[[str], bool]) -> Callable[[str], bool]:
    """Remember what was asked: the layers of a group all ask for the group."""
    known: dict[str, bool] = {}

    def cached(path: str) -> bool:
        if path not in known:
            known[path] = matches(path)
        return known[path]

    return cached


def _wild(
    subject: Sequence[Any], pattern: Sequence[Any], star: str, same: Callable[[Any, Any], bool]
) -> bool:
    """Match with one look back at the last star: no pattern takes more than their product."""
    at = place = 0
    last, resume = -1, 0
    while at < len(subject):
        if place < len(pattern) and pattern[place] == star:
            last, resume, place = place, at, place + 1
        elif place < len(pattern) and same(subject[at], pattern[place]):
            at, place = at + 1, place + 1
        elif last >= 0:
            resume += 1
            at, place = resume, last + 1
        else:
            return False
    return all(each == star for each in pattern[place:])


def _no_match(report: Report, glob: str) -> BudgetError:
    if glob.startswith(_TYPE):
        ops = sorted({row.op for row in report.rows})
        near = did_you_mean(glob.removeprefix(_TYPE), ops)
    else:
        known = [*(group.path for group in report.groups), *(row.path for row in report.rows)]
        near = did_you_mean(glob, islice(known, _MOST_SUGGESTIONS))
    return BudgetError(f"{glob!r} matches no layer", hint=near)
