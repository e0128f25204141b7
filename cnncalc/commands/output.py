"""Where text goes: files, whole or not at all, and standard output, whatever it can show."""

import os
import sys
from collections.abc import Callable, Iterable

from cnncalc.errors import CnncalcError


def outputs(texts: list[str], formats: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the (format, path) pairs of `-o`; an empty path is standard output."""
    pairs = [(name, path) for name, _, path in (text.partition("=") for text in texts)]
    for name, _ in pairs:
        if name not in formats:
            raise CnncalcError(f"-o {name}: no such format", hint=f"one of {', '.join(formats)}")
    printed = [name for name, path in pairs if not path]
    if len(printed) > 1:
        raise CnncalcError(
            f"-o: {' and '.join(printed)} would both go to standard output",
            hint=f"give one of them a file: -o {printed[-1]}=PATH",
        )
    paths = [os.path.realpath(path) for _, path in pairs if path and not path.startswith("/dev/")]
    twice = next((path for path in paths if paths.count(path) > 1), "")
    if twice:
        raise CnncalcError(f"-o: two formats would go to {twice}", hint="give each its own file")
    return pairs


def write(path: str, text: str) -> None:
    """Write a file whole or not at all; a device or a pipe gets the text itself."""
    special = path.startswith("/dev/") or (os.path.exists(path) and not os.path.isfile(path))  # noqa: PTH110, PTH113 as below
    if not special:  # what /dev/stdout leads to is no name of a file
        path = os.path.realpath(path)
    half = path if special else f"{path}.part{os.getpid()}"
    try:
        with open(half, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:  # noqa: PTH123 no Path needed
            file.write(text + "\n")
        if not special:
            os.replace(half, path)  # noqa: PTH105 as above
    except OSError as error:
        if not special and os.path.exists(half):  # noqa: PTH110 as above
            os.unlink(half)  # noqa: PTH108 as above
        raise CnncalcError(f"cannot write {path}: {error.strerror}") from None


def spare(paths: Iterable[str], specs: Iterable[str | os.PathLike[str]]) -> None:
    """Raise CnncalcError where a file to be written is a spec that is read."""
    read = {os.path.realpath(spec) for spec in specs}
    for path in paths:
        if path and os.path.realpath(path) in read:
            hint = "name another file to write"
            raise CnncalcError(f"{path} is a spec, and would be overwritten", hint=hint)


def write_all(chosen: list[tuple[str, str]], rendered: Callable[[str, str], str]) -> None:
    """Render every format before the first is written, so that an error leaves nothing behind.

    `rendered(format, path)` returns a text; an empty path is standard output.
    """
    texts = [rendered(name, path) for name, path in chosen]
    for (_, path), text in zip(chosen, texts, strict=True):
        if path:
            write(path, text)
        else:
            print_text(text)


def append(path: str, text: str) -> None:
    """Write behind what is in a file, as a step's summary is written."""
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:  # noqa: PTH123 no Path needed
            file.write(text + "\n")
    except OSError as error:
        raise CnncalcError(f"cannot write {path}: {error.strerror}") from None


def only_ascii() -> bool:
    """Whether standard output cannot show our signs."""
    try:
        "×✓–▏█…".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return True
    return False


def print_text(text: str) -> None:
    """Print a text and a newline."""
    try:
        sys.stdout.write(text + "\n")
    except UnicodeEncodeError:  # a data format on a terminal without Unicode, or an odd file name
        data = text.encode(sys.stdout.encoding, "backslashreplace")
        sys.stdout.flush()
        sys.stdout.buffer.write(data + b"\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CnncalcError(f"cannot write to standard output: {error.strerror}") from None
