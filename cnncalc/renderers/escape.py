"""Text of specs that nobody may have read, made safe for the format that it is put into."""

from __future__ import annotations

import re

from cnncalc.renderers.text import clean

MARKDOWN = str.maketrans(
    {character: f"\\{character}" for character in "\\*_[]~#$!"}
    | {character: f"&#{ord(character)};" for character in "&<>|`"}
)
_HTML = {ord(character): f"&#{ord(character)};" for character in "&<>\"'"}
_LINKED = re.compile(
    r"://|\bwww\.|\bGH-(?=\d)|#(?=\d)|(?<!\w)@(?=\w)|@(?=[\w-]+\.)|:(?=[\w+-]+:)",
    re.ASCII | re.IGNORECASE,
)
"""What GitHub makes a link, a mention or an emoji of after the markup was read: addresses without
brackets, `GH-1`, `#1`, `@name`, `:name:`. No markup stops it; a space of no width does. It is not
put into `net.yaml@variant`, which people copy."""
_NO_WIDTH = "&#8203;"


def markdown(text: str, *, ascii_only: bool = False) -> str:
    """Return text that markdown shows as it is: no cell, code, tag, link or mention."""
    return unlinked(clean(text, ascii_only=ascii_only), MARKDOWN)


def html(text: str, *, ascii_only: bool = False) -> str:
    """Return text for the inside of a tag of HTML on GitHub."""
    return unlinked(clean(text, ascii_only=ascii_only), _HTML)


def unlinked(text: str, escapes: dict[int, str]) -> str:
    """Return text with characters escaped, in which GitHub finds no link and no mention."""
    pieces = []
    end = 0
    for match in _LINKED.finditer(text):
        first = match.start() + 1
        pieces.append(text[end:first].translate(escapes) + _NO_WIDTH)
        end = first
    return "".join(pieces) + text[end:].translate(escapes)


def workflow(text: str) -> str:
    """Return the text of a workflow command; it may have several lines."""
    lines = (clean(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def workflow_property(text: str) -> str:
    """Return the value of a workflow command's property."""
    return workflow(text).replace(":", "%3A").replace(",", "%2C")


def xml(text: str) -> str:
    """Return text for an XML attribute or element, without what XML cannot hold."""
    from xml.sax.saxutils import escape

    return escape(clean(text), {'"': "&quot;"}).encode("utf-8", "replace").decode()


def uri(path: str) -> str:
    """Return a path as a relative URI reference."""
    from urllib.parse import quote

    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no name that a file can have
        data = path.encode("utf-8", "replace")
    encoded = quote(data, safe="/")
    return encoded if ":" not in encoded.split("/")[0] else f"./{encoded}"
