"""Names that want to be commands of a log, links or mentions, in every format of `check`."""

from __future__ import annotations

import html
import json
import re

import pytest
from checking.kit import NET
from markdown_it import MarkdownIt

from cnncalc.outcome import FAIL, Cause, Checked, Comparison, Finding, Outcome
from cnncalc.renderers.check import FORMATS, render
from cnncalc.renderers.diff import render as render_diff

COMMAND = "::stop-commands::x"
OLD = "##[error]gone"
LINKS = "https://evil.test www.evil.test GH-12 #34 @somebody a@b.test org/repo#5 :shipit: ftp://evil.test"


def outcome(text: str) -> Outcome:
    finding = Finding(
        text, text, "error", text, "spec", text, 3, 4, FAIL, text, (5,), (4,), "params", 0.25
    )
    cause = Cause("", text, 3, text, 5, 5, 1)
    change = Comparison(text, text, (("params", 4, 5),), (cause,), (), 1)
    return Outcome((Checked(text, "a", text, {"params": 5}, (finding,), (), (text,), change),))


def commands(text: str) -> list[str]:
    """Return what GitHub's runner takes for commands: `::` at the start of a line, behind spaces;
    and `##[`, anywhere on it."""
    lines = text.splitlines()
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def links(text: str) -> list[str]:
    """Return what GitHub would link in markdown, after the markup was read."""
    page = re.sub(r"<[^>]*>", "", MarkdownIt("commonmark", {"html": True}).render(text))
    seen = html.unescape(page)
    return re.findall(r"(?i)\w+://\w|www\.\w|GH-\d|#\d|(?<!\w)@\w|@\w+\.|:\w+:", seen)


@pytest.mark.parametrize("form", sorted({*FORMATS} - {"github", "csv", "junit"}))
@pytest.mark.parametrize("text", [COMMAND, f"a b {OLD}", f"{'word ' * 15}::{'x' * 70}"])
@pytest.mark.parametrize("width", [40, 100])
def test_no_format_prints_a_command(form, text, width):
    assert commands(render(outcome(text), form, width=width, color=False)) == []


def test_the_only_commands_on_github_are_annotations():
    first, second = commands(render(outcome(f"{COMMAND}\n{OLD}\n{COMMAND}"), "github"))
    assert first.startswith("::error file=")
    assert second.startswith("::notice file=")


def test_json_still_holds_the_text():
    data = json.loads(render(outcome(OLD), "json"))
    assert data["specs"][0]["name"] == OLD


@pytest.mark.parametrize("text", [COMMAND, OLD])
def test_no_comparison_prints_a_command(text):
    (checked,) = outcome(text).checked
    assert checked.comparison
    assert commands(render_diff(checked.comparison, "table", width=60, color=False)) == []


def test_markdown_has_no_link_and_no_mention():
    assert links(LINKS)  # the test can see them
    (checked,) = outcome(LINKS).checked
    assert checked.comparison
    assert links(render(outcome(LINKS), "markdown")) == []
    assert links(render_diff(checked.comparison, "markdown")) == []


def test_a_variant_can_be_copied():
    assert "net.yaml@a" in render(outcome("x")._replace(base="net.yaml@a"), "markdown")


def test_markdown_still_shows_the_text():
    shown = html.unescape(MarkdownIt().render(render(outcome(LINKS), "markdown")))
    assert LINKS in re.sub("\u200b", "", html.unescape(shown))


@pytest.mark.parametrize("form", sorted({*FORMATS} - {"github"}))
def test_the_name_of_a_file_is_no_command_in_any_format(run, write, form):
    write("::error::x.yaml", NET + "budgets: [params <= 1]\n")
    done = run("check", "::error::x.yaml", "-o", form)
    assert done.code == 1
    assert commands(done.out) == []


@pytest.mark.parametrize("command", ["analyze", "check"])
def test_errors_of_a_hostile_file_are_no_commands(run, write, command):
    write("::error::x.yaml", NET.replace("conv", "cnov"))
    done = run(command, "::error::x.yaml", "-o", "concise")
    assert done.code == 2
    assert commands(done.out + done.err) == []
    assert "./::error::x.yaml:3:10: error: unknown layer type" in done.out + done.err


def test_a_report_of_a_hostile_name_is_no_command(run, write):
    write("::error::x.yaml", f'name: "::warning::x"\n{NET}')
    for form in ("table", "concise", "markdown"):
        assert commands(run("analyze", "::error::x.yaml", "-o", form).out) == []


def test_the_json_of_verify_is_no_command(run, write):
    write("x.yaml", f'name: "{OLD}"\n{NET}')
    done = run("verify", "x.yaml", "-o", "json")
    assert commands(done.out) == []
    assert json.loads(done.out)["networks"][0]["name"] == OLD


@pytest.mark.parametrize("form", FORMATS)
def test_each_finding_is_asked_a_few_times_whether_it_counts(form, monkeypatch):
    """A search through all failures for each of them took a minute for ten thousand."""
    asked = 0
    counts = Checked.counts

    def counted(self: Checked, finding: Finding) -> bool:
        nonlocal asked
        asked += 1
        return counts(self, finding)

    monkeypatch.setattr(Checked, "counts", counted)
    findings = tuple(
        Finding(
            f"params <= {number}", "", "error", "", "spec", "n.yaml", number, 3, FAIL, "too many",
            (10_000,), (number,), "params", 1.0,
        )
        for number in range(1, 1_000)
    )  # fmt: skip
    checked = Checked("n.yaml", None, "n", {"params": 10_000}, findings)
    assert "= 7" in render(Outcome((checked,)), form, width=100, color=False)
    assert asked < 20 * len(findings)


def test_csv_has_no_line_of_a_rule_or_an_id_that_is_a_command(run, write):
    text = "i\\n::error::boom"
    write("a.yaml", NET + f'budgets: [{{assert: "params <= 1", id: "{text}", why: "{text}"}}]\n')
    done = run("check", "a.yaml", "-o", "csv")
    assert commands(done.out) == []
    assert "\x1b" not in done.out
    assert len(done.out.splitlines()) == 2
