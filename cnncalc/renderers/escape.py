"""Text of specs that nobody may have read, made safe for the format that it is put into."""

from __future__ import annotations

from cnncalc.renderers.text import clean

MARKDOWN = str.maketrans(
    {character: f"\\{character}" for character in "\\*_[]~#$!"}
    | {character: f"&#{ord(character)};" for character in "&<>|`@"}
)


def markdown(text: str, *, ascii_only: bool = False) -> str:
    """Return text that markdown shows as it is: no cell, code, tag, link or mention."""
    return clean(text, ascii_only=ascii_only).translate(MARKDOWN)


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
