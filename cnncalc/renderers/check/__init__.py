"""The outcome of `check` as text: for people, for programs, and for the places CI shows it in."""

from __future__ import annotations

from importlib import import_module

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.outcome import Outcome
from cnncalc.renderers.options import NARROWEST, Options, page_width, wants_color
from cnncalc.renderers.text import log_safe

FORMATS = ("table", "concise", "json", "junit", "sarif", "github", "gitlab", "markdown", "csv")
"""Each is a module here with `render(outcome, options)`; loaded when asked for."""


def render(
    outcome: Outcome,
    format: str = "table",  # noqa: A002 - the word that people use
    *,
    width: int | None = None,
    color: bool | None = None,
    ascii: bool = False,  # noqa: A002 - the same
) -> str:
    """Return the outcome as text, without a newline at its end."""
    if format not in FORMATS:
        raise CnncalcError(f"no format {format!r}", hint=did_you_mean(format, FORMATS))
    module = import_module(f"cnncalc.renderers.check.{format}")
    options = Options(
        width=max(page_width() if width is None else width, NARROWEST),
        color=wants_color() if color is None else color,
        ascii=ascii,
    )
    text = str(module.render(outcome, options))
    return log_safe(text) if format in {"table", "concise"} else text
