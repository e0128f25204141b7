"""The files of a commit, as if they lay on the disk."""

from __future__ import annotations

import os
import posixpath
import subprocess
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cnncalc.errors import HistoryError
from cnncalc.history.repository import Commit, Repository, environment

_KINDS = {"blob": "file", "tree": "folder", "commit": "folder"}
_BATCH = ("cat-file", "--batch", "--follow-symlinks")
_MOST_KEPT = 64


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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        if name == ".":
            return "folder", b""
        if name == ".git":
            return "folder", b""
        if name not in self._known:
            while len(self._known) >= _MOST_KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[name] = self._ask(name)
        return self._known[name]

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
        content = stdout.read(int(words[-1]) + 1)[:-1]
        kind = words[1].decode("ascii", "replace") if len(words) == 3 else ""
        return _KINDS.get(kind, ""), content
