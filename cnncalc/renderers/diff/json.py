"""The comparison for other programs: the data of `cnncalc.diff/1`."""

from __future__ import annotations

from cnncalc.outcome import Comparison
from cnncalc.renderers.data import json_text
from cnncalc.renderers.options import Options


def render(comparison: Comparison, options: Options) -> str:
    """Return the comparison as JSON, with all changed layers."""
    return json_text(comparison.to_dict(), ascii_only=options.ascii)
