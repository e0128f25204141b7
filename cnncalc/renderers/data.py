"""Plain data as JSON text."""

from __future__ import annotations

import json
from typing import Any


def json_text(data: dict[str, Any], *, ascii_only: bool) -> str:
    """Return data as JSON, in ASCII where that is asked for or nothing else can be written."""
    text = json.dumps(data, ensure_ascii=ascii_only, indent=1, default=str)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, from an escape or an odd file name
        text = json.dumps(data, indent=1, default=str)
    return no_command(text)


def no_command(text: str) -> str:
    """Return JSON, as it was to a reader, without what a log on GitHub takes for a command."""
    return text.replace("##[", r"#\u0023[")
