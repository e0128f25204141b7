"""Errors for people: the place, the source line with a mark under it, the calls, one hint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cnncalc.errors import Problem
from cnncalc.records import Record
from cnncalc.renderers.options import page_width
from cnncalc.renderers.text import clean, log_safe, width_of, wrap

Paint = Callable[[str, str], str]

_TAB = "    "
_CALLS = 4
_COLORS = {"error": "1;31", "frame": "1;34", "hint": "1;36", "bold": "1"}


def render_problems(
    problems: Sequence[Problem],
    *,
    concise: bool = False,
    color: bool = False,
    ascii: bool = False,  # noqa: A002 - the word that people use
    width: int | None = None,
) -> str:
    """Return problems as text without a newline at the end; `concise`: one line each.

    A source line longer than `width` (in columns; None: that of the page) is shown around the
    mark. Control characters are made visible, so that a spec cannot hide what it says.
    """
    if concise:
        return log_safe("\n".join(clean(p.concise(), ascii_only=ascii) for p in problems))
    columns = max(page_width() if width is None else width, 40)
    paint = _painted if color else _unpainted
    blocks = (_block(problem, paint, columns, ascii_only=ascii) for problem in problems)
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)


class _Excerpt(Record):
    """A source line as printed, and the columns before and under its mark."""

    text: str
    before: int
    marked: int


def _block(problem: Problem, paint: Paint, columns: int, *, ascii_only: bool) -> Iterator[str]:
    def safe(text: str) -> str:
        return clean(text, ascii_only=ascii_only)

    shown = bool(problem.excerpt and problem.line)
    values = f" ({safe(problem.label)})" if problem.label and not shown else ""
    text = paint("bold", f": {safe(problem.text)}{values}")
    yield f"{paint('error', 'error')}{text}"
    gutter = " " * (len(str(problem.line)) if problem.line else 1)
    if problem.file or problem.path:
        path = f"  in {safe(problem.path)}" if problem.path else ""
        yield f"{gutter}{paint('frame', '-->')} {safe(_place(problem))}{path}"
    if shown:
        yield from _quote(problem, paint, columns - len(gutter) - 3, ascii_only=ascii_only)
    if problem.calls:
        yield f"{gutter} {paint('frame', '=')} called from {safe(_calls(problem))}"
    if problem.hint:
        yield f"{gutter} {paint('frame', '=')} {paint('hint', 'hint')}: {safe(problem.hint)}"


def _place(problem: Problem) -> str:
    file = problem.file or "-"
    return ":".join([file, *(str(each) for each in (problem.line, problem.column) if each)])


def _quote(problem: Problem, paint: Paint, room: int, *, ascii_only: bool) -> Iterator[str]:
    """Yield the source line between two empty ones, with the mark and its label under it."""
    gutter = " " * len(str(problem.line))
    frame = paint("frame", "|")
    excerpt = _excerpt(problem, room, ascii_only=ascii_only)
    label = clean(problem.label, ascii_only=ascii_only)
    carets = paint("error", "^" * excerpt.marked)
    yield f"{gutter} {frame}"
    yield f"{paint('frame', str(problem.line))} {frame} {excerpt.text}"
    if excerpt.before + excerpt.marked + 1 + width_of(label) <= room:
        yield f"{gutter} {frame} {' ' * excerpt.before}{carets} {label}"
    else:
        yield f"{gutter} {frame} {' ' * excerpt.before}{carets}"
        yield from (f"{gutter} {frame} {line}" for line in wrap(label, room))
    yield f"{gutter} {frame}"


def _excerpt(problem: Problem, room: int, *, ascii_only: bool) -> _Excerpt:
    """Return the source line, cut to the part around the mark where it is too long."""
    pieces = [_visible(each, ascii_only=ascii_only) for each in problem.excerpt.rstrip("\r\n")]
    widths = [width_of(piece) for piece in pieces]
    start = min(max(problem.column - 1, 0), len(pieces))
    end = min(start + max(problem.width, 1), len(pieces))
    first, last = _window(widths, start, room)
    ellipsis = "..." if ascii_only else "…"
    left = ellipsis if first else ""
    right = ellipsis if last < len(pieces) else ""
    text = left + "".join(pieces[first:last]) + right
    return _Excerpt(
        text, len(left) + sum(widths[first:start]), max(sum(widths[start : min(end, last)]), 1)
    )


def _window(widths: Sequence[int], start: int, room: int) -> tuple[int, int]:
    """Return the range of characters to show: all, or some before the mark and what follows."""
    if sum(widths) <= room:
        return 0, len(widths)
    room -= 6
    first = start
    lead = max(room // 3, room - sum(widths[start:]), 0)
    while first and lead >= widths[first - 1]:
        first -= 1
        lead -= widths[first]
    last = first
    while last < len(widths) and room >= widths[last]:
        room -= widths[last]
        last += 1
    return first, last


def _visible(character: str, *, ascii_only: bool) -> str:
    if character == "\t":
        return _TAB
    if character.isprintable() and (character.isascii() or not ascii_only):
        return character
    if ord(character) < 0x20 and not ascii_only:
        return chr(0x2400 + ord(character))
    return character.encode("unicode_escape").decode("ascii")


def _calls(problem: Problem) -> str:
    """Return the calls, innermost first; a file that was just named is not named again."""
    named = ""
    shown = []
    for call in problem.calls[:_CALLS]:
        file, colon, rest = call.partition(":")
        shown.append(f":{rest}" if colon and file == named else call)
        named = file
    more = len(problem.calls) - _CALLS
    return ", ".join([*shown, f"and {more} more"] if more > 0 else shown)


def _painted(style: str, text: str) -> str:
    return f"\x1b[{_COLORS[style]}m{text}\x1b[0m"


def _unpainted(_: str, text: str) -> str:
    return text
