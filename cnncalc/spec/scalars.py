"""Plain YAML text as a value, by the core schema of YAML 1.2 (chapter 10.3.2)."""

from __future__ import annotations

import re
from functools import lru_cache

LARGEST = 2**53
"""Beyond this a float no longer holds every integer, so no number of a spec may be larger."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LONGEST_NUMBER = 40
_NUMBER = re.compile(
    r"(?P<dec>[-+]?[0-9]+)|0o(?P<oct>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)
_BASES = {"dec": 10, "oct": 8, "hex": 16}


@lru_cache(maxsize=4096)
def plain_value(text: str) -> int | float | bool | str | None:
    """Return what an unquoted scalar means: null, a bool, an int, a float, or else its text.

    Only `true` and `false` are bools, `0755` is decimal, `3:30` is text. A number beyond ±2^53,
    `.inf` and `.nan` stay text: as expressions they are refused, with their place.
    """
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if match is None:
        return text
    kind = str(match.lastgroup)
    base = _BASES.get(kind)
    value = float(text) if base is None else int(match[kind], base)
    return value if abs(value) <= LARGEST else text
