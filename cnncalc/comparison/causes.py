"""Which lines of a spec explain a difference: a call with other arguments, a repeat, a new layer.

The groups around a layer were made by block calls. The outermost call that differs between the
versions is the cause of all that differs below it. Where none does, what is there in one version
only is explained by itself, or by a repeat if its statement made others that both versions have; a
layer with other arguments by its own line; and the rest by the input, if that is another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnncalc.comparison.align import Alignment
from cnncalc.comparison.sides import Side, ancestors
from cnncalc.comparison.tree import is_numbered
from cnncalc.comparison.words import argument_difference, call_difference
from cnncalc.outcome import Cause
from cnncalc.records import Record
from cnncalc.report import Head, Report, Row

Pair = tuple[Row | None, Row | None]
_MOST_TEXTS = 2
_MOST_KINDS = 3
_FOLLOWS = "layers whose input changed"


class _Key(Record):
    """A line and what it did; `name` is what it made or took away, where that has a name."""

    file: str
    line: int
    what: str
    name: str = ""
    repeat: tuple[int, int] | None = None
    """How many of them there were and are; `what` is what there are more or fewer of."""
    whole: bool = False
    """Whether it is about the whole network."""


def causes(
    one: Report, other: Report, alignment: Alignment, wiring: Mapping[str, str]
) -> tuple[Cause, ...]:
    """Return the causes of all differences, the largest first."""
    finder = _Finder(one, other, alignment, wiring)
    members: dict[tuple[str, int], list[Pair]] = defaultdict(list)
    keys: dict[tuple[str, int], dict[_Key, None]] = defaultdict(dict)
    for pair in alignment.pairs:
        key = finder.key(*pair)
        if key is not None:
            members[key.file, key.line].append(pair)
            keys[key.file, key.line][key] = None
    peak = other.peak
    found = [_cause(place, list(keys[place]), pairs, peak) for place, pairs in members.items()]
    return tuple(sorted(found, key=lambda c: (not c.line, -abs(c.params), -abs(c.macs))))


def _cause(place: tuple[str, int], keys: list[_Key], pairs: list[Pair], peak: str) -> Cause:
    """Return all that one line did: a line in a block may have done it with several values."""
    rows = [new or old for old, new in pairs]
    whole = any(key.whole for key in keys)
    return Cause(
        "" if whole else _common_path([row.path for row in rows if row is not None]),
        *place,
        _text(keys),
        _sum(pairs, "params"),
        _sum(pairs, "macs"),
        len(pairs),
        _sum(pairs, "activations"),
        any(_window(old) != _window(new) for old, new in pairs),
        any(row is not None and row.path == peak for row in rows),
        tuple(dict.fromkeys(_types(rows))),
    )


def _types(rows: Iterable[Row | None]) -> Iterator[str]:
    """Yield the types of layers, and of the norms and activations that belong to them."""
    for row in rows:
        if row is not None:
            yield from (
                row.op,
                *(str(row.args[part]) for part in ("norm", "act") if part in row.args),
            )


def _text(keys: list[_Key]) -> str:
    repeats = [(key.repeat, key.what) for key in keys if key.repeat]
    named = len({key.name for key in keys}) > 1
    texts = [
        f"{key.name} {key.what}" if named and key.name else key.what
        for key in keys
        if not key.repeat
    ]
    if repeats:  # a layer in the block may be there less often than the block
        (before, after), what = max(repeats)
        texts.append(f"{what} repeat {before} → {after}")
    more = f"; and {len(texts) - _MOST_TEXTS} more" if len(texts) > _MOST_TEXTS else ""
    return "; ".join(texts[:_MOST_TEXTS]) + more


def _sum(pairs: Iterable[Pair], name: str) -> int:
    return sum(
        (getattr(new, name) if new else 0) - (getattr(old, name) if old else 0)
        for old, new in pairs
    )


def _window(row: Row | None) -> str:
    """Return what a layer does to the field, in words; nothing for windows of one element."""
    if row is None:
        return ""
    text = f"{row.kernel} {row.args.get('scale', '')}"
    return "" if {*text} <= {*"1× "} else text


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
        self, one: Report, other: Report, alignment: Alignment, wiring: Mapping[str, str]
    ) -> None:
        self.wiring = wiring
        paired = [(old.path, new.path) for old, new in alignment.pairs if old and new]
        to_before = alignment.groups | {new: old for old, new in paired}
        to_after = {old: new for new, old in to_before.items()}
        self.before, self.after = Side(one.rows, to_after), Side(other.rows, to_before)
        self.follows = _input(one.head, other.head) or _Key("", 0, _FOLLOWS)
        self.defaults = _Defaults(one.head, other.head)

    def key(self, old: Row | None, new: Row | None) -> _Key | None:
        """Return what a pair is explained by; None where nothing differs."""
        if old is None and new is not None:
            return self._lone(new, self.after, self.before, "added")
        if old is not None and new is None:
            return self._lone(old, self.before, self.after, "removed")
        if old is None or new is None:
            return None
        if new.path not in self.wiring and not _differs(old, new):
            return None
        return self._changed(old, new)

    def _changed(self, old: Row, new: Row) -> _Key:
        called = self._called(new.path, self.after, self.before)
        if called is not None:
            return called
        default = self.defaults.key(old, new, self.after.places[new.path].file)
        if default is not None:
            return default
        what = argument_difference(old, new)
        if not what and new.path in self.wiring:
            what = f"{new.op} {self.wiring[new.path]}"
        if what:
            place = self.after.places[new.path]
            return _Key(place.file, place.line, what)
        return self.follows

    def _lone(self, row: Row, own: Side, other: Side, verb: str) -> _Key:
        """Explain a layer that one version has: by a call around it, a repeat, or by itself."""
        top = own.top(row.path)
        return (
            self._called(top, own, other)
            or self._repeated(top, own, other)
            or _alone(top, own, verb)
        )

    def _called(self, path: str, own: Side, other: Side) -> _Key | None:
        """Return the outermost call around a layer or group that has other arguments now."""
        for group in ancestors(path):
            call, past = own.call(group), other.call(own.mates.get(group, ""))
            if call and past and call.call != past.call:
                old, new = (past, call) if own is self.after else (call, past)
                return _Key(new.file, new.line, call_difference(old.call, new.call))
        return None

    def _repeated(self, top: str, own: Side, other: Side) -> _Key | None:
        """Explain a layer or group by a statement that makes another number of them."""
        here = own.count(top)
        if not here.kept:
            return None
        there = other.count(own.mates[here.kept])
        if there.number == here.number:
            return None
        place = own.places[top] if own is self.after else other.places[own.mates[here.kept]]
        old, new = (there, here) if own is self.after else (here, there)
        name = place.call.partition("(")[0]
        return _Key(place.file, place.line, name, repeat=(old.number, new.number))


class _Defaults:
    """The defaults of layer types that a spec has otherwise now."""

    def __init__(self, one: Head, other: Head) -> None:
        self.head = other
        self.changed: dict[str, list[str]] = {}
        """Layer type -> arguments."""
        for op in {*one.defaults, *other.defaults}:
            old, new = one.defaults.get(op, {}), other.defaults.get(op, {})
            self.changed[op] = [name for name in {**new, **old} if old.get(name) != new.get(name)]

    def key(self, old: Row, new: Row, file: str) -> _Key | None:
        """Return the line of the default that explains all that differs in a layer."""
        changed = self.changed.get(new.op)
        if not changed or old.op != new.op or file != self.head.spec:
            return None
        names = {
            name for name in {**old.args, **new.args} if old.args.get(name) != new.args.get(name)
        }
        follows = {"bias"} if "norm" in changed else set()  # a norm takes the bias away
        if not names & {*changed} or names - {*changed} - follows:
            return None
        first = next(name for name in changed if name in names)
        lines = self.head.lines
        line = lines.get(f"defaults.{new.op}.{first}") or lines.get("defaults", 0)
        return _Key(file, line, f"defaults {argument_difference(old, new)}")


def _alone(top: str, own: Side, verb: str) -> _Key:
    """Say of what one version has alone that it was added, or removed; then no line has it."""
    place = own.places[top]
    what = place.call.removesuffix("()")
    if place.path != top:
        what = ", ".join(_kinds(own, top))
    label = top.rpartition(".")[2]
    name = "" if is_numbered(label, place) else label
    return _Key(place.file, place.line if verb == "added" else 0, f"{what} {verb}", name)


def _kinds(own: Side, group: str) -> Iterator[str]:
    """Yield what a plain group holds: Bottleneck ×2, relu."""
    numbers: dict[str, int] = {}
    for path in own.children[group]:
        place = own.places[path]
        name = path.rpartition(".")[2] if place.path != path else place.call.partition("(")[0]
        numbers[name] = numbers.get(name, 0) + 1
    for index, (name, number) in enumerate(numbers.items()):
        if index == _MOST_KINDS:
            yield "…"
            return
        yield f"{name} ×{number}" if number > 1 else name


def _input(one: Head, other: Head) -> _Key | None:
    """Return the line of the network's input, where that is another one now."""
    for name, shape in other.inputs.items():
        before = one.inputs.get(name)
        if before is not None and before != shape:
            what = f"{name} {_shape(before)} → {_shape(shape)}"
            return _Key(other.spec, other.lines.get("input", 0), what, whole=True)
    return None


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _differs(old: Row, new: Row) -> bool:
    return (old.op, old.args, old.params, old.macs, old.out_shape) != (
        new.op,
        new.args,
        new.params,
        new.macs,
        new.out_shape,
    )
