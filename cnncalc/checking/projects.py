"""The projects of a run: whose settings it has, and whose budgets its specs must keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cnncalc.checking.cases import Case
from cnncalc.checking.places import names_of, upwards
from cnncalc.checking.project import Project
from cnncalc.checking.project_file import project_in
from cnncalc.checking.rules import Rule

_SETTINGS = ("base", "convention", "level")


class Projects:
    """The project files above the present folder and above the specs, each read once.

    `own` is the project whose settings the run has.
    """

    def __init__(self, start: Path) -> None:
        """Take the project of the present folder, which may have no file; raises SpecError."""
        self._read: dict[Path, Project | None] = {}
        self._start = start
        self.own = next(self._above(start), Project(start))
        self.listed = bool(self.own.specs)
        """Whether a command that names no spec has any."""

    def settle(self, cases: Sequence[Case]) -> Project:
        """Return whose settings the run has: where there is no file, the one that all specs share.

        Raises SpecError for a project file that is wrong.
        """
        if not self.own.file:
            nearest = [next(iter(self.of(case)), None) for case in cases if not case.bundled]
            first = nearest[0] if nearest else None
            if first and all(each is first for each in nearest):
                self.own = first
        return self.own

    def of(self, case: Case) -> list[Project]:
        """Return the projects that a spec is in, the nearest first.

        As a file it is in those of its name and of where links lead it; a network that comes with
        cnncalc is in none.
        """
        names = () if case.bundled else names_of(case.path)
        found = (project for name in names for project in self._above(name.parent))
        return list({project.folder.resolve(): project for project in found}.values())

    def rules_for(self, case: Case) -> Iterator[Rule]:
        """Yield the budgets that the projects have for a spec."""
        for project in self.of(case):
            yield from project.rules_for(case.path)

    def concerned(self, cases: Iterable[Case]) -> list[Project]:
        """Return the project of the run and those that its specs are in, each once."""
        found = {self.own.folder.resolve(): self.own}
        for case in cases:
            for project in self.of(case):
                found.setdefault(project.folder.resolve(), project)
        return list(found.values())

    def notices(self, cases: Iterable[Case]) -> Iterator[str]:
        """Yield which settings of files beside the present folder this run does not have."""
        above = list(self._above(self._start))
        for project in self.concerned(cases):
            other = [name for name in _SETTINGS if self._differs(project, name)]
            if other and project not in above:
                whose = (
                    f"has the settings of {self.own.file}" if self.own.file else "has no project"
                )
                yield f"not in use: {' and '.join(other)} of {project.file}; this run {whose}"

    def _differs(self, project: Project, name: str) -> bool:
        value = getattr(project, name)
        return value not in {getattr(self.own, name), getattr(Project(project.folder), name)}

    def _above(self, folder: Path) -> Iterator[Project]:
        """Yield the projects of a folder and of those above it, up to its repository's folder."""
        for each in upwards(folder):
            if each not in self._read:
                self._read[each] = project_in(each)
            project = self._read[each]
            if project is not None:
                yield project
