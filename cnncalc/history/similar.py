"""Which new files are old ones by another name, where git was not told of them yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import PurePath

_SIMILAR = 0.5
"""As git has it: a file with half of its lines in another place is the same file."""
_MOST_PAIRED = 40_000
"""Pairs of files; of more, those of the same file name are compared."""
_MOST_COMPARED = 4_000_000
"""Pairs of lines; comparing them all takes less than a second."""

_Scores = Iterator[tuple[float, str, str]]


def pair_up(new: Mapping[str, bytes], old: Mapping[str, bytes]) -> dict[str, str]:
    """Return new path -> old path of files with half of their lines in common, each one once.

    The most similar are paired first; of equals, those with the same file name, then by path. So
    the order of what is given does not matter.
    """
    found: dict[str, str] = {}
    score: Callable[[Mapping[str, bytes], Mapping[str, bytes]], _Scores]
    for score in (_equal, _similar):
        left = {path: text for path, text in new.items() if path not in found}
        free = {path: text for path, text in old.items() if path not in found.values()}
        scores = [
            (-ratio, _renamed(now, then), now, then) for ratio, now, then in score(left, free)
        ]
        taken: set[str] = set()
        for _, _, now, then in sorted(scores):
            if now not in found and then not in taken:
                found[now] = then
                taken.add(then)
    return found


def _renamed(now: str, then: str) -> bool:
    return PurePath(now).name != PurePath(then).name


def _equal(new: Mapping[str, bytes], old: Mapping[str, bytes]) -> _Scores:
    """Yield the pairs of the same content, which need no comparison line by line."""
    paths: dict[bytes, list[str]] = {}
    for path, text in old.items():
        paths.setdefault(text, []).append(path)
    for now, text in new.items():
        yield from ((1.0, now, then) for then in paths.get(text, ()))


def _similar(new: Mapping[str, bytes], old: Mapping[str, bytes]) -> _Scores:
    """Yield the pairs with enough lines in common, wherever they stand, as git looks for them."""
    lines = {path: Counter(_lines(text)) for path, text in old.items()}
    few = len(new) * len(old) <= _MOST_PAIRED
    for now, text in new.items():
        present = Counter(_lines(text))
        for then, before in lines.items():
            if few or not _renamed(now, then):
                ratio = 2 * (present & before).total() / (present.total() + before.total())
                if ratio >= _SIMILAR:
                    yield ratio, now, then


def _lines(text: bytes) -> list[str]:
    return text.decode("latin-1").split("\n")  # whatever the bytes


def changed_lines(before: bytes, after: bytes) -> frozenset[int]:
    """Return the lines of the second text, from 1, that the first does not have in this order.

    Of long texts: that it does not have at all.
    """
    old, lines = _lines(before), _lines(after)
    if len(old) * len(lines) > _MOST_COMPARED:
        known = {*old}
        return frozenset(at for at, line in enumerate(lines, 1) if line not in known)
    matcher = SequenceMatcher(None, old, lines, autojunk=False)
    same = (
        line
        for _, start, size in matcher.get_matching_blocks()
        for line in range(start, start + size)
    )
    return frozenset(range(1, len(lines) + 1)) - {line + 1 for line in same}
