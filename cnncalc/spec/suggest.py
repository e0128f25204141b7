"""Guesses at what a misspelt name was meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnncalc.errors import nearest

LONGEST_TERNARY = 200
_OPERATOR = r"\s*(==|!=|<=|>=|<|>)\s*"


def suggest(word: str, candidates: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the candidate nearest to `word`, or "" where none is near."""
    near = nearest(word, candidates)
    return f"did you mean '{near}'?" if near else ""


def ternary_hint(text: str) -> str:
    """Return how C's `condition ? one : other` in `text` is written here."""
    condition, _, rest = text[:LONGEST_TERNARY].partition("?")
    one, colon, other = rest.partition(":")
    if not (colon and condition.strip() and one.strip() and other.strip()):
        return "write `one if condition else other`"
    spaced = re.sub(_OPERATOR, r" \1 ", condition.strip())
    return f"write `{one.strip()} if {spaced} else {other.strip()}`"
