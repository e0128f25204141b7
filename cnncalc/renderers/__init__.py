"""A report as text: for people (table, markdown) and for programs (json, csv)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.renderers.options import NARROWEST, Options, page_width, wants_color
from cnncalc.renderers.text import log_safe
from cnncalc.report import Report

FORMATS = {
    "table": "table",
    "json": "json",
    "csv": "csv",
    "markdown": "markdown",
    "concise": "concise",
}
"""Format -> the module here whose `render(report, options)` prints it; loaded when asked for."""

_FOR_PEOPLE = {"table", "markdown", "concise"}


def render(
    report: Report,
    format: str = "table",  # noqa: A002 - the word that people use
    *,
    width: int | None = None,
    color: bool | None = None,
    ascii: bool = False,  # noqa: A002 - the same
    depth: int | None = None,
    top: int | None = None,
    by: str | None = None,
    columns: Sequence[str] | None = None,
    sort: str | None = None,
    parts: bool = False,
) -> str:
    """Return the report as text, without a newline at its end.

    `width` is in columns (None: the terminal's, else COLUMNS, else 160 in CI, else 100); `color`
    None means: on a terminal only. `depth`, `top`, `by` ("type"), `columns` and `sort` choose the
    rows and columns of table, csv and markdown; json always holds all of them. `parts` prints
    fused layers part by part. Raises CnncalcError for a format, column or choice that is not there.
    """
    if format not in FORMATS:
        raise CnncalcError(f"no format {format!r}", hint=did_you_mean(format, FORMATS))
    module = import_module(f"cnncalc.renderers.{FORMATS[format]}")
    options = Options(
        width=max(page_width() if width is None else width, NARROWEST),
        color=wants_color() if color is None else color,
        ascii=ascii,
        depth=depth,
        top=top,
        by=by,
        columns=tuple(columns) if columns is not None else None,
        sort=sort,
        parts=parts,
    )
    text = str(module.render(report, options))
    return log_safe(text) if format in _FOR_PEOPLE else text
