"""The composite action: its steps run by a shell, with the environment that GitHub gives them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checking.kit import NET, PARAMS

ROOT = Path(__file__).parent.parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  *--paginate*) printf '%s' "$COMMENT" ;;
esac
"""
"""A `gh` that writes down how it is called, and knows the comment that is there."""


@pytest.fixture
def pull_request(folder, git, write, monkeypatch):
    """A shallow checkout of a pull request, as actions/checkout leaves it."""
    origin = folder / "origin"
    origin.mkdir()
    git("init", "-q", "-b", "main", cwd=origin)
    write("origin/models/a net.yaml", NET + "budgets: [params <= baseline + 2%]\n")
    git("add", "-A", cwd=origin)
    git("commit", "-q", "-m", "one", cwd=origin)
    git("checkout", "-q", "-b", "work", cwd=origin)
    for width in (11, 20):
        text = NET.replace("fc: 10", f"fc: {width}") + "budgets: [params <= baseline + 2%]\n"
        write("origin/models/a net.yaml", text)
        git("commit", "-q", "-a", "-m", "more", cwd=origin)
    git("clone", "-q", "--depth", "1", "--branch", "work", f"file://{origin}", "clone")
    return folder / "clone"


class Runner:
    """Runs steps of the action in a checkout."""

    def __init__(self, checkout: Path, temp: Path, **inputs: str) -> None:
        self.checkout = checkout
        self.temp = temp
        defaults = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
        self.context = {f"inputs.{name}": value for name, value in (defaults | inputs).items()}
        self.context |= {
            "github.token": "secret", "github.base_ref": "main", "github.event.number": "7",
            "github.repository": "someone/nets",
        }  # fmt: skip
        self.said = ""

    def run(self, name: str, **environment: str) -> int:
        """Run a step; return its exit code."""
        step = STEPS[name]
        env = {key: self.value(text) for key, text in step.get("env", {}).items()}
        output = self.temp / "output"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.checkout, capture_output=True, text=True, check=False,
            env={
                **os.environ, "RUNNER_TEMP": str(self.temp), "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
                "CI": "true", **env, **environment,
            },
        )  # fmt: skip
        self.said = done.stdout + done.stderr
        if output.exists():
            for line in output.read_text().splitlines():
                key, _, value = line.partition("=")
                self.context[f"steps.check.outputs.{key}"] = value
        return done.returncode

    def value(self, text: str) -> str:
        """Return a text with GitHub's expressions filled in."""
        filled = EXPRESSION.sub(lambda match: self.context[match[1]], text)
        return EXPRESSION.sub(lambda match: self.context[match[1]], filled)


@pytest.fixture
def runner(pull_request, tmp_path_factory):
    """A function that returns a runner, with a cnncalc that runs this checkout's code."""
    temp = tmp_path_factory.mktemp("runner")
    program = temp / "cnncalc" / "bin" / "cnncalc"
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/usr/bin/env bash\nPYTHONPATH={ROOT} exec {sys.executable} -m cnncalc "$@"\n'
    )
    program.chmod(0o755)
    gh = temp / "gh"
    gh.write_text(GH)
    gh.chmod(0o755)

    def runner(**inputs: str) -> Runner:
        return Runner(pull_request, temp, **inputs)

    return runner


def test_no_input_is_pasted_into_a_script():
    """A branch or a spec may have any name: scripts see them as variables alone."""
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")


def test_a_pull_request_is_fetched_checked_and_failed(runner):
    steps = runner(specs="models")
    assert steps.run("Fetch the base") == 0, steps.said
    assert steps.run("Check") == 0, steps.said
    assert steps.context["steps.check.outputs.exit-code"] == "1"
    assert steps.said.startswith("::error file=models/a net.yaml,line=5,")
    comment = (steps.temp / "cnncalc.md").read_text()
    assert comment.startswith("<!-- cnncalc check -->")
    assert f"{PARAMS + 170:,} (+170, +5.8%)" in comment
    assert (steps.temp / "summary.md").read_text() == comment
    assert steps.run("Result") == 1


def test_inputs_become_arguments(runner):
    steps = runner(
        specs="models", base="none", budgets="params <= 5k\n\nmacs <= 1k for each type:conv\n",
        args="--exit-zero --level warn",
    )  # fmt: skip
    assert steps.run("Fetch the base") == 0
    assert steps.run("Check") == 0
    assert "macs <= 1k for each type%3Aconv" in steps.said
    assert steps.context["steps.check.outputs.exit-code"] == "0"
    assert steps.run("Result") == 0


def test_the_projects_specs_where_none_are_named(runner, pull_request):
    (pull_request / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n')
    steps = runner(base="none", budgets="params <= 5k")
    assert steps.run("Check") == 0
    assert steps.context["steps.check.outputs.exit-code"] == "0", steps.said


def test_a_base_that_cannot_be_had_is_a_result_of_its_own(runner):
    steps = runner(specs="models")
    assert steps.run("Check") == 0
    assert "run `git fetch --unshallow origin" in steps.said
    assert steps.run("Result") == 3


@pytest.mark.parametrize("there", ["", "4711"], ids=["no comment", "a comment"])
def test_the_comment_is_made_once_and_then_kept_up_to_date(runner, there):
    steps = runner(specs="models", base="none", budgets="params <= 5k")
    assert steps.run("Check") == 0
    calls = steps.temp / "calls"
    path = f"{steps.temp}{os.pathsep}{os.environ['PATH']}"
    assert steps.run("Comment", PATH=path, CALLS=str(calls), COMMENT=there) == 0, steps.said
    look, post = calls.read_text().splitlines()
    assert "repos/someone/nets/issues/7/comments" in look
    assert f"-F body=@{steps.temp}/cnncalc.md" in post
    if there:
        assert "-X PATCH repos/someone/nets/issues/comments/4711" in post
    else:
        assert "PATCH" not in post


def test_no_comment_without_a_report(runner):
    steps = runner(specs="nothing")
    assert steps.run("Check") == 0
    assert steps.run("Comment", PATH=os.environ["PATH"]) == 0
    assert steps.run("Result") in {2, 3}


@pytest.mark.slow
def test_the_action_installs_cnncalc(runner, tmp_path_factory):
    steps = runner(specs="models")
    steps.temp = tmp_path_factory.mktemp("fresh")
    bin_folder = tmp_path_factory.mktemp("bin")
    (bin_folder / "python").symlink_to(sys.executable)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    assert steps.run("Install cnncalc", PATH=path) == 0, steps.said
    assert steps.run("Fetch the base") == 0
    assert steps.run("Check") == 0
    assert steps.run("Result") == 1
