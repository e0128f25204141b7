"""`cnncalc specs`: the networks that come with cnncalc, and what has been published about them."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
from typing import Annotated

import typer

DIFFERENT = 1


def specs(
    check: Annotated[
        bool, typer.Option("--check", help="Recompute all; exit code 1 where one differs.")
    ] = False,
) -> None:
    """List the bundled networks with their published numbers; --check recomputes these."""
    from cnncalc import zoo
    from cnncalc.commands.output import only_ascii, print_text
    from cnncalc.commands.progress import progress

    entries = zoo.entries()
    outcomes = []
    with progress(len(entries)) as tick:
        for number, entry in enumerate(entries if check else ()):
            tick(number, len(entries), entry.name)
            outcomes.append(zoo.recompute(entry))
    print_text(zoo.table(entries, outcomes, ascii=only_ascii()))
    if check:
        print_text("\n" + zoo.verdict(outcomes))
    if any(outcome.differing for outcome in outcomes):
        raise typer.Exit(DIFFERENT)
