"""Text that is safe to print, measured in terminal columns."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPE = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles and links
    r"|\x1b[ -/]*[0-~]"
)
_ASCII = str.maketrans(
    {
        "×": "x",
        "✓": "ok",
        "✗": "FAIL",
        "–": "-",
        "−": "-",
        "─": "-",
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "≈": "~=",
        "≠": "!=",
        "←": "<-",
        "→": "->",
        "✅": "ok",
        "❌": "FAIL",
        "➖": "-",
        "⚠": "!",
        "\ufe0f": "",
        "·": "*",
        "±": "+-",
    }
)
_NARROW = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("×✓✗–−─…≤≥≈≠←·±▏▎▍▌▋▊▉█")
"""The characters of our own words, so that most texts are measured without Unicode's tables."""
_OLD_COMMAND = "##["
_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)
_EIGHTHS = " ▏▎▍▌▋▊▉"


def clean(text: str, *, ascii_only: bool = False) -> str:
    """Return text on one line without escape sequences, control characters and other traps.

    Names come from specs that nobody may have read: they must not move the cursor, hide text or
    turn its direction, and a log on GitHub must not take them for a command (`##[error]`, anywhere
    on a line; see `log_safe`). With `ascii_only`, signs become ASCII and other characters escapes.
    """
    if _OLD_COMMAND in text:
        text = text.replace(_OLD_COMMAND, "# #[")
    if text.isprintable() and (not ascii_only or text.isascii()):
        return text
    visible = "".join(map(_harmless, re.sub(_ESCAPE, "", text)))
    return to_ascii(visible) if ascii_only else visible


def to_ascii(text: str) -> str:
    """Return text with words for our signs, and escapes for other characters."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode()


def log_safe(text: str) -> str:
    """Return text no line of which begins as a workflow command of GitHub does, with `::`.

    There a file's name gets `./` before it, which it may have; other text is taken apart.
    """
    if "::" not in text:
        return text
    return _COMMAND.sub(lambda match: f"{match[1]}: :" if match[1] else "./::", text)


def width_of(text: str) -> int:
    """Return how many columns cleaned text takes in a terminal."""
    if _NARROW.issuperset(text):
        return len(text)
    return sum(map(character_width, text))


def character_width(character: str) -> int:
    """Return 2 for a wide East Asian character, 0 for a combining mark, else 1."""
    from unicodedata import category, east_asian_width

    if category(character) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """Return text cut in the middle to at most `width` columns; more is kept of its end."""
    if width_of(text) <= width:
        return text
    room = max(width - len(ellipsis), 0)
    head = _take(text, room * 2 // 5)
    tail = _take(reversed(text), room - width_of(head))[::-1]
    return f"{head}{ellipsis}{tail}"[: max(width, 0)]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return text filled with spaces to `width` columns."""
    space = " " * (width - width_of(text))
    return space + text if right else text + space


def wrap(text: str, width: int) -> list[str]:
    """Return lines of at most `width` columns, broken at spaces; a long word is broken inside."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(joined) <= width:
            lines[-1] = joined
            continue
        pieces = list(_pieces(word, width))
        lines[len(lines) if lines[-1] else -1 :] = pieces
    return lines


def bar(part: int, most: int, width: int, *, ascii_only: bool = False) -> str:
    """Return a bar of at most `width` columns, full where part equals most."""
    if not most:
        return ""
    if ascii_only:
        return "#" * ((2 * width * part + most) // (2 * most))
    eighths = (16 * width * part + most) // (2 * most)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _harmless(character: str) -> str:
    if character.isspace():
        return " "
    return character if character.isprintable() else ""


def _take(characters: Iterable[str], width: int) -> str:
    taken = ""
    for character in characters:
        width -= character_width(character)
        if width < 0:
            break
        taken += character
    return taken


def _pieces(word: str, width: int) -> Iterable[str]:
    while width_of(word) > width:
        piece = _take(word, width) or word[:1]
        yield piece
        word = word[len(piece) :]
    yield word
