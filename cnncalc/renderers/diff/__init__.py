"""A comparison of two versions as text: table, markdown or JSON."""

from __future__ import annotations

from importlib import import_module

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.outcome import Comparison
from cnncalc.renderers.options import NARROWEST, Options, page_width, wants_color
from cnncalc.renderers.text import log_safe

FORMATS = ("table", "markdown", "json")
"""Each is a module here with `render(comparison, options)`; loaded when asked for."""


def render(
    comparison: Comparison,
    format: str = "table",  # noqa: A002 - the word that people use
    *,
    width: int | None = None,
    color: bool | None = None,
    ascii: bool = False,  # noqa: A002 - the same
    top: int | None = None,
) -> str:
    """Return the comparison as text; `top` is how many changed layers are listed."""
    if format not in FORMATS:
        raise CnncalcError(f"no format {format!r}", hint=did_you_mean(format, FORMATS))
    module = import_module(f"cnncalc.renderers.diff.{format}")
    options = Options(
        width=max(page_width() if width is None else width, NARROWEST),
        color=wants_color() if color is None else color,
        ascii=ascii,
        top=top,
    )
    text = str(module.render(comparison, options))
    return log_safe(text) if format == "table" else text
