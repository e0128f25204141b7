"""The outcome for other programs: the data of `cnncalc.check/1`."""

from __future__ import annotations

from cnncalc.outcome import Outcome
from cnncalc.renderers.data import json_text
from cnncalc.renderers.options import Options


def render(outcome: Outcome, options: Options) -> str:
    """Return the outcome as JSON: raw integers, limits beside the values they were held against."""
    return json_text(outcome.to_dict(), ascii_only=options.ascii)
