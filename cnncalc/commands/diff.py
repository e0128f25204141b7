"""`cnncalc diff`: what changed between two networks, and which lines did it."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
from typing import Annotated, Any

import typer

from cnncalc.commands.options import (
    Ascii,
    Base,
    Convention,
    Output,
    Set,
    Width,
    here,
    settings,
)
from cnncalc.errors import CnncalcError

OneVariant = Annotated[
    str | None, typer.Option("--variant", help="The variant of the specs to compare.")
]


def diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="A spec, FILE@VARIANT, or a bundled network.")
    ],
    after: Annotated[
        str | None, typer.Argument(metavar="[B]", help="Another; without it, A against --base.")
    ] = None,
    base: Base = None,
    variant: OneVariant = None,
    set_: Set = None,
    convention: Convention = None,
    top: Annotated[int | None, typer.Option(min=1, help="How many changed layers to list.")] = None,
    output: Output = None,
    width: Width = None,
    ascii_: Ascii = False,
) -> None:
    """Show what changed from A to B, or in A since a git base: totals, causes, layers.

    Layers are matched by path, then by structure: a rename is not a removal. Formats: table,
    markdown, json.
    """
    from cnncalc.checking.pair import case_of, compare_specs, compare_with_base
    from cnncalc.checking.projects import Projects
    from cnncalc.checking.versions import Watched
    from cnncalc.commands.output import INCLUDED, outputs, spare, spare_project
    from cnncalc.renderers.diff import FORMATS

    pairs = outputs(output or ["table"], FORMATS)
    projects = Projects(here())
    cases = [case_of(text, variant, projects.own) for text in (before, after) if text is not None]
    project = projects.settle(cases)
    counted = convention or project.convention
    files = Watched()
    written = [path for _, path in pairs]
    spare_project(written, projects, cases, [project.folder / project.lock])
    if after is None:
        ref = base or project.base
        if not ref:
            hint = "name another spec, or --base origin/main"
            raise CnncalcError(f"what is {cases[0].title} to be compared with?", hint=hint)
        comparison = compare_with_base(cases[0], ref, settings(set_), counted, files)
    elif base is not None:
        raise CnncalcError("two specs and --base are three networks", hint="leave one out")
    else:
        comparison = compare_specs(cases[0], cases[1], settings(set_), counted, files)

    spare(written, INCLUDED, files.contents)
    _print(comparison, pairs, top=top, width=width, ascii=ascii_)


def _print(
    comparison: Any,
    pairs: list[tuple[str, str]],
    *,
    top: int | None,
    width: int | None,
    ascii: bool,  # noqa: A002 the option's name
) -> None:
    from cnncalc.commands.output import only_ascii, write_all
    from cnncalc.renderers.diff import render

    def rendered(name: str, path: str) -> str:
        only = ascii or (not path and only_ascii())
        color = False if path else None
        return render(comparison, name, width=width, color=color, ascii=only, top=top)

    write_all(pairs, rendered)
