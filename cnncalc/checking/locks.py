"""The lock file: the figures of specs, written down so that a change of them shows in a review."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cnncalc.budget.metrics import METRICS, measure
from cnncalc.checking.cases import Case
from cnncalc.checking.versions import load
from cnncalc.errors import BudgetError, CnncalcError, Problem, SpecError
from cnncalc.report import Report

RULES = 1
"""The version of what is counted, and how: it changes when the same spec gets other figures."""

_FRACTIONS = frozenset(("jump",))
_BY_PART = ("params", "macs")
_HEAD = "# Figures of each spec, as `cnncalc lock` writes them; `cnncalc lock --check` compares.\n"
_HEAD_WITHIN = 1000


def figures_of(report: Report) -> dict[str, int]:
    """Return the recorded figures of a network: each metric, and params and MACs of each part.

    They have the names that budgets use, so that a baseline can be taken from them.
    """
    found: dict[str, int] = {}
    for name in METRICS:
        if name not in _FRACTIONS and name not in {"rf", "local_rf"}:
            found.update(_recorded(report, name))
    for group in report.groups:
        if "." not in group.path:
            found.update({f"{name}({group.path})": getattr(group, name) for name in _BY_PART})
    return dict(sorted(found.items()))


def _recorded(report: Report, name: str) -> Iterator[tuple[str, int]]:
    try:
        amount = measure(report, name, None)
    except BudgetError:  # a vector has no size, and some networks no field
        return
    if amount is not None and isinstance(amount.values[0], int):
        yield name, amount.values[0]


class Lock:
    """A lock file: entries by the spec's path, relative to the file's folder, and the variant."""

    def __init__(self, path: Path, *, replaced: bool = False) -> None:
        """Read the file; one that is to be replaced may be damaged or of other rules."""
        self.path = path
        self.shown = os.path.relpath(path)
        self.entries: dict[str, dict[str, int]] = {}
        self.convention = ""
        self.exists = path.exists()
        if not self.exists:
            return
        try:
            self._read()
        except CnncalcError:
            if not replaced or not self._ours():
                raise
            self.entries, self.convention = {}, ""

    def _ours(self) -> bool:
        """Whether the file, however damaged, is one that `cnncalc lock` wrote, or is empty."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return False
        return not content.strip() or _HEAD.strip().encode() in content[:_HEAD_WITHIN]

    def _read(self) -> None:
        import tomllib

        try:
            data = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            hint = "write it again with `cnncalc lock`"
            raise CnncalcError(f"{self.shown} cannot be read: {error}", hint=hint) from None
        rules, self.convention = data.pop("rules", None), str(data.pop("convention", ""))
        if rules != RULES:
            text = f"{self.shown} was counted by rules {rules}, these are rules {RULES}"
            raise CnncalcError(text, hint="write it again with `cnncalc lock`")
        for key, entry in data.items():
            if not isinstance(entry, dict) or not all(type(n) is int for n in entry.values()):
                hint = "write it again with `cnncalc lock`"
                raise CnncalcError(f"{self.shown}: {key} is not an entry", hint=hint)
            self.entries[key] = entry

    def key(self, case: Case) -> str:
        """Return the name of a network's entry."""
        relative = Path(os.path.relpath(case.path.resolve(), self.path.resolve().parent))
        return f"{relative.as_posix()}@{case.variant}" if case.variant else relative.as_posix()

    def figures(self, case: Case) -> Mapping[str, int] | None:
        """Return the recorded figures of a network, or None."""
        return self.entries.get(self.key(case))

    def text(self, entries: Mapping[str, Mapping[str, int]], convention: str) -> str:
        """Return the file's text: a pure function of the entries, sorted, one figure a line."""
        blocks = [f'{_HEAD}rules = {RULES}\nconvention = "{convention}"\n']
        for key in sorted(entries):
            lines = (f"{_name(name)} = {value}" for name, value in sorted(entries[key].items()))
            blocks.append(f"[{_quoted(key)}]\n" + "\n".join(lines) + "\n")
        return "\n".join(blocks)

    def updated(
        self, entries: Mapping[str, Mapping[str, int]], convention: str, *, whole: bool
    ) -> tuple[str, bool]:
        """Return the new text, and whether the file has it already.

        A partial run keeps the entries of the other specs; they must be counted alike.
        """
        kept = {} if whole else self.entries
        if kept.keys() - entries.keys() and self.convention != convention:
            text = f"the other entries of {self.shown} count FLOPs by {self.convention!r}"
            raise CnncalcError(text, hint=f"add --convention {self.convention}, or lock all specs")
        text = self.text({**kept, **entries}, convention)
        same = self.exists and self.path.read_bytes() == text.encode()
        return text, same

    def stale(
        self, entries: Mapping[str, Mapping[str, int]], convention: str, *, whole: bool
    ) -> Iterator[str]:
        """Yield what is missing or stale, in words; of a whole project, what is left over."""
        if not self.exists:
            yield f"there is no {self.shown}: write it with `cnncalc lock`"
            return
        if self.convention != convention:
            yield f"convention {self.convention} → {convention}"
        for key, figures in sorted(entries.items()):
            recorded = self.entries.get(key)
            if recorded is None:
                yield f"{key}: missing"
                continue
            for name in sorted({*figures, *recorded}):
                before, after = recorded.get(name), figures.get(name)
                if before != after:
                    yield f"{key}: {name} {_shown(before)} → {_shown(after)}"
        if whole:
            yield from (f"{key}: no such spec" for key in self.entries if key not in entries)


def locked(
    lock: Lock,
    cases: Sequence[Case],
    convention: str,
    tick: Callable[[int, int, str], None],
    problems: Sequence[Problem] = (),
) -> dict[str, dict[str, int]]:
    """Return the entries of networks; raises SpecError with the problems of all that are wrong."""
    entries: dict[str, dict[str, int]] = {}
    wrong = list(problems)
    for number, case in enumerate(cases):
        tick(number, len(cases), case.title)
        try:
            version = load(case.path, case.shown, case.variant, {}, convention)
        except SpecError as error:
            wrong += error.problems
            continue
        entries[lock.key(case)] = figures_of(version.report())
    if wrong:
        raise SpecError(*wrong)
    return entries


def _shown(value: int | None) -> str:
    return "nothing" if value is None else f"{value:,}"


def _name(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _quoted(name)


def _quoted(text: str) -> str:
    """Return a text as TOML has it: the escapes of JSON, and no surrogates."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.dumps(safe, ensure_ascii=False).replace("\x7f", "\\u007f")
