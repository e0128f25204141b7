"""The comparison for other programs: the data of `cnncalc.diff/1`."""

from __future__ import annotations

import json

from cnncalc.outcome import Comparison
from cnncalc.renderers.options import Options


def render(comparison: Comparison, options: Options) -> str:
    """Return the comparison as JSON, with all changed layers."""
    data = comparison.to_dict()
    text = json.dumps(data, ensure_ascii=options.ascii, indent=1, default=str)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, from an escape or an odd file name
        return json.dumps(data, indent=1, default=str)
    return text
