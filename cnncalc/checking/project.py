"""What a project says about its budgets, and which of its files it says that for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice, product
from pathlib import Path, PurePath

from cnncalc.checking.places import names_of, show
from cnncalc.checking.rules import Rule, fits_path
from cnncalc.errors import Problem, SpecError, did_you_mean
from cnncalc.records import Record
from cnncalc.spec.candidates import looks_like_spec

_OTHERS = frozenset((".toml", ".lock"))
_SKIPPED = frozenset((".git", ".venv", "venv", "node_modules", "__pycache__", ".tox"))

_MOST_NAMES = 4
"""By so many names a folder is looked into: links may lead round and round."""


class Group(Record):
    """Rules for the specs that match one of the patterns, relative to the project's folder."""

    patterns: tuple[str, ...]
    rules: tuple[Rule, ...]
    line: int
    column: int = 1
    chosen: bool = True
    """Whether the patterns are written, and not those that are taken where none are."""


class Target(Record):
    """A device: what a network must keep to run on it, and how it counts bytes there."""

    name: str
    rules: tuple[Rule, ...]
    dtype: str


class Project(Record):
    """What a project says about its budgets. Without a file, nothing."""

    folder: Path
    file: str = ""
    specs: tuple[str, ...] = ()
    base: str = ""
    convention: str = "notes"
    level: str = "error"
    lock: str = "cnncalc.lock"
    groups: tuple[Group, ...] = ()
    targets: Mapping[str, Target] = {}

    def rules_for(self, path: Path) -> Iterator[Rule]:
        """Yield the rules of the project for a spec, by its name and by where links lead.

        A spec outside of the project's folder has none.
        """
        names = names_of(path)
        for group in self.groups:
            pairs = product(names, group.patterns)
            if any(fits_path(name, self.folder, pattern) for name, pattern in pairs):
                yield from group.rules

    def check_patterns(self) -> None:
        """Raise SpecError where a `for` matches no file: its rules would check nothing."""
        problems = []
        files = list(_files(self.folder)) if self.groups else []
        for group in self.groups:
            for pattern in group.patterns if group.chosen else ():
                text, hint = self._pattern_problem(pattern, files)
                if text:
                    text = f"for = {pattern!r} {text}"
                    problems.append(Problem(text, self.file, group.line, group.column, hint=hint))
        if problems:
            raise SpecError(*problems)

    def _pattern_problem(self, pattern: str, files: list[Path]) -> tuple[str, str]:
        """Return what is wrong with a pattern, and what to do; nothing where it matches a file."""
        path = PurePath(pattern)
        if not path.parts:
            return "is empty", 'write for = "**/*.yaml"'
        if path.is_absolute() or ".." in path.parts:
            return "leads out of the project's folder", f"write it relative to {self.file}"
        matches = [file for file in files if fits_path(file, self.folder, pattern)]
        if any(map(_may_be_spec, matches)):
            return "", ""
        if matches:
            return "matches no spec", f"{show(matches[0])} has no layers"
        try:
            exists, folder = (self.folder / path).is_file(), (self.folder / path).is_dir()
        except (OSError, ValueError):
            exists = folder = False
        if exists:
            return "", ""
        if folder:
            return "is a folder", f"write {(path / '**/*.yaml').as_posix()}"
        return "matches no file", nearest_file(pattern, self.folder)


def _may_be_spec(file: Path) -> bool:
    """Whether a file could have budgets; one that cannot be read is told of where it is checked."""
    if file.suffix in _OTHERS:
        return False
    try:
        with file.open("rb") as opened:
            return looks_like_spec(opened.read(1 << 20))
    except OSError:
        return True


def _files(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder, through links, too, but no folder by ever more of them."""
    seen: Counter[str] = Counter()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        seen[real] += 1
        if seen[real] > _MOST_NAMES:
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in _SKIPPED]
        yield from (Path(parent, name) for name in names)


def nearest_file(pattern: str, folder: Path) -> str:
    """Return a hint that names the spec file whose path is most like a pattern."""
    return did_you_mean(pattern.replace("*", ""), yaml_files(folder, 2000)).replace(
        "choose one of", "there are"
    )


def yaml_files(folder: Path, most: int = 1_000_000) -> Iterator[str]:
    """Yield the YAML files below a folder, in order, by their paths relative to it.

    Folders behind links come last, each once; a folder that lies below goes by its own name.
    """
    names = (
        os.path.relpath(os.path.join(parent, name), folder)  # noqa: PTH118 a name may hold anything
        for parent, files in _visible_folders(str(folder))
        for name in files
        if name.endswith((".yaml", ".yml")) and not name.startswith(".")
    )
    return islice(names, most)


def _visible_folders(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders below a folder with their files, sorted, and those that links lead to."""
    seen: set[str] = set()
    starts = [folder]
    for start in starts:  # it grows while it is walked
        for parent, folders, names in os.walk(start):
            real = os.path.realpath(parent)
            folders[:] = sorted(each for each in folders if _is_visible(each))
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            below = (os.path.join(parent, each) for each in folders)  # noqa: PTH118 as above
            starts += (each for each in below if os.path.islink(each) and not _leads_up(each))  # noqa: PTH114 as above
            yield parent, sorted(names)


def _is_visible(folder: str) -> bool:
    return folder not in _SKIPPED and not folder.startswith(".")


def _leads_up(link: str) -> bool:
    """Whether a link leads to a folder that it lies in: all that is there is no part of this."""
    here, there = (os.path.realpath(each) for each in (os.path.dirname(link), link))  # noqa: PTH120 as above
    return os.path.commonpath([here, there]) == there
