"""The formats of `check` by the schemas that others publish, and by what their readers need."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from checking.kit import NET, PARAMS

from cnncalc.outcome import FAIL, Checked, Finding, Outcome
from cnncalc.renderers.check import FORMATS, render

SCHEMAS = Path(__file__).parent.parent / "data" / "schemas"
BUDGETS = """\
budgets:
  - params <= 5k
  - {assert: params <= 2k, id: small, why: fits the flash}
  - {assert: macs <= 1k, level: warn}
  - {assert: macs <= 2k, level: info}
  - params <= baseline
  - params <= 300 for each *
"""
HARM = "\x1b[31m\x00\x07\ud800<b>]]>&\"'\u202e\n::error::x"


@pytest.fixture
def nets(write):
    """A spec that fails, one that holds, and one that cannot be read."""
    write("models/fails.yaml", NET + BUDGETS)
    write("models/holds.yaml", NET + "budgets: [params <= 5k]\n")
    write("models/bad name.yaml", NET.replace("conv", "cnov") + "budgets: [params <= 5k]\n")


def of(run, form, code=2):
    done = run("check", "models", "-o", form)
    assert done.code == code
    return done.out


def harmful():
    """An outcome in which every text of a spec is hostile."""
    finding = Finding(
        HARM, HARM, "error", HARM, "spec", HARM, 3, 4, FAIL, HARM, (5,), (4,), "params", 0.25
    )
    return Outcome((Checked(HARM, HARM, HARM, {"params": 5}, (finding,), (), (HARM,)),))


def sarif_validator():
    return jsonschema.Draft4Validator(
        json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")),
        format_checker=jsonschema.FormatChecker(),
    )


def gitlab_validator():
    text = (SCHEMAS / "gitlab-code-quality.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def test_sarif_is_valid(run, nets):
    log = json.loads(of(run, "sarif"))
    sarif_validator().validate(log)
    (only,) = log["runs"]
    assert only["invocations"] == [{"executionSuccessful": False}]
    results = {each["ruleId"]: each for each in only["results"]}
    assert results["cnncalc/small"]["level"] == "error"
    assert results["cnncalc/macs <= 1k"]["level"] == "warning"
    assert results["cnncalc/macs <= 2k"]["level"] == "note"
    place = results["cnncalc/small"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "models/fails.yaml"
    assert place["region"] == {"startLine": 8, "startColumn": 14}
    bad = results["cnncalc/invalid"]["locations"][0]["physicalLocation"]
    assert bad["artifactLocation"]["uri"] == "models/bad%20name.yaml"


def test_sarif_lists_the_rules_that_have_results(run, nets):
    (only,) = json.loads(of(run, "sarif"))["runs"]
    rules = [rule["id"] for rule in only["tool"]["driver"]["rules"]]
    assert set(rules) == {each["ruleId"] for each in only["results"]}
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in only["results"])


@pytest.mark.parametrize("form", ["sarif", "gitlab"])
def test_fingerprints_are_of_the_rule_and_not_of_its_line(run, nets, write, form):
    def prints():
        data = json.loads(of(run, form))
        if form == "gitlab":
            return sorted(each["fingerprint"] for each in data)
        results = data["runs"][0]["results"]
        return sorted(each["partialFingerprints"]["cnncalcBudget/v1"] for each in results)

    before = prints()
    assert len(set(before)) == len(before)
    write("models/fails.yaml", "# one line more\n" + NET.replace("fc: 10", "fc: 12") + BUDGETS)
    assert prints() == before


def test_two_equal_rules_have_two_fingerprints(run, write):
    write("net.yaml", NET + "budgets: [params <= 1, params <= 1]\n")
    issues = json.loads(run("check", "net.yaml", "-o", "gitlab").out)
    assert len({each["fingerprint"] for each in issues}) == 2


def test_gitlab_is_valid(run, nets):
    issues = json.loads(of(run, "gitlab"))
    gitlab_validator().validate(issues)
    small = next(each for each in issues if each["check_name"] == "cnncalc/small")
    assert small["severity"] == "major"
    assert small["location"] == {"path": "models/fails.yaml", "lines": {"begin": 8}}
    assert "fits the flash" in small["description"]


def test_junit_is_valid(run, nets):
    text = of(run, "junit")
    xmlschema.XMLSchema(str(SCHEMAS / "junit-4.xsd")).validate(text)
    suites = {each.get("name"): each for each in ET.fromstring(text)}  # noqa: S314 our own
    fails = suites["models/fails.yaml"]
    assert (fails.get("tests"), fails.get("failures"), fails.get("errors")) == ("6", "2", "0")
    assert fails.get("skipped") == "1"
    assert len(fails.findall("testcase/failure")) == 2
    assert len(fails.findall("testcase/skipped")) == 1
    assert suites["models/holds.yaml"].get("failures") == "0"
    assert suites["models/bad name.yaml"].get("errors") == "2"


def test_hostile_texts_leave_each_format_whole():
    """A format keeps its own rules, whatever names a spec holds."""
    texts = {form: render(harmful(), form, width=100, color=False) for form in FORMATS}
    sarif_validator().validate(json.loads(texts["sarif"]))
    gitlab_validator().validate(json.loads(texts["gitlab"]))
    xmlschema.XMLSchema(str(SCHEMAS / "junit-4.xsd")).validate(texts["junit"])
    assert json.loads(texts["json"])["specs"][0]["budgets"][0]["rule"] == HARM
    rows = list(csv.reader(io.StringIO(texts["csv"])))
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
    for form in ("table", "concise", "github", "markdown", "gitlab", "junit", "sarif"):
        assert not {"\x1b", "\x00", "\x07", "\u202e"} & set(texts[form]), form
    for form in ("table", "concise", "github"):
        assert not any(line.startswith("::error::") for line in texts[form].splitlines())


def test_csv_has_raw_numbers(run, nets):
    rows = list(csv.DictReader(io.StringIO(of(run, "csv"))))
    small = next(row for row in rows if row["id"] == "small")
    assert (small["spec"], small["value"], small["limit"]) == ("models/fails.yaml", "2938", "2000")
    assert [row["status"] for row in rows if row["spec"].endswith("bad name.yaml")] == [
        "invalid"
    ] * 2


def test_json_holds_what_the_others_say(run, nets):
    data = json.loads(of(run, "json"))
    assert data["schema"] == "cnncalc.check/1"
    by_name = {spec["spec"]: spec for spec in data["specs"]}
    assert by_name["models/fails.yaml"]["figures"]["params"] == PARAMS
    statuses = [each["status"] for each in by_name["models/fails.yaml"]["budgets"]]
    assert statuses == ["pass", "fail", "fail", "fail", "skip", "fail"]
    assert by_name["models/bad name.yaml"]["problems"][0]["line"] == 3
    parts = by_name["models/fails.yaml"]["budgets"][5]["parts"]
    assert [(part["path"], part["value"], part["ok"]) for part in parts] == [
        ("stem", 448, False), ("body", 2320, False), ("head", 170, True),
    ]  # fmt: skip


def test_the_table_for_people(run, nets):
    """MACs by hand: 16·27·6² + 16·144·4² + 160 = 52,576."""
    text = of(run, "table")
    assert "error: unknown layer type 'cnov'\n --> models/bad name.yaml:3:10\n" in text
    fails = text[text.index("models/fails.yaml") :]
    assert (
        fails
        == """\
models/fails.yaml
  ✓ params <= 5k               params 2.94 k ≤ 5 k (58%)   :7
  ✗ params <= 2k               params 2.94 k > 2 k, over by 938 (+46.9%)   :8
      why: fits the flash
  ! macs <= 1k                 macs 52.6 k > 1 k, over by 51.6 k (+5157.6%)   :9 (warn)
  ! macs <= 2k                 macs 52.6 k > 2 k, over by 50.6 k (+2528.8%)   :10 (info)
  – params <= baseline         skipped: there is no base to compare with   :11
  ✗ params <= 300 for each *
      2 of 3: body: params 2.32 k > 300, over by 2.02 k (+673.3%); stem: params 448 > 300, over by
      148 (+49.3%)   :12
models/holds.yaml
  ✓ params <= 5k   params 2.94 k ≤ 5 k (58%)   :6
✗ 2 of 7 budgets failed in 1 of 3 specs; 1 spec cannot be checked; 2 failed at level warn or info; \
1 skipped
"""
    )


def test_github_commands_by_level(run, nets):
    lines = of(run, "github").splitlines()
    assert [line.split(" ")[0] for line in lines[:-1]] == [
        "::error", "::error", "::error", "::error", "::warning", "::notice",
    ]  # fmt: skip
    assert lines[0].startswith("::error file=models/bad name.yaml,line=3,col=10,title=")


def test_ci_writes_the_step_summary(run, nets, folder, monkeypatch):
    """Commands on standard output, and the comment behind what the step said already."""
    summary = folder / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    done = run("check", "models/fails.yaml", "--ci")
    assert done.code == 1
    assert done.out.startswith("::error file=models/fails.yaml,line=")
    before, marker, head = summary.read_text().splitlines()[:3]
    assert (before, marker) == ("before", "<!-- cnncalc check -->")
    assert head == (
        "### ❌ cnncalc: 2 of 6 budgets failed in 1 of 1 specs; "
        "2 failed at level warn or info; 1 skipped"
    )


def test_ci_annotates_behind_the_text_that_was_asked_for(run, nets, folder):
    done = run("check", "models/fails.yaml", "--ci", "-o", "table")
    assert done.out.startswith("models/fails.yaml\n")
    assert "\n::error file=models/fails.yaml,line=8," in done.out


def test_ci_keeps_data_whole(run, nets, folder):
    done = run("check", "models/fails.yaml", "--ci", "-o", "json")
    assert json.loads(done.out)["ok"] is False
    done = run("check", "models/fails.yaml", "--ci", "-o", "json", "-o", "csv=x.csv")
    assert "::error" not in done.out


def test_many_specs_take_a_line_each_unless_they_fail(run, write):
    for number in range(30):
        write(f"n{number:02}.yaml", NET + f"budgets: [params <= {number + 2910}]\n")
    lines = run("check", ".").out.splitlines()
    assert lines[0] == "n00.yaml"
    assert lines[-2] == "✓ n29.yaml   1 budget"
    assert lines[-1] == "✗ 28 of 30 budgets failed in 28 of 30 specs"


def test_ascii(run, nets):
    done = run("check", "models/fails.yaml", "--ascii")
    assert done.out.isascii()
    assert "FAIL params <= 2k" in done.out


def test_the_last_line_says_what_there_is(run, write):
    write("bad.yaml", NET.replace("conv", "cnov"))
    done = run("check", "bad.yaml", "-o", "concise")
    assert done.out.splitlines()[-1] == "no budget was checked; 1 spec cannot be checked"
    write("part.yaml", NET + "budgets: [params <= 5k, parms <= 1]\n")
    done = run("check", "part.yaml", "-o", "concise")
    assert done.out.splitlines()[-1] == (
        "1 of 1 budgets hold in 1 spec; 1 spec cannot be checked in full"
    )
    write("warn.yaml", NET + "budgets: [{assert: params <= 1, level: warn}, params <= 5k]\n")
    done = run("check", "warn.yaml", "-o", "concise")
    assert done.out.splitlines()[-1] == "1 of 2 budgets hold in 1 spec; 1 failed at level warn"


@pytest.mark.parametrize("form", ["markdown", "table", "concise", "json"])
def test_ascii_in_all_formats_for_eyes(run, nets, commit, write, form):
    """A sign has a word; only what has none is an escape."""
    commit()
    write("models/fails.yaml", NET.replace("16, 3", "17, 3") + BUDGETS)
    args = ("check", "models/fails.yaml", "--base", "main", "-o", form)
    narrow = run(*args, "--ascii").out
    assert narrow.isascii()
    if form != "json":
        assert "\\u" not in narrow


def test_the_exit_code_does_not_depend_on_the_format(run, nets):
    for form in FORMATS:
        assert run("check", "models/holds.yaml", "-o", form).code == 0
        assert run("check", "models/fails.yaml", "-o", form).code == 1
        assert run("check", "models/fails.yaml", "-o", form, "--exit-zero").code == 0
        assert run("check", "models/bad name.yaml", "-o", form, "--exit-zero").code == 2


def test_the_summary_of_markdown_is_html(run, write):
    """Markdown's backslashes would be seen there, and a tag would be one."""
    write("a_b_<c>&.yaml", NET)
    done = run("check", "a_b_<c>&.yaml", "--budget", "params <= 1", "-o", "markdown")
    assert "<summary>a_b_&#60;c&#62;&#38;.yaml</summary>" in done.out


def test_a_spec_without_a_base_is_told_of_in_every_format_for_people(run, write, commit):
    """A reviewer must learn that nothing held it back."""
    write("old.yaml", NET)
    commit()
    write("new.yaml", "input: [1, 4, 4]\nlayers: [fc: 3]\nbudgets: [params <= baseline]\n")
    for form in ("table", "concise", "github", "markdown"):
        done = run("check", "new.yaml", "--base", "main", "-o", form)
        assert done.code == 0
        assert "not in main (" in done.out, form
        assert "no budget was checked; 1 skipped" in done.out, form
    assert (
        "::notice file=new.yaml,title=cnncalc::new.yaml: not in main ("
        in run("check", "new.yaml", "--base", "main", "-o", "github").out
    )
    markdown = run("check", "new.yaml", "--base", "main", "-o", "markdown").out
    assert "| new.yaml | ➖, 1 skipped | 51 |" in markdown  # 3·(16 + 1)


def test_what_failed_before_is_listed(run, write, commit):
    write("net.yaml", NET + "budgets: [params <= 1]\n")
    commit()
    args = ("check", "net.yaml", "--base", "main", "--only-new", "-o")
    done = run(*args, "concise")
    assert done.out.startswith("net.yaml:6:11: info: net.yaml: params <= 1: params 2.94 k > 1")
    assert "| net.yaml | ➖, 1 failed before, too | 2,938 |" in run(*args, "markdown").out


def test_concise_and_markdown_say_what_counts(run, write):
    write("net.yaml", NET + "budgets: [{assert: params <= 1, level: warn}]\n")
    assert ": warning: " in run("check", "net.yaml", "-o", "concise").out
    assert ": error: " in run("check", "net.yaml", "--level", "warn", "-o", "concise").out
    assert "- ⚠️ **params" in run("check", "net.yaml", "-o", "markdown").out
    assert "- ❌ **params" in run("check", "net.yaml", "--level", "warn", "-o", "markdown").out
