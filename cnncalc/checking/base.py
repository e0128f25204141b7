"""Where baselines come from: nothing, a commit of git, or the lock file."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cnncalc.budget import Base
from cnncalc.budget.metrics import METRICS
from cnncalc.checking.cases import Case
from cnncalc.checking.locks import Lock
from cnncalc.checking.options import Options
from cnncalc.checking.places import home_of
from cnncalc.checking.versions import Version, Watched, load
from cnncalc.errors import BudgetError, CnncalcError, HistoryError, SpecError
from cnncalc.records import Record
from cnncalc.spec import DISK

_MOST_BYTES = 1 << 20
_MOST_GONE = 1 << 26
"""Bytes of files that are gone, which new ones are compared with."""
"""Of a file that may have been another: more is no spec."""


class Baseline(Record):
    """What a network was: the version to compare with, or recorded figures, or why neither."""

    version: Version | None = None
    recorded: Mapping[str, int] | None = None
    notice: str = ""
    missing: str = ""
    """Why there is none, where it was looked for."""
    touched: frozenset[int] | None = None
    """The lines of the present spec that are new or changed."""
    lock: str = ""
    """The lock file that the figures are, or should be, recorded in."""

    def of(self, dtype: str) -> Base | None:
        """Return what `baseline` stands for, in a data type; bytes are recorded in float32."""
        if self.version:
            return self.version.report(dtype)
        if self.recorded is None or dtype in {"", "float32"}:
            return self.recorded
        return {
            name: value
            for name, value in self.recorded.items()
            if name not in METRICS or METRICS[name].dimension != "byte"
        }

    def refuse(self, why: str) -> None:
        """Raise BudgetError where a lock file lacks what a line needs: none would ever see."""
        if self.lock and self.recorded is None:
            hint = "record it with `cnncalc lock`"
            raise BudgetError(f"there is no baseline in {self.lock} for this spec", hint=hint)
        if self.lock:
            parts = "params, macs and rf of its layers and groups at the top"
            what = f"figures of the network, and {parts}, with bytes in float32"
            hint = f"{self.lock} has {what}: write it again with `cnncalc lock`, or use --base"
            raise BudgetError(why.removeprefix("skipped: "), hint=hint)


class Baselines(ABC):
    """Where baselines come from: `title` is its name, `commit` the commit, if it is one."""

    title = ""
    commit = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(  # noqa: B027 most have nothing open
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of what was opened."""

    @abstractmethod
    def of(self, case: Case, version: Version, files: Watched) -> Baseline:
        """Return the baseline of a network that was read from `files`."""


class Nothing(Baselines):
    """Nothing to compare with."""

    def of(self, case: Case, version: Version, files: Watched) -> Baseline:
        """Return no baseline."""
        return Baseline()


class LockBase(Baselines):
    """Figures that were written to a lock file."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.title = lock.shown

    def of(self, case: Case, version: Version, files: Watched) -> Baseline:
        """Return the recorded figures."""
        figures = self.lock.figures(case)
        if figures is None:
            return Baseline(notice=f"not in {self.title}", lock=self.title)
        return Baseline(recorded=figures, lock=self.title)


class GitBase(Baselines):
    """The same specs at a commit, computed again; each in the repository that it is in."""

    def __init__(
        self, ref: str, cases: Sequence[Case], overrides: Mapping[str, Any], convention: str
    ) -> None:
        """Open the repository of the present folder, else that of the first spec that has one.

        A bundled network is nobody's file and never says which repository is meant.
        """
        own = (home_of(case.path) for case in cases if not case.bundled)
        home = home_of(Path.cwd() / "x") or next(filter(None, own), None)
        if home is None:
            hint = "run it in the repository, or use --no-base"
            raise HistoryError(f"--base {ref}: this is not in a git repository", hint=hint)
        self._ref, self._cases = ref, cases
        self._opened: dict[Path, _Past] = {}
        first = self._past(home[0])
        self.title, self.commit = first.title, first.hash
        self._overrides, self._convention = overrides, convention

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for past in self._opened.values():
            past.tree.__exit__(kind, error, trace)

    def _past(self, root: Path) -> _Past:
        root = root.resolve()
        if root not in self._opened:
            self._opened[root] = _Past(root, self._ref, self._cases)
        return self._opened[root]

    def of(self, case: Case, version: Version, files: Watched) -> Baseline:
        """Return the network as it was at the commit."""
        home = home_of(case.path)
        if case.bundled and (home is None or home[0].resolve() not in self._opened):
            return Baseline(version)
        if home is None:
            missing = "outside of the repository"
            return Baseline(notice=f"{missing}: it has no base", missing=missing)
        root, here = home
        past = self._past(root)
        there = past.path(here, case.path.resolve())
        if there is None:
            if case.bundled:
                return Baseline(version)
            return _not_in(past.title)
        moved = f"was {there} in {past.title}" if there != here else ""
        if not moved and past.same(files):
            return Baseline(version)
        try:
            before = load(
                past.root / there,
                f"{past.title}:{there}",
                case.variant,
                self._overrides,
                self._convention,
                past.tree,
            )
        except SpecError as error:
            if error.problems[0].text == f"no variant '{case.variant}'":
                return _not_in(f"{past.title} as a variant")
            missing = f"cannot be read at {past.title}"
            notice = f"{missing}, so it has no base: {error.problems[0].concise()}"
            return Baseline(notice=notice, missing=missing)
        from cnncalc.history.similar import changed_lines

        touched = changed_lines(past.read(there), files.contents[case.path.resolve()])
        return Baseline(before, notice=moved, touched=touched)


def _not_in(where: str) -> Baseline:
    missing = f"not in {where}"
    return Baseline(notice=f"{missing}: what needs a baseline is skipped", missing=missing)


def baselines(cases: Sequence[Case], options: Options, *, listed: bool) -> Baselines:
    """Return where a check takes its baselines from; raises CnncalcError, HistoryError.

    `listed` says whether the project names its specs.
    """
    if options.only_new and not options.base:
        hint = "add --base origin/main"
        raise CnncalcError("--only-new needs a git base to know what is new", hint=hint)
    if options.lock is not None:
        lock = Lock(options.lock, listed=listed)
        if not lock.exists:
            hint = f"write it with `cnncalc lock{'' if listed else ' SPEC…'}`"
            raise CnncalcError(f"there is no {lock.shown}", hint=hint)
        if lock.convention != options.convention:
            text = f"{lock.shown} counts FLOPs by {lock.convention!r}, not {options.convention!r}"
            raise CnncalcError(text, hint="write it again, or choose --convention")
        return LockBase(lock)
    if options.base:
        return GitBase(options.base, cases, options.set, options.convention)
    return Nothing()


class _Past:
    """A repository at the commit that baselines are taken from."""

    def __init__(self, root: Path, ref: str, cases: Sequence[Case]) -> None:
        """Open a repository; `cases` are all that are asked for, of this one and of others."""
        from cnncalc.history import CommitTree, Repository

        repository = Repository(root)
        commit = repository.base(ref)
        self.root, self._cases = root, cases
        self.title, self.hash = commit.title, commit.hash
        self._renamed = repository.moved(commit)
        self.tree = CommitTree(repository, commit)

    def path(self, here: str, real: Path) -> str | None:
        """Return where a file was, by its present path and by where that leads; None: nowhere."""
        return self._known(here, real) or self._found.get(here)

    def _known(self, here: str, real: Path) -> str | None:
        names = [here]
        if real != self.root / here and real.is_relative_to(self.root):
            names.append(real.relative_to(self.root).as_posix())
        for name in names:
            there = self._renamed.get(name, name)
            if self.tree.kind(self.root / there) == "file":
                return there
        return None

    @cached_property
    def _found(self) -> dict[str, str]:
        """What git cannot tell: new file -> the most similar of those that are gone, each once.

        All networks are looked at together, so that their order does not matter.
        """
        from cnncalc.history.similar import pair_up

        gone = dict(self._gone())
        return pair_up(dict(self._new()), gone) if gone else {}

    def _gone(self) -> Iterator[tuple[str, bytes]]:
        """Yield the YAML files that are at the commit alone, with their contents, within reason."""
        taken = {*self._renamed.values()}
        room = _MOST_GONE
        for path in self.tree.entries:
            if not path.endswith((".yaml", ".yml")) or path in taken:
                continue
            if not os.path.lexists(self.root / path) and room > 0:
                content = self.read(path)
                room -= len(content)
                yield path, content

    def _new(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files that the commit does not have, with their contents."""
        for case in self._cases:
            root, here = home_of(case.path) or (None, "")
            if root is None or root.resolve() != self.root or not case.path.is_file():
                continue
            if self._known(here, case.path.resolve()) is None:
                with suppress(OSError):
                    yield here, DISK.read(case.path, _MOST_BYTES)

    def read(self, path: str) -> bytes:
        """Return what was in a file."""
        return self.tree.read(self.root / path, _MOST_BYTES)

    def same(self, files: Watched) -> bool:
        """Whether every file that was read is the same at the commit, and none through a link."""
        return not files.linked and all(
            self.tree.kind(path) == "file" and self.tree.read(path, len(content) + 1) == content
            for path, content in files.contents.items()
        )
