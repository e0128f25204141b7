"""Where files lie: the repository that they are in, their names there, and as people read them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def names_of(path: Path) -> tuple[Path, ...]:
    """Return a file's absolute names: the one it is called by, and where links lead it."""
    return tuple(dict.fromkeys((Path(os.path.abspath(path)), path.resolve())))  # noqa: PTH100 without links


def upwards(folder: Path) -> Iterator[Path]:
    """Yield a folder and those above it, up to its repository's, or else all of them."""
    for each in (folder, *folder.parents):
        yield each
        if _is_repository(each):
            return


def _is_repository(folder: Path) -> bool:
    """Whether git would take a folder for a repository's, or for a work tree of one."""
    inside = folder / ".git"
    return inside.is_file() or (inside / "HEAD").exists()


def repository_of(folder: Path) -> Path | None:
    """Return the folder of the repository that a folder is in, by its name."""
    *_, last = upwards(folder)
    return last if _is_repository(last) else None


def home_of(path: Path) -> tuple[Path, str] | None:
    """Return the folder of the repository that a file is in, and the file's path there.

    A file is where its name says, and only if that is in no repository, where links lead it: a link
    inside a repository is that link, also at a commit.
    """
    for name in names_of(path):
        root = repository_of(name.parent)
        if root is not None:
            return root, name.relative_to(root).as_posix()
    return None


def present_root() -> Path:
    """Return the folder of the repository that the present folder is in, else that folder."""
    here = Path.cwd()
    return repository_of(here) or here


def show(path: Path) -> str:
    """Return a path as people read it: relative where it lies in the same repository."""
    relative = os.path.relpath(path)
    if relative.startswith("..") and not path.resolve().is_relative_to(present_root()):
        return str(path)
    # In a log of GitHub's, a spreadsheet or a shell it would be more than a name.
    return f"./{relative}" if relative.startswith(("::", "=", "+", "-", "@")) else relative
