"""Which lines of a spec explain a difference: a call with other arguments, a repeat, a new layer.

A layer knows the block calls that led to it. The outermost call that differs between the versions
is the cause of all that differs below it; where no call differs, the layer's own line is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from cnncalc.comparison.align import Alignment
from cnncalc.outcome import Cause
from cnncalc.records import Record
from cnncalc.report import Place, Row

Chains = dict[tuple[str, ...], tuple[Place, ...]]
"""The calls that led to a layer, outermost first -> its places, innermost first."""

Spot = tuple[str, int, int]
"""File, line and column where a layer is written."""

Pair = tuple[Row | None, Row | None]
_MOST_TEXTS = 2
_REPEAT = " repeat "
_FOLLOWS = "layers whose input changed"


class _Key(Record):
    file: str
    line: int
    what: str


def causes(
    before: Sequence[Row], after: Sequence[Row], alignment: Alignment, wiring: Mapping[str, str]
) -> tuple[Cause, ...]:
    """Return the causes of all differences, the largest first."""
    finder = _Finder(before, after, alignment, wiring)
    members: dict[tuple[str, int], list[Pair]] = defaultdict(list)
    texts: dict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for pair in alignment.pairs:
        key = finder.key(*pair)
        if key is not None:
            members[key.file, key.line].append(pair)
            texts[key.file, key.line][key.what] = None
    found = [_cause(place, list(texts[place]), pairs) for place, pairs in members.items()]
    return tuple(sorted(found, key=lambda c: (not c.line, -abs(c.params), -abs(c.macs))))


def _cause(place: tuple[str, int], texts: list[str], pairs: list[Pair]) -> Cause:
    """Return all that one line did: a line in a block may have done it with several values."""
    paths = [row.path for row in (new or old for old, new in pairs) if row is not None]
    repeats = [text for text in texts if _REPEAT in text]
    if len(repeats) > 1:  # a layer in the block may be there less often than the block
        texts = [text for text in texts if _REPEAT not in text] + [max(repeats, key=_counts)]
    more = f"; and {len(texts) - _MOST_TEXTS} more" if len(texts) > _MOST_TEXTS else ""
    return Cause(
        _common_path(paths),
        *place,
        "; ".join(texts[:_MOST_TEXTS]) + more,
        _sum(pairs, "params"),
        _sum(pairs, "macs"),
        len(pairs),
    )


def _counts(repeat: str) -> tuple[int, int]:
    before, _, after = repeat.partition(_REPEAT)[2].partition(" → ")
    return int(before), int(after)


def _sum(pairs: Iterable[Pair], name: str) -> int:
    return sum(
        (getattr(new, name) if new else 0) - (getattr(old, name) if old else 0)
        for old, new in pairs
    )


def _common_path(paths: Sequence[str]) -> str:
    """Return the path of the group that all are in, or of the one layer."""
    first, *rest = (path.split(".") for path in paths)
    for other in rest:
        length = next(
            (at for at, (a, b) in enumerate(zip(first, other, strict=False)) if a != b),
            min(len(first), len(other)),
        )
        first = first[:length]
    return ".".join(first)


class _Finder:
    def __init__(
        self,
        before: Sequence[Row],
        after: Sequence[Row],
        alignment: Alignment,
        wiring: Mapping[str, str],
    ) -> None:
        self.wiring = wiring
        lone = [(old, new) for old, new in alignment.pairs if old is None or new is None]
        self.before = _Side(before, {old.path for old, _ in lone if old is not None})
        self.after = _Side(after, {new.path for _, new in lone if new is not None})
        self.to_before = alignment.groups
        self.to_after = {old: new for new, old in alignment.groups.items()}
        paired = [(old, new) for old, new in alignment.pairs if old and new]
        self.kept_before = {_own(old) for old, _ in paired}
        self.kept_after = {_own(new) for _, new in paired}
        """The places whose layers both versions have: more of them is a repeat."""

    def key(self, old: Row | None, new: Row | None) -> _Key | None:
        """Return what a pair is explained by; None where nothing differs."""
        if old is None and new is not None:
            return self._appeared(new, self.after, self.before, self.to_before, "added")
        if new is None and old is not None:
            return self._appeared(old, self.before, self.after, self.to_after, "removed")
        if old is None or new is None:
            return None
        if new.path not in self.wiring and not _differs(old, new):
            return None
        return self._changed(old, new)

    def _changed(self, old: Row, new: Row) -> _Key:
        if len(old.source) == len(new.source):
            for one, other in zip(reversed(old.source), reversed(new.source), strict=True):
                if one.call != other.call:
                    return _Key(other.file, other.line, call_difference(one.call, other.call))
        what = argument_difference(old, new)
        if not what and new.path in self.wiring:
            what = f"{new.op} {self.wiring[new.path]}"
        if what:
            place = new.source[0] if new.source else None
            return _Key(place.file if place else "", place.line if place else 0, what)
        return _Key("", 0, _FOLLOWS)

    def _appeared(
        self, row: Row, own: _Side, other: _Side, groups: dict[str, str], verb: str
    ) -> _Key:
        """Explain a layer that one side has, by its relatives in the group that both have."""
        group = row.path
        while group not in groups:
            group = group.rpartition(".")[0]
        relatives = other.relatives(groups[group])
        calls = _calls(row)
        changed = relatives.changed(calls)
        if changed is not None:
            at, chain = changed
            source = row.source if verb == "added" else relatives.chains[chain]
            place = source[-1 - at]
            texts = (chain[at], calls[at]) if verb == "added" else (calls[at], chain[at])
            return _Key(place.file, place.line, call_difference(*texts))
        kept = self.kept_after if verb == "added" else self.kept_before
        if calls in relatives.chains and _own(row) in kept:
            counts = own.repeats(group, _own(row))
            before, after = counts if verb == "added" else counts[::-1]
            source = row.source if verb == "added" else relatives.chains[calls]
            place = source[1] if len(source) > 1 else source[0]
            name = place.call.partition("(")[0]
            return _Key(place.file, place.line, f"{name}{_REPEAT}{before} → {after}")
        return self._alone(row, relatives, verb)

    def _alone(self, row: Row, relatives: _Relatives, verb: str) -> _Key:
        """Explain a layer without relatives by the outermost call that nothing else has."""
        calls = _calls(row)
        fresh = (at for at in range(len(calls)) if calls[: at + 1] not in relatives.known)
        at = next(fresh, len(calls) - 1)
        place = row.source[-1 - at] if row.source else None
        if place is None:
            return _Key("", 0, f"{row.op} {verb}")
        line = place.line if verb == "added" else 0
        return _Key(place.file, line, f"{place.call.removesuffix('()')} {verb}")


class _Side:
    """The layers of one version, by group."""

    def __init__(self, rows: Sequence[Row], lone: set[str]) -> None:
        self._rows = rows
        self._lone = lone
        """The paths of the layers that the other version lacks."""
        self._known: dict[str, list[Row]] = {"": list(rows)}
        self._counts: dict[str, tuple[Counter[Spot], Counter[Spot]]] = {}
        self._relatives: dict[str, _Relatives] = {}

    @cached_property
    def _groups(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows:
            path = row.path
            while path:
                found[path].append(row)
                path = path.rpartition(".")[0]
        return found

    def rows(self, group: str) -> list[Row]:
        """Return the layers of a group."""
        return self._groups.get(group, []) if group else self._known[""]

    def relatives(self, group: str) -> _Relatives:
        """Return the calls that led to the layers of a group."""
        if group not in self._relatives:
            self._relatives[group] = _Relatives(self.rows(group))
        return self._relatives[group]

    def repeats(self, group: str, spot: Spot) -> tuple[int, int]:
        """Return how many layers of a group stand in one place: in the other version, and here."""
        if group not in self._counts:
            rows = self.rows(group)
            lone = (row for row in rows if row.path in self._lone)
            self._counts[group] = Counter(map(_own, rows)), Counter(map(_own, lone))
        here, lacking = self._counts[group]
        return here[spot] - lacking[spot], here[spot]


class _Relatives:
    """The calls that led to the layers of a group, found by what they begin with."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.chains: Chains = {_calls(row): row.source for row in rows}
        self.known: set[tuple[str, ...]] = set()
        """All that a chain begins with."""
        self._by_name: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}
        for chain in self.chains:
            for at, call in enumerate(chain):
                self.known.add(chain[: at + 1])
                if at < len(chain) - 1:
                    self._by_name.setdefault((chain[:at], call.partition("(")[0]), chain)

    def changed(self, calls: tuple[str, ...]) -> tuple[int, tuple[str, ...]] | None:
        """Return (depth, chain) where a relative has the same block with other arguments."""
        for at, call in enumerate(calls[:-1]):
            if calls[: at + 1] not in self.known:
                chain = self._by_name.get((calls[:at], call.partition("(")[0]))
                return None if chain is None else (at, chain)
        return None


def _own(row: Row) -> Spot:
    """Return the place where a layer is written."""
    place = row.source[0] if row.source else Place("", 0, 0, "")
    return place.file, place.line, place.column


def _calls(row: Row) -> tuple[str, ...]:
    return tuple(place.call for place in reversed(row.source))


def _differs(old: Row, new: Row) -> bool:
    return (old.op, old.args, old.params, old.macs, old.out_shape) != (
        new.op,
        new.args,
        new.params,
        new.macs,
        new.out_shape,
    )


def call_difference(before: str, after: str) -> str:
    """Return what differs between two calls: Stage n 6 → 8; of other blocks, both."""
    name, old = _arguments(before)
    other, new = _arguments(after)
    if name != other:
        return f"{before.removesuffix('()')} → {after.removesuffix('()')}"
    changed = [
        f"{key} {old.get(key, 'default')} → {new.get(key, 'default')}"
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
    return f"{name} {', '.join(changed)}"


def argument_difference(old: Row, new: Row) -> str:
    """Return what differs between two layers: conv kernel 3 → 5."""
    if old.op != new.op:
        return f"{old.op} → {new.op}"
    keys = dict.fromkeys((*old.args, *new.args))
    changed = [
        f"{key} {_word(old.args.get(key))} → {_word(new.args.get(key))}"
        for key in keys
        if old.args.get(key) != new.args.get(key)
    ]
    return f"{new.op} {', '.join(changed)}" if changed else ""


def _word(value: object) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _arguments(call: str) -> tuple[str, dict[str, str]]:
    """Return a call as its name and its arguments; a comma in brackets parts nothing."""
    name, _, rest = call.partition("(")
    found: dict[str, str] = {}
    for text in _split(rest.removesuffix(")")):
        key, _, value = text.partition("=")
        found[key] = value
    return name, found


def _split(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and text.startswith(", ", at):
            yield text[start:at]
            start = at + 2
    if text[start:]:
        yield text[start:]
