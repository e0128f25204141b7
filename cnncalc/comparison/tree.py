"""A version of a network as a tree of names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from cnncalc.report import Place, Row

_NUMBERED = re.compile(r"(.*?)\d+")


NOWHERE = Place("", 0, 0, "")
Spot = tuple[str, int, int]
"""File, line and column where something is written."""


class Node:
    """A layer or a group, with what is below it; `what` says what it is, whatever its name."""

    __slots__ = (
        "_layers", "_types", "children", "label", "mate", "numbered", "path", "row", "spot", "what",
    )  # fmt: skip

    def __init__(self, label: str, path: str, place: Place = NOWHERE) -> None:
        self.label = label
        self.path = path
        self.spot = spot(place)
        self.numbered = is_numbered(label, place)
        """Whether its name is the number that it happens to have."""
        self.row: Row | None = None
        self.children: dict[str, Node] = {}
        self.what = 0
        self.mate: Node | None = None
        """Its counterpart in the other version."""
        self._types: tuple[str, ...] | None = None
        self._layers: Counter[str] | None = None

    def settle(self) -> None:
        """Compute `what`, from below."""
        own = (self.row.op, repr(self.row.args)) if self.row else ()
        below = []
        for child in self.children.values():
            child.settle()
            below.append((kind(child.label), child.what))
        self.what = hash((own, tuple(below)))

    def nodes(self) -> Iterator[Node]:
        """Yield the nodes of layers at or below this one, in order."""
        if self.row is not None:
            yield self
        for child in self.children.values():
            yield from child.nodes()

    def rows(self) -> Iterator[Row]:
        """Yield the layers at or below this node, in order."""
        yield from (node.row for node in self.nodes() if node.row is not None)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its layers, in order; a group of one layer is no layer."""
        if self._types is None:
            self._types = ("group" if self.children else "", *(row.op for row in self.rows()))
        return self._types

    @property
    def layers(self) -> Counter[str]:
        """Its layers with their arguments, in any order."""
        if self._layers is None:
            self._layers = Counter(f"{row.op} {row.args}" for row in self.rows())
        return self._layers


def tree(rows: Iterable[Row]) -> Node:
    """Return the root of a version's layers."""
    root = Node("", "")
    for row in rows:
        node, path = root, ""
        for label in row.path.split("."):
            path = f"{path}.{label}" if path else label
            if label not in node.children:
                node.children[label] = Node(label, path, outermost(row, path))
            node = node.children[label]
        node.row = row
    root.settle()
    return root


def outermost(row: Row, path: str) -> Place:
    """Return where a layer's group is written: its call, or of a plain group what comes first."""
    found = (place for place in reversed(row.source) if len(place.path) >= len(path))
    return next(found, Place("", 0, 0, row.op, row.path))


def spot(place: Place) -> Spot:
    """Return a place as a spot."""
    return place.file, place.line, place.column


def kind(label: str) -> str:
    """Return a name without its number."""
    match = _NUMBERED.fullmatch(label)
    return match[1] if match else label


def is_numbered(label: str, place: Place) -> bool:
    """Whether a name is that of the layer type or block with a number, as where none is given."""
    name = place.call.partition("(")[0].lower().replace("_", "")
    return kind(label).replace("_", "") == name


def common(one: Counter[str], other: Counter[str]) -> float:
    """Return how much two have in common, as a share of both."""
    return 2 * sum((one & other).values()) / (one.total() + other.total())
