"""`cnncalc check`: networks held against their budgets."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from cnncalc.commands.options import (
    Ascii,
    Base,
    Convention,
    Output,
    Set,
    Specs,
    Variant,
    Width,
    here,
    settings,
)
from cnncalc.errors import CnncalcError, did_you_mean

FAILED = 1
INVALID = 2
CI_WIDTH = 160

NoBase = Annotated[
    bool, typer.Option("--no-base", help="Compare with nothing, whatever the project says.")
]
Lock = Annotated[bool, typer.Option("--lock", help="Compare with the lock file.")]
LockFile = Annotated[
    str | None, typer.Option("--lock-file", metavar="FILE", help="Compare with this lock file.")
]
OnlyNew = Annotated[
    bool, typer.Option("--only-new", help="What failed at the base, too, does not fail.")
]
Level = Annotated[str | None, typer.Option("--level", help="What fails: error, or warn for both.")]
Target = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="NAME", help="A device of the project; repeatable."),
]
Budget = Annotated[
    list[str] | None,
    typer.Option("--budget", metavar="RULE", help="One more budget; repeatable."),
]
ExitZero = Annotated[
    bool, typer.Option("--exit-zero", help="Report failed budgets, and exit with 0.")
]
Ci = Annotated[
    bool,
    typer.Option(
        "--ci", help="Annotations beside the text, and -o markdown to GitHub's step summary."
    ),
]


def check(
    specs: Specs = None,
    base: Base = None,
    no_base: NoBase = False,
    lock: Lock = False,
    lock_file: LockFile = None,
    only_new: OnlyNew = False,
    level: Level = None,
    set_: Set = None,
    variant: Variant = None,
    target: Target = None,
    budget: Budget = None,
    convention: Convention = None,
    exit_zero: ExitZero = False,
    output: Output = None,
    ci: Ci = False,
    width: Width = None,
    ascii_: Ascii = False,
) -> None:
    """Hold networks against their budgets: 0 all hold, 1 one failed, 2 wrong, 3 no base.

    Formats: table, concise, json, junit, sarif, github, gitlab, markdown, csv.
    """
    from cnncalc.checking import Options, check_cases
    from cnncalc.checking.cases import Cases
    from cnncalc.checking.projects import Projects
    from cnncalc.commands.output import INCLUDED, spare, spare_project
    from cnncalc.commands.progress import progress

    pairs = _outputs(output or [], ci=ci)
    summary = os.environ.get("GITHUB_STEP_SUMMARY", "") if ci else ""
    projects = Projects(here())
    cases = Cases(projects.own, variant)
    found = cases.of(specs or ())
    project = projects.settle(found)
    ref, file = _base(project, base, no_base=no_base, lock=lock, lock_file=lock_file)
    options = Options(
        base=ref,
        lock=file,
        only_new=only_new,
        level=_level(level or project.level),
        set=settings(set_),
        budgets=tuple(budget or ()),
        targets=tuple(target or ()),
        convention=convention or project.convention,
    )
    written = [summary, *(path for _, path in pairs)]
    spare_project(written, projects, found, [file or project.folder / project.lock])
    with progress(len(found)) as tick:
        outcome = check_cases(found, projects, options, tick, cases.problems, cases.notices)
    spare(written, INCLUDED, outcome.files)
    _report(outcome, pairs, summary, width=width or (CI_WIDTH if ci else None), ascii=ascii_)
    if outcome.broken:
        raise typer.Exit(INVALID)
    if not outcome.ok and not exit_zero:
        raise typer.Exit(FAILED)


def _level(level: str) -> str:
    if level not in {"warn", "error"}:
        raise CnncalcError(
            f"--level {level}: not known", hint=did_you_mean(level, ["warn", "error"])
        )
    return level


def _base(
    project: Any, base: str | None, *, no_base: bool, lock: bool, lock_file: str | None
) -> tuple[str, Path | None]:
    """Return the reference and the lock file to compare with; at most one is given."""
    locked = lock or lock_file is not None
    if sum((base is not None, no_base, locked)) > 1:
        raise CnncalcError("--base, --lock and --no-base exclude each other", hint="keep one")
    if locked:
        return "", Path(lock_file) if lock_file else project.folder / project.lock
    if base is not None:
        if not base:
            raise CnncalcError("--base is empty", hint="name a branch, or use --no-base")
        return base, None
    return "" if no_base else project.base, None


def _outputs(texts: list[str], *, ci: bool) -> list[tuple[str, str]]:
    from cnncalc.commands.output import outputs
    from cnncalc.renderers.check import FORMATS

    pairs = outputs(texts or ([] if ci else ["table"]), FORMATS)
    printed = {name for name, path in pairs if not path}
    if ci and printed <= {"table", "concise"}:  # GitHub finds annotations beside text for people
        pairs.append(("github", ""))
    return pairs


def _report(
    outcome: Any,
    pairs: list[tuple[str, str]],
    summary: str,
    *,
    width: int | None,
    ascii: bool,  # noqa: A002 the option's name
) -> None:
    """Write all formats; what fails at a file or a stream keeps nothing from the step's summary."""
    from cnncalc.commands.output import append, only_ascii, write_all
    from cnncalc.renderers.check import render

    def rendered(name: str, path: str) -> str:
        only = ascii or (not path and only_ascii())
        return render(outcome, name, width=width, color=False if path else None, ascii=only)

    text = rendered("markdown", summary) if summary else ""
    try:
        write_all(pairs, rendered)
    finally:
        if summary:
            append(summary, text)
