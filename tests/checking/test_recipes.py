"""The recipes of docs/budgets.md name what is there: inputs, hooks, options, keys."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from cnncalc.checking import project_file
from cnncalc.cli import application

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "budgets.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(yml|toml)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall(PAGE)
YML = [yaml.safe_load(text) for language, text in BLOCKS if language == "yml"]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def steps():
    return [step for each in YML if "jobs" in each for step in each["jobs"]["check"]["steps"]]


def test_the_action_has_the_inputs_that_are_given():
    uses = [step for step in steps() if step.get("uses", "").startswith("OWNER/cnncalc")]
    assert len(uses) == 1
    assert set(uses[0]["with"]) <= set(ACTION["inputs"])


def test_the_hooks_are_there():
    (recipe,) = [each for each in YML if "repos" in each]
    named = {hook["id"] for repo in recipe["repos"] for hook in repo["hooks"]}
    assert named == {hook["id"] for hook in HOOKS}


def commands():
    lines = [step["run"] for step in steps() if "run" in step]
    lines += [line for each in YML if "budgets" in each for line in each["budgets"]["script"]]
    lines += [hook["entry"] for hook in HOOKS]
    return [line for line in lines if line.startswith("cnncalc ")]


@pytest.mark.parametrize("line", commands())
def test_the_commands_have_the_options_that_are_given(line):
    group = typer.main.get_command(application())
    _, name, *arguments = shlex.split(line)
    known = {option for param in group.commands[name].params for option in param.opts}
    assert {each for each in arguments if each.startswith("-")} <= known


def test_there_are_commands():
    assert len(commands()) == 4


def test_the_project_file_is_one(run, folder, write):
    (text,) = [text for language, text in BLOCKS if language == "toml"]
    write("cnncalc.toml", text)
    write("resnet.yaml", (ROOT / "specs" / "resnet.yaml").read_text())
    write("models/a/net.yaml", (ROOT / "specs" / "lenet5.yaml").read_text())
    done = run("check", "--no-base", "--target", "mcu")
    assert done.code == 1
    assert "weights <= 512 KiB [mcu]" in done.out
    assert "cnncalc.toml:17" in done.out  # each line says where it is written
    assert re.search(r"\d+ of \d+ budgets failed in \d+ of \d+ specs", done.out)


def test_no_recipe_takes_what_anybody_may_change():
    """A branch moves, and the name on the package index is free for everybody."""
    installs = [line for line in PAGE.splitlines() if "pip install" in line and "`" not in line]
    assert len(installs) == 2
    assert all('"git+https://github.com/OWNER/cnncalc@v' in line for line in installs)
    (recipe,) = [each for each in YML if "repos" in each]
    pins = [repo["rev"] for repo in recipe["repos"]]
    pins += [step["uses"].partition("@")[2] for step in steps() if "uses" in step]
    assert len(pins) == 4
    assert all(re.fullmatch(r"v\d+(\.\d+)*", pin) for pin in pins)


def test_the_key_reference_names_every_key_and_option_of_a_project():
    (text,) = [text for language, text in BLOCKS if language == "toml"]
    for key in (*project_file._KEYS, *project_file._TARGET_KEYS, *project_file._BUDGET_KEYS):
        assert re.search(rf"\b{key}\b", text), key
    assert "--lock-file" in PAGE
