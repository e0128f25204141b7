"""Where two conventions part: the difference of their counts, item by item, to the unit."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analyses.work import Counting, Term
from cnncalc.analyses.work import convention as find_convention
from cnncalc.explanation.counts import phrase
from cnncalc.explanation.find import find
from cnncalc.explanation.words import number
from cnncalc.net import Layer, Net
from cnncalc.records import Record

Weights = tuple[tuple[str, int], ...]
"""(measure, weight) pairs: what a convention counts of a layer."""


class Item(Record):
    """A reason for a difference: what either convention counts of a layer type."""

    kind: str
    ours: Weights
    theirs: Weights


def versus(net: Net, path: str | None, name: str, other: str) -> Iterator[str]:
    """Yield the text's lines; raises CnncalcError for unknown paths and conventions.

    `path` names a layer, a part or a group; without it the whole network is compared. Figures are
    for one image.
    """
    rules = {name: find_convention(name), other: find_convention(other)}
    layers = _layers(net, path)
    counts = {key: sum(map(rule.count, layers)) for key, rule in rules.items()}
    title = path or net.origin.variant or net.origin.name or "the network"
    yield f"{title}: FLOPs by '{name}' and by '{other}', of one image"
    wide = max(map(len, rules))
    figures = max(len(number(count)) for count in counts.values())
    for key, rule in rules.items():
        yield f"  {key:{wide}}  {number(counts[key]):>{figures}}  {rule.rule}"
    yield ""
    items = _items(layers, rules[name], rules[other])
    if not items:
        alike = f"are '{name}'" if name == other else "count each of these layers alike"
        yield f"There is no difference: both {alike}."
        return
    yield "where they part"
    yield from (f"  {line}" for line in _table(items, name, other))
    total = sum(amount for _, amount in items.values())
    yield f"  {number(counts[name])} {_signed(total)} = {number(counts[name] + total)}"


def _layers(net: Net, path: str | None) -> list[Layer]:
    if path is None:
        return list(net.layers)
    found = find(net, path)
    steps = found.group or [found.parts]
    return [part for parts in steps for part in parts]


def _items(layers: list[Layer], ours: Counting, theirs: Counting) -> dict[Item, tuple[int, int]]:
    """Return, for each reason, how many layers it holds for and the difference that it makes."""
    items: dict[Item, tuple[int, int]] = {}
    for layer in layers:
        for item, amount in _parted(layer, ours.terms(layer), theirs.terms(layer)):
            seen, total = items.get(item, (0, 0))
            items[item] = seen + 1, total + amount
    return {item: entry for item, entry in items.items() if entry[1]}


def _parted(layer: Layer, ours: list[Term], theirs: list[Term]) -> Iterator[tuple[Item, int]]:
    """Yield the reasons of one layer, with their amounts.

    A measure that both count is compared by itself. What one of them alone counts is compared as a
    whole: of batch norm one counts products and additions, the other two a value.
    """
    kind = layer.node.op.name
    mine, yours = _by_measure(ours), _by_measure(theirs)
    for measure in [each for each in mine if each in yours]:
        (one, count), (other, _) = mine.pop(measure), yours.pop(measure)
        if one != other:
            yield Item(kind, ((measure, one),), ((measure, other),)), (other - one) * count
    both = bool(mine) and bool(yours)
    groups = [(mine, yours)] if both else _singly(mine, yours)
    for left, right in groups:
        amount = sum(w * c for w, c in right.values()) - sum(w * c for w, c in left.values())
        yield Item(kind, _weights(left), _weights(right)), amount


Counted = dict[str, tuple[int, int]]
"""Measure -> (weight, count)."""


def _by_measure(terms: list[Term]) -> Counted:
    return {measure: (weight, count) for measure, weight, count in terms if weight}


def _singly(mine: Counted, yours: Counted) -> list[tuple[Counted, Counted]]:
    return [
        *(({measure: entry}, Counted()) for measure, entry in mine.items()),
        *((Counted(), {measure: entry}) for measure, entry in yours.items()),
    ]


def _weights(counted: Counted) -> Weights:
    return tuple((measure, weight) for measure, (weight, _) in counted.items())


def _table(items: dict[Item, tuple[int, int]], name: str, other: str) -> Iterator[str]:
    rows = [
        (_signed(amount), f"{seen} {item.kind}", _reason(item, name, other))
        for item, (seen, amount) in sorted(items.items(), key=lambda each: -abs(each[1][1]))
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for amount, kind, reason in rows:
        yield f"{amount:>{widths[0]}}  {kind:{widths[1]}}  {reason}"


def _signed(amount: int) -> str:
    """Return + 3 or − 3."""
    return f"{'−' if amount < 0 else '+'} {number(abs(amount))}"


def _reason(item: Item, name: str, other: str) -> str:
    """Return what either counts: "bias additions: 1 each by notes, not by thop"."""
    ours, theirs = dict(item.ours), dict(item.theirs)
    measures = ours.keys() | theirs.keys()
    if len(measures) > 1:
        return f"{_sum(ours)} by {name}, {_sum(theirs)} by {other}"
    (measure,) = measures
    return f"{_phrase(measure)}: {_each(ours, name)}, {_each(theirs, other)}"


def _sum(counted: dict[str, int]) -> str:
    return " + ".join(f"{weight}·{_phrase(measure)}" for measure, weight in counted.items())


def _each(counted: dict[str, int], name: str) -> str:
    return f"{next(iter(counted.values()))} each by {name}" if counted else f"not counted by {name}"


def _phrase(measure: str) -> str:
    return "bias additions" if measure == "bias" else phrase(measure)
