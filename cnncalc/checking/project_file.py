"""Project files: [tool.cnncalc] in pyproject.toml, or cnncalc.toml."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cnncalc.analyses.work import NAMES as CONVENTIONS
from cnncalc.checking.project import Group, Project, Target
from cnncalc.checking.rules import Rule
from cnncalc.checking.toml_places import Path as Way
from cnncalc.checking.toml_places import Places
from cnncalc.errors import Problem, SpecError, did_you_mean
from cnncalc.outcome import CHECK_LEVELS, LEVELS
from cnncalc.units import DTYPE_BYTES

NAMES = ("cnncalc.toml", "pyproject.toml")
_KEYS = ("specs", "base", "convention", "level", "lock", "budget", "target")
_BUDGET_KEYS = ("for", "rules")
_TARGET_KEYS = ("rules", "dtype", "why")
_RULE_KEYS = ("assert", "level", "why", "id")


def project_in(folder: Path) -> Project | None:
    """Return the project whose file lies in a folder, or None; raises SpecError."""
    for name in NAMES:
        path = folder / name
        if path.is_file():
            data, text = _load(path)
            if data is not None:
                return _Reader(path, text).project(data)
    return None


def _load(path: Path) -> tuple[Any, str]:
    """Return the project's table, None where pyproject.toml has none, and the file's text."""
    import tomllib

    shown = os.path.relpath(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")  # as specs may begin, too
        data = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError(Problem(f"the file cannot be read: {error}", shown)) from None
    if path.name == "pyproject.toml":
        tool = data.get("tool", {})
        if not isinstance(tool, dict):
            raise SpecError(Problem("tool must be a table", shown, hint="write [tool.NAME]"))
        return tool.get("cnncalc"), text
    return data, text


class _Reader:
    """Reads the project's table; a way is that of a value in the whole file."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.file = os.path.relpath(path)
        self.lines = text.split("\n")
        self.places = Places(text)

    def project(self, data: Any) -> Project:
        way: Way = ("tool", "cnncalc") if self.path.name == "pyproject.toml" else ()
        self._keys(data, _KEYS, "[tool.cnncalc]", way)
        defaults = Project(self.path.parent)
        tables = self._tables(data, "budget", way)
        targets = self._table(data, "target", way)
        return defaults._replace(
            file=self.file,
            specs=self._texts(data, "specs", way),
            base=self._text(data, "base", "", way),
            convention=self._choice(data, "convention", CONVENTIONS, defaults.convention, way),
            level=self._choice(data, "level", CHECK_LEVELS, defaults.level, way),
            lock=self._text(data, "lock", defaults.lock, way),
            groups=tuple(
                self._group(each, (*way, "budget", number)) for number, each in enumerate(tables)
            ),
            targets={
                name: self._target(name, each, (*way, "target", name))
                for name, each in targets.items()
            },
        )

    def _group(self, data: Any, way: Way) -> Group:
        self._keys(data, _BUDGET_KEYS, "[[budget]]", way)
        patterns = self._texts(data, "for", way) or ("**/*.yaml", "**/*.yml")
        line, column = self.places.key((*way, "for"))
        rules = tuple(self._rules(data, "project", way))
        return Group(patterns, rules, line, column, chosen="for" in data)

    def _target(self, name: str, data: Any, way: Way) -> Target:
        self._keys(data, _TARGET_KEYS, f"target {name}", way)
        dtype = self._choice(data, "dtype", tuple(DTYPE_BYTES), "float32", way)
        why = self._text(data, "why", "", way)
        rules = (
            rule._replace(dtype=dtype, why=rule.why or why)
            for rule in self._rules(data, f"target {name}", way)
        )
        return Target(name, tuple(rules), dtype)

    def _rules(self, data: Any, origin: str, way: Way) -> Iterator[Rule]:
        given = data.get("rules")
        way = (*way, "rules")
        if not isinstance(given, list) or not given:
            hint = 'write rules = ["params <= 5M"]'
            raise self._wrong("rules must be a list of budgets", hint, way)
        for number, each in enumerate(given):
            yield self._rule(each, origin, (*way, number))

    def _rule(self, data: Any, origin: str, way: Way) -> Rule:
        fields = {"assert": data} if isinstance(data, str) else data
        self._keys(fields, _RULE_KEYS, "a rule", way)
        text = self._text(fields, "assert", "", way)
        if not text.strip():
            raise self._wrong("a rule needs a budget", 'write {assert = "params <= 5M"}', way)
        line, column = self.places.value(way if isinstance(data, str) else (*way, "assert"))
        excerpt = self.lines[line - 1].rstrip("\r") if line else ""
        return Rule(
            text,
            self._choice(fields, "level", LEVELS, "error", way),
            self.file,
            line,
            excerpt.find(text, max(0, column - 1)) + 1 or column,  # behind the quote
            excerpt,
            self._text(fields, "id", "", way),
            self._text(fields, "why", "", way),
            origin,
        )

    def _keys(self, data: Any, known: Iterable[str], where: str, way: Way) -> None:
        if not isinstance(data, dict):
            raise self._wrong(f"{where} must be a table", "write key = value", way)
        for key in data:
            if key not in known:
                text, hint = f"{where}: unknown key '{key}'", did_you_mean(key, known)
                raise self._wrong(text, hint, (*way, key), key=True)

    def _text(self, data: Mapping[str, Any], key: str, default: str, way: Way) -> str:
        value = data.get(key, default)
        if not isinstance(value, str):
            raise self._wrong(f"{key} must be a text", f'write {key} = "…"', (*way, key))
        return value

    def _choice(
        self, data: Mapping[str, Any], key: str, known: tuple[str, ...], default: str, way: Way
    ) -> str:
        value = self._text(data, key, default, way)
        if value not in known:
            text, hint = f"{key} = {value!r} is not known", did_you_mean(value, known)
            raise self._wrong(text, hint, (*way, key))
        return value

    def _texts(self, data: Mapping[str, Any], key: str, way: Way) -> tuple[str, ...]:
        value = data.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise self._wrong(f"{key} must be a list of texts", f'write {key} = ["…"]', (*way, key))
        return tuple(values)

    def _tables(self, data: Mapping[str, Any], key: str, way: Way) -> list[Any]:
        value = data.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(f"{key} must be a list of tables", f"write [[{key}]]", (*way, key))
        return value

    def _table(self, data: Mapping[str, Any], key: str, way: Way) -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(f"{key} must be a table", f"write [{key}.NAME]", (*way, key))
        return value

    def _wrong(self, text: str, hint: str, way: Way, *, key: bool = False) -> SpecError:
        """Return an error at a value, or at its key; without a place, at that of its table."""
        find = self.places.key if key else self.places.value
        ways = (way[:length] for length in range(len(way), -1, -1))
        line, column = next(filter(any, map(find, ways)), (0, 0))
        excerpt = self.lines[line - 1].rstrip("\r") if line else ""
        width = len(str(way[-1])) if key else 1
        return SpecError(Problem(text, self.file, line, column, width, excerpt=excerpt, hint=hint))
