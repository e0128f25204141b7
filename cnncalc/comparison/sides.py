"""One of two versions: where its groups and layers are written, and which the other has too."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cnncalc.comparison.tree import Spot, outermost, spot
from cnncalc.records import Record
from cnncalc.report import Place, Row


class Count(Record):
    """How many children of a group are written in one place, and one that both versions have."""

    number: int
    kept: str
    """Its path; "" where the other version has none of them."""


class Side:
    """A version's layers; `mates` are path -> the path in the other version, groups too."""

    def __init__(self, rows: Sequence[Row], mates: Mapping[str, str]) -> None:
        self.mates = mates
        self.places: dict[str, Place] = {}
        """Path of a group or layer -> where it is written; of a plain group, its first part."""
        self.children: dict[str, list[str]] = defaultdict(list)
        self._kept: set[str] = set()
        """The paths at or below which both versions have a layer."""
        self._counts: dict[str, dict[Spot, Count]] = {}
        for row in rows:
            self._add(row)

    def _add(self, row: Row) -> None:
        parent = ""
        for path in (*ancestors(row.path), row.path):
            if row.path in self.mates:
                self._kept.add(path)
            if path not in self.places:
                self.children[parent].append(path)
                self.places[path] = outermost(row, path)
            parent = path

    def call(self, path: str) -> Place | None:
        """Return the block call that made a group; None for a layer and for a plain group."""
        place = self.places.get(path)
        return place if place and place.path == path and path in self.children else None

    def top(self, path: str) -> str:
        """Return the outermost group that the other version has nothing of, else the layer."""
        return next((each for each in ancestors(path) if each not in self._kept), path)

    def count(self, path: str) -> Count:
        """Return how many siblings are written where this one is: a repeat has several."""
        parent = path.rpartition(".")[0]
        if parent not in self._counts:
            numbers = Counter(map(self.spot, self.children[parent]))
            kept = {self.spot(each): each for each in self.children[parent] if each in self.mates}
            self._counts[parent] = {
                at: Count(number, kept.get(at, "")) for at, number in numbers.items()
            }
        return self._counts[parent][self.spot(path)]

    def spot(self, path: str) -> Spot:
        """Return where a group or layer is written."""
        return spot(self.places[path])


def ancestors(path: str) -> Iterator[str]:
    """Yield the paths of the groups that a layer or group is in, outermost first."""
    end = path.find(".")
    while end >= 0:
        yield path[:end]
        end = path.find(".", end + 1)
