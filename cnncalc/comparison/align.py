"""Layers of two versions of a network in pairs: by path, then by what they are.

Both are trees of names. The children of two groups that belong together are paired: those that are
the same under the same name, then those that are the same in the same order (an insertion shifts
the numbers of what follows), then by name; what is left is looked for everywhere (a rename or a
move), and last a group that has at least half of its layers in common with another.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from cnncalc.records import Record
from cnncalc.report import Row

_NUMBERED = re.compile(r"(.*?)\d+")
_MOST_COMPARED = 400_000
"""Pairs of siblings that are lined up one by one; more are paired by name alone."""
_MOST_SIMILAR = 100
_SIMILAR = 0.5


class Node:
    """A layer or a group, with what is below it; `what` says what it is, whatever its name."""

    __slots__ = ("children", "label", "path", "row", "what")

    def __init__(self, label: str, path: str) -> None:
        self.label = label
        self.path = path
        self.row: Row | None = None
        self.children: dict[str, Node] = {}
        self.what = 0

    def settle(self) -> None:
        """Compute `what`, from below."""
        own = (self.row.op, repr(self.row.args)) if self.row else ()
        below = []
        for child in self.children.values():
            child.settle()
            below.append((_kind(child.label), child.what))
        self.what = hash((own, tuple(below)))

    def rows(self) -> Iterator[Row]:
        """Yield the layers at or below this node, in order."""
        if self.row is not None:
            yield self.row
        for child in self.children.values():
            yield from child.rows()


def _kind(label: str) -> str:
    """Return a name without its number."""
    match = _NUMBERED.fullmatch(label)
    return match[1] if match else label


class Alignment(Record):
    """Layers in pairs (one of them None: added or removed), and groups that go by another name."""

    pairs: tuple[tuple[Row | None, Row | None], ...]
    renamed: tuple[tuple[str, str, int], ...]
    """(path before, path after, layers) of groups."""
    groups: dict[str, str]
    """Path after -> path before, of all groups that belong together; "" is the network."""


def align(before: Iterable[Row], after: Iterable[Row]) -> Alignment:
    """Return the layers of two versions in pairs."""
    return _Aligner().run(_tree(before), _tree(after))


def _tree(rows: Iterable[Row]) -> Node:
    root = Node("", "")
    for row in rows:
        node, path = root, ""
        for label in row.path.split("."):
            path = f"{path}.{label}" if path else label
            node = node.children.setdefault(label, Node(label, path))
        node.row = row
    root.settle()
    return root


class _Aligner:
    def __init__(self) -> None:
        self.pairs: list[tuple[Row | None, Row | None]] = []
        self.renamed: list[tuple[str, str, int]] = []
        self.groups: dict[str, str] = {}
        self.gone: list[Node] = []
        self.new: list[Node] = []

    def run(self, before: Node, after: Node) -> Alignment:
        self.pair(before, after)
        self.find_moved()
        self.find_similar()
        self.pairs += [(row, None) for node in self.gone for row in node.rows()]
        self.pairs += [(None, row) for node in self.new for row in node.rows()]
        return Alignment(tuple(self.pairs), tuple(self.renamed), self.groups)

    def pair(self, before: Node, after: Node) -> None:
        """Pair two nodes and what is below them."""
        if before.children or after.children:
            self.groups[after.path] = before.path
            if before.label != after.label:
                self.renamed.append((before.path, after.path, sum(1 for _ in after.rows())))
        if before.row is not None or after.row is not None:
            self.pairs.append((before.row, after.row))
        gone, new = list(before.children.values()), list(after.children.values())
        for match in (_same_name_and_kind, _same_order, _same_name):
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
        found: set[int] = set()
        for node in self.new:
            if places[node.what]:
                old = places[node.what].pop()
                found |= {id(node), id(old)}
                self.pair(old, node)
        self._drop(found)

    def find_similar(self) -> None:
        """Pair groups that have half of their layers in common."""
        gone = [node for node in self.gone if node.children][:_MOST_SIMILAR]
        new = [node for node in self.new if node.children][:_MOST_SIMILAR]
        layers = {id(node): _layers(node) for node in (*gone, *new)}
        scores = [
            (_common(layers[id(one)], layers[id(other)]), -at, one, other)
            for one in gone
            for at, other in enumerate(new)
        ]
        found: set[int] = set()
        for score, _, one, other in sorted(scores, key=lambda each: (-each[0], -each[1])):
            if score >= _SIMILAR and not {id(one), id(other)} & found:
                found |= {id(one), id(other)}
                self.pair(one, other)
        self._drop(found)

    def _drop(self, found: set[int]) -> None:
        self.gone = [node for node in self.gone if id(node) not in found]
        self.new = [node for node in self.new if id(node) not in found]


def _same_name_and_kind(gone: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    by_name = {node.label: node for node in gone}
    for node in new:
        other = by_name.get(node.label)
        if other is not None and other.what == node.what:
            yield other, node


def _same_order(gone: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Pair equal ones in the order of both; a name that is no number counts, too."""
    if len(gone) * len(new) > _MOST_COMPARED:
        return
    one = [(_kind(node.label), node.what) for node in gone]
    other = [(_kind(node.label), node.what) for node in new]
    for start, at, size in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        yield from zip(gone[start : start + size], new[at : at + size], strict=True)


def _same_name(gone: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    by_name = {node.label: node for node in gone}
    for node in new:
        other = by_name.get(node.label)
        if other is not None and bool(other.children) == bool(node.children):
            yield other, node


def _layers(node: Node) -> Counter[str]:
    return Counter(f"{row.op} {row.args}" for row in node.rows())


def _common(one: Counter[str], other: Counter[str]) -> float:
    return 2 * sum((one & other).values()) / (one.total() + other.total())
