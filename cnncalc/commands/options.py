"""The options that check, diff and lock share."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from cnncalc.errors import CnncalcError

Specs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SPEC|DIR|GLOB[@VARIANT]]…",
        help="Specs, folders, globs or bundled networks; else those of the project's file.",
    ),
]
Variant = Annotated[
    str | None, typer.Option("--variant", help="A variant of the specs, or all of them: all.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a variable.")
]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="REF", help="Compare with where this branch left REF."),
]
Convention = Annotated[
    str | None, typer.Option("--convention", help="How FLOPs are counted; else the project's.")
]
Output = Annotated[
    list[str] | None,
    typer.Option("-o", "--output", metavar="FORMAT[=PATH]", help="A format; repeatable."),
]
Width = Annotated[int | None, typer.Option(min=20, help="Columns of the page.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Use ASCII characters only.")]


def settings(texts: list[str] | None) -> dict[str, Any]:
    """Return the variables of `--set`."""
    pairs = [(text, *text.partition("=")) for text in texts or ()]
    for text, name, equals, _ in pairs:
        if not equals or not name:
            raise CnncalcError(f"--set {text}: not NAME=VALUE", hint="write --set width=0.5")
    return {name: value for _, name, _, value in pairs}


def here() -> Path:
    """Return the present folder."""
    return Path(os.path.realpath("."))


def in_ci() -> bool:
    """Whether this runs in CI, where nobody commits what is written."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}
