"""Bytes as text: what cannot be a spec is refused before YAML sees it."""

from __future__ import annotations

import re
from itertools import islice

from cnncalc.errors import Problem, SpecError
from cnncalc.spec.document import MOST_PROBLEMS, Document, Place

_BYTE_ORDER_MARK = "\ufeff"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_FORBIDDEN = (  # one class of all of these would take milliseconds to compile
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ud800-\udfff]|\ufeff|[\ufffe-\uffff]"
)
_BREAKS = dict.fromkeys(map(ord, "\t\n\r"))
_UTF8_HINT = "save the file as UTF-8"


def read_text(source: bytes | str, file: str, most_bytes: int) -> str:
    """Return the text of a file without a byte order mark; raise SpecError.

    UTF-8 only. Control characters other than tab and line breaks are refused, as YAML does.
    """
    size = len(source) if isinstance(source, bytes) else _size(source)
    if size > most_bytes:
        raise SpecError(
            Problem(
                f"a spec has at most {most_bytes:,} bytes",
                file,
                label=f"{size:,} bytes",
                hint="use blocks and repeat, or raise the limit",
            )
        )
    text = source if isinstance(source, str) else _decode(source, file)
    text = text.removeprefix(_BYTE_ORDER_MARK)
    _refuse_controls(text, file)
    return text


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _decode(data: bytes, file: str) -> str:
    if data[:2] in _WIDE[:2] or data[1:2] == _WIDE[2]:
        raise SpecError(Problem("the file is UTF-16 or binary", file, hint=_UTF8_HINT))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{data[error.start]:02x}"
        before = data[: error.start].decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
        document = Document(file, before + data[error.start :].decode("utf-8", "replace"))
        place = _end(Document(file, before))
        text = "the file is not UTF-8"
        raise SpecError(document.problem(place, text, label=byte, hint=_UTF8_HINT)) from None


def _refuse_controls(text: str, file: str) -> None:
    if text.translate(_BREAKS).isprintable():  # nearly always, and without compiling a pattern
        return
    found = list(islice(re.finditer(_FORBIDDEN, text), MOST_PROBLEMS))
    if not found:
        return
    document = Document(file, text)
    raise SpecError(
        *(
            document.problem(
                _end(Document(file, text[: match.start()])),
                "this character is not allowed",
                label=f"U+{ord(match[0]):04X}",
                hint="remove it",
            )
            for match in found
        )
    )


def _end(document: Document) -> Place:
    return Place(len(document.lines) - 1, len(document.lines[-1]))
