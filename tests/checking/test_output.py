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


INCLUDES = "include: [parts/blocks.yaml]\ninput: [3, 16, 16]\nlayers: [Two: 8]\n"


@pytest.mark.parametrize(
    "arguments, what",
    [
        (["check", "-o", "json=parts/blocks.yaml"], "a file that a spec includes"),
        (["check", "--exit-zero", "-o", "json=./parts/more.yaml"], "a file that a spec includes"),
        (["check", "-o", "json=cnncalc.toml"], "the project's file"),
        (["check", "-o", "json=cnncalc.lock"], "the lock file"),
        (["check", "--lock-file", "x.lock", "-o", "csv=x.lock"], "the lock file"),
        (["check", "-o", "json=parts/cnncalc.toml"], "the project's file"),
        (["lock", "--lock-file", "empty/cnncalc.toml"], "the project's file"),
        (["diff", "net.yaml", "lenet5", "-o", "json=parts/blocks.yaml"], "spec includes"),
        (["diff", "net.yaml", "lenet5", "-o", "json=cnncalc.toml"], "the project's file"),
        (["analyze", "net.yaml", "-o", "json=net.yaml"], "a spec"),
        (["analyze", "net.yaml", "-o", "json=link.yaml"], "a file that a spec includes"),
        (["verify", "net.yaml", "-o", "json=net.yaml"], "a spec"),
        (["verify", "net.yaml", "-o", "json=parts/more.yaml"], "a file that a spec includes"),
        (["verify", "net.yaml", "--params", "p.npz", "-o", "json=p.npz"], "the file of params"),
    ],
)
def test_nothing_that_was_read_is_overwritten(run, write, folder, arguments, what):
    write("net.yaml", INCLUDES)
    write("parts/more.yaml", "blocks: {One(c): [conv: [c, 3]]}\n")
    write("parts/blocks.yaml", "include: [more.yaml]\nblocks: {Two(c): [One: c, One: c]}\n")
    write("cnncalc.toml", 'specs = ["net.yaml", "parts/b.yaml", "empty/a.yaml"]\n')
    write("parts/b.yaml", "input: [3]\nlayers: [fc: 3]\nbudgets: [params <= 99]\n")
    write("parts/cnncalc.toml", "")
    write("empty/a.yaml", "input: [3]\nlayers: [fc: 3]\n")
    write("empty/cnncalc.toml", "")
    write("p.npz", "")
    (folder / "link.yaml").symlink_to("parts/blocks.yaml")
    assert run("lock").code == run("lock", "--lock-file", "x.lock").code == 0
    before = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert f"{what}, and would be overwritten" in done.err
    assert {path: path.read_text() for path in folder.rglob("*") if path.is_file()} == before


def test_what_a_broken_spec_includes_is_not_overwritten(run, write):
    """The check goes on to the others, and writes its report."""
    write("net.yaml", INCLUDES.replace("layers: [Two", "layers: [Too"))
    path = write("parts/blocks.yaml", "blocks: {Two(c): [conv: [c, 3]]}\n")
    done = run("check", "net.yaml", "--budget", "params <= 5M", "-o", "json=parts/blocks.yaml")
    assert (done.code, done.out) == (2, "")
    assert "would be overwritten" in done.err
    assert path.read_text().startswith("blocks:")


CHECK = "cnncalc check net.yaml --budget 'params <= 5M'"


@pytest.mark.parametrize("bad", ["no/where.xml", "folder", "/dev/full", "shut/x.xml"])
@pytest.mark.parametrize("order", ["-o json=a.json -o junit={}", "-o junit={} -o json=a.json"])
def test_all_files_are_written_or_none(shell, write, folder, bad, order):
    write("net.yaml", NET)
    (folder / "folder").mkdir()
    (folder / "shut").write_text("a file, and no folder")
    path = write("a.json", "as it was")
    done = shell(f"{CHECK} {order.format(bad)} -o table -o csv=b.csv")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: cannot write ")
    assert bad in line
    assert path.read_text() == "as it was"
    assert sorted(path.name for path in folder.iterdir()) == [
        "a.json",
        "folder",
        "net.yaml",
        "shut",
    ]
    assert "✓ 1 of 1 budgets hold in 1 spec" in done.stdout


@pytest.mark.parametrize("command", ["analyze net.yaml", "verify net.yaml", "diff net.yaml lenet5"])
def test_other_commands_write_all_files_or_none(shell, write, folder, command):
    write("net.yaml", NET)
    write("a.json", "as it was")
    second = "table" if command.startswith("verify") else "markdown"
    done = shell(f"cnncalc {command} -o json=a.json -o {second}=no/where")
    assert done.returncode == 2, done.stderr
    assert "cannot write " in done.stderr
    assert (folder / "a.json").read_text() == "as it was"
    assert sorted(path.name for path in folder.iterdir()) == ["a.json", "net.yaml"]


def test_a_file_keeps_its_mode_and_a_link_its_target(shell, write, folder):
    write("net.yaml", NET)
    write("real.json", "old").chmod(0o640)
    (folder / "link.json").symlink_to("real.json")
    done = shell(f"umask 022; {CHECK} -o json=link.json -o csv=new.csv")
    assert done.returncode == 0, done.stderr
    assert (folder / "link.json").is_symlink()
    assert json.loads((folder / "real.json").read_text())["ok"] is True
    assert (folder / "real.json").stat().st_mode & 0o777 == 0o640
    assert (folder / "new.csv").stat().st_mode & 0o777 == 0o644


def test_a_descriptor_by_its_name_is_written_to_and_not_replaced(shell, write):
    write("net.yaml", NET)
    for name in ("/proc/self/fd/3", "/dev/fd/3"):
        done = shell(f"{{ {CHECK} -o json={name} -o concise; echo more >&3; }} 3>f; tail -n 1 f")
        assert done.stdout.splitlines()[-1] == "more", done.stderr


def test_a_named_pipe_and_nothing(shell, write):
    write("net.yaml", NET)
    line = f"mkfifo p; cat p & {CHECK} -o json=p -o csv=/dev/null -o concise=c; wait; test -p p"
    done = shell(line)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True


@pytest.mark.parametrize("most, code", [("5M", 0), ("1k", 1)])
@pytest.mark.parametrize("summary", ["no/where.md", "folder", "/dev/full"])
def test_a_summary_that_cannot_be_written_is_a_warning(shell, write, folder, most, code, summary):
    write("net.yaml", NET)
    (folder / "folder").mkdir()
    done = shell(
        f"GITHUB_STEP_SUMMARY={summary} cnncalc check net.yaml --ci -o json=a.json "
        f"-o table --budget 'params <= {most}'"
    )
    assert done.returncode == code
    assert done.stderr.startswith(f"warning: cannot write {summary}: ")
    assert json.loads((folder / "a.json").read_text())["ok"] is (code == 0)


def test_a_summary_is_written_where_a_file_cannot_be(shell, write, folder):
    write("net.yaml", NET)
    done = shell(f"GITHUB_STEP_SUMMARY=s.md {CHECK} --ci -o json=no/where")
    assert done.returncode == 2
    assert "cannot write " in done.stderr
    assert (folder / "s.md").read_text().startswith("<!-- cnncalc check -->")


def test_a_file_may_begin_with_a_plus(shell, write, folder):
    write("net.yaml", NET)
    write("+a.json", "old")
    assert shell(f"{CHECK} -o json=+a.json").returncode == 0
    assert json.loads((folder / "+a.json").read_text())["ok"] is True
