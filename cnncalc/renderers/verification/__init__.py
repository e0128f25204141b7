"""What `verify` found out, as text: a table for people, JSON and JUnit XML for programs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.findings import Verification
from cnncalc.renderers.options import NARROWEST, Options, page_width, wants_color
from cnncalc.renderers.text import log_safe

FORMATS = {"table": "table", "json": "json", "junit": "junit"}
"""Format -> the module here whose `render(verifications, options)` prints it."""


def render(
    verifications: Sequence[Verification],
    format: str = "table",  # noqa: A002 the word that people use
    *,
    width: int | None = None,
    color: bool | None = None,
    ascii: bool = False,  # noqa: A002 the same
) -> str:
    """Return the findings about all networks as text, without a newline at its end.

    `width` and `color` as in the report's `render`. Raises CnncalcError for an unknown format.
    """
    if format not in FORMATS:
        raise CnncalcError(f"no format {format!r}", hint=did_you_mean(format, FORMATS))
    module = import_module(f"{__name__}.{FORMATS[format]}")
    options = Options(
        width=max(page_width() if width is None else width, NARROWEST),
        color=wants_color() if color is None else color,
        ascii=ascii,
    )
    text = str(module.render(verifications, options))
    return log_safe(text) if format == "table" else text
