"""What each format for people and for CI says, and what it leaves out, by hand."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tomllib
from xml.etree import ElementTree as ET

import pytest
from checking.kit import NET, PARAMS

from cnncalc.outcome import FAIL, Cause, Checked, Comparison, Finding, Outcome
from cnncalc.renderers.check import render
from cnncalc.renderers.check.words import delta_text

TWO = (
    "budgets:\n  - params <= 2900\n  - {assert: params <= 1k, id: small, why: it is for a watch}\n"
)


def prints(run, *specs):
    """Return spec -> fingerprints, of the issues for GitLab."""
    found: dict[str, list[str]] = {}
    for issue in json.loads(run("check", *specs, "-o", "gitlab").out):
        found.setdefault(issue["location"]["path"], []).append(issue["fingerprint"])
    return found


def test_the_worst_comes_first_wherever_it_is_written(run, write):
    write("net.yaml", NET + TWO)
    for form in ("github", "gitlab", "sarif"):
        text = run("check", "net.yaml", "-o", form).out
        assert text.index("over by 1.94 k") < text.index("over by 38")


def test_a_fingerprint_is_of_its_spec_whatever_else_is_checked(run, write):
    """An issue that is there is the same one after that of another spec was mended."""
    for name in ("a.yaml", "b.yaml"):
        write(name, NET + TWO)
    both = prints(run, "a.yaml", "b.yaml")
    assert len({*both["a.yaml"], *both["b.yaml"]}) == 4
    assert prints(run, "b.yaml") == {"b.yaml": both["b.yaml"]}


def test_a_fingerprint_goes_by_the_id_that_a_budget_has(run, write):
    write("net.yaml", NET + TWO)
    first, second = prints(run, "net.yaml")["net.yaml"]
    write("net.yaml", NET + TWO.replace("1k", "1_100").replace("2900", "2901"))
    other, same = prints(run, "net.yaml")["net.yaml"]
    assert {first, second} & {other, same} == {first}


def test_an_issue_of_the_command_line_stands_at_the_top_of_the_spec(run, write):
    """GitLab wants a line, and lines begin at 1."""
    write("net.yaml", NET)
    (issue,) = json.loads(run("check", "net.yaml", "--budget", "params <= 1", "-o", "gitlab").out)
    assert issue["location"] == {"path": "net.yaml", "lines": {"begin": 1}}


def test_an_annotation_of_a_mistake_has_its_hint(run, write):
    write("net.yaml", NET.replace("relu", "rleu"))
    out = run("check", "net.yaml", "-o", "github").out
    assert out.startswith("::error file=net.yaml,line=4,")
    assert "::unknown layer type 'rleu'; did you mean 'relu'" in out


def test_junit_says_who_why_and_how_bad(run, write):
    text = TWO + "  - {assert: macs <= 1k, level: warn}\n  - layers <= 9\n"
    write("net.yaml", NET + text)
    write("bad.yaml", NET.replace("conv", "cnov"))
    done = run("check", "net.yaml", "bad.yaml", "--budget", "params <= 2k", "-o", "junit")
    suites = {each.get("name"): each for each in ET.fromstring(done.out)}  # noqa: S314 our own
    cases = {each.get("name"): each for each in suites["net.yaml"]}
    first, small, line = (cases[f"params <= {n}"][0] for n in ("2900", "1k", "2k"))
    assert {each.tag for each in (first, small, line)} == {"failure"}
    assert first.text == "params 2.94 k > 2.9 k, over by 38 (+1.3%)\nnet.yaml:7"
    assert small.text.endswith("\nnet.yaml:8\nit is for a watch")
    assert line.text.endswith("\ncommand line")
    mild, good = cases["macs <= 1k"][0], cases["layers <= 9"][0]
    assert (mild.tag, mild.text.partition(":")[0]) == ("system-out", "warn")
    assert (good.tag, good.text) == ("system-out", "layers 5 ≤ 9 (55%)")
    broken = [case[0] for case in suites["bad.yaml"]]
    assert [each.tag for each in broken] == ["error"] * 2
    assert broken[0].text.startswith("bad.yaml:3:10: error: unknown layer type 'cnov'")


def test_concise_has_a_line_for_what_fails_at_each_level(run, write, commit):
    """And none for what holds, or has no base; what is known to fail is no error any more."""
    levels = "  - {assert: macs <= 1k, level: warn}\n  - {assert: layers <= 1, level: info}\n"
    write("net.yaml", NET + TWO + levels + "  - params <= 3k\n")
    commit()
    write("new.yaml", "input: [1]\nlayers: [fc: 3]\nbudgets: [params <= baseline]\n")
    for option, words in (
        ([], ["error", "error", "warning", "info"]),
        (["--level", "warn"], ["error", "error", "error", "info"]),
        (["--only-new"], ["info"] * 4),
    ):
        arguments = ["net.yaml", "new.yaml", "--base", "main", *option]
        *lines, last = run("check", *arguments, "-o", "concise").out.splitlines()
        assert [line.partition(": net.yaml: ")[0] for line in lines[:4]] == [
            f"net.yaml:{place}: {word}"
            for place, word in zip(("7:5", "8:14", "9:14", "10:14"), words, strict=True)
        ]
        assert [line.partition(" not in main")[0] for line in lines[4:]] == [
            "new.yaml: note: new.yaml:"
        ]
        failed = words.count("error")
        assert last.startswith(f"{failed} of 6 budgets failed in 1 of 2" if failed else "1 of 6 b")


def changed(causes: int = 1, **more: object) -> Checked:
    found = tuple(Cause(f"l{n}", "", n, f"what {n}", 9 - n, 0, 1) for n in range(1, causes + 1))
    comparison = Comparison("main", "", (("params", 4, 5),), found, (), 1)
    good = Finding("params <= 9", "", "error", "", "spec", "n.yaml", 1, 1, "pass", "params 5 ≤ 9")
    checked = Checked("n.yaml", None, "n", {"params": 5}, (good,), comparison=comparison)
    return checked._replace(**more)


def shown(*checked: Checked, form: str = "table") -> str:
    return render(Outcome(checked), form, width=100, color=False)


def test_the_table_names_five_causes_and_counts_the_rest():
    lines = shown(changed(7)).splitlines()
    assert [line for line in lines if "caused by" in line] == [
        f"    caused by l{n} :{n} what {n}, +{9 - n} params" for n in range(1, 6)
    ]
    assert "    and 2 causes more" in lines
    assert not any(line.endswith("more") for line in shown(changed(5)).splitlines())


def test_a_comment_names_ten_causes():
    assert shown(changed(12), form="markdown").count("- caused by") == 10


@pytest.mark.parametrize("count, brief", [(20, False), (21, True)])
def test_many_specs_take_a_line_each_unless_there_is_something_to_say(count, brief):
    quiet = changed(comparison=None)
    lines = shown(*[quiet] * (count - 2), changed(), quiet._replace(notices=("x",))).splitlines()
    assert lines.count("✓ n.yaml   1 budget") == (count - 2 if brief else 0)
    assert lines.count("n.yaml") == (2 if brief else count)
    assert "    note: x" in lines
    assert "    caused by l1 :1 what 1, +8 params" in lines


def test_a_spec_without_budgets_is_not_silent(run, write):
    write("a.yaml", NET)
    write("b.yaml", NET + "budgets: [params <= 5k]\n")
    assert run("check", "a.yaml", "b.yaml").out.startswith("a.yaml\n  – no budgets\nb.yaml\n")


def test_what_changed_is_told_in_a_few_figures(run, write, commit):
    write("net.yaml", NET + "budgets: [params <= 5k]\n")
    commit()
    done = NET.replace("relu", "tanh")
    write("net.yaml", done + "budgets: [params <= 5k]\n")
    out = run("check", "net.yaml", "--base", "main").out
    assert re.search(r"since main \(\w+\):  no change of params, MACs, memory or RF\n", out)
    # without the kernel of 3 the map stays at 8×8: 19·64 values live at the stem, 32·64 behind it
    write("net.yaml", NET.replace("stem: {conv: [16, 3]}", "stem: {conv: [16, 1]}"))
    out = run("check", "net.yaml", "--base", "main", "--budget", "params <= 5k").out
    assert "params −384 (−13.1%)" in out
    assert "peak memory +" in out
    assert "RF 5 px → 3 px" in out
    assert "caused by stem :3 conv kernel 3 → 1, −384 params" in out


def test_a_cause_without_figures_says_how_many_layers(run, write):
    write("a.yaml", NET)
    write("b.yaml", NET.replace("relu]", "{relu: , repeat: 4}]"))
    out = run("diff", "a.yaml", "b.yaml").out
    assert re.search(r"caused by .*relu repeat 1 → 4, \d layers\n", out)


@pytest.mark.parametrize(
    "name, after, text",
    [
        ("macs", 4_000_000_001, "MACs +1 (+0.0%)"),
        ("macs", 4_009_999_999, "MACs +9,999,999 (+0.2%)"),
        ("macs", 4_437_000_000, "MACs +437 M (+10.9%)"),
        ("macs", 3_563_000_000, "MACs −437 M (−10.9%)"),
        ("weights_bytes", 4_000_002_048, "weights +2.00 KiB (+0.0%)"),
    ],
)
def test_a_difference_is_exact_as_long_as_it_is_short(name, after, text):
    assert delta_text(name, 4_000_000_000, after) == text


def failing(name: str, excess: float, size: int = 10) -> Checked:
    bad = Finding("x" * size, "", "error", "", "spec", name, 1, 1, FAIL, "d", (2,), (1,))
    return Checked(name, None, name, {"params": 5}, (bad._replace(excess=excess),))


def rows(page: str) -> list[str]:
    return re.findall(r"^\| (\w+\.yaml) \|", page, re.MULTILINE)


def test_a_comment_has_rows_for_what_changed_or_fails_the_worst_first(run, write):
    quiet = changed(comparison=None)._replace(spec="quiet.yaml")
    same = Comparison("main", "", (("params", 5, 5),), (), (), 1)
    alike = changed(comparison=same)._replace(spec="alike.yaml")
    new = changed()._replace(spec="new.yaml")
    page = shown(quiet, failing("b.yaml", 0.1), new, failing("a.yaml", 0.7), alike, form="markdown")
    assert rows(page) == ["a.yaml", "b.yaml", "new.yaml"]
    write("c.yaml", NET.replace("conv", "cnov"))
    write("d.yaml", NET + TWO)
    assert rows(run("check", "d.yaml", "c.yaml", "-o", "markdown").out) == ["c.yaml", "d.yaml"]


def test_a_comment_counts_the_specs_whose_details_have_no_room():
    """38,000 characters are for details; each block here takes some 1,000 of them."""
    many = [failing(f"n{n:02}.yaml", 1.0)._replace(findings=failing("", 1.0, 90).findings * 10)
            for n in range(60)]  # fmt: skip
    page = shown(*many, form="markdown")
    blocks = page.count("<details>")
    assert 0 < blocks < 60
    assert f"the details of {60 - blocks} more have no room here" in page
    assert len(rows(page)) == 60


def test_a_field_that_was_another_is_told_in_a_comment(run, write, commit):
    write("net.yaml", NET)
    commit()
    write("net.yaml", NET.replace("stem: {conv: [16, 3]}", "stem: {conv: [16, 1]}"))
    page = run("check", "net.yaml", "--base", "main", "--budget", "params <= 5k", "-o", "markdown")
    (row,) = (line for line in page.out.splitlines() if line.startswith("| net"))
    assert row.startswith("| net.yaml | ✅ 1 | 2,554 (−384, −13.1%) |")
    assert row.endswith("| 3 px (was 5 px) |")


def test_a_variable_that_changed_is_the_line_to_annotate(run, write, commit):
    """The line that uses it is as it was, and a reviewer does not see it."""
    text = "vars: {n: 10}\n" + NET.replace("fc: 10", "fc: n") + "budgets: [params <= 1]\n"
    write("net.yaml", text)
    commit()
    write("net.yaml", text.replace("n: 10", "n: 11"))
    out = run("check", "net.yaml", "--base", "main", "-o", "github").out
    assert out.startswith("::error file=net.yaml,line=1,")
    write("net.yaml", text.replace("n: 10", "n: 11").replace("fc: n", "fc: 2 * n"))
    out = run("check", "net.yaml", "--base", "main", "-o", "github").out
    assert out.startswith("::error file=net.yaml,line=6,")


def test_the_lock_is_sorted_whatever_it_was(run, write, folder):
    """Also in the entries that a run does not look at."""
    for name in ("a.yaml", "b.yaml"):
        write(name, NET)
    assert run("lock", "a.yaml", "b.yaml").code == 0
    path = folder / "cnncalc.lock"
    good = path.read_text()
    moved = good.replace("activations = 1114\n", "").replace(
        "layers = 5\n", "layers = 5\nactivations = 1114\n"
    )
    assert moved != good
    path.write_text(moved)
    assert run("lock", "a.yaml").code == 0
    assert path.read_text() == good


def test_the_lock_has_the_groups_at_the_top(run, write, folder):
    write("net.yaml", "input: [1]\nlayers:\n  a: [{b: [fc: 2, fc: 3]}, {c: {fc: 4}}]\n")
    assert run("lock", "net.yaml").code == 0
    (entry,) = tomllib.loads((folder / "cnncalc.lock").read_text())["spec"].values()
    assert {key: value for key, value in entry.items() if "(" in key} == {
        "params(a)": 4 + 9 + 16, "macs(a)": 2 + 6 + 12,
    }  # fmt: skip


@pytest.mark.parametrize("name", [b"\x7f.yaml", b"a\x1b\t.yaml", "ñ.yaml".encode(), b"\xff.yaml"])
def test_the_lock_holds_any_name_of_a_file(run, folder, name):
    path = folder / os.fsdecode(name)
    try:
        path.write_text(NET)
    except OSError:
        pytest.skip("the file system has no such name")
    assert run("lock", path.name).code == 0
    (entry,) = tomllib.loads((folder / "cnncalc.lock").read_text(encoding="utf-8"))["spec"].values()
    assert entry["params"] == PARAMS
    assert run("lock", "--check", path.name).code == 0
    assert run("check", path.name, "--lock", "--budget", "params == baseline").code == 0


def test_csv_of_a_size_has_a_number_an_axis(run, write):
    write("net.yaml", NET.replace("stem: {conv: [16, 3]}", "stem: {conv: [16, [1, 3]]}"))
    done = run("check", "net.yaml", "--budget", "rf <= 9 px", "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert (row["value"], row["limit"], row["unit"]) == ("3x5", "9", "px")


BLOCKS = """\
input: [3, 8, 8]
defaults: {conv: {padding: half}}
blocks:
  Two(c): [{conv: [c, 3]}, {conv: [c, 1]}]
layers:
  stem: {Two: 8}
  body: {Two: 8}
  head: [gap, fc: 10]
budgets:
  - params(body.conv1) <= 1
  - params(stem) <= 1
  - params(type:fc) <= 1
  - params(type:conv) <= 1
  - params <= 1
"""


@pytest.mark.parametrize(
    "edits, lines",
    [
        # a call explains what is about one of its layers; fc reads 9 channels now, on its own line
        ({"body: {Two: 8}": "body: {Two: 9}"}, [7, 11, 12, 7, 7]),
        # what a default does is done to all, but not to other types
        ({"half}": "half, bias: false}"}, [2, 2, 12, 2, 2]),
        # the fc has more of the params, and is no conv
        ({"fc: 10": "fc: 1000", "stem: {Two: 8}": "stem: {Two: 9}"}, [10, 6, 8, 6, 8]),
    ],
)
def test_a_cause_explains_what_it_has_to_do_with(run, write, commit, edits, lines):
    """Else a budget stands on its own line, from 10 on."""
    write("net.yaml", BLOCKS)
    commit()
    text = BLOCKS
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    write("net.yaml", text)
    out = run("check", "net.yaml", "--base", "main", "-o", "github").out
    found = {
        rule.replace("%3A", ":"): int(line)
        for line, rule in re.findall(r"line=(\d+),.*?title=cnncalc%3A (.*?)::", out)
    }
    rules = [line.removeprefix("  - ") for line in BLOCKS.splitlines()[-5:]]
    assert [found[rule] for rule in rules] == lines


def test_a_line_of_an_included_file_is_not_taken_for_one_of_the_spec(run, write, commit):
    """A variable of the spec changed, too, on its line 2; that is no line of the file of blocks."""
    blocks = "blocks:\n  # from a paper\n  One(c):\n    - conv: [c, 3]\n"
    text = "include: [blocks.yaml]\nvars: {n: 10}\n" + NET.replace(
        "body: [conv: [16, 3], relu]", "body: {One: 16}"
    ).replace("fc: 10", "fc: n")
    write("blocks.yaml", blocks)
    write("net.yaml", text)
    commit()
    write("blocks.yaml", blocks.replace("[c, 3]", "[c, 5]"))
    write("net.yaml", text.replace("n: 10", "n: 11"))
    arguments = ["--base", "main", "--budget", "params(body) <= 1", "-o", "github"]
    out = run("check", "net.yaml", *arguments).out
    assert out.startswith("::error file=blocks.yaml,line=4,")
