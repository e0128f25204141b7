"""Budget lines as data: a chain of comparisons between quantities, the input, and metrics."""

from __future__ import annotations

import re

from cnncalc.budget.metrics import METRICS
from cnncalc.errors import BudgetError, did_you_mean
from cnncalc.records import Record
from cnncalc.units import Quantity, parse_quantity

RELATIONS = {"<=": "≤", ">=": "≥", "==": "=", **{each: each for each in "≤≥=<>≈"}}
"""How a relation may be written -> how it is printed."""

_RELATION = r"\s*(<=|>=|==|=<|=>|!=|~=|[≤≥≈=<>])\s*"
_METRIC = r"([A-Za-z_]+(?:\.[a-z]+)?)(\[\w*\])?(?:\s*\(\s*([^()]*?)\s*\))?"
_BEYOND = r"%|\*|/|\+|-|±|\bfor\s+each\b|\btype:|\bbaseline\b|\b(?:min|max)\s*\("
_EXPONENT = r"(?<=\d)[eE][+-]?\d+"
_BEYOND_METRICS = ("local_rf", "out.c", "out.h", "out.w", "depth")
_MISSPELT = {
    "=<": "write <=",
    "=>": "write >=",
    "!=": "write <=, >= or ==",
    "~=": "write ≈ for equal to within 1 %",
}


class Term(Record):
    """One side of a comparison: a quantity, or a metric (of the layers under `path`), or input."""

    text: str
    quantity: Quantity | None = None
    metric: str = ""
    path: str = ""


class Assertion(Record):
    """A budget line: `terms` with a relation between each two.

    `beyond` names what the line uses that a simple comparison does not know; then there are no
    terms.
    """

    text: str
    terms: tuple[Term, ...] = ()
    relations: tuple[str, ...] = ()
    beyond: str = ""


def read(text: str) -> Assertion:
    """Return a budget line as an assertion; raise BudgetError where it is not one.

    The relations are <= >= < > == and ≈ (to within 1 %), also written ≤ ≥ =; a chain such as
    25M <= params <= 26M holds where each of its comparisons does.
    """
    text = text.strip()
    pieces = re.split(_RELATION, text)
    beyond = re.search(_BEYOND, re.sub(_EXPONENT, "", text)) or _needs_more(pieces[::2])
    for relation in pieces[1::2]:
        if relation in _MISSPELT:
            raise BudgetError(f"{relation} is not a relation", hint=_MISSPELT[relation])
    if len(pieces) == 1:
        raise BudgetError(f"{text!r} compares nothing", hint="write, for example, params <= 5M")
    if beyond:
        return Assertion(text, beyond=re.sub(r"\s+", " ", beyond[0]))
    terms = tuple(_term(piece, text) for piece in pieces[::2])
    if not any(term.metric and term.metric != "input" for term in terms):
        hint = f"compare one of {', '.join(METRICS)}"
        raise BudgetError(f"{text!r} names no metric", hint=hint)
    return Assertion(text, terms, tuple(RELATIONS[each] for each in pieces[1::2]))


def _needs_more(sides: list[str]) -> re.Match[str] | None:
    """Find a metric of the full language, such as weights[int8]."""
    for side in sides:
        match = re.fullmatch(_METRIC, side)
        if match and (match[1] in _BEYOND_METRICS or match[2]):
            return match
    return None


def _term(side: str, text: str) -> Term:
    if not side:
        raise BudgetError(
            f"{text!r} has an empty side", hint="write a metric or a quantity on each side"
        )
    if side[0].isdigit():
        return Term(side, quantity=parse_quantity(side))
    match = re.fullmatch(_METRIC, side)
    if match is None:
        raise BudgetError(
            f"{side!r} is neither a metric nor a quantity",
            hint="write, for example, params(head) or 5M",
        )
    name, _, path = match.groups()
    known = ("input", *METRICS)
    if name not in known:
        raise BudgetError(f"{name!r} is not a metric", hint=did_you_mean(name, known))
    if path is not None and (not path or name == "input"):
        raise BudgetError(f"{side!r} restricts nothing", hint=f"write {name}")
    return Term(side, metric=name, path=path or "")
