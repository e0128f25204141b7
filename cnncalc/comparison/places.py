"""What is left of two versions, in pairs by its place: between the same neighbours.

A layer that goes by another name and has other arguments is known by nothing but where it stands
and its type. Where neither neighbour is the same, or the type is another, it is another layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cnncalc.comparison.tree import Node, common

_MOST_COMPARED = 200_000
"""Pairs of nodes that are weighed one by one, in all of a comparison."""
_SIMILAR = 0.5

Pair = tuple[Node, Node]


class Places:
    """Pairs by place; one for a comparison, as what it may weigh is limited."""

    def __init__(self) -> None:
        self._left = _MOST_COMPARED

    def siblings(self, before: Iterable[Node], after: Iterable[Node]) -> Iterator[Pair]:
        """Yield pairs among the children of two groups: of the same types of layers, in order.

        One group that is left over in a place, of mostly the same types, is the one that was there.
        """
        for gone, new in _runs(list(before), list(after)):
            found = list(self._in_order(gone, new))
            yield from found
            taken = {id(node) for pair in found for node in pair}
            old, now = (
                [node for node in run if node.children and id(node) not in taken]
                for run in (gone, new)
            )
            if len(old) == len(now) == 1 and _alike(old[0], now[0]) >= _SIMILAR:
                yield old[0], now[0]

    def _in_order(self, gone: list[Node], new: list[Node]) -> Iterator[Pair]:
        """Yield as many pairs of the same types as there are in order; the most similar ones."""
        if [node.types for node in gone] == [node.types for node in new]:
            yield from zip(gone, new, strict=True)
            return
        self._left -= len(gone) * len(new)
        if self._left < 0:
            return
        weights = [[_weight(one, other) for other in new] for one in gone]
        best = [[0.0] * (len(new) + 1) for _ in range(len(gone) + 1)]
        for at in reversed(range(len(gone))):
            for to in reversed(range(len(new))):
                met = weights[at][to] and weights[at][to] + best[at + 1][to + 1]
                best[at][to] = max(met, best[at + 1][to], best[at][to + 1])
        at = to = 0
        while at < len(gone) and to < len(new):
            if weights[at][to] and best[at][to] == weights[at][to] + best[at + 1][to + 1]:
                yield gone[at], new[to]
                at, to = at + 1, to + 1
            elif best[at][to] == best[at + 1][to]:
                at += 1
            else:
                to += 1


def layers(before: Sequence[Node], after: Sequence[Node]) -> Iterator[Pair]:
    """Yield pairs of layers of a whole network, whatever groups they are in.

    Here nothing is weighed: between two neighbours there must be the same types, one by one.
    """
    for gone, new in _runs(before, after, both=True):
        if [node.types[-1] for node in gone] == [node.types[-1] for node in new]:
            yield from zip(gone, new, strict=True)


def _weight(one: Node, other: Node) -> float:
    """Return more than any similarity for a pair of the same types, and 0 for no pair."""
    if one.types != other.types:
        return 0.0
    if one.row is None or other.row is None:
        return 1000.0 + common(one.layers, other.layers)
    old, new = one.row.args, other.row.args
    same = sum(1 for name in old if old[name] == new.get(name))
    return 1000.0 + same / (len(old) or 1)


def _alike(one: Node, other: Node) -> float:
    return common(Counter(one.types[1:]), Counter(other.types[1:]))


Run = tuple[int, int, list[Node]]
"""The neighbours before and behind, and the nodes without a mate between them."""


def _runs(
    before: Sequence[Node], after: Sequence[Node], *, both: bool = False
) -> Iterator[tuple[list[Node], list[Node]]]:
    """Yield what has no mate in either version, in the same place: with one neighbour or both."""
    gone = _of_one(
        before, {id(node): id(node) for node in before if node.mate}, set(map(id, after))
    )
    new = _of_one(after, {id(n): id(n.mate) for n in after if n.mate}, set(map(id, before)))
    used: set[int] = set()
    ways = ((0, 1),) if both else ((0, 1), (0,), (1,))
    for way in ways:
        there = {tuple(run[end] for end in way): run[2] for run in new if id(run[2]) not in used}
        for run in gone:
            match = there.pop(tuple(run[end] for end in way), None)
            if match is not None and id(run[2]) not in used:
                used |= {id(run[2]), id(match)}
                yield run[2], match


def _of_one(nodes: Sequence[Node], names: dict[int, int], others: set[int]) -> list[Run]:
    """Return the runs of nodes without a mate; a node whose mate is elsewhere is no neighbour."""
    found: list[Run] = []
    last, run = 0, list[Node]()
    for node in nodes:
        if node.mate is None:
            run.append(node)
        elif id(node.mate) in others:
            name = names[id(node)]
            if run:
                found.append((last, name, run))
            last, run = name, []
    return [*found, (last, 0, run)] if run else found
