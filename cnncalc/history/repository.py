"""A git repository: the commit to compare with, and where its files were then."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cnncalc.errors import HistoryError
from cnncalc.history.missing import hint_for
from cnncalc.records import Record

_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",  # what was committed, and not what somebody put in its place
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


INCOMPLETE = "objects are missing: run `git fsck`, or `git fetch --refetch` in a partial clone"


class Commit(Record):
    """A commit that baselines are taken from: its full name, and what it was asked for as."""

    hash: str
    ref: str

    @property
    def title(self) -> str:
        """The reference and a short name: origin/main (3f2c1a9)."""
        return f"{self.ref} ({self.hash[:7]})"


@lru_cache(maxsize=1)
def _local_variables() -> tuple[str, ...]:
    """Return the variables by which a hook of git tells of a repository: it is not always ours."""
    command = ["git", "rev-parse", "--local-env-vars"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 as below
    except OSError:
        return ()
    return tuple(os.fsdecode(done.stdout).split())


def environment() -> dict[str, str]:
    """Return the environment for git: a repository is what its folder says, whoever calls."""
    local = _local_variables()
    return {key: text for key, text in os.environ.items() if key not in local} | _ENVIRONMENT


class Repository:
    """A repository, by its folder. Git itself is asked, and nothing is changed.

    Objects that a partial clone lacks are fetched, as by any other command of git. No command here
    looks at the work tree through git, which may run filters of the repository's configuration.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.complaint = ""
        """The first line of what git said last on standard error."""

    def git(self, *arguments: str) -> tuple[int, str]:
        """Run git; return its exit code, and its output without the last newline."""
        try:
            done = subprocess.run(  # noqa: S603 no shell, and arguments of our own
                self.command(*arguments),
                capture_output=True,
                check=False,
                env=environment(),
            )
        except OSError as error:
            raise HistoryError(
                f"git cannot be run: {error.strerror}", hint="install git, or use --no-base"
            ) from None
        self.complaint = os.fsdecode(done.stderr).strip().partition("\n")[0]
        return done.returncode, os.fsdecode(done.stdout).removesuffix("\n")

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs git in this repository."""
        settings = ("-c", "core.quotePath=false", "-c", "core.fsmonitor=false")
        return ["git", "-C", str(self.root), *settings, *arguments]

    def base(self, ref: str) -> Commit:
        """Return the commit where the present branch left `ref`.

        Raises HistoryError, with the command to run, where the reference or the common commit is
        not there, as in a shallow clone.
        """
        if not ref or ref.startswith("-"):
            raise HistoryError(f"{ref!r} is not a branch or a commit", hint="write --base main")
        if self.git("rev-parse", "--git-dir")[0]:
            words = ["git", "-C", str(self.root), "status"]
            if "dubious ownership" in self.complaint:  # as in a container of another user
                words = ["git", "config", "--global", "--add", "safe.directory", str(self.root)]
            hint = f"run `{shlex.join(words)}`"
            raise HistoryError(f"git cannot read the repository: {self.complaint}", hint=hint)
        if not self.has("HEAD^{commit}"):
            raise HistoryError("the repository has no commit yet", hint="use --no-base")
        if not self.has(f"{ref}^{{commit}}"):
            raise HistoryError(f"there is no commit '{ref}' here", hint=hint_for(self, ref))
        code, found = self.git("merge-base", ref, "HEAD")
        if code or not found:
            text = f"the commit where this branch left '{ref}' is not here"
            if not self.is_shallow():
                text = f"'{ref}' and this branch have no commit in common"
                raise HistoryError(text, hint="name another base")
            raise HistoryError(f"{text}: the clone is shallow", hint=hint_for(self, ref))
        return Commit(found.splitlines()[0], ref)

    def has(self, name: str) -> bool:
        """Whether there is such an object here."""
        return not self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name)[0]

    def is_shallow(self) -> bool:
        """Whether this is a clone without all of the history."""
        return self.git("rev-parse", "--is-shallow-repository")[1] == "true"

    def entries(self, commit: Commit) -> dict[str, str]:
        """Return (path -> hash) of the files of a commit, and of the commits of its submodules.

        The hash of a file is not told: "". Paths are relative to the repository's folder.
        """
        code, output = self.git("ls-tree", "-r", "-z", "--full-tree", commit.hash)
        if code:
            raise HistoryError(f"git cannot read {commit.title}", hint=INCOMPLETE)
        found = {}
        for entry in filter(None, output.split("\0")):
            told, _, path = entry.partition("\t")
            _, kind, name = told.split(" ")
            found[path] = name if kind == "commit" else ""
        return found

    def moved(self, commit: Commit) -> dict[str, str]:
        """Return present path -> path at the commit of files that moved, as far as git was told.

        Paths are relative to the repository's folder.
        """
        options = ("--cached", "--no-ext-diff", "--name-status", "--find-renames", "-z")
        code, output = self.git("diff", *options, commit.hash, "--")
        if code:
            raise HistoryError(f"git cannot compare with {commit.title}", hint=INCOMPLETE)
        return _renames(output.split("\0"))


def _renames(words: Sequence[str]) -> dict[str, str]:
    renamed: dict[str, str] = {}
    rest = iter(words)
    for status in rest:
        if status.startswith(("R", "C")):
            old, new = next(rest), next(rest)
            renamed[new] = old
        elif status:
            next(rest)
    return renamed
