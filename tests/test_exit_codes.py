"""What the shell sees: exit codes, nothing on standard output beside an error, no traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc import cli

GOOD = "input: [3, 8, 8]\nlayers: {stem: {conv: [16, 3]}}\n"
BAD = "input: [3, 8, 8]\nlayers: {stem: {cnov: [16, 3]}}\n"


def cnncalc(*arguments, cwd, stdin=b"", **environment):
    """Run the command line in a process of its own."""
    path = os.pathsep.join([str(Path.cwd()), *sys.path])
    return subprocess.run(
        [sys.executable, "-m", "cnncalc", *arguments],
        cwd=cwd, input=stdin, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )  # fmt: skip


def refused(done):
    """Return the error text of a refused command, after the checks that all of them share."""
    error = done.stderr.decode()
    assert done.returncode == 2, error
    assert done.stdout == b""
    assert "Traceback" not in error
    return error


@pytest.fixture
def folder(tmp_path):
    """A folder with a good and a bad spec, a folder, an empty and a binary file."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "empty.yaml").write_bytes(b"")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "zeros.yaml").write_bytes(b"\0" * 4000)
    (tmp_path / "wide.yaml").write_bytes(GOOD.encode("utf-16"))
    (tmp_path / "latin.yaml").write_bytes(b"# caf\xe9\n" + GOOD.encode())
    (tmp_path / "large.yaml").write_bytes(b"#" * (1 << 20) + b"#")
    (tmp_path / "folder.yaml").mkdir()
    return tmp_path


REFUSED = {
    "a bad spec": (["bad.yaml"], "error: unknown layer type 'cnov'\n --> bad.yaml:2:17"),
    "a missing file": (["none.yaml"], "none.yaml"),
    "a folder": (["folder.yaml"], "the file is a folder"),
    "an empty file": (["empty.yaml"], "the file is empty"),
    "a binary file": (["binary.yaml"], "error: the file is not UTF-8"),
    "a file of zeros": (["zeros.yaml"], "the file is UTF-16 or binary"),
    "UTF-16": (["wide.yaml"], "save the file as UTF-8"),
    "Latin-1": (["latin.yaml"], "latin.yaml:1:6"),
    "a file that is too large": (["large.yaml"], "a spec has at most 1,048,576 bytes"),
    "an unknown variant": (["good.yaml@half"], "no variant 'half'"),
    "an unknown variable": (["good.yaml", "--set", "w=3"], "--set w: no such variable"),
    "a variable without a value": (["good.yaml", "--set", "w"], "--set w: not NAME=VALUE"),
    "no shape": (["good.yaml", "--input", "3xx8"], "--input 3xx8: not a shape"),
    "a shape of 0": (["good.yaml", "--input", "3x0x8"], "is not a shape"),
    "a huge shape": (["good.yaml", "--input", "3x99999999999x8"], "1 to 2,147,483,648"),
    "a shape for no input": (["good.yaml", "--input", "x=3x8x8"], "--input: no input 'x'"),
    "an unknown format": (["good.yaml", "-o", "xml"], "-o xml: no such format"),
    "an unknown column": (["good.yaml", "--columns", "wat"], "wat"),
    "an unknown convention": (["good.yaml", "--convention", "wat"], "wat"),
    "an unknown dtype": (["good.yaml", "--dtype", "int3"], "int3"),
    "an unknown option": (["good.yaml", "--wat"], "--wat"),
    "no spec": ([], "SPEC"),
    "too few layers": (["good.yaml", "--max-layers", "0"], "--max-layers"),
    "no folder to write to": (["good.yaml", "-o", "json=no/where.json"], "cannot write"),
    "a folder to write to": (["good.yaml", "-o", "json=folder.yaml"], "cannot write"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, folder):
    """Bad input ends with 2, an error for people, and nothing on standard output."""
    arguments, text = REFUSED[name]
    assert text in refused(cnncalc("analyze", *arguments, cwd=folder))


def test_good(folder):
    """A good spec ends with 0 and says nothing on standard error."""
    done = cnncalc("analyze", "good.yaml", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"stem" in done.stdout


def test_standard_input(folder):
    """A spec can come from standard input, and its errors say so."""
    assert cnncalc("analyze", "-", cwd=folder, stdin=GOOD.encode()).returncode == 0
    assert "--> <stdin>:2:17" in refused(cnncalc("analyze", "-", cwd=folder, stdin=BAD.encode()))
    assert "the file is empty" in refused(cnncalc("analyze", "-", cwd=folder))


def test_concise(folder):
    """A concise error is one line, as editors read it."""
    error = refused(cnncalc("analyze", "bad.yaml", "-o", "concise", cwd=folder))
    assert re.fullmatch(r"bad\.yaml:2:17: error: unknown layer type 'cnov'; did you .*\n", error)


def test_unreadable(folder):
    """A file that the system does not give out is refused with the system's reason."""
    error = refused(cnncalc("analyze", "/proc/self/mem", cwd=folder))
    assert "the file cannot be read: Input/output error" in error


def test_pipe(folder):
    """A named pipe is read like a file, as `<(command)` of a shell needs it."""
    os.mkfifo(folder / "pipe.yaml")
    with subprocess.Popen(["sh", "-c", "cat good.yaml > pipe.yaml"], cwd=folder):
        assert cnncalc("analyze", "pipe.yaml", cwd=folder).returncode == 0


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "concise"])
def test_ascii_terminal(form, folder):
    """A terminal without Unicode gets every format."""
    (folder / "good.yaml").write_text(GOOD + "name: 'Straße × 2'\n")
    done = cnncalc("analyze", "good.yaml", "-o", form, cwd=folder, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_odd_file_name(form, folder):
    """A file's name may be any bytes."""
    (folder / "good.yaml").rename(folder / os.fsdecode(b"\xff\n.yaml"))
    done = cnncalc("analyze", b"\xff\n.yaml", "-o", form, cwd=folder)
    assert done.returncode == 0, done.stderr
    done = cnncalc("analyze", b"\xff\n.yaml", "-o", f"{form}=out", cwd=folder)
    assert done.returncode == 0, done.stderr


def test_output_whole(folder):
    """A file that is written replaces the old one, and leaves nothing beside it."""
    (folder / "out.json").write_text("old")
    assert cnncalc("analyze", "good.yaml", "-o", "json=out.json", cwd=folder).returncode == 0
    assert (folder / "out.json").read_text().startswith("{")
    assert not list(folder.glob("*.part*"))


def test_output_not_at_all(folder):
    """A spec that is refused leaves the old file as it was."""
    (folder / "out.json").write_text("old")
    refused(cnncalc("analyze", "bad.yaml", "-o", "json=out.json", cwd=folder))
    assert (folder / "out.json").read_text() == "old"
    assert not list(folder.glob("*.part*"))


def test_output_through_a_link(folder):
    """A link stays a link, and a device stays a device."""
    (folder / "link.json").symlink_to("out.json")
    (folder / "null.json").symlink_to(os.devnull)
    for name in ("link.json", "null.json"):
        assert cnncalc("analyze", "good.yaml", "-o", f"json={name}", cwd=folder).returncode == 0
        assert (folder / name).is_symlink()
    assert (folder / "out.json").read_text().startswith("{")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("fault", [RuntimeError("broken"), RecursionError(), MemoryError()])
def test_internal_error(fault, folder, monkeypatch, capsys):
    """A fault of our own ends with 70 and says that it is one, without a traceback."""

    def break_down(*_, **__):
        raise fault

    monkeypatch.chdir(folder)
    monkeypatch.setattr("cnncalc.analyze", break_down)
    monkeypatch.setattr(sys, "argv", ["cnncalc", "analyze", "good.yaml"])
    assert cli.run() == 70
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"internal error: {type(fault).__name__}")
    assert "Traceback" not in error


def test_closed_pipe(folder):
    """A reader that stops early, as head does, is no error."""
    (folder / "long.yaml").write_text("input: [3]\nlayers: [{relu: , repeat: 9000}]\n")
    command = f"{sys.executable} -m cnncalc analyze long.yaml | head -1"
    path = os.pathsep.join([str(Path.cwd()), *sys.path])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=folder, capture_output=True,
        check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["check", "none.yaml"], 2),
        (["analyze", "none.yaml"], 2),
        (["check", "good.yaml", "--base", "main", "--budget", "params <= 1"], 3),
        (["check", "good.yaml", "--budget", "params <= 1"], 1),
    ],
)
def test_an_error_that_cannot_be_printed_keeps_its_exit_code(folder, arguments, code):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cnncalc", *arguments],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=full, check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])},
        )  # fmt: skip
    assert done.returncode == code


@pytest.mark.parametrize("command", ["analyze", "check", "lock", "diff", "verify"])
def test_a_name_longer_than_any_file_is_an_error(folder, command):
    error = refused(cnncalc(command, "x" * 300, cwd=folder, CI=""))
    assert "there is no file and no bundled network" in error
