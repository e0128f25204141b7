"""Where text goes: files, whole or not at all, and standard output, whatever it can show."""

import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from cnncalc.errors import CnncalcError

_SYSTEM = ("/dev/", "/proc/")
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})")
_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


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
    paths = [
        os.path.realpath(path)
        for _, path in pairs
        if path and not path.startswith(("/dev/", "/proc/"))
    ]
    twice = next((path for path in paths if paths.count(path) > 1), "")
    if twice:
        raise CnncalcError(f"-o: two formats would go to {twice}", hint="give each its own file")
    return pairs


def write(path: str, text: str) -> None:
    """Write a file whole or not at all; a device or a pipe gets the text itself."""
    _write_files([(path, text)])


def _write_files(files: list[tuple[str, str]]) -> None:
    """Write all files or none: each beside its place first, and only then are they put there.

    Devices and pipes take the text in between, as they cannot be undone and may fail.
    """
    halves: dict[str, str] = {}
    path = ""
    try:
        for path, text in files:
            if not _special(path):
                _write_half(path, text, halves)
        for path, text in files:
            if _special(path):
                _write_special(path, text)
        for path, _ in files:
            if path in halves:
                os.replace(halves[path], os.path.realpath(path))  # noqa: PTH105 as below
                del halves[path]
    except OSError as error:
        raise CnncalcError(f"cannot write {path}: {error.strerror}") from None
    finally:
        for half in halves.values():
            with suppress(OSError):
                os.unlink(half)  # noqa: PTH108 as below


def _special(path: str) -> bool:
    """Whether a path is no file to be replaced: what /dev/stdout leads to is no name of one."""
    if path.startswith(_SYSTEM):
        return True
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113 no Path needed


def _write_half(path: str, text: str, halves: dict[str, str]) -> None:
    """Write beside the file that the path leads to, with the mode that it has."""
    real = os.path.realpath(path)
    half = f"{real}.part{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(half)  # noqa: PTH108 what an earlier process of this number left
    with open(half, "x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:  # noqa: PTH123 no Path needed
        halves[path] = half
        file.write(text + "\n")
    with suppress(OSError):  # there is no such file yet, or the file system knows no modes
        os.chmod(half, os.stat(real).st_mode & 0o777)  # noqa: PTH101, PTH116 as above


def _write_special(path: str, text: str) -> None:
    descriptor = _DESCRIPTOR.fullmatch(path)
    number = _STREAMS.get(path, int(descriptor[1]) if descriptor else -1)
    # An open descriptor goes on where it stands: opened by its name it would begin again.
    target = path if number < 0 else os.dup(number)
    with open(target, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:  # noqa: PTH123 no Path needed
        file.write(text + "\n")


Files = Iterable[str | os.PathLike[str]]

INCLUDED = "a file that a spec includes"


def spare(paths: Iterable[str], what: str, read: Files) -> None:
    """Raise CnncalcError where a file to be written is one that is read, and `what` that is."""
    known = {os.path.realpath(file) for file in read}
    for path in paths:
        if path and os.path.realpath(path) in known:
            hint = "name another file to write"
            raise CnncalcError(f"{path} is {what}, and would be overwritten", hint=hint)


def spare_project(paths: Iterable[str], projects: Any, cases: list[Any], lock: Files = ()) -> None:
    """Raise CnncalcError where a file to be written is a spec, a project's file, or a lock file.

    What the specs include is known when they have been read.
    """
    written = list(paths)
    spare(written, "a spec", (case.path for case in cases))
    spare(written, "the project's file", filter(None, (p.file for p in projects.concerned(cases))))
    spare(written, "the lock file", lock)


def spare_nets(chosen: list[tuple[str, str]], nets: Iterable[Any], params: str = "") -> None:
    """Raise CnncalcError where a file to be written is one that a network was read from."""
    paths = [path for _, path in chosen]
    for net in nets:
        spare(paths, "a spec", net.origin.files[:1])
        spare(paths, INCLUDED, net.origin.files[1:])
    spare(paths, "the file of params", filter(None, (params,)))


def write_all(chosen: list[tuple[str, str]], rendered: Callable[[str, str], str]) -> None:
    """Render every format, then write all files or none; print what goes to standard output.

    `rendered(format, path)` returns a text; an empty path is standard output, which gets its text
    even where a file cannot be written.
    """
    texts = [(path, rendered(name, path)) for name, path in chosen]
    try:
        _write_files([(path, text) for path, text in texts if path])
    except CnncalcError:
        with suppress(CnncalcError, BrokenPipeError):
            _print_all(texts)
        raise
    _print_all(texts)


def _print_all(texts: list[tuple[str, str]]) -> None:
    for path, text in texts:
        if not path:
            print_text(text)


def append(path: str, text: str) -> None:
    """Write behind what is in a file, as a step's summary is written.

    A summary that cannot be written is no reason to lose the result: it is a warning.
    """
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:  # noqa: PTH123 no Path needed
            file.write(text + "\n")
    except OSError as error:
        from cnncalc.renderers.text import clean

        sys.stderr.write(clean(f"warning: cannot write {path}: {error.strerror}") + "\n")


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
