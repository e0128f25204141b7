"""Which networks a command is about: files, folders, globs and variants to single networks."""

from __future__ import annotations

import glob as globbing
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cnncalc.bundled import bundled, find_bundled
from cnncalc.checking.places import show
from cnncalc.checking.project import Project, yaml_files
from cnncalc.checking.rules import fits_parts
from cnncalc.errors import CnncalcError, Problem, SpecError, did_you_mean
from cnncalc.records import Record
from cnncalc.spec import Limits, read_text, variant_names
from cnncalc.spec.candidates import looks_like_spec

ALL = "all"
_STARS = frozenset("*?[")


class Case(Record):
    """One network: the file, the name to show for it, and the variant."""

    path: Path
    shown: str
    variant: str | None = None
    bundled: bool = False
    """Whether it comes with cnncalc."""

    @property
    def title(self) -> str:
        """The name with the variant."""
        return f"{self.shown}@{self.variant}" if self.variant else self.shown


class Cases:
    """The networks of some arguments, each once, in order; `notices` says what was passed over."""

    def __init__(self, project: Project, variant: str | None = None) -> None:
        self.project = project
        self.variant = variant
        self.notices: list[str] = []
        self.problems: list[Problem] = []
        """Files whose variants cannot be told."""

    def of(self, arguments: Iterable[str]) -> list[Case]:
        """Return the networks; raises CnncalcError where an argument names nothing."""
        given = list(arguments)
        found: dict[tuple[str, str | None], Case] = {}
        if given:
            for text in given:
                for case in self._expand(text, None):
                    _add(case, found)
        else:
            if not self.project.specs:
                raise CnncalcError("no spec to check", hint=self._no_specs())
            for text in self.project.specs:
                for case in self._expand(text, self.project.folder):
                    _add(case, found)
        return list(found.values())

    def _no_specs(self) -> str:
        if self.project.file:
            return f'name one, or write specs = ["models/*.yaml"] in {self.project.file}'
        return 'name one, or write specs = ["models/*.yaml"] in cnncalc.toml'

    def _expand(self, text: str, folder: Path | None) -> Iterator[Case]:
        path, variant = self._split(text, folder)
        where = str(folder / path) if folder else path
        if os.path.isdir(where):  # noqa: PTH112 a name may hold anything, and this never raises
            files = list(self._in_folder(where))
        elif os.path.exists(where):  # noqa: PTH110 as above
            yield from self._variants(Path(where), variant, strict=True)
            return
        elif _STARS & set(path):
            files = [each for each in _matching(where) if each.is_file()]
            if not files:
                raise CnncalcError(f"'{text}' matches no file", hint=_nearest(path, folder))
        else:
            yield from self._bundled(text, path, variant, folder)
            return
        cases = [case for file in files for case in self._variants(file, variant, strict=False)]
        if not cases and variant and not self.problems:
            raise CnncalcError(f"'{text}': no spec has a variant '{variant}'", hint="see --variant")
        yield from cases

    def _split(self, text: str, folder: Path | None) -> tuple[str, str | None]:
        exists = os.path.exists(folder / text if folder else text)  # noqa: PTH110 as above
        path, at, variant = text.rpartition("@")
        if exists or not at or not path:
            return text, self.variant
        if not variant:
            raise CnncalcError(f"'{text}' names no variant", hint=f"write {path}@all, or {path}")
        return path, variant

    def _in_folder(self, folder: str) -> Iterator[Path]:
        """Yield the specs below a folder: YAML files that have layers."""
        others = []
        specs = 0
        for name in yaml_files(Path(folder)):
            path = Path(folder) / name
            if looks_like_spec(_bytes(path)):
                specs += 1
                yield path
            else:
                others.append(name)
        if not specs:
            raise CnncalcError(f"'{folder}' has no specs", hint="a spec is a YAML file with layers")
        if others:
            names = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
            shown = show(Path(folder))
            self.notices.append(f"{shown}: passed over {len(others)} without layers: {names}")

    def _variants(
        self, path: Path, variant: str | None, *, strict: bool, shown: str = ""
    ) -> Iterator[Case]:
        shown = shown or show(path)
        if variant is None or (strict and variant != ALL):
            yield Case(path, shown, variant)
            return
        try:
            names = list(variant_names(read_text(path, shown, Limits())))
        except SpecError as error:
            self.problems += error.problems
            return
        if variant == ALL:
            yield from (Case(path, shown, name) for name in names)
            if not names:
                yield Case(path, shown)
        elif variant in names:
            yield Case(path, shown, variant)

    def _bundled(
        self, text: str, path: str, variant: str | None, folder: Path | None
    ) -> Iterator[Case]:
        """Yield the network of a name, which may be that of a variant: then all is that one."""
        found = find_bundled(path)
        if found is None:
            if path.isidentifier():
                names = [name or file.stem for file, name in bundled()]
                near = did_you_mean(path, names)
                what = "there is no file and no bundled network"
                raise CnncalcError(f"{what} '{text}'", hint=near or _nearest(path, folder))
            raise CnncalcError(f"there is no file '{text}'", hint=_nearest(path, folder))
        file, shown, named = found
        chosen = named if variant in {None, ALL} and named else variant
        for case in self._variants(file, chosen, strict=True, shown=shown):
            yield case._replace(bundled=True)


def _add(case: Case, found: dict[tuple[str, str | None], Case]) -> None:
    """Add a network that is not there yet; a file goes by its own name rather than a link's."""
    real = str(case.path.resolve())
    key = real, case.variant
    if key not in found or os.path.abspath(case.path) == real:  # noqa: PTH100 without links
        found[key] = case


def _matching(pattern: str) -> list[Path]:
    """Return the files that a pattern matches, sorted; for ** the YAML files that fit."""
    parts = Path(pattern).parts
    if "**" not in parts:
        return [Path(each) for each in sorted(globbing.glob(pattern))]  # noqa: PTH207 a pattern may be absolute
    fixed = next(at for at, part in enumerate(parts) if _STARS & set(part))
    folder = Path(*parts[:fixed])
    names = yaml_files(folder)  # no link leads it round in circles
    return [folder / name for name in names if fits_parts(Path(name).parts, parts[fixed:])]


def _nearest(path: str, folder: Path | None) -> str:
    near = did_you_mean(path.replace("*", ""), yaml_files(folder or Path(), 2000))
    return near.replace("choose one of", "there are")


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(Limits().file_bytes + 1)
    except OSError:
        return b"layers:"  # the reader of specs says what is wrong with it
