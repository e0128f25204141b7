"""The command `diff`: two specs, or one and what it was."""

from __future__ import annotations

import json

import pytest
from checking.kit import NET


def test_two_specs_and_formats(run, write, folder):
    write("a.yaml", NET)
    write("b.yaml", NET.replace("fc: 10", "fc: 20"))
    done = run("diff", "a.yaml", "b.yaml", "-o", "json", "-o", "markdown=d.md")
    assert done.code == 0
    data = json.loads(done.out)
    assert (data["before"], data["after"]) == ("a.yaml", "b.yaml")
    assert data["figures"]["params"]["delta"] == 170
    assert (folder / "d.md").read_text().startswith("<!-- cnncalc diff -->")


def test_variants_of_bundled_networks(run):
    done = run("diff", "resnet50", "resnet101")
    assert done.code == 0
    assert "caused by" in done.out
    assert "Stage n 6 → 23" in done.out


@pytest.mark.parametrize(
    "arguments, text",
    [
        (["a.yaml"], "what is a.yaml to be compared with?"),
        (["a.yaml", "no.yaml"], "there is no file 'no.yaml'"),
        (["a.yaml", "a.yaml", "--base", "main"], "three networks"),
        (["a.yaml", "."], "is 2 networks, and a diff is of one"),
        (["a.yaml", "a.yaml", "-o", "csv"], "-o csv: no such format"),
        (["bad.yaml", "a.yaml"], "unknown layer type 'cnov'"),
    ],
)
def test_what_cannot_be_compared(run, write, arguments, text):
    write("a.yaml", NET)
    write("bad.yaml", NET.replace("conv", "cnov"))
    done = run("diff", *arguments)
    assert (done.code, done.out) == (2, "")
    assert text in done.err


def test_a_spec_that_the_base_lacks(run, write, commit):
    write("a.yaml", NET)
    commit()
    write("b.yaml", "input: [3]\nlayers: [fc: 3]\n")
    done = run("diff", "b.yaml", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert "not in main (" in done.err


def test_a_renamed_spec(run, write, commit, git):
    write("a.yaml", NET)
    commit()
    git("mv", "a.yaml", "b.yaml")
    done = run("diff", "b.yaml", "--base", "main")
    assert done.code == 0
    assert ":a.yaml → b.yaml\n" in done.out
    assert "no difference in 5 layers" in done.out


WIRED = """\
input: [16, 8, 8]
layers:
  a: {conv: [16, 1]}
  b: {conv: [16, 1]}
  sum: {add: [a, b]}
  out: {from: sum, relu: {}}
"""


@pytest.mark.parametrize(
    "old, new, change, causes",
    [
        ("add: [a, b]", "add: [in, b]", ("sum", "from a, b → input, b"), 1),
        ("from: sum", "from: b", ("out", "from sum → b"), 1),
    ],
)
def test_what_differs_in_wiring_alone(run, write, commit, old, new, change, causes):
    """No figure moves, but it is another network."""
    write("a.yaml", WIRED)
    commit()
    write("a.yaml", WIRED.replace(old, new))
    done = run("diff", "a.yaml", "--base", "main", "-o", "json")
    data = json.loads(done.out)
    assert [(each["path"], each["what"]) for each in data["changes"]] == [change]
    assert len(data["causes"]) == causes
    assert data["causes"][0]["what"].endswith(change[1])
    assert data["causes"][0]["line"] == (5 if change[0] == "sum" else 6)


def test_equal_layers_that_change_places(run, write):
    write("a.yaml", "input: [4, 8, 8]\nlayers:\n  x: {conv: [4, 3]}\n  y: relu\n  z: sigmoid\n")
    write("b.yaml", "input: [4, 8, 8]\nlayers:\n  x: {conv: [4, 3]}\n  z: sigmoid\n  y: relu\n")
    data = json.loads(run("diff", "a.yaml", "b.yaml", "-o", "json").out)
    found = {each["path"]: each["what"] for each in data["changes"]}
    assert found == {"z": "from y → x", "y": "from x → z"}


def test_a_layer_in_between_does_not_change_its_neighbours(run, write):
    write("a.yaml", "input: [4, 8, 8]\nlayers:\n  x: {conv: [4, 3]}\n  z: sigmoid\n")
    write("b.yaml", "input: [4, 8, 8]\nlayers:\n  x: {conv: [4, 3]}\n  y: relu\n  z: sigmoid\n")
    data = json.loads(run("diff", "a.yaml", "b.yaml", "-o", "json").out)
    assert [(each["path"], each["kind"]) for each in data["changes"]] == [("y", "added")]


def test_help_names_no_variants_that_diff_refuses(run):
    assert " all" not in " ".join(run("diff", "--help").out.split()).partition("--variant")[2][:60]


def test_a_variant_that_the_base_lacks_is_a_base_that_cannot_be_had(run, write, commit):
    text = "input: [3]\nvars: {n: 2}\nvariants: {x: {n: 3}}\nlayers: [fc: n]\n"
    write("a.yaml", text)
    commit()
    write("a.yaml", text.replace("3}}", "3}, y: {n: 4}}"))
    done = run("diff", "a.yaml@y", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert "not in main (" in done.err
    assert "as a variant" in done.err
