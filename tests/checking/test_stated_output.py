"""What docs/budgets.md says of annotations, comments and data, held to small networks by hand."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from checking.kit import NET

import cnncalc
from cnncalc.errors import Problem
from cnncalc.outcome import FAIL, Cause, Checked, Comparison, Finding, Outcome
from cnncalc.renderers.check import render


def levels(run, *arguments):
    """Return rule -> the words of three formats for how bad it is."""
    found: dict[str, list[str]] = {}
    text = run("check", "net.yaml", *arguments, "-o", "github").out
    for command, rule in re.findall(r"^::(\w+) .*title=cnncalc%3A (.*?)::", text, re.MULTILINE):
        found.setdefault(rule, []).append(command)
    for issue in json.loads(run("check", "net.yaml", *arguments, "-o", "gitlab").out):
        found[issue["check_name"].removeprefix("cnncalc/")].append(issue["severity"])
    (log,) = json.loads(run("check", "net.yaml", *arguments, "-o", "sarif").out)["runs"]
    for result in log["results"]:
        found[result["ruleId"].removeprefix("cnncalc/")].append(result["level"])
    return found


ERROR, WARNING, NOTICE = (
    ["error", "major", "error"],
    ["warning", "minor", "warning"],
    ["notice", "info", "note"],
)
THREE = """\
budgets:
  - params <= 1k
  - {assert: macs <= 1k, level: warn}
  - {assert: layers <= 1, level: info}
"""


@pytest.mark.parametrize("arguments, warning", [([], WARNING), (["--level", "warn"], ERROR)])
def test_a_warning_that_fails_the_check_is_annotated_as_an_error(run, write, arguments, warning):
    """What is red must be seen in red; of level info nothing fails."""
    write("net.yaml", NET + THREE)
    assert levels(run, *arguments) == {
        "params <= 1k": ERROR,
        "macs <= 1k": warning,
        "layers <= 1": NOTICE,
    }


def test_what_failed_before_is_a_notice_on_its_own_line(run, write, commit):
    """It is nobody's fault: the line that changed, 5, made it better."""
    write("net.yaml", NET + THREE)
    commit()
    write("net.yaml", (NET + THREE).replace("fc: 10", "fc: 9"))
    arguments = ["--base", "main", "--only-new", "--level", "warn"]
    assert levels(run, *arguments) == {
        "params <= 1k": NOTICE,
        "macs <= 1k": NOTICE,
        "layers <= 1": NOTICE,
    }
    done = run("check", "net.yaml", *arguments, "-o", "github")
    assert done.code == 0
    assert sorted(re.findall(r"line=(\d+)", done.out)) == ["7", "8", "9"]


LINES = """\
input: [3, 8, 8]
defaults: {conv: {padding: half}}
layers:
  a: {conv: [4, 3]}
  b: {conv: [4, 3]}
  c: {relu: , repeat: 1}
  d: {conv: [32, 1]}
  head: [gap, fc: 10]
budgets:
  - params <= 1
  - params.trainable <= 1
  - weights <= 1
  - macs <= 1
  - flops <= 1
  - layers <= 1
  - activations <= 1
  - peak_memory <= 1
  - rf <= 1
  - local_rf <= 1
  - rf(d) <= 1
  - params(b) <= 1
  - params(head.*) <= 1
  - params(b) + params(d) <= 1
"""
EDITS = {
    # 4·4·(25 − 9) = 256 params, 64 times as many multiply-adds, and a larger field
    "b: {conv: [4, 3]}": "b: {conv: [4, 5]}",
    # three more layers, each with 4·8·8 values
    "repeat: 1": "repeat: 4",
    # 32 params less, at the peak: 4·64 + 32·64 values
    "[32, 1]": "[32, 1, bias: false]",
    # 90·33 = 2,970 params, 2,880 multiply-adds, 90 values
    "fc: 10": "fc: 100",
}


def test_each_budget_is_annotated_where_most_of_it_was_done(run, write, commit):
    """b stands on line 5, c on 6, d on 7, fc on 8."""
    write("net.yaml", LINES)
    commit()
    text = LINES
    for old, new in EDITS.items():
        text = text.replace(old, new)
    write("net.yaml", text)
    done = run("check", "net.yaml", "--base", "main", "-o", "github")
    annotated = {
        rule: int(line)
        for line, rule in re.findall(r"line=(\d+),.*?title=cnncalc%3A (.*?) <= 1::", done.out)
    }
    # ten of a level are shown; all of them stand in another format
    issues = json.loads(run("check", "net.yaml", "--base", "main", "-o", "gitlab").out)
    found = {
        issue["check_name"].removeprefix("cnncalc/").removesuffix(" <= 1"): (
            issue["location"]["lines"]["begin"]
        )
        for issue in issues
    }
    assert annotated.items() <= found.items()
    assert found == {
        "params": 8,
        "params.trainable": 8,
        "weights": 8,
        "macs": 5,
        "flops": 5,
        "layers": 6,
        "activations": 6,
        "peak_memory": 7,
        "rf": 5,
        "local_rf": 5,
        "rf(d)": 5,
        "params(b)": 5,
        "params(head.*)": 8,
        "params(b) + params(d)": 5,
    }


GROUPS = """\
input: [3, 8, 8]
layers:
  stem: {conv: [16, 3]}
  stage1: [conv: [16, 3], relu]
  stage2: [conv: [16, 1], relu]
  head: [gap, fc: 10]
budgets:
  - params(stage1.*) <= 1
  - params(stage2.conv1) <= 1
  - params(head.*) <= 1
  - params(stage1.**) <= 1
"""


@pytest.mark.parametrize(
    "old, new, lines",
    [
        ("stage1: [conv: [16, 3]", "stage1: [conv: [16, 5]", [4, 9, 10, 4]),
        ("[conv: [16, 1]", "[conv: [16, 2]", [8, 5, 10, 11]),
        ("fc: 10", "fc: 20", [8, 9, 6, 11]),
    ],
)
def test_a_budget_of_all_below_a_group_is_annotated_in_the_group(
    run, write, commit, old, new, lines
):
    """Else on its own line, from 8 on: what changed elsewhere did not do it."""
    write("net.yaml", GROUPS)
    commit()
    write("net.yaml", GROUPS.replace(old, new))
    done = run("check", "net.yaml", "--base", "main", "-o", "github")
    found = re.findall(r"line=(\d+),.*?title=cnncalc%3A (.*?)::", done.out)
    by_rule = {rule: int(line) for line, rule in found}
    rules = [line.removeprefix("  - ") for line in GROUPS.splitlines()[-4:]]
    assert [by_rule[rule] for rule in rules] == lines


def checked(text: str = "net.yaml", number: int = 1, **more: object) -> Checked:
    finding = Finding(
        text, text, "error", text, "spec", text, 3, 4, FAIL, text, (5,), (4,), "params", 0.25
    )
    return Checked(text, None, text, {"params": 5}, (finding,) * number)._replace(**more)


def test_a_cell_of_markdown_is_cut():
    """One long name must not push out what others have to say."""
    for length, shown in (300, "a" * 300), (301, "a" * 300 + "…"):
        text = "a" * length
        problem = Problem(text, text, 1, 1)
        cause = Cause("", text, 3, text, 5, 5, 1)
        change = Comparison("", "", (("params", 4, 5),), (cause,), (), 1)
        outcome = Outcome((checked(text, notices=(text,), comparison=change),))
        page = render(outcome, "markdown")
        assert "a" * 301 not in page
        row = next(line for line in page.splitlines() if line.startswith("| a"))
        assert row.startswith(f"| {shown} | ❌ 1 of 1 failed |")
        assert f"- ❌ **{shown}**: {shown} {shown}\n" in page
        assert f"- note: {shown}\n" in page
        page = render(Outcome((checked(text, problems=(problem,)),)), "markdown")
        assert f"| ❌ {shown} |" in page
        assert "a" * 301 not in page


@pytest.mark.parametrize("length", [11_000, 20_000])
def test_a_comment_without_room_for_all_has_its_head(length):
    """Notices are not cut, but the comment is: GitHub would refuse the whole of it."""
    notices = tuple(letter * length for letter in "vwxyz")
    page = render(Outcome((checked(),), notices=notices), "markdown")
    head = "<!-- cnncalc check -->\n### ❌ cnncalc: 1 of 1 budgets failed in 1 of 1 specs\n"
    assert page.startswith(head)
    if length == 11_000:
        assert all(notice in page for notice in notices)
    else:
        assert page == head


def test_a_diff_in_markdown_lists_twenty_causes_and_a_hundred_changes():
    """Of 150 layers on 150 lines, each with one output more."""
    spec = "input: [3]\nlayers:\n" + "".join(f"  l{n}: {{fc: 3}}\n" for n in range(150))
    old = cnncalc.loads(spec, name="a.yaml")
    new = cnncalc.loads(spec.replace("fc: 3", "fc: 4"), name="b.yaml")
    comparison = cnncalc.diff(old, new)
    for top, rows in (None, 100), (7, 7), (120, 120):
        lines = cnncalc.render(comparison, "markdown", top=top).splitlines()
        assert sum(line.startswith("- caused by l") for line in lines) == 20
        assert sum(line.startswith("| l") and "| changed |" in line for line in lines) == rows
        assert f"and {150 - rows} more" in lines
    assert "<details><summary>150 changes</summary>" in lines


HARMS = ["a\rb", "a\nb", "a\r\nb", "a\x00b", "a\x0bb", "a\x1cb", "a\x85b", "a\u2028b", "a\x1b[31mb"]


@pytest.mark.parametrize("harm", HARMS)
def test_csv_is_a_row_for_each_finding_whatever_its_texts_hold(harm):
    text = f'{harm},"quoted", and; 1'
    broken = checked(text, problems=(Problem(text, text, 1, 1),))
    page = render(Outcome((broken, checked("other"))), "csv")
    assert not {*harm} - {*"ab[31m"} & {*page.replace("\n", "")}
    header, *rows = csv.reader(io.StringIO(page, newline=""), strict=True)
    assert {len(row) for row in rows} == {len(header)}
    assert [row[0].endswith('b,"quoted", and; 1') for row in rows] == [True, False, True]
    assert rows[0][header.index("detail")] == rows[2][header.index("detail")] == rows[0][0]
    assert len(page.splitlines()) == 4


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("harm", [*HARMS, '"\\', "é"])
def test_json_holds_control_characters_as_escapes(harm, ascii_only):
    page = render(Outcome((checked(harm, notices=(harm,)),)), "json", ascii=ascii_only)
    assert {each for each in page if each < " "} == {"\n"}
    (spec,) = json.loads(page)["specs"]
    (budget,) = spec["budgets"]
    assert {spec["spec"], *spec["notices"], budget["rule"], budget["why"]} == {harm}
    assert page.isascii() or not ascii_only
