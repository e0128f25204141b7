"""Layers of two versions of a network in pairs: by path, then by what they are.

Both are trees of names. The children of two groups that belong together are paired: those that are
the same in the same order (an insertion shifts the numbers of what follows, and what one statement
repeats stays together); those that are the same under the same name; then by name.
What is left is looked for everywhere (a rename or a move), and so is a group that has at least half
of its layers in common with another, and a layer that is in a group of its name now. Last, what
goes by another name and has other arguments is known by its place: of the same types of layers, and
between the same neighbours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from cnncalc.comparison.places import Places, layers
from cnncalc.comparison.tree import Node, Spot, common, kind, tree
from cnncalc.records import Record
from cnncalc.report import Row

_MOST_COMPARED = 400_000
"""Pairs of siblings that are lined up one by one; more are paired by name alone."""
_MOST_SIMILAR = 100
_SIMILAR = 0.5


class Alignment(Record):
    """Layers in pairs (one of them None: added or removed), and groups that go by another name."""

    pairs: tuple[tuple[Row | None, Row | None], ...]
    renamed: tuple[tuple[str, str, int], ...]
    """(path before, path after, layers) of groups."""
    groups: dict[str, str]
    """Path after -> path before, of all groups that belong together; "" is the network."""


def align(before: Iterable[Row], after: Iterable[Row]) -> Alignment:
    """Return the layers of two versions in pairs."""
    return _Aligner().run(tree(before), tree(after))


class _Aligner:
    def __init__(self) -> None:
        self.pairs: list[tuple[Row | None, Row | None]] = []
        self.renamed: list[tuple[str, str, int]] = []
        self.groups: dict[str, str] = {}
        self.gone: list[Node] = []
        self.new: list[Node] = []
        self.parents: list[tuple[Node, Node]] = []

    def run(self, before: Node, after: Node) -> Alignment:
        self.pair(before, after)
        self.find_moved()
        self.find_similar()
        self.find_wrapped()
        self.find_in_place(before, after)
        gone = [node.row for top in self.gone for node in top.nodes() if node.mate is None]
        new = [node.row for top in self.new for node in top.nodes() if node.mate is None]
        self.pairs += [*((row, None) for row in gone), *((None, row) for row in new)]
        return Alignment(tuple(self.pairs), tuple(self.renamed), self.groups)

    def pair(self, before: Node, after: Node) -> None:
        """Pair two nodes and what is below them."""
        before.mate, after.mate = after, before
        if before.children and after.children:
            self.parents.append((before, after))
        if before.children or after.children:
            self.groups[after.path] = before.path
            if before.label != after.label:
                self.renamed.append((before.path, after.path, sum(1 for _ in after.rows())))
        if before.row is not None or after.row is not None:
            self.pairs.append((before.row, after.row))
        gone = [node for node in before.children.values() if node.mate is None]
        new = [node for node in after.children.values() if node.mate is None]
        for match in (_in_line, _same_name_and_kind, _same_order, _same_name):
            matched = list(match(gone, new))
            for one, other in matched:
                self.pair(one, other)
            taken = {id(node) for pair in matched for node in pair}
            gone = [node for node in gone if id(node) not in taken]
            new = [node for node in new if id(node) not in taken]
        self.gone += gone
        self.new += new

    def find_moved(self) -> None:
        """Pair what is left where both are the same, wherever they are."""
        places: dict[int, list[Node]] = defaultdict(list)
        for node in reversed(self.gone):
            places[node.what].append(node)
        for node in self.new:
            if places[node.what]:
                self.pair(places[node.what].pop(), node)
        self._drop()

    def find_similar(self) -> None:
        """Pair groups that have half of their layers in common."""
        gone = [node for node in self.gone if node.children][:_MOST_SIMILAR]
        new = [node for node in self.new if node.children][:_MOST_SIMILAR]
        scores = [
            (common(one.layers, other.layers), -at, one, other)
            for one in gone
            for at, other in enumerate(new)
        ]
        for score, _, one, other in sorted(scores, key=lambda each: (-each[0], -each[1])):
            if score >= _SIMILAR and one.mate is None and other.mate is None:
                self.pair(one, other)
        self._drop()

    def find_wrapped(self) -> None:
        """Pair a layer with the first of its type in a group of its name, or the other way."""
        left = {node.path: node for node in self.gone}
        for node in self.new:
            parent = node.path.rpartition(".")[0]
            old = left.get(f"{self.groups.get(parent, '?')}.{node.label}".lstrip("."))
            if old is not None and bool(old.row) != bool(node.row):
                self._wrap(old, node)
        self._drop()

    def _wrap(self, before: Node, after: Node) -> None:
        layer, group = (before, after) if before.row else (after, before)
        alike = (each for each in group.nodes() if each.types == layer.types)
        inside = next((each for each in alike if each.mate is None), None)
        if inside is not None:
            inside.mate, layer.mate = layer, inside
            pair = (layer.row, inside.row)
            self.pairs.append(pair if layer is before else pair[::-1])

    def find_in_place(self, before: Node, after: Node) -> None:
        """Pair what is of the same types and stands between the same neighbours."""
        places = Places()
        for one, other in self.parents:  # a pair that is found is looked into, too
            matches = places.siblings(one.children.values(), other.children.values())
            for old, new in list(matches):
                self.pair(old, new)
        self._drop()
        if self.gone and self.new:
            for old, new in list(layers(list(before.nodes()), list(after.nodes()))):
                old.mate, new.mate = new, old
                self.pairs.append((old.row, new.row))

    def _drop(self) -> None:
        self.gone = [node for node in self.gone if node.mate is None]
        self.new = [node for node in self.new if node.mate is None]


def _in_line(gone: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Pair what is the same, in the order of both.

    Known are names of one's own; the instances of what one statement repeats as often as before;
    and the looks of the rest, as often repeated. Where all is as it was, nothing is weighed.
    """
    if [(node.label, node.what) for node in gone] == [(node.label, node.what) for node in new]:
        yield from zip(gone, new, strict=True)
        return
    one, other = _tokens(gone), _tokens(new)
    known = {*one.values()} & {*other.values()}
    keys = [
        [
            token if (token := tokens.get(id(node))) in known else _look(node, tokens)
            for node in nodes
        ]
        for nodes, tokens in ((gone, one), (new, other))
    ]
    yield from _lined_up(gone, new, *keys)


Token = tuple[Hashable, ...]


def _tokens(nodes: Sequence[Node]) -> dict[int, Token]:
    """Return what a node is known by whatever it is: its place in a repeat, or its own name."""
    runs: dict[Spot, list[Node]] = defaultdict(list)
    for node in nodes:
        runs[node.spot].append(node)
    found: dict[int, Token] = {}
    for spot, run in runs.items():
        for node in run:
            if spot[1] and len(run) > 1:
                found[id(node)] = (node.label, *(each.label for each in run))
            elif not node.numbered:
                found[id(node)] = (node.label, node.what)
    return found


def _look(node: Node, tokens: Mapping[int, Token]) -> Token:
    return kind(node.label), node.what, len(tokens.get(id(node), ()))


def _same_name_and_kind(gone: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Pair equal ones of the same name; where there are more or fewer, numbers are no names."""
    by_name = {node.label: node for node in gone}
    before, after = (
        Counter(kind(node.label) for node in nodes if node.numbered) for nodes in (gone, new)
    )
    for node in new:
        other = by_name.get(node.label)
        if other is None or other.what != node.what:
            continue
        if before == after or not (node.numbered or other.numbered):
            yield other, node


def _same_order(gone: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Pair equal ones in the order of both; a name that is no number counts, too."""
    one = [(kind(node.label), node.what) for node in gone]
    other = [(kind(node.label), node.what) for node in new]
    yield from _lined_up(gone, new, one, other)


def _lined_up(
    gone: Sequence[Node], new: Sequence[Node], one: Sequence[Hashable], other: Sequence[Hashable]
) -> Iterator[tuple[Node, Node]]:
    """Pair what is equal in the order of both.

    What both begin and end with comes first: of a row of equal layers, the last ones are new.
    """
    most = min(len(one), len(other))
    first = next((at for at in range(most) if one[at] != other[at]), most)
    most -= first
    last = next((at for at in range(most) if one[-1 - at] != other[-1 - at]), most)
    yield from zip(gone[:first], new[:first], strict=True)
    yield from zip(gone[len(one) - last :], new[len(other) - last :], strict=True)
    gone, new = gone[first : len(one) - last], new[first : len(other) - last]
    if len(gone) * len(new) > _MOST_COMPARED:
        return
    matcher = SequenceMatcher(
        None, one[first : len(one) - last], other[first : len(other) - last], autojunk=False
    )
    for start, at, size in matcher.get_matching_blocks():
        yield from zip(gone[start : start + size], new[at : at + size], strict=True)


def _same_name(gone: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    by_name = {node.label: node for node in gone}
    for node in new:
        other = by_name.get(node.label)
        if other is not None and bool(other.children) == bool(node.children):
            yield other, node
