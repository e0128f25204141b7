"""What differs between two calls, or between the arguments of two layers, in words."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.report import Row


def call_difference(before: str, after: str) -> str:
    """Return what differs between two calls: Stage n 6 → 8; of other blocks, both."""
    name, old = _arguments(before)
    other, new = _arguments(after)
    if name != other:
        return f"{before.removesuffix('()')} → {after.removesuffix('()')}"
    changed = [
        f"{key} {old.get(key, 'none')} → {new.get(key, 'none')}"
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
