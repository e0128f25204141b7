"""Workflow commands: GitHub shows them as annotations of a pull request's lines.

GitHub shows ten of each level a step; the tenth here says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.outcome import Outcome
from cnncalc.renderers import escape
from cnncalc.renderers.check.words import Said, notices, said, totals
from cnncalc.renderers.options import Options

_COMMANDS = {"error": "error", "warn": "warning", "info": "notice"}
MOST = 9


def render(outcome: Outcome, _: Options) -> str:
    """Return the commands, the worst of each level first, and a line of totals."""
    return "\n".join((*_commands(said(outcome)), *_notices(outcome), totals(outcome)))


def _commands(everything: list[Said]) -> Iterator[str]:
    for level, command in _COMMANDS.items():
        found = [each for each in everything if each.level == level]
        yield from (_command(command, each) for each in found[:MOST])
        more = len(found) - MOST
        if more > 0:
            yield f"::{command} title=cnncalc::and {more} more; -o table lists all"


def _notices(outcome: Outcome) -> Iterator[str]:
    """Yield what must not be overlooked, such as a spec without a base."""
    found = list(notices(outcome))
    for file, text in found[:MOST]:
        title = "title=cnncalc"
        yield f"::notice file={escape.workflow_property(file)},{title}::{escape.workflow(text)}"
    if len(found) > MOST:
        yield f"::notice title=cnncalc::and {len(found) - MOST} more notices; -o table lists all"


def _command(command: str, each: Said) -> str:
    properties = {
        "file": each.file,
        "line": each.line,
        "col": each.column,
        "title": f"cnncalc: {each.title}",
    }
    given = ",".join(
        f"{key}={escape.workflow_property(str(value))}"
        for key, value in properties.items()
        if value
    )
    return f"::{command} {given}::{escape.workflow(each.text)}"
