"""The lock file: the figures of specs, written down so that a change of them shows in a review."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from cnncalc.budget.amounts import LARGEST
from cnncalc.budget.metrics import METRICS, Rows, measure
from cnncalc.checking.cases import Case
from cnncalc.checking.places import repository_of
from cnncalc.checking.versions import load
from cnncalc.errors import BudgetError, CnncalcError, Problem, SpecError
from cnncalc.report import Report, Row

RULES = 1
"""The version of what is counted, and how: it changes when the same spec gets other figures."""

_FRACTIONS = frozenset(("jump",))
_BY_PART = ("params", "macs", "rf.d", "rf.h", "rf.w")
_HEAD = "# Figures of each spec, as `cnncalc lock` writes them; `cnncalc lock --check` compares.\n"
_HEAD_WITHIN = 1000
_KEYS = {"rules": int, "convention": str, "spec": dict}
_BUNDLED = "bundled:"
_MOST_BYTES = 1 << 26


def figures_of(report: Report) -> dict[str, int]:
    """Return the recorded figures of a network: each metric, and some of each part at the top.

    They have the names that budgets use, so that a baseline can be taken from them.
    """
    found: dict[str, int] = {}
    for name in METRICS:
        if name not in _FRACTIONS and name not in {"rf", "local_rf"}:
            found.update(_recorded(report, name, None))
    parts: dict[str, list[Row]] = {}
    for row in report.rows:
        parts.setdefault(row.path.partition(".")[0], []).append(row)
    for path, rows in parts.items():
        for name in _BY_PART:
            found.update(_recorded(report, name, rows, f"({path})"))
    return dict(sorted(found.items()))


def _recorded(report: Report, name: str, rows: Rows, part: str = "") -> Iterator[tuple[str, int]]:
    try:
        amount = measure(report, name, rows)
    except BudgetError:  # a vector has no size, and some networks or parts no field
        return
    if amount is not None and isinstance(amount.values[0], int):
        yield f"{name}{part}", amount.values[0]


class Lock:
    """A lock file: entries by the spec's path, relative to the file's folder, and the variant.

    A network that comes with cnncalc goes by its name.
    """

    def __init__(self, path: Path, *, replaced: bool = False, listed: bool = True) -> None:
        """Read the file; one that is to be replaced may be damaged or of other rules.

        `listed` says whether the project names its specs, so that `cnncalc lock` writes them all.
        """
        self.path = path
        self._again = "write it again with `cnncalc lock`"
        if not listed:
            self._again = "delete it, and lock all specs again by their names"
        self.shown = os.path.relpath(path)
        self.entries: dict[str, dict[str, int]] = {}
        self.convention = ""
        try:
            self.exists = os.path.lexists(path)
        except ValueError:  # a null character
            raise CnncalcError(f"{self.shown!r} is no name of a file") from None
        if not self.exists:
            return
        if not path.is_file():
            raise CnncalcError(f"{self.shown} is no file", hint="name another lock file")
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
            with self.path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
            if len(content) > _MOST_BYTES:
                raise self._wrong(f"has more than {_MOST_BYTES:,} bytes")
            data = tomllib.loads(content.decode())
        except (OSError, ValueError, RecursionError) as error:
            raise self._wrong(f"cannot be read: {error}") from None
        rules = data.get("rules")
        if rules != RULES:
            raise self._wrong(f"was counted by rules {rules}, these are rules {RULES}")
        for key, value in data.items():
            if not isinstance(value, _KEYS.get(key, ())):
                raise self._wrong(f"has another layout: {key!r}")
        for key, entry in data.get("spec", {}).items():
            if not isinstance(entry, dict) or not all(map(_is_figure, entry.values())):
                raise self._wrong(f"cannot be read: {key} is not an entry")
            self.entries[key] = entry
        self.convention = data.get("convention", "")

    def _wrong(self, text: str) -> CnncalcError:
        return CnncalcError(f"{self.shown} {text}", hint=self._again)

    @cached_property
    def _root(self) -> Path:
        """The folder that specs must lie below: without a repository, the present one."""
        folder, here = self.path.resolve().parent, Path.cwd().resolve()
        return repository_of(folder) or (here if folder.is_relative_to(here) else folder)

    def key(self, case: Case) -> str:
        """Return the name of a network's entry; raises CnncalcError for a file of elsewhere."""
        if case.bundled:  # it lies elsewhere on every machine, and is the same
            return f"{_BUNDLED}{case.variant or case.path.stem}"
        real = case.path.resolve()
        if not real.is_relative_to(self._root):
            text = f"{case.shown} lies outside of the repository of {self.shown}"
            raise CnncalcError(text, hint="a lock is the same on every machine: leave it out")
        name = _readable(Path(os.path.relpath(real, self.path.resolve().parent)).as_posix())
        if name.startswith(_BUNDLED):
            name = f"./{name}"
        return f"{name}@{case.variant}" if case.variant else name

    def figures(self, case: Case) -> Mapping[str, int] | None:
        """Return the recorded figures of a network, or None."""
        try:
            return self.entries.get(self.key(case))
        except CnncalcError:  # of elsewhere, so never recorded
            return None

    def text(self, entries: Mapping[str, Mapping[str, int]], convention: str) -> str:
        """Return the file's text: a pure function of the entries, sorted, one figure a line."""
        blocks = [f'{_HEAD}rules = {RULES}\nconvention = "{convention}"\n']
        for key in sorted(entries):
            lines = (f"{_name(name)} = {value}" for name, value in sorted(entries[key].items()))
            blocks.append(f"[spec.{_quoted(key)}]\n" + "\n".join(lines) + "\n")
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
            yield f"there is no {self.shown}"
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
    """Return the entries of networks.

    Raises SpecError with the problems of all that are wrong, CnncalcError for a file of elsewhere.
    """
    entries: dict[str, dict[str, int]] = {}
    wrong = list(problems)
    keys = [lock.key(case) for case in cases]
    if len({*keys}) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise CnncalcError(f"two specs would be {twice} in {lock.shown}", hint="rename one of them")
    for number, (key, case) in enumerate(zip(keys, cases, strict=True)):
        tick(number, len(cases), case.title)
        try:
            version = load(case.path, case.shown, case.variant, {}, convention)
        except SpecError as error:
            wrong += error.problems
            continue
        entries[key] = figures_of(version.report())
    if wrong:
        raise SpecError(*wrong)
    return entries


def _is_figure(value: Any) -> bool:
    return type(value) is int and abs(value) < LARGEST


def _shown(value: int | None) -> str:
    return "nothing" if value is None else f"{value:,}"


def _name(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _quoted(name)


def _quoted(text: str) -> str:
    """Return a text as TOML has it: the escapes of JSON, and no surrogates."""
    return json.dumps(_readable(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _readable(text: str) -> str:
    """Return the name of a file, of any bytes, as text that a file can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
