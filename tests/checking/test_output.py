"""Where results are written: pipes, devices, files, and streams that are closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checking.kit import NET, PARAMS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shell(folder):
    """A function that runs a line of bash, where "$cnncalc" is the command."""

    def shell(line: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable}
        line = line.replace("cnncalc", '"$PYTHON" -m cnncalc')
        command = ["bash", "-c", line]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return shell


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("most, code", [("5M", 0), ("1k", 1), ("1 kk", 2)])
def test_closed_streams_change_no_exit_code(shell, write, streams, most, code):
    write("net.yaml", NET)
    done = shell(f"cnncalc check net.yaml --budget 'params <= {most}' {streams}")
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_fault_is_70_and_never_1():
    text = "import cnncalc.cli; cnncalc.cli.run = None; from cnncalc.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 70, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "cnncalc check net.yaml --budget 'params < 5M' -o concise=x -o json=/dev/stdout | cat",
        "cnncalc check net.yaml --budget 'params < 5M' -o concise=x -o json=>(cat >&2); sleep 1",
        "cnncalc check net.yaml --budget 'params < 5M' -o concise=x -o json=/dev/stdout >f; cat f",
    ],
)
def test_pipes_by_their_names(shell, write, line):
    write("net.yaml", NET)
    done = shell(line)
    assert json.loads(done.stdout or done.stderr)["specs"][0]["figures"]["params"] == PARAMS


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "net.yaml", "--budget", "params <= 5M", "-o", "json=net.yaml"],
        ["check", ".", "--budget", "params <= 5M", "-o", "json=./net.yaml"],
        ["diff", "resnet18", "net.yaml", "-o", "json=link.yaml"],
        ["diff", "net.yaml@x", "resnet18", "-o", "json=net.yaml"],
        ["lock", "net.yaml", "--lock-file", "net.yaml"],
    ],
)
def test_a_spec_is_not_overwritten(run, write, folder, arguments):
    path = write("net.yaml", NET)
    (folder / "link.yaml").symlink_to("net.yaml")
    done = run(*arguments)
    assert done.code == 2
    assert "is a spec, and would be overwritten" in done.err
    assert path.read_text() == NET
