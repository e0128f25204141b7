"""Two networks for `diff`: two specs, or a spec and what it was at a git base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.checking.base import GitBase
from cnncalc.checking.cases import Case, Cases
from cnncalc.checking.project import Project
from cnncalc.checking.versions import Version, Watched, load
from cnncalc.comparison import compare
from cnncalc.errors import CnncalcError, HistoryError
from cnncalc.outcome import Comparison


def compare_specs(
    one: Case, other: Case, overrides: Mapping[str, Any], convention: str, files: Watched
) -> Comparison:
    """Return what changed from one spec to another; raises CnncalcError, SpecError.

    `files` are told what is read.
    """
    old = _load(one, overrides, convention, files)
    new = _load(other, overrides, convention, files)
    return compare(old.report(), new.report(), before=one.title, after=other.title)


def compare_with_base(
    case: Case, ref: str, overrides: Mapping[str, Any], convention: str, files: Watched
) -> Comparison:
    """Return what changed in a spec since a git base; raises HistoryError where that is not had.

    `files` are told what is read.
    """
    version = _load(case, overrides, convention, files)
    with GitBase(ref, [case], overrides, convention) as base:
        baseline = base.of(case, version, files)
        if baseline.version is None:
            raise HistoryError(f"{case.title}: {baseline.notice}", hint="name another base")
        before = f"{base.title}:{case.title}"
        if baseline.notice:
            before = f"{base.title}:{baseline.version.net.origin.spec.partition(':')[2]}"
        return compare(baseline.version.report(), version.report(), before=before, after=case.title)


def _load(case: Case, overrides: Mapping[str, Any], convention: str, files: Watched) -> Version:
    return load(case.path, case.shown, case.variant, overrides, convention, files)


def case_of(spec: str, variant: str | None, project: Project) -> Case:
    """Return the one network of an argument; raises CnncalcError where it is none, or several."""
    found = Cases(project, variant).of([spec])
    if len(found) != 1:
        hint = "name one file and one variant"
        raise CnncalcError(f"'{spec}' is {len(found)} networks, and a diff is of one", hint=hint)
    return found[0]
