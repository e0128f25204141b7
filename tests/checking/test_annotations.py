"""Where an annotation stands: on the line that changed what a budget is about, else on its own."""

from __future__ import annotations

import re

import pytest
from checking.kit import NET, PARAMS

BUDGETS = """\
budgets:
  - params(head) <= 100
  - params(body) <= 100
  - macs <= 1k
  - params <= 100 for each he*
  - weights <= 1 KiB
  - rf <= 1 px
"""


@pytest.fixture
def lines(run, write, commit):
    """A function: rule -> line of its annotation, after net.yaml changed from the base."""
    write("net.yaml", NET + BUDGETS)
    commit()

    def lines(old: str, new: str) -> dict[str, int]:
        write("net.yaml", (NET + BUDGETS).replace(old, new))
        done = run("check", "net.yaml", "--base", "main", "-o", "github")
        pattern = r"^::error file=net.yaml,line=(\d+).*?title=cnncalc%3A (.*?)::"
        found = re.findall(pattern, done.out, re.MULTILINE)
        return {rule: int(line) for line, rule in found}

    return lines


def test_a_wider_head_explains_what_is_about_the_head(lines):
    """fc stands on line 5; body did not change, and neither did the field."""
    assert lines("fc: 10", "fc: 20") == {
        "params(head) <= 100": 5,
        "params(body) <= 100": 8,
        "macs <= 1k": 5,
        "params <= 100 for each he*": 5,
        "weights <= 1 KiB": 5,
        "rf <= 1 px": 12,
    }


def test_patterns_are_about_the_layers_that_they_match(run, write, commit):
    """Of st* that is the stem, of **.conv* the body's; the larger change of the head is neither."""
    rules = "budgets: ['params(st*) <= 1', 'params(**.conv*) <= 1']\n"
    write("net.yaml", NET + rules)
    commit()
    changed = NET.replace("stem: {conv: [16, 3]}", "stem: {conv: [16, 5]}")
    changed = changed.replace("body: [conv: [16, 3]", "body: [conv: [17, 3]")
    write(
        "net.yaml", changed.replace("fc: 10", "fc: 5000").replace("[3, 8, 8]", "[3, 9, 9]") + rules
    )
    done = run("check", "net.yaml", "--base", "main", "-o", "github")
    found = dict(re.findall(r"line=(\d+),(?:col=\d+,)?title=cnncalc%3A params\((.*?)\)", done.out))
    assert found == {"3": "st*", "4": "**.conv*"}


def test_another_stem_explains_the_field(lines):
    found = lines("stem: {conv: [16, 3]}", "stem: {conv: [16, 5]}")
    assert found["rf <= 1 px"] == 3
    assert found["params(head) <= 100"] == 7
    assert found["macs <= 1k"] == 3


def test_without_a_change_each_stands_on_its_own_line(lines):
    assert set(lines("layers:", "layers:").values()) == {7, 8, 9, 10, 11, 12}


def test_paths_are_from_the_repository_wherever_the_project_lies(run, write, git, monkeypatch):
    write("nets/cnncalc.toml", 'specs = ["models"]\n')
    write("nets/models/net.yaml", NET + "budgets: [params <= 1]\n")
    below = write("nets/tools/x.txt", "").parent
    monkeypatch.chdir(below)
    done = run("check", "-o", "github")
    assert done.out.startswith("::error file=nets/models/net.yaml,line=6,")
    assert run("check").out.startswith("../models/net.yaml\n")


def test_the_commit_is_named_where_nothing_changed(run, write, commit):
    write("net.yaml", NET + f"budgets: [params <= baseline, params == {PARAMS}]\n")
    revision = commit()
    done = run("check", "net.yaml", "--base", "main")
    assert done.out.endswith(f"✓ 2 of 2 budgets hold in 1 spec; against main ({revision[:7]})\n")


def test_a_rule_of_the_command_line_that_is_wrong_is_said_once(run, write):
    for number in range(3):
        write(f"n{number}.yaml", NET)
    done = run("check", ".", "--budget", "parms <= 5")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("'parms' is not a metric") == 1
    assert "did you mean 'params'?" in done.err


def test_finding_the_layers_of_a_failure_costs_the_next_line_nothing(run, write, monkeypatch):
    """Ten lines may look at the four layers once each, whether they hold or fail."""
    monkeypatch.setattr("cnncalc.budget.globs.MOST_LOOKED_AT", 0)
    for limit, code in ((1, 1), (9_999, 0)):
        rules = "".join(f"  - params(*.*) <= {limit + number}\n" for number in range(10))
        write("net.yaml", f"{NET}budgets:\n{rules}")
        assert run("check", "net.yaml").code == code
