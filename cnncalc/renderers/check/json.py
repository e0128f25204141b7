"""The outcome for other programs: the data of `cnncalc.check/1`."""

from __future__ import annotations

import json

from cnncalc.outcome import Outcome
from cnncalc.renderers.options import Options


def render(outcome: Outcome, options: Options) -> str:
    """Return the outcome as JSON: raw integers, limits beside the values they were held against."""
    data = outcome.to_dict()
    text = json.dumps(data, ensure_ascii=options.ascii, indent=1, default=str)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, from an escape or an odd file name
        return json.dumps(data, indent=1, default=str)
    return text
