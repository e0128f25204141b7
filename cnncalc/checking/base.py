"""Where baselines come from: nothing, a commit of git, or the lock file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cnncalc.budget import Base
from cnncalc.checking.cases import Case
from cnncalc.checking.locks import Lock
from cnncalc.checking.versions import Version, Watched, load
from cnncalc.errors import HistoryError, SpecError
from cnncalc.records import Record


class Baseline(Record):
    """What a network was: the version to compare with, or recorded figures, or why neither."""

    version: Version | None = None
    recorded: Mapping[str, int] | None = None
    notice: str = ""

    def of(self, dtype: str) -> Base | None:
        """Return what `baseline` stands for, in a data type."""
        return self.version.report(dtype) if self.version else self.recorded


class NoBase:
    """Nothing to compare with."""

    title = ""
    commit = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of what was opened."""

    def of(self, case: Case, version: Version, files: Watched) -> Baseline:
        """Return the baseline of a network that was read from `files`."""
        return Baseline()


class LockBase(NoBase):
    """Figures that were written to a lock file."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.title = lock.shown

    def of(self, case: Case, version: Version, files: Watched) -> Baseline:
        """Return the recorded figures."""
        figures = self.lock.figures(case)
        if figures is None:
            return Baseline(notice=f"not in {self.title}: what needs a baseline is skipped")
        return Baseline(recorded=figures)


class GitBase(NoBase):
    """The same specs at a commit, computed again."""

    def __init__(
        self, ref: str, cases: Sequence[Case], overrides: Mapping[str, Any], convention: str
    ) -> None:
        from cnncalc.history import CommitTree, Repository, root_of

        root = next(filter(None, (root_of(case.path) for case in cases)), None) or root_of(
            Path.cwd() / "x"
        )
        if root is None:
            hint = "run it in the repository, or use --no-base"
            raise HistoryError(f"--base {ref}: this is not in a git repository", hint=hint)
        repository = Repository(root)
        commit = repository.base(ref)
        self.title, self.commit = commit.title, commit.hash
        self._root = root.resolve()
        self._renamed, self._gone = repository.moved(commit)
        self._tree = CommitTree(repository, commit)
        self._overrides, self._convention = overrides, convention

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tree.__exit__(kind, error, trace)

    def of(self, case: Case, version: Version, files: Watched) -> Baseline:
        """Return the network as it was at the commit."""
        try:
            here = case.path.resolve().relative_to(self._root).as_posix()
        except ValueError:
            return Baseline(notice=f"outside of the repository {self._root.name}: it has no base")
        there = self._path_at_base(here, files)
        if there is None:
            notice = f"not in {self.title}: what needs a baseline is skipped"
            return Baseline(notice=notice)
        moved = f"was {there} in {self.title}" if there != here else ""
        if not moved and self._same(files):
            return Baseline(version)
        try:
            before = load(
                self._root / there,
                f"{self.title}:{there}",
                case.variant,
                self._overrides,
                self._convention,
                self._tree,  # type: ignore[arg-type] # it has the methods of Disk
            )
        except SpecError as error:
            why = error.problems[0].concise()
            notice = f"cannot be read at {self.title}, so it has no base: {why}"
            return Baseline(notice=notice)
        return Baseline(before, notice=moved)

    def _path_at_base(self, here: str, files: Watched) -> str | None:
        there = self._renamed.get(here, here)
        if self._tree.kind(self._root / there) == "file":
            return there
        from cnncalc.history.repository import most_similar

        gone = {
            path: self._tree.read(self._root / path, 1 << 20)
            for path in self._gone
            if path.endswith((".yaml", ".yml"))
        }
        content = files.contents.get(self._root / here, b"")
        return most_similar(content, gone) if gone else None

    def _same(self, files: Watched) -> bool:
        """Whether every file that was read is the same at the commit."""
        return all(
            self._tree.kind(path) == "file" and self._tree.read(path, len(content) + 1) == content
            for path, content in files.contents.items()
        )
