"""The files of a commit, as if they lay on the disk."""

from __future__ import annotations

import os
import posixpath
import shlex
import subprocess
from functools import cached_property
from io import BytesIO
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

from cnncalc.errors import HistoryError
from cnncalc.history.repository import INCOMPLETE, Commit, Repository, environment

_KINDS = {"blob": "file", "tree": "folder", "commit": "folder"}
_BATCH = ("cat-file", "--batch", "--follow-symlinks")
_MOST_KEPT = 64
_MOST_BYTES = (1 << 20) + 1
"""A spec is smaller; of a larger file only so much is kept."""
_CHUNK = 1 << 16


class CommitTree:
    """Reads files of a commit by their present paths, with one process for all of them.

    It is a `spec.Tree`. Links inside the repository are followed; a link that leads out of it is
    nothing. The process starts when the first file is asked for; use it in a `with` block.
    """

    def __init__(self, repository: Repository, commit: Commit) -> None:
        self.root = repository.root.resolve()
        self.commit = commit
        self._repository = repository
        self._known: dict[str, tuple[str, bytes]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._inside: dict[str, CommitTree] = {}
        """The submodules that were asked for, by their folders."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for tree in self._inside.values():
            tree.__exit__(kind, error, trace)
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()
        self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        """Return the process that answers."""
        if self._process is None:
            try:
                self._process = subprocess.Popen(  # noqa: S603 no shell, and arguments of our own
                    self._repository.command(*_BATCH),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment(),
                )
            except OSError as error:
                raise HistoryError(f"git cannot be run: {error.strerror}") from None
        return self._process

    def resolve(self, path: Path) -> Path:
        """Return a path without dots."""
        return Path(posixpath.normpath(str(path)))

    def kind(self, path: Path) -> str:
        """Return what lay there: file, folder, or nothing."""
        return self._object(path)[0]

    def read(self, path: Path, most: int) -> bytes:
        """Return at most `most` bytes of a file; raises FileNotFoundError."""
        kind, content = self._object(path)
        if kind != "file":
            raise FileNotFoundError(2, "No such file in the commit", str(path))
        return content[:most]

    def _object(self, path: Path) -> tuple[str, bytes]:
        try:
            name = str(self.resolve(path).relative_to(self.root))
        except ValueError:
            return "", b""
        return self.object_at(name)

    def object_at(self, name: str) -> tuple[str, bytes]:
        """Return the kind and, of a file, the content of a path from the repository's folder."""
        if name == ".":
            return "folder", b""
        if name == ".git":
            return "folder", b""
        if name not in self._known:
            while len(self._known) >= _MOST_KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[name] = self._find(name)
        return self._known[name]

    @cached_property
    def entries(self) -> dict[str, str]:
        """Path -> "", or the commit of a submodule; of all files of the commit."""
        return self._repository.entries(self.commit)

    def _find(self, name: str) -> tuple[str, bytes]:
        """Return a kind and, of a file, its content; of a submodule, from its own repository.

        Raises HistoryError where the commit has a file that cannot be read.
        """
        found = self._ask(name)
        if found[0]:
            return found
        if name in self.entries:
            hash_ = self.entries[name]
            if not hash_:
                raise HistoryError(
                    f"git cannot read {name} in {self.commit.title}", hint=INCOMPLETE
                )
            return "folder", b""
        for folder in map(str, PurePosixPath(name).parents):
            if self.entries.get(folder):
                return self._module(folder).object_at(str(PurePosixPath(name).relative_to(folder)))
        return found

    def _module(self, folder: str) -> CommitTree:
        """Return the tree of a submodule, as the commit has it."""
        if folder not in self._inside:
            repository = Repository(self.root / folder)
            commit = Commit(self.entries[folder], f"{folder} of {self.commit.ref}")
            if not (self.root / folder / ".git").exists() or not repository.has(commit.hash):
                hint = f"run `git submodule update --init {shlex.quote(folder)}`, or fetch in it"
                raise HistoryError(f"the submodule lacks {commit.title}", hint=hint)
            self._inside[folder] = CommitTree(repository, commit)
        return self._inside[folder]

    def _ask(self, name: str) -> tuple[str, bytes]:
        """Return a kind and, of a file, its content. Git answers a line, then the bytes."""
        asked = os.fsencode(f"{self.commit.hash}:{name}")
        process = self._started()
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise HistoryError("git has no pipes")
        try:
            if b"\n" in asked or asked.endswith(b"\r"):  # git takes either for the end of a name
                return self._ask_alone(name, asked)
            stdin.write(asked + b"\n")
            stdin.flush()
            return self._answer(stdout)
        except (OSError, ValueError):
            raise HistoryError(f"git cannot read {self.commit.title}") from None

    def _ask_alone(self, name: str, asked: bytes) -> tuple[str, bytes]:
        """Ask for a name with a line break, in a process of its own: git can since 2.38."""
        done = subprocess.run(  # noqa: S603 as above
            self._repository.command(*_BATCH, "-z"),
            input=asked + b"\0",
            capture_output=True,
            check=False,
            env=environment(),
        )
        if done.returncode:
            hint = "rename it, or use git 2.38 or newer"
            raise HistoryError(f"git cannot be asked for {name!r}", hint=hint)
        return self._answer(BytesIO(done.stdout))

    def _answer(self, stdout: IO[bytes]) -> tuple[str, bytes]:
        head = stdout.readline()
        words = head.split()
        if not head:
            raise ValueError("git ended")
        if head.rstrip().endswith((b" missing", b" ambiguous")) or len(words) < 2:
            return "", b""
        if not words[-1].isdigit() or len(words[0]) > len(self.commit.hash):
            return "", b""  # the start of a name with line breaks that git does not have
        content = _first_of(stdout, int(words[-1]))
        kind = words[1].decode("ascii", "replace") if len(words) == 3 else ""
        return _KINDS.get(kind, ""), content


def _first_of(stdout: IO[bytes], size: int) -> bytes:
    """Return the first bytes of an object, and read past the rest and the newline behind it."""
    content = stdout.read(min(size, _MOST_BYTES))
    left = size - len(content) + 1
    while left > 0:
        chunk = stdout.read(min(left, _CHUNK))
        if not chunk:
            raise ValueError("git ended")
        left -= len(chunk)
    return content
