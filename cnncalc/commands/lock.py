"""`cnncalc lock`: the figures of specs in a file, so that a change of them shows in a review."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
import shlex
from pathlib import Path
from typing import Annotated

import typer

from cnncalc.commands.options import Convention, Specs, Variant, here, in_ci
from cnncalc.errors import CnncalcError

STALE = 1


def lock(
    specs: Specs = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where an entry is stale.")
    ] = False,
    variant: Variant = None,
    convention: Convention = None,
    lock_file: Annotated[
        str | None, typer.Option("--lock-file", metavar="FILE", help="Else cnncalc.lock.")
    ] = None,
) -> None:
    """Write the figures of specs to cnncalc.lock, or check that they are up to date.

    Without specs, those of the project's file are all that the lock file holds; with some, the
    others stay as they are. It is never written where CI is set.
    """
    from cnncalc.checking.cases import Cases
    from cnncalc.checking.locks import Lock, locked
    from cnncalc.checking.projects import Projects
    from cnncalc.commands.output import print_text, spare_project, write
    from cnncalc.commands.progress import progress

    if not check and in_ci():
        hint = "run `cnncalc lock` where it can be committed; here, `cnncalc lock --check`"
        raise CnncalcError("the lock file is not written in CI", hint=hint)
    projects = Projects(here())
    cases = Cases(projects.own, variant)
    found = cases.of(specs or ())
    project = projects.settle(found)
    path = Path(lock_file) if lock_file else project.folder / project.lock
    spare_project([str(path)], projects, found)
    counted = convention or project.convention
    file = Lock(path, replaced=not check and not specs, listed=projects.listed)
    with progress(len(found)) as tick:
        entries = locked(file, found, counted, tick, cases.problems)
    count = "1 spec" if len(entries) == 1 else f"{len(entries)} specs"
    if check:
        differences = [*file.stale(entries, counted, whole=not specs)]
        summary = f"✓ {file.shown}: {count}"
        if differences:
            again = _again(specs or [], variant, convention, lock_file)
            summary = f"✗ {file.shown}: not up to date, write it with `{again}`"
        print_text("\n".join((*differences, summary)))
        if differences:
            raise typer.Exit(STALE)
        return
    text, unchanged = file.updated(entries, counted, whole=not specs)
    if not unchanged:
        write(str(file.path), text.removesuffix("\n"))
    print_text(f"{file.shown}: {'up to date' if unchanged else 'written'}, {count}")


def _again(
    specs: list[str], variant: str | None, convention: str | None, lock_file: str | None
) -> str:
    """Return the command that writes what was checked."""
    options = (("--variant", variant), ("--convention", convention), ("--lock-file", lock_file))
    given = [word for name, value in options if value for word in (name, value)]
    last = ["--", *specs] if any(spec.startswith("-") for spec in specs) else specs
    return shlex.join(["cnncalc", "lock", *given, *last])
