"""The hooks, run by pre-commit itself in a repository of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checking.kit import NET

pytestmark = pytest.mark.slow
pytest.importorskip("pre_commit")

ROOT = Path(__file__).parent.parent.parent
PARTS = ("cnncalc", "specs", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Variables for git and pre-commit that leave the home folder alone."""
    return {
        **os.environ,
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Somebody", "GIT_AUTHOR_EMAIL": "somebody@example.org",
        "GIT_COMMITTER_NAME": "Somebody", "GIT_COMMITTER_EMAIL": "somebody@example.org",
    }  # fmt: skip


@pytest.fixture(scope="module")
def hooks(tmp_path_factory, environment):
    """A repository with the hooks, of the files as they are."""
    folder = tmp_path_factory.mktemp("hooks")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=ignore)
        else:
            shutil.copy(source, folder / part)
    return folder, committed(folder, environment)


def committed(folder, environment):
    def git(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "all")
    return git("rev-parse", "HEAD")


def test_the_hooks(hooks, environment, tmp_path):
    """A commit that breaks a budget, or that leaves the lock file stale, is refused."""
    repository, revision = hooks
    (tmp_path / "net.yaml").write_text(NET + "budgets: [params <= 5k]\n")
    (tmp_path / "cnncalc.toml").write_text('specs = ["net.yaml"]\n')
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {repository}\n    rev: {revision}\n"
        "    hooks: [{id: cnncalc-check}, {id: cnncalc-lock}]\n"
    )
    committed(tmp_path, environment)

    def hook(name):
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", name, "--all-files", "--verbose"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = hook("cnncalc-check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 budgets hold in 1 spec" in done.stdout
    assert hook("cnncalc-lock").returncode == 1
    (tmp_path / "net.yaml").write_text(NET + "budgets: [params <= 1k]\n")
    done = hook("cnncalc-check")
    assert done.returncode == 1
    assert "params 2.94 k > 1 k" in done.stdout


@pytest.mark.parametrize("gone", ["net.yaml", "cnncalc.lock", "notes.txt"])
def test_a_deletion_is_looked_at(hooks, environment, tmp_path, gone):
    """Pre-commit passes no deleted file on: a hook that waits for one would be skipped."""
    repository, revision = hooks
    for name in ("net.yaml", "other.yaml"):
        (tmp_path / name).write_text(NET + "budgets: [params <= 5k]\n")
    (tmp_path / "notes.txt").write_text("notes\n")
    (tmp_path / "cnncalc.toml").write_text('specs = ["*.yaml"]\n')
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {repository}\n    rev: {revision}\n"
        "    hooks: [{id: cnncalc-check}, {id: cnncalc-lock}]\n"
    )
    command = [sys.executable, "-m", "cnncalc", "lock"]
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    environment.pop("CI", None)
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    committed(tmp_path, environment)
    subprocess.run(["git", "rm", "-q", gone], cwd=tmp_path, env=environment, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Skipped" not in done.stdout, done.stdout + done.stderr
    assert done.returncode == (0 if gone == "notes.txt" else 1)
    if gone == "net.yaml":
        assert "net.yaml: no such spec" in done.stdout
