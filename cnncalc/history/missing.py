"""What to run where a commit is missing: a command of git that gets it, as it is printed."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.history.repository import Repository

_STEPS = re.compile(r"~|\^|@\{")
"""What follows a name: HEAD~1, main^, main@{yesterday}."""
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ABBREVIATED = re.compile(r"[0-9a-f]{7,64}")
_FULL = re.compile(r"(?:refs/)?(heads|tags|remotes)/(.+)")
_NAME_IT = "name a branch, a tag or a commit"


def hint_for(repository: Repository, ref: str) -> str:
    """Return what to do where `ref`, or the commit where the present branch left it, is missing.

    A command is one that does get it, as far as can be known without asking the remote.
    """
    name = _STEPS.split(ref)[0] or "HEAD"
    if ":" in ref:  # a file of a commit, or a search
        return _NAME_IT
    remotes = repository.git("remote")[1].split()
    remote, branch = _remote_of(repository, name, remotes)
    shallow = repository.is_shallow()
    if repository.has(f"{name}^{{commit}}"):
        if not shallow:
            return "the history has no such commit; name another base"
        return _run(remote, shallow=True) if remote else _no_remote(name)
    if not remote:
        return _no_remote(name)
    if near := _under_a_remote(repository, ref, remotes):
        return f"write --base {near}"
    commands = _commands(repository, name, remote, branch, shallow=shallow)
    if not commands:
        return _NAME_IT
    return " or, for a tag, ".join((f"run {commands[0]}", *commands[1:]))


def _no_remote(name: str) -> str:
    return f"the repository has no remote to fetch {name} from; name another base"


def _run(remote: str, *what: str, shallow: bool) -> str:
    return f"run {_command(remote, *what, shallow=shallow)}"


def _command(remote: str, *what: str, shallow: bool) -> str:
    words = ("git", "fetch", *(("--unshallow",) if shallow else ()), remote, *what)
    return f"`{shlex.join(words)}`"


def _remote_of(repository: Repository, name: str, remotes: list[str]) -> tuple[str, str]:
    """Return the remote to ask, and the branch of it that a name is; "" where it is none."""
    bare = name.removeprefix("refs/").removeprefix("remotes/")
    for remote in sorted(remotes, key=len, reverse=True):
        if bare.startswith(f"{remote}/"):
            return remote, bare.removeprefix(f"{remote}/")
    present = repository.git("symbolic-ref", "--quiet", "--short", "HEAD")[1]
    own = repository.git("config", f"branch.{present}.remote")[1] if present else ""
    usual = (each for each in (own, "origin", *remotes) if each in remotes)
    return next(usual, ""), ""


def _under_a_remote(repository: Repository, ref: str, remotes: list[str]) -> str:
    """Return the name of a branch that only its remote has here, else nothing."""
    names = (f"{remote}/{ref.removeprefix('refs/').removeprefix('heads/')}" for remote in remotes)
    return next((name for name in names if repository.has(f"refs/remotes/{name}^{{commit}}")), "")


def _commands(
    repository: Repository, name: str, remote: str, branch: str, *, shallow: bool
) -> list[str]:
    """Return the command that fetches a name; of one that may be a tag, a second one for that."""
    if _HASH.fullmatch(name):
        return [_command(remote, name, shallow=shallow)]
    if _ABBREVIATED.fullmatch(name):  # a remote tells no commit by a part of its name
        return [_command(remote, f"+refs/heads/*:refs/remotes/{remote}/*", shallow=shallow)]
    full = _FULL.fullmatch(name)
    plain = branch or (full[2] if full else name)
    if plain in {"HEAD", remote} or repository.git("check-ref-format", f"refs/heads/{plain}")[0]:
        return []
    as_tag = _command(remote, "tag", plain, shallow=shallow)
    if full and full[1] == "tags":
        return [as_tag]
    # It is not here, so it is not checked out, and git does not refuse to write it.
    to = f"refs/remotes/{remote}/{branch}" if branch else f"refs/heads/{plain}"
    as_branch = _command(remote, f"+refs/heads/{plain}:{to}", shallow=shallow)
    return [as_branch] if branch or full else [as_branch, as_tag]
