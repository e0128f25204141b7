"""The project's own file: [tool.cnncalc] in pyproject.toml, or cnncalc.toml."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path, PurePath
from typing import Any

from cnncalc.checking.places import upwards
from cnncalc.checking.rules import Rule, fits_path
from cnncalc.errors import Problem, SpecError, did_you_mean
from cnncalc.outcome import CHECK_LEVELS, LEVELS
from cnncalc.records import Record
from cnncalc.units import DTYPE_BYTES

NAMES = ("cnncalc.toml", "pyproject.toml")
_KEYS = ("specs", "base", "convention", "level", "lock", "budget", "target")
_BUDGET_KEYS = ("for", "rules")
_TARGET_KEYS = ("rules", "dtype", "why")
_RULE_KEYS = ("assert", "level", "why", "id")
_OUR_TABLE = re.compile(r"\s*\[*\s*(tool\s*\.\s*)?cnncalc\b")
_SKIPPED = frozenset((".git", ".venv", "venv", "node_modules", "__pycache__", ".tox"))

_MOST_NAMES = 4
"""By so many names a folder is looked into: links may lead round and round."""


class Group(Record):
    """Rules for the specs that match one of the patterns, relative to the project's folder."""

    patterns: tuple[str, ...]
    rules: tuple[Rule, ...]
    line: int
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
        """Yield the rules of the project for a spec."""
        for group in self.groups:
            if any(fits_path(path, self.folder, pattern) for pattern in group.patterns):
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
                    problems.append(Problem(text, self.file, group.line, 1, hint=hint))
        if problems:
            raise SpecError(*problems)

    def _pattern_problem(self, pattern: str, files: list[Path]) -> tuple[str, str]:
        """Return what is wrong with a pattern, and what to do; nothing where it matches a file."""
        path = PurePath(pattern)
        if not path.parts:
            return "is empty", 'write for = "**/*.yaml"'
        if path.is_absolute() or ".." in path.parts:
            return "leads out of the project's folder", f"write it relative to {self.file}"
        if any(fits_path(file, self.folder, pattern) for file in files):
            return "", ""
        try:
            exists, folder = (self.folder / path).is_file(), (self.folder / path).is_dir()
        except (OSError, ValueError):
            exists = folder = False
        if exists:
            return "", ""
        if folder:
            return "is a folder", f"write {(path / '**/*.yaml').as_posix()}"
        return "matches no file", nearest_file(pattern, self.folder)


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


def find_project(start: Path) -> Project:
    """Return the nearest project of a folder and those above it; raises SpecError."""
    for folder in upwards(start):
        for name in NAMES:
            path = folder / name
            if path.is_file():
                data, text = _load(path)
                if data is not None:
                    return _Reader(path, text).project(data)
    return Project(start)


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _load(path: Path) -> tuple[Any, str]:
    """Return the project's table, None where pyproject.toml has none, and the file's text."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError(Problem(f"the file cannot be read: {error}", _shown(path))) from None
    if path.name == "pyproject.toml":
        tool = data.get("tool", {})
        if not isinstance(tool, dict):
            raise SpecError(Problem("tool must be a table", _shown(path), hint="write [tool.NAME]"))
        return tool.get("cnncalc"), text
    return data, text


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.file = _shown(path)
        self.lines: list[str] = text.splitlines()
        self.at = next((at for at, line in enumerate(self.lines) if _OUR_TABLE.match(line)), 0)
        """The line where the last rule was found: the next one is behind it."""

    def project(self, data: Any) -> Project:
        self._keys(data, _KEYS, "[tool.cnncalc]")
        defaults = Project(self.path.parent)
        return defaults._replace(
            file=self.file,
            specs=self._texts(data, "specs"),
            base=self._text(data, "base", ""),
            convention=self._text(data, "convention", defaults.convention),
            level=self._choice(data, "level", CHECK_LEVELS, defaults.level),
            lock=self._text(data, "lock", defaults.lock),
            groups=tuple(self._group(each) for each in self._tables(data, "budget")),
            targets={
                name: self._target(name, each) for name, each in self._table(data, "target").items()
            },
        )

    def _group(self, data: Any) -> Group:
        self._keys(data, _BUDGET_KEYS, "[[budget]]")
        patterns = self._texts(data, "for") or ("**/*.yaml", "**/*.yml")
        line: int = self._find(patterns[0]) if "for" in data else 0
        rules = tuple(self._rules(data, "project"))
        line = line or (rules[0].line if rules else 0)
        return Group(patterns, rules, line, chosen="for" in data)

    def _target(self, name: str, data: Any) -> Target:
        self._keys(data, _TARGET_KEYS, f"target {name}")
        dtype = self._choice(data, "dtype", tuple(DTYPE_BYTES), "float32")
        why = self._text(data, "why", "")
        rules = (
            rule._replace(dtype=dtype, why=rule.why or why)
            for rule in self._rules(data, f"target {name}")
        )
        return Target(name, tuple(rules), dtype)

    def _rules(self, data: Any, origin: str) -> Iterator[Rule]:
        given = data.get("rules")
        if not isinstance(given, list) or not given:
            raise self._wrong("rules must be a list of budgets", 'write rules = ["params <= 5M"]')
        for each in given:
            fields = {"assert": each} if isinstance(each, str) else each
            self._keys(fields, _RULE_KEYS, "a rule")
            text = self._text(fields, "assert", "")
            if not text.strip():
                raise self._wrong("a rule needs a budget", 'write {assert = "params <= 5M"}')
            line = self._find(text)
            excerpt = self.lines[line - 1] if line else ""
            yield Rule(
                text,
                self._choice(fields, "level", LEVELS, "error"),
                self.file,
                line,
                excerpt.find(text) + 1,
                excerpt,
                self._text(fields, "id", ""),
                self._text(fields, "why", ""),
                origin,
            )

    def _find(self, text: str) -> int:
        """Return the number of the next line that holds a text; TOML tells no places."""
        for index in chain(range(self.at, len(self.lines)), range(self.at)):
            if text in self.lines[index]:
                self.at = index
                return index + 1
        return 0

    def _keys(self, data: Any, known: Iterable[str], where: str) -> None:
        if not isinstance(data, dict):
            raise self._wrong(f"{where} must be a table", "write key = value")
        for key in data:
            if key not in known:
                raise self._wrong(f"{where}: unknown key '{key}'", did_you_mean(key, known), key)

    def _text(self, data: Mapping[str, Any], key: str, default: str) -> str:
        value = data.get(key, default)
        if not isinstance(value, str):
            raise self._wrong(f"{key} must be a text", f'write {key} = "…"', key)
        return value

    def _choice(
        self, data: Mapping[str, Any], key: str, known: tuple[str, ...], default: str
    ) -> str:
        value = self._text(data, key, default)
        if value not in known:
            text, hint = f"{key} = {value!r} is not known", did_you_mean(value, known)
            raise self._wrong(text, hint, key, value)
        return value

    def _texts(self, data: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = data.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise self._wrong(f"{key} must be a list of texts", f'write {key} = ["…"]', key)
        return tuple(values)

    def _tables(self, data: Mapping[str, Any], key: str) -> list[Any]:
        value = data.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(f"{key} must be a list of tables", f"write [[{key}]]", key)
        return value

    def _table(self, data: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(f"{key} must be a table", f"write [{key}.NAME]", key)
        return value

    def _wrong(self, text: str, hint: str, key: str = "", value: str = "") -> SpecError:
        line, column = self._place(key, value) if key else (0, 0)
        excerpt = self.lines[line - 1] if line else ""
        return SpecError(
            Problem(text, self.file, line, column, max(1, len(key)), excerpt=excerpt, hint=hint)
        )

    def _place(self, key: str, value: str) -> tuple[int, int]:
        """Return the line and column of the next `key = value`, else of the key in any form."""
        name = re.escape(key)
        entry = re.compile(rf"""[^#]*?(?<![\w-])({name})["']?\s*=\s*["']?{re.escape(value)}""")
        for index in chain(range(self.at, len(self.lines)), range(self.at)):
            if found := entry.match(self.lines[index]):
                return index + 1, found.start(1) + 1
        line = self._find(key)
        return line, self.lines[line - 1].find(key) + 1 if line else 0
