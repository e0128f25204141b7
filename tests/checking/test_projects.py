"""Project files: which specs their budgets are for, whose settings a run has, and their places."""

from __future__ import annotations

import json
import os
import re

import pytest
from checking.kit import NET

RULES = '[[budget]]\nrules = ["params <= 1k"]\n'
"""A budget that the network does not keep."""
ROOMY = '[[budget]]\nrules = ["params <= 5k"]\n'


def budgets(done):
    """Return spec -> (rule, file) of its budgets, of the JSON of a check."""
    specs = json.loads(done.out)["specs"]
    return {spec["spec"]: [(b["rule"], b["file"]) for b in spec["budgets"]] for spec in specs}


@pytest.fixture
def monorepo(folder, write):
    """A repository with a project in a folder of it, and none at its root."""
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").touch()
    write("ml/net.yaml", NET)
    write("ml/deep/net.yaml", NET)
    write("ml/cnncalc.toml", RULES)
    return folder


@pytest.mark.parametrize("where", [".", "ml", "ml/deep", "elsewhere"])
@pytest.mark.parametrize("what", ["ml/net.yaml", "ml", "ml/*.yaml", "ml/deep"])
def test_the_budgets_of_a_spec_do_not_depend_on_the_present_folder(
    run, monorepo, monkeypatch, where, what
):
    here = monorepo / where
    here.mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    done = run("check", os.path.relpath(monorepo / what), "-o", "json")
    assert done.code == 1, done.err
    found = budgets(done)
    assert len(found) == (2 if what == "ml" else 1)
    rule = ("params <= 1k", os.path.relpath(monorepo / "ml" / "cnncalc.toml"))
    assert all(each == [rule] for each in found.values())


def test_a_project_above_a_project_keeps_its_budgets_too(run, monorepo, write, monkeypatch):
    """No folder to stand in, and no file in between, takes a budget away."""
    write("cnncalc.toml", '[[budget]]\nfor = "ml/*.yaml"\nrules = ["layers <= 9"]\n')
    for here in (monorepo, monorepo / "ml"):
        monkeypatch.chdir(here)
        done = run("check", os.path.relpath(monorepo / "ml" / "net.yaml"), "-o", "json")
        ((found,),) = [budgets(done).values()]
        assert [rule for rule, _ in found] == ["params <= 1k", "layers <= 9"]


def test_a_wrong_file_of_a_spec_is_an_error_from_everywhere(run, monorepo, write):
    write("ml/cnncalc.toml", '[[budget]]\nfor = "mdels/*"\nrules = ["params <= 1k"]\n')
    done = run("check", "ml/net.yaml", "--budget", "layers <= 9")
    assert (done.code, done.out) == (2, "")
    assert "--> ml/cnncalc.toml:2:1" in done.err
    write("ml/cnncalc.toml", '[[budget]]\nrules = ["parms <= 1k"]\n')
    done = run("check", "ml/net.yaml", "--budget", "layers <= 9")
    assert (done.code, done.out) == (2, "")
    assert "--> ml/cnncalc.toml:2:" in done.err


def test_the_search_ends_at_the_repository(run, monorepo, write):
    write("cnncalc.toml", RULES)
    write("ml/.git/HEAD", "ref: refs/heads/main\n")
    write("ml/cnncalc.toml", ROOMY)
    done = run("check", "ml/net.yaml", "-o", "json")
    assert budgets(done) == {"ml/net.yaml": [("params <= 5k", "ml/cnncalc.toml")]}


def test_settings_of_the_one_project_of_all_specs(run, monorepo, write):
    """Where the present folder has none."""
    write("ml/cnncalc.toml", ROOMY.replace("params", "flops") + '[target.x]\nrules = ["rf >= 9"]\n')
    assert run("check", "ml", "--target", "x").code == 1
    write("ml/cnncalc.toml", 'convention = "ops"\nlevel = "warn"\nbase = "origin/main"\n' + ROOMY)
    assert run("check", "ml").code == 3
    done = run("check", "ml", "--no-base", "-o", "json")
    data = json.loads(done.out)
    assert (data["convention"], data["level"], data["notices"]) == ("ops", "warn", [])


def test_the_lock_of_the_one_project_of_all_specs(run, monorepo, folder, write):
    assert run("lock", "ml").code == 0
    assert (folder / "ml" / "cnncalc.lock").is_file()
    assert not (folder / "cnncalc.lock").exists()
    done = run("check", "ml", "--lock", "--budget", "params <= baseline", "-o", "json")
    assert {len(rules) for rules in budgets(done).values()} == {2}
    write("ml/cnncalc.toml", 'specs = ["."]\n')
    write("ml/cnncalc.lock", "rules = 0\n")
    assert "delete it, and lock all specs again" in run("lock", "ml").err


def test_settings_that_a_run_does_not_have_are_told(run, monorepo, write):
    """Of two projects it can have neither's; with one above, it has that."""
    write("other/net.yaml", NET)
    write("ml/cnncalc.toml", 'level = "warn"\n' + ROOMY)
    write("other/cnncalc.toml", 'convention = "ops"\n' + ROOMY)
    done = run("check", "ml", "other", "-o", "json")
    data = json.loads(done.out)
    assert (data["convention"], data["level"]) == ("notes", "error")
    assert data["notices"] == [
        "not in use: level of ml/cnncalc.toml; this run has no project",
        "not in use: convention of other/cnncalc.toml; this run has no project",
    ]
    write("cnncalc.toml", 'level = "warn"\n')
    (told,) = json.loads(run("check", "ml", "other", "-o", "json").out)["notices"]
    what = "convention of other/cnncalc.toml"
    assert told == f"not in use: {what}; this run has the settings of cnncalc.toml"


def test_diff_has_the_settings_of_the_specs_project(run, monorepo, write):
    write("ml/cnncalc.toml", 'convention = "macs"\n')
    done = run("diff", "ml/net.yaml", "ml/deep/net.yaml", "-o", "json")
    assert json.loads(done.out)["figures"]["flops"]["before"] == 52_576  # without 842 biases


@pytest.mark.parametrize("pattern", ["", 'for = "**/*.yaml"\n', 'for = "*"\n', 'for = "**"\n'])
def test_a_spec_outside_of_the_project_has_none_of_its_budgets(
    run, write, folder, monkeypatch, pattern
):
    write("outside.yaml", NET)
    write("project/inside.yaml", NET)
    write("project/cnncalc.toml", RULES.replace("rules", f"{pattern}rules"))
    monkeypatch.chdir(folder / "project")
    done = run("check", "../outside.yaml", "inside.yaml", "resnet50", "-o", "json")
    assert {spec: len(rules) for spec, rules in budgets(done).items()} == {
        "../outside.yaml": 0,
        "inside.yaml": 1,
        "specs/resnet.yaml": 0,
    }


def test_a_bundled_network_is_no_file_of_the_project(run, write):
    """Also where the project's `specs` name it: then only targets and --budget hold for it."""
    write("cnncalc.toml", 'specs = ["lenet5"]\n' + RULES + '[target.x]\nrules = ["layers <= 99"]\n')
    write("net.yaml", NET)
    done = run("check")
    assert (done.code, done.out) == (2, "")
    assert "no budget found: nothing was checked" in done.err
    assert run("check", "--target", "x").code == 0


@pytest.mark.parametrize("pattern", ["nets/*.yaml", "real/*.yaml"])
def test_a_link_has_the_budgets_of_both_its_names(run, write, folder, pattern):
    write("real/net.yaml", NET)
    (folder / "nets").mkdir()
    (folder / "nets" / "net.yaml").symlink_to("../real/net.yaml")
    write("cnncalc.toml", RULES.replace("rules", f'for = "{pattern}"\nrules'))
    assert run("check", "nets/net.yaml").code == 1


def test_a_link_of_elsewhere_has_the_budgets_where_it_leads(run, monorepo, tmp_path_factory):
    link = tmp_path_factory.mktemp("elsewhere") / "link.yaml"
    link.symlink_to(monorepo / "ml" / "net.yaml")
    assert run("check", str(link)).code == 1


TARGETS = """\
specs = ["net.yaml"]
# weights <= 5 KiB
[target.cpu]
why = "weights <= 5 KiB"
rules = ["layers <= 9", "weights <= 5 KiB"]

[target.mcu]
dtype = "float64"
rules = [
  "weights <= 5 KiB",
  "weights <= 5 KiB",
]
"""


@pytest.fixture
def targets(write):
    write("net.yaml", NET)
    write("cnncalc.toml", TARGETS)
    return ("check", "--target", "mcu", "--target", "cpu")


def test_each_rule_is_found_on_its_own_line(run, targets):
    """Whatever other tables and comments say."""
    (spec,) = json.loads(run(*targets, "-o", "json").out)["specs"]
    found = [(b["rule"], b["origin"], b["line"]) for b in spec["budgets"]]
    assert found == [
        ("weights <= 5 KiB", "target mcu", 10),
        ("weights <= 5 KiB", "target mcu", 11),
        ("layers <= 9", "target cpu", 5),
        ("weights <= 5 KiB", "target cpu", 5),
    ]


@pytest.mark.parametrize("form", ["table", "concise", "junit", "markdown", "github", "sarif"])
def test_each_format_tells_which_target_failed(run, targets, form):
    out = run(*targets, "-o", form).out
    assert "[mcu]" in out.replace("\\", "")
    assert "[cpu]" in out.replace("\\", "")


def test_the_same_rule_of_two_targets_is_two_tests(run, targets):
    names = re.findall(r'<testcase [^>]*name="([^"]*)"', run(*targets, "-o", "junit").out)
    assert names.count("weights &lt;= 5 KiB [mcu]") == 2
    assert names.count("weights &lt;= 5 KiB [cpu]") == 1
    results = json.loads(run(*targets, "-o", "sarif").out)["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == {
        "cnncalc/weights <= 5 KiB [mcu]",
        "cnncalc/weights <= 5 KiB [cpu]",
    }
    columns = [r["locations"][0]["physicalLocation"]["region"]["startColumn"] for r in results]
    assert sorted(columns) == [4, 4, 26]


def test_a_target_with_ids(run, write, targets):
    rule = '{assert = "weights <= 5 KiB", id = "fits"}'
    write("cnncalc.toml", TARGETS.replace('"layers <= 9"', rule))
    results = json.loads(run(*targets, "-o", "sarif").out)["runs"][0]["results"]
    assert "cnncalc/fits [cpu]" in {result["ruleId"] for result in results}


def test_the_place_of_a_wrong_pattern(run, write):
    write("net.yaml", NET)
    write("cnncalc.toml", 'specs = ["m"]\n[[budget]]\n  for="m"\nrules = ["params <= 1"]\n')
    done = run("check", "net.yaml")
    assert (done.code, done.out) == (2, "")
    assert "--> cnncalc.toml:3:3" in done.err


@pytest.mark.parametrize(
    "text, said, place",
    [
        ('convention = "opps"\n', "convention = 'opps' is not known", "1:14"),
        ('specs = ["net.yaml"]\nconvention = "x"\n', "convention = 'x' is not known", "2:14"),
        ("[[budget]]\nrules = [\n3]\n", "a rule must be a table", "3:1"),
        ('[[budget]]\nrules = [""]\n', "a rule needs a budget", "2:10"),
        ('[[budget]]\nfor = "*"\n', "rules must be a list of budgets", "1:3"),
        ('budget = [{rules = ["params <= 1"], fro = 3}]\n', "unknown key 'fro'", "1:37"),
        ('[target.a]\nrules = ["rf >= 1"]\n[target.b]\ndtype = "x"\n', "dtype = 'x'", "4:9"),
        ("target = 3\n", "target must be a table", "1:10"),
    ],
)
def test_what_is_wrong_in_a_project_file_has_a_place(run, write, text, said, place):
    write("net.yaml", NET)
    write("cnncalc.toml", text)
    done = run("check", "net.yaml")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert f"--> cnncalc.toml:{place}\n" in done.err


def test_a_convention_that_is_not_known_has_a_hint(run, write):
    write("net.yaml", NET)
    write("cnncalc.toml", 'convention = "opps"\n')
    assert "did you mean 'ops'?" in run("check", "net.yaml").err


@pytest.mark.parametrize("name", ["cnncalc.toml", "pyproject.toml"])
def test_a_project_file_may_begin_with_a_byte_order_mark(run, write, folder, name):
    write("net.yaml", NET)
    text = RULES if name == "cnncalc.toml" else RULES.replace("budget", "tool.cnncalc.budget")
    (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run("check", "net.yaml").code == 1
