"""What budget tools get wrong in CI, each as a test."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checking.kit import NET, PARAMS

ROOT = Path(__file__).parent.parent.parent


def with_budgets(*lines: str, net: str = NET) -> str:
    return net + "budgets:\n" + "".join(f"  - {line}\n" for line in lines)


def test_1_units_are_not_mixed_up(run, write):
    """A limit in another unit is an error, not a number that happens to pass."""
    write("net.yaml", with_budgets("macs <= 4.2 GFLOPs", "params <= 512 KiB"))
    done = run("check", "net.yaml")
    assert done.code == 2
    assert "cannot compare MACs with FLOPs" in done.out
    assert "net.yaml:7:13" in done.out
    assert "params is a count" in done.out


def test_2_a_check_without_budgets_is_not_green(run, write):
    write("net.yaml", NET)
    done = run("check", "net.yaml")
    assert (done.code, done.out) == (2, "")
    assert "no budget found: nothing was checked" in done.err


def test_2_a_check_whose_budgets_all_need_a_base_is_not_green(run, write):
    write("net.yaml", with_budgets("params <= baseline"))
    done = run("check", "net.yaml")
    assert (done.code, done.out) == (2, "")
    assert "nothing was checked: there is no base" in done.err


def test_3_a_glob_without_a_match_is_an_error_with_a_suggestion(run, write):
    write("models/net.yaml", with_budgets("params <= 5k"))
    done = run("check", "model/*.yaml")
    assert (done.code, done.out) == (2, "")
    assert "'model/*.yaml' matches no file" in done.err
    assert "did you mean 'models/net.yaml'?" in done.err


def test_4_a_fault_of_our_own_is_never_a_failed_budget(run, write, monkeypatch):
    def break_down(*_, **__):
        raise ZeroDivisionError("broken")

    write("net.yaml", with_budgets("params <= 5k"))
    monkeypatch.setattr("cnncalc.checking.run.judge", break_down)
    done = run("check", "net.yaml")
    assert (done.code, done.out) == (70, "")
    assert "internal error: ZeroDivisionError" in done.err


def test_5_json_holds_limits_and_raw_integers(run, write):
    write("net.yaml", with_budgets("params <= 2.5k", "weights <= 12 KiB"))
    done = run("check", "net.yaml", "-o", "json")
    params, weights = json.loads(done.out)["specs"][0]["budgets"]
    assert (params["value"], params["limit"], params["status"]) == (PARAMS, 2500, "fail")
    assert (weights["value"], weights["limit"], weights["unit"]) == (4 * PARAMS, 12 * 1024, "byte")


def test_6_several_formats_come_from_one_run(run, write, folder):
    write("net.yaml", with_budgets("params <= 5k"))
    done = run("check", "net.yaml", "-o", "json=a.json", "-o", "junit=b.xml", "-o", "concise")
    assert done.code == 0
    assert json.loads((folder / "a.json").read_text())["ok"] is True
    assert (folder / "b.xml").read_text().startswith("<?xml")
    assert done.out == "1 of 1 budgets hold in 1 spec\n"


def test_6_two_formats_do_not_share_one_stream(run, write):
    write("net.yaml", with_budgets("params <= 5k"))
    done = run("check", "net.yaml", "-o", "json", "-o", "csv")
    assert (done.code, done.out) == (2, "")


def test_7_500_failures_are_ten_annotations_of_a_level(run, write):
    """GitHub shows ten; the tenth says how many there are, and the worst come first."""
    lines = [f"params <= {n}" for n in range(1, 501)]
    lines += [f"{{assert: macs <= {n}, level: warn}}" for n in range(1, 21)]
    write("net.yaml", with_budgets(*lines))
    done = run("check", "net.yaml", "-o", "github")
    errors = re.findall(r"^::error .*", done.out, re.MULTILINE)
    assert len(errors) == 10
    assert "title=cnncalc%3A params <= 1::" in errors[0]
    assert "and 491 more" in errors[9]
    assert len(re.findall(r"^::warning ", done.out, re.MULTILINE)) == 10


def test_8_the_summary_of_500_specs_fits(run, write):
    """A step summary holds 1 MiB, a comment 65,536 characters."""
    for number in range(500):
        name = "n" * 100
        write(f"{name}{number}.yaml", with_budgets(*[f"params <= {n}" for n in range(1, 21)]))
    done = run("check", ".", "-o", "markdown")
    assert done.code == 1
    assert len(done.out) < 60_000
    assert "10000 of 10000 budgets failed in 500 of 500 specs" in done.out
    assert re.search(r"and \d+ specs more", done.out)


def test_9_a_partial_lock_keeps_the_others(run, write, folder):
    write("a.yaml", NET)
    write("b.yaml", NET)
    assert run("lock", "a.yaml", "b.yaml").code == 0
    before = (folder / "cnncalc.lock").read_text()
    write("a.yaml", NET.replace("fc: 10", "fc: 20"))
    assert run("lock", "a.yaml").code == 0
    after = (folder / "cnncalc.lock").read_text()
    assert after != before
    assert after.partition('[spec."b.yaml"]')[2] == before.partition('[spec."b.yaml"]')[2] != ""


def test_10_ci_never_writes_the_lock(run, write, folder, monkeypatch):
    write("a.yaml", NET)
    monkeypatch.setenv("CI", "true")
    done = run("lock", "a.yaml")
    assert (done.code, done.out) == (2, "")
    assert "cnncalc lock --check" in done.err
    assert not (folder / "cnncalc.lock").exists()


def test_11_the_same_specs_give_the_same_bytes(run, write, folder):
    write("models/a.yaml", NET)
    write("b.yaml", NET)
    assert run("lock", "b.yaml", "models").code == 0
    first = (folder / "cnncalc.lock").read_bytes()
    assert b"params = 2938\n" in first
    (folder / "cnncalc.lock").unlink()
    assert run("lock", "models/a.yaml", "b.yaml").code == 0
    assert (folder / "cnncalc.lock").read_bytes() == first


def test_12_a_spec_that_the_base_lacks_gets_a_notice(run, write, commit):
    write("old.yaml", NET)
    commit()
    write("new.yaml", "input: [1, 4, 4]\nlayers: [fc: 3]\nbudgets: [params <= baseline]\n")
    done = run("check", "new.yaml", "--base", "main")
    assert done.code == 0
    assert "not in main (" in done.out
    assert "1 skipped" in done.out


def test_13_only_new_is_green_where_the_base_drifted(run, write, commit, git):
    """A limit that was broken before fails nobody who does not make it worse."""
    write("net.yaml", with_budgets("params <= 2k"))
    commit()
    git("checkout", "-q", "-b", "work")
    write("net.yaml", with_budgets("params <= 2k", net=NET.replace("fc: 10", "fc: 9")))
    assert run("check", "net.yaml", "--base", "main").code == 1
    done = run("check", "net.yaml", "--base", "main", "--only-new")
    assert done.code == 0
    assert "1 failed before, too" in done.out
    write("net.yaml", with_budgets("params <= 2k", net=NET.replace("fc: 10", "fc: 11")))
    assert run("check", "net.yaml", "--base", "main", "--only-new").code == 1
    write("net.yaml", with_budgets("params <= 2k", net=NET.replace("relu", "tanh")))
    assert run("check", "net.yaml", "--base", "main", "--only-new").code == 0


def test_13_only_new_looks_at_each_part(run, write, commit):
    write("net.yaml", with_budgets("params <= 300 for each *"))
    commit()
    write("net.yaml", with_budgets("params <= 300 for each *", net=NET.replace("fc: 10", "fc: 20")))
    assert run("check", "net.yaml", "--base", "main", "--only-new").code == 1


HOSTILE = "a%0A::error::x|<img src=x>@you`[l](http://x),b:c"
UNSEEN = "\x1b[31m\u202e"
"""A sequence that colours a terminal, and a character that turns the direction of text."""
EVIL = f"e%,:vil{UNSEEN}.yaml"


@pytest.fixture
def hostile(write):
    """A spec whose file, texts and budget ids want to be more than text.

    A spec holds no control character, not even as an escape; the name of its file, and the
    project's file, may.
    """
    text = json.dumps(f"{HOSTILE}\n::error::second line\n<!-- -->\u202e")
    write(
        EVIL,
        f'name: {text}\n{NET}budgets:\n  - {{assert: "params <= 1", why: {text}, id: {text}}}\n',
    )
    text = json.dumps(f"{HOSTILE}{UNSEEN}\n::error::third line")
    write(
        "cnncalc.toml",
        f'[[budget]]\nrules = [{{assert = "params <= 2", why = {text}, id = {text}}}]\n',
    )


def test_14_the_texts_are_hostile(run, hostile):
    """As they come to each format, the tests below see something."""
    (spec,) = json.loads(run("check", EVIL, "-o", "json").out)["specs"]
    assert spec["spec"] == EVIL
    first, second = (budget["why"] for budget in spec["budgets"])
    assert "\u202e" in first
    assert UNSEEN in second


def test_14_workflow_commands_hold_one_line_and_no_other_command(run, hostile):
    done = run("check", EVIL, "-o", "github")
    first, second, last = done.out.splitlines()
    assert first.startswith("::error file=e%25%2C%3Avil.yaml,line=8,col=14,title=cnncalc%3A ")
    assert second.startswith("::error file=cnncalc.toml,line=2,col=21,title=cnncalc%3A ")
    assert "a%250A::error" in first  # the name's own %0A stays text
    assert last.startswith("2 of 2 budgets failed")
    assert not {"\x1b", "\u202e"} & {*done.out}


def test_14_markdown_shows_names_as_text(run, hostile):
    done = run("check", EVIL, "-o", "markdown")
    assert done.code == 1
    for harm in ("<img", "@you", "`[l]", "\x1b", "\u202e", "<!-- -->"):
        assert harm not in done.out
    rows = [line for line in done.out.splitlines() if line.startswith("| e%")]
    assert len(rows) == 1
    assert rows[0].count("|") == 7


@pytest.mark.parametrize("form", ["table", "concise", "junit", "sarif", "gitlab", "csv"])
def test_14_no_format_passes_control_characters_on(run, hostile, form):
    done = run("check", EVIL, "-o", form)
    assert done.code == 1
    assert "params <= 2" in done.out.replace("&lt;", "<")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert not {r"\u001b", r"\u202e"} & {*re.findall(r"\\u....", done.out)}
    if form in {"table", "concise"}:
        assert not re.search(r"^::", done.out, re.MULTILINE)


def test_14_json_holds_control_characters_as_escapes(run, hostile):
    done = run("check", EVIL, "-o", "json")
    assert done.code == 1
    assert "\x1b" not in done.out
    assert r"\u001b[31m" in done.out


def test_15_value_and_limit_that_print_alike_are_printed_exactly(run, write):
    write("net.yaml", with_budgets("params <= 2_937"))
    assert "params 2,938 > 2,937, over by 1" in run("check", "net.yaml").out


def in_a_process(folder, *path, out=subprocess.PIPE):
    """Return what a process that checks net.yaml ends with; `path` is where Python looks first."""
    return subprocess.run(
        [sys.executable, "-m", "cnncalc", "check", "net.yaml"],
        cwd=folder, stdout=out, stderr=subprocess.PIPE, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*path, str(ROOT)])},
    )  # fmt: skip


def test_4_an_installation_that_is_not_whole_is_not_a_failed_budget(write, folder):
    write("net.yaml", with_budgets("params <= 5k"))
    write("broken/typer.py", "raise ImportError('typer is not whole')\n")
    done = in_a_process(folder, str(folder / "broken"))
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr == "internal error: ImportError: typer is not whole\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_4_a_full_disk_is_not_a_failed_budget(write, folder):
    write("net.yaml", with_budgets("params <= 5k"))
    with Path("/dev/full").open("w") as full:
        done = in_a_process(folder, out=full)
    assert done.returncode not in {0, 1}
    assert "No space left" in done.stderr


@pytest.mark.parametrize(
    "pattern, text",
    [
        ("models", "for = 'models' is a folder"),
        ("models/", "for = 'models/' is a folder"),
        ("", "for = '' is empty"),
        ("../*.yaml", "leads out of the project's folder"),
        ("models/../models/*.yaml", "leads out of the project's folder"),
        ("/models/*.yaml", "leads out of the project's folder"),
        ("mod/**", "for = 'mod/**' matches no file"),
        ("a\\u0000b", "matches no file"),
        ("a" * 300, "matches no file"),
        ("model/*.yaml", "did you mean 'models/net.yaml'?"),
        ("venv/*.yaml", "for = 'venv/*.yaml' matches no file"),
    ],
)
def test_a_pattern_for_no_spec(run, write, pattern, text):
    """What a pattern is held to match is what its rules are applied to."""
    write("models/net.yaml", NET)
    write("venv/net.yaml", NET)
    write("cnncalc.toml", f'[[budget]]\nfor = ["{pattern}"]\nrules = ["params <= 1"]\n')
    done = run("check", "models", "--budget", "layers <= 99")
    assert (done.code, done.out) == (2, "")
    assert text in done.err


@pytest.mark.parametrize("line", ["", 'for = "models/**.yml"', 'for = "**"', 'for = "link/*.yml"'])
def test_a_pattern_that_matches_applies(run, write, folder, line):
    write("models/net.yml", NET)
    (folder / "link").symlink_to("models")
    write("cnncalc.toml", f'[[budget]]\n{line}\nrules = ["params <= 1"]\n')
    done = run("check", "link/net.yml" if "link" in line else "models")
    assert done.code == 1, done.err


def test_a_file_that_is_named_applies_wherever_it_lies(run, write):
    """Folders such as venv are not looked into, but this one is meant."""
    write("venv/net.yaml", NET)
    write("cnncalc.toml", '[[budget]]\nfor = "venv/net.yaml"\nrules = ["params <= 1"]\n')
    done = run("check", "venv/net.yaml")
    assert done.code == 1, done.err


def test_a_pattern_is_looked_for_where_links_lead_round(run, write, folder):
    """Two of them would be two to the power of forty folders."""
    write("models/net.yaml", NET)
    for name in ("one", "other"):
        (folder / "models" / name).symlink_to(".")
    write("cnncalc.toml", '[[budget]]\nfor = "nets/*.yaml"\nrules = ["params <= 1"]\n')
    done = run("check", "models")
    assert (done.code, done.out) == (2, "")
    assert "for = 'nets/*.yaml' matches no file" in done.err


@pytest.mark.parametrize("text", ["tool = 3", "x = " + "[" * 5000, "[tool]\ncnncalc = 3"])
def test_a_project_file_of_another_form(run, write, text):
    write("net.yaml", NET)
    write("pyproject.toml", text)
    done = run("check", "net.yaml", "--budget", "params <= 5M")
    assert (done.code, done.out) == (2, "")
    assert "pyproject.toml" in done.err


@pytest.mark.parametrize("before, after, code", [(1, 12, 1), (1, 2, 0), (40, 30, 0), (40, 5, 1)])
def test_only_new_and_the_other_side_of_a_range(run, write, commit, before, after, code):
    """17 params an output: 10 and 11 outputs are 2,938 and 2,955."""
    net = with_budgets("2938 <= params <= 2955")
    write("net.yaml", net.replace("fc: 10", f"fc: {before}"))
    commit()
    write("net.yaml", net.replace("fc: 10", f"fc: {after}"))
    assert run("check", "net.yaml", "--base", "HEAD", "--only-new").code == code
