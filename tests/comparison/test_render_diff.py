"""A comparison as text: for a terminal, for a pull request, for programs."""

from __future__ import annotations

import json

import pytest

import cnncalc
from cnncalc.outcome import Cause, Change, Comparison

OLD = "name: a\ninput: [3, 8, 8]\nlayers:\n  stem: {conv: [16, 3]}\n  head: [gap, fc: 10]\n"
NEW = OLD.replace("[16, 3]", "[16, 5]").replace("fc: 10", "tanh, fc: 10")
TABLE = """\
old.yaml → new.yaml
params            618      1,386   +768 (+124.3%)
buffers             0          0   same
MACs           15,712     19,360   +3,648 (+23.2%)
FLOPs          16,298     19,626   +3,328 (+20.4%)
weights      2.41 KiB   5.41 KiB   +3.00 KiB (+124.3%)
activations       602        298   −304 (−50.5%)
peak memory  3.00 KiB   1.75 KiB   −1.25 KiB (−41.7%)
layers              3          4   +1 (+33.3%)
RF               3 px       5 px

caused by    stem :4 conv kernel 3 → 5, +768 params, +3.65 k MACs
             head.tanh1 :5 tanh added

~ stem                    kernel 3 → 5, output 16×6×6 → 16×4×4   +768 params  +3.65 k MACs   :4
~ head.global_avg_pool1   input 16×6×6 → 16×4×4   :5
+ head.tanh1              tanh   :5

1 layer the same; 1 layer with a field of another size
"""


@pytest.fixture
def comparison():
    return cnncalc.diff(cnncalc.loads(OLD, name="old.yaml"), cnncalc.loads(NEW, name="new.yaml"))


def rendered(comparison, form="table", **options):
    return cnncalc.render(comparison, form, width=100, color=False, **options)


def test_the_table(comparison):
    """By hand: 16·(27 + 1) + 170 = 618 and 16·(75 + 1) + 170 = 1,386 params; 3·8² + 16·6² live."""
    assert rendered(comparison) + "\n" == TABLE


def test_no_difference():
    net = cnncalc.loads(OLD, name="a.yaml")
    assert rendered(cnncalc.diff(net, net)) == "a.yaml → a.yaml\nno difference in 3 layers"
    assert "No difference in 3 layers." in rendered(cnncalc.diff(net, net), "markdown")


def test_only_the_first_changes_are_listed(comparison):
    text = rendered(comparison, top=1)
    assert "+ head.tanh1" not in text
    assert "2 changes more: --top 3, or -o json" in text


def test_json_has_exact_numbers_and_all_changes(comparison):
    data = json.loads(rendered(comparison, "json"))
    assert data["schema"] == "cnncalc.diff/1"
    assert data["figures"]["params"] == {"before": 618, "after": 1386, "delta": 768}
    assert data["figures"]["rf"] == {"before": [3, 3], "after": [5, 5], "delta": None}
    assert [change["kind"] for change in data["changes"]] == ["changed", "changed", "added"]
    assert data["causes"][0]["params"] == 768


def test_markdown_folds_the_layers(comparison):
    text = rendered(comparison, "markdown")
    assert text.startswith("<!-- cnncalc diff -->\n### old.yaml → new.yaml\n")
    assert "| params | 618 | 1,386 | +124.3% |" in text
    assert "- caused by stem :4 conv kernel 3 → 5, +768 params, +3.65 k MACs" in text
    assert text.index("<details>") < text.index("| head.tanh1 |")


def test_names_are_text_in_markdown_and_harmless_in_a_terminal():
    harm = "a|<b>@you\x1b[31m\n::error::"
    change = Change("renamed", harm, harm + "x", harm, 1, 1, 1)
    cause = Cause(harm, harm, 1, harm, 1, 1, 1)
    hostile = Comparison(harm, harm, (("params", 1, 2),), (cause,), (change,), 0)
    text = rendered(hostile, "markdown")
    assert not {"\x1b", "<b>", "@you"} & {
        text[i : i + n] for n in (1, 3, 4) for i in range(len(text))
    }
    text = rendered(hostile)
    assert "\x1b" not in text
    assert not any(line.startswith("::error::") for line in text.splitlines())


def test_ascii_and_colour(comparison):
    assert rendered(comparison, ascii=True).isascii()
    assert "\x1b[32m+\x1b[0m" in cnncalc.render(comparison, width=100, color=True)


def test_an_unknown_format(comparison):
    with pytest.raises(cnncalc.CnncalcError, match="no format 'csv'"):
        rendered(comparison, "csv")


BLOCKS = "blocks:\n  Two(c):\n    - conv: [c, 3]\n    - relu\n"
CALLER = "include: [parts/blocks.yaml]\ninput: [3, 16, 16]\nlayers: {body: {Two: 8}, head: [gap]}\n"


@pytest.fixture
def included(tmp_path, monkeypatch):
    """A function that compares with other blocks, and another caller."""
    monkeypatch.chdir(tmp_path)

    def included(old, new, name="parts/blocks.yaml", suffix=""):
        versions = []
        caller = CALLER.replace("parts/blocks.yaml", json.dumps(name))
        for folder, change in (("old", False), ("new", True)):
            top = tmp_path / (folder + suffix)
            path = top / name
            path.parent.mkdir(parents=True)
            texts = [text.replace(old, new) if change else text for text in (BLOCKS, caller)]
            path.write_text(texts[0])
            (top / "net.yaml").write_text(texts[1])
            versions.append(cnncalc.load(f"{folder}{suffix}/net.yaml"))
        return cnncalc.diff(*versions)

    return included


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_a_line_of_an_included_file_names_the_file(included, form):
    text = rendered(included("[c, 3]", "[c, 5]"), form)
    assert "body.conv1 new/parts/blocks.yaml:3 conv kernel 3 → 5" in text
    (row,) = (line for line in text.splitlines() if "+384 params" in line and "×" in line)
    assert row.rstrip(" |").endswith(" new/parts/blocks.yaml:3")


def test_a_line_of_the_spec_itself_is_a_number(included):
    text = rendered(included("Two: 8", "Two: 9"))
    assert "body :3 Two c 8 → 9" in text
    assert "net.yaml:3" not in text


def test_the_file_of_a_change_is_data(included):
    data = json.loads(rendered(included("[c, 3]", "[c, 5]"), "json"))
    (change,) = (each for each in data["changes"] if each["path"] == "body.conv1")
    assert (change["file"], change["line"]) == ("new/parts/blocks.yaml", 3)


def test_a_hostile_file_name_does_no_harm(included):
    comparison = included("[c, 3]", "[c, 5]", "parts/|`@all.yaml", "\x1b[31m\u202e")
    for form in ("table", "markdown"):
        text = rendered(comparison, form)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert ".yaml:3 conv kernel 3 → 5" in text
    assert "|`" not in text
    assert "@all" not in text
