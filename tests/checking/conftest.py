"""Commands run in folders of their own, some of them git repositories."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from checking.kit import Done

from cnncalc import cli


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty present folder, in an environment without CI, terminal or settings of git."""
    for name in ("CI", "NO_COLOR", "CNNCALC_DEBUG", "GITHUB_STEP_SUMMARY", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "somebody@example.org")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder, monkeypatch):
    """A function that runs cnncalc in this process."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["cnncalc", *arguments])
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in "oe"]
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            code = cli.run()
            for stream in streams:
                stream.flush()
        out, err = (stream.buffer.getvalue().decode() for stream in streams)
        assert "Traceback" not in err
        return Done(code, out, err)

    return run


@pytest.fixture
def write(folder):
    """A function that writes a file below the folder."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def git(folder):
    """A function that runs git in a new repository, on the branch main."""

    def git(*arguments: str, cwd: Path = folder) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=cwd, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    git("init", "-q", "-b", "main")
    return git


@pytest.fixture
def commit(git):
    """A function that commits all files."""

    def commit(message: str = "change") -> str:
        git("add", "-A")
        git("commit", "-q", "-m", message)
        return git("rev-parse", "HEAD").strip()

    return commit
