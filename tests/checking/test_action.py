"""The composite action: its steps run by a shell, with the environment that GitHub gives them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64encode
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
  *--paginate*) printf '%s' "$COMMENTS"; exit "${LIST_CODE:-0}" ;;
  "api user "*) if [ -z "$ME" ]; then echo '{"message": "not for you"}'; exit 1; fi; echo "$ME" ;;
  *) for each; do case "$each" in body=@*) cp "${each#body=@}" "$CALLS.body" ;; esac; done
     exit "${WRITE_CODE:-0}" ;;
esac
"""
"""A `gh` that writes down how it is called, and knows the comments that are there.

It has no jq: COMMENTS are lines of what the filter returns, the id, the type and the login of who
wrote it. As of the token of a workflow, `gh api user` fails unless ME is set.
"""
BOT = "4711 Bot github-actions[bot]\n"
STRANGER = "1234 User stranger\n"


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
            "github.repository": "someone/nets", "github.server_url": "https://example.org",
            "github.run_id": "42",
        }  # fmt: skip
        self.said = ""

    def run(self, name: str, **environment: str) -> int:
        """Run a step; return its exit code."""
        step = STEPS[name]
        env = {key: self.value(text) for key, text in step.get("env", {}).items()}
        output = self.temp / "output"
        where = self.checkout / self.value(step.get("working-directory", "."))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=where, capture_output=True, text=True, check=False,
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
    assert "::error file=models/a net.yaml,line=5," in steps.said
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


def test_a_project_in_a_folder_of_the_repository(runner, pull_request):
    """Its file is found there, and annotations go by the repository, as GitHub wants them."""
    (pull_request / "models" / "cnncalc.toml").write_text('specs = ["."]\n')
    steps = runner(**{"working-directory": "models"})
    assert steps.run("Fetch the base") == 0
    assert steps.run("Check") == 0
    assert "::error file=models/a net.yaml,line=5," in steps.said
    assert steps.context["steps.check.outputs.exit-code"] == "1"
    assert f"{PARAMS + 170:,} (+170, +5.8%)" in (steps.temp / "cnncalc.md").read_text()


def test_a_base_that_cannot_be_had_is_a_result_of_its_own(runner):
    steps = runner(specs="models")
    assert steps.run("Check") == 0
    assert "run `git fetch --unshallow origin" in steps.said
    assert steps.run("Result") == 3


def comment(steps, **environment):
    """Run the step; return its calls of `gh` that write, and the body that they wrote."""
    calls = steps.temp / "calls"
    for path in (calls, steps.temp / "calls.body"):
        path.unlink(missing_ok=True)
    path = f"{steps.temp}{os.pathsep}{os.environ['PATH']}"
    environment = {"COMMENTS": "", "ME": "", **environment}
    assert steps.run("Comment", PATH=path, CALLS=str(calls), **environment) == 0, steps.said
    made = calls.read_text().splitlines() if calls.exists() else []
    body = steps.temp / "calls.body"
    writes = [call for call in made if "--paginate" not in call and call != "api user --jq .login"]
    assert all("repos/someone/nets/issues/7/comments" in call for call in made if "--pagi" in call)
    return writes, body.read_text() if body.exists() else ""


@pytest.mark.parametrize(
    "there, me, chosen",
    [
        ("", "", ""),
        (BOT, "", "4711"),
        (STRANGER, "", ""),
        (STRANGER + BOT, "", "4711"),
        (STRANGER, "stranger", "1234"),
        (STRANGER + "99 User me\n", "me", "99"),
        ("77 null null\n", "", ""),
        (STRANGER * 2000 + BOT * 2000, "", "4711"),
    ],
    ids=["none", "own", "stranger", "both", "a person's token", "two persons", "ghost", "many"],
)
def test_the_comment_is_made_once_and_then_kept_up_to_date(runner, there, me, chosen):
    """Somebody else's comment with the marker is not the one, and could not be written to."""
    steps = runner(specs="models", base="none", budgets="params <= 5k")
    assert steps.run("Check") == 0
    (post,), body = comment(steps, COMMENTS=there, ME=me)
    assert body == (steps.temp / "cnncalc.md").read_text()
    if chosen:
        assert f"-X PATCH repos/someone/nets/issues/comments/{chosen} " in post
    else:
        assert "PATCH" not in post
        assert "repos/someone/nets/issues/7/comments" in post


@pytest.mark.parametrize("there", ["", BOT], ids=["none", "own"])
def test_a_token_that_may_not_write_gets_a_notice(runner, there):
    """As of a pull request from a fork."""
    steps = runner(specs="models", base="none", budgets="params <= 5k")
    assert steps.run("Check") == 0
    writes, _ = comment(steps, COMMENTS=there, WRITE_CODE="1")
    assert len(writes) == 1
    assert "::notice::no comment: the token may not write" in steps.said
    assert steps.run("Result") == 0


def test_comments_that_cannot_be_read_get_a_notice_and_no_second_comment(runner):
    steps = runner(specs="models", base="none", budgets="params <= 5k")
    assert steps.run("Check") == 0
    writes, _ = comment(steps, LIST_CODE="1")
    assert writes == []
    assert "::notice::no comment: " in steps.said


@pytest.mark.parametrize(
    "code, why",
    [
        ("2", "exit code 2: a spec, a budget or the command line is wrong"),
        ("3", "exit code 3: the base cannot be had"),
        ("70", "exit code 70: a fault in cnncalc"),
        ("137", "exit code 137"),
        ("", "an earlier step failed"),
    ],
)
def test_an_old_comment_does_not_stay_green_when_the_check_cannot_run(runner, code, why):
    steps = runner(specs="models")
    steps.context["steps.check.outputs.exit-code"] = code
    (steps.temp / "cnncalc.md").unlink(missing_ok=True)
    assert comment(steps) == ([], "")
    (patch,), body = comment(steps, COMMENTS=STRANGER + BOT)
    assert "-X PATCH repos/someone/nets/issues/comments/4711 " in patch
    assert body.startswith("<!-- cnncalc check -->\n")
    assert "could not run" in body
    assert why in body
    assert "https://example.org/someone/nets/actions/runs/42" in body


def test_a_report_of_an_earlier_use_is_not_posted_when_a_step_failed(runner):
    steps = runner(specs="models")
    steps.context["steps.check.outputs.exit-code"] = ""
    (steps.temp / "cnncalc.md").write_text("<!-- cnncalc check -->\nall is well\n")
    (_,), body = comment(steps, COMMENTS=BOT)
    assert "all is well" not in body


def test_specs_on_several_lines_and_globs_reach_the_command_as_they_are(runner, pull_request):
    """A name with a space is matched by a glob that the shell does not expand."""
    (pull_request / "b.yaml").write_text(NET)
    steps = runner(specs="models/*.yaml\n  b.yaml\n", base="none", budgets="params <= 1k")
    assert steps.run("Check") == 0
    assert "file=models/a net.yaml," in steps.said
    assert "file=b.yaml" in steps.said or "b.yaml: " in steps.said
    assert "in 2 of 2 specs" in steps.said


def test_a_command_that_is_not_there_has_an_exit_code_too(runner):
    steps = runner(specs="models", base="none")
    (steps.temp / "cnncalc" / "bin" / "cnncalc").unlink()
    assert steps.run("Check") == 0
    assert steps.context["steps.check.outputs.exit-code"] == "127"
    assert steps.run("Result") == 127


def test_the_base_is_fetched_without_credentials_in_the_checkout(runner, git, pull_request):
    """actions/checkout with persist-credentials: false leaves none; the token is for this fetch."""
    wrapper = pull_request.parent / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(
        '#!/usr/bin/env bash\n[ "$1" != fetch ] || env | grep ^GIT_CONFIG_ > "$SEEN"\n'
        'PATH="${PATH#*:}" exec git "$@"\n'
    )
    wrapper.chmod(0o755)
    path = f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"
    seen = pull_request.parent / "seen"
    for server, persisted, given in [
        ("file://", False, True),
        ("file://", True, False),
        ("https://example.org", False, False),
    ]:
        if persisted:
            name = "http.https://example.org/.extraheader"
            git("config", name, "AUTHORIZATION: basic x", cwd=pull_request)
        steps = runner(specs="models")
        steps.context["github.server_url"] = server
        code = steps.run("Fetch the base", PATH=path, SEEN=str(seen))
        assert code == 0, steps.said
        basic = b64encode(b"x-access-token:secret").decode()
        header = f"AUTHORIZATION: basic {basic}"
        assert (f"_0={header}\n" in seen.read_text()) is given
        assert (f"_0=http.{server}/.extraheader\n" in seen.read_text()) is given
        if persisted:
            git("config", "--unset", name, cwd=pull_request)
    config = (pull_request / ".git" / "config").read_text()
    assert "basic" not in config


def test_no_comment_without_a_report(runner):
    steps = runner(specs="nothing")
    assert steps.run("Check") == 0
    assert comment(steps) == ([], "")
    assert steps.run("Result") in {2, 3}


@pytest.mark.slow
def test_the_action_installs_cnncalc(runner, tmp_path_factory, pull_request):
    """And it runs no module of the repository that it checks, whatever its name."""
    steps = runner(specs="models")
    for name in ("venv", "pip", "typer", "yaml"):
        (pull_request / f"{name}.py").write_text(f"raise SystemExit('the {name} of the checkout')")
    steps.temp = tmp_path_factory.mktemp("fresh")
    bin_folder = tmp_path_factory.mktemp("bin")
    (bin_folder / "python").symlink_to(sys.executable)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    assert steps.run("Install cnncalc", PATH=path) == 0, steps.said
    assert steps.run("Fetch the base") == 0
    assert steps.run("Check") == 0
    assert steps.run("Result") == 1
