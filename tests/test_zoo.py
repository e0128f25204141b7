"""`cnncalc specs`: the list of bundled networks, and the check of what is published for them."""

from __future__ import annotations

import io
import re
import sys

import pytest

from cnncalc import bundled, cli, zoo
from cnncalc.errors import CnncalcError

# A 3×3 convolution of 3 channels to 4 on 8×8: 4·(27 + 1) params, 6·6·4·27 multiply-adds, field 3.
SPEC = """\
name: Tiny
meta: {source: "by hand"}
input: [3, size, size]
vars: {size: 8, out: 4}
variants:
  tiny_right: {meta: {params: 112, macs: 3888, rf: 3}}
  tiny_rounded: {size: 9, meta: {params: 0.1k, macs: 5.29k, source: "a table"}}
  tiny_wrong: {meta: {params: 113, macs: 4.0k}}
  tiny_silent: {out: 8}
layers: {one: {conv: [out, 3]}}
"""
TABLE = """\
   name          input  params   MACs  RF  source
✓  tiny_right    3x8x8     112  3,888   3  by hand
✓  tiny_rounded  3x9x9    0.1k  5.29k   –  a table
✗  tiny_wrong    3x8x8     113   4.0k   –  by hand
   tiny_silent   3x8x8       –      –   –  by hand
"""
VERDICT = """
tiny_wrong: params: 113 published, 112 computed
tiny_wrong: MACs: 4.0k published, 3,888 computed
1 of 3 networks differs from what is published
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of bundled specs with one family in it."""
    (tmp_path / "tiny.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.setattr(bundled, "folder", lambda: tmp_path)
    return tmp_path


def run(monkeypatch, *arguments, encoding="utf-8"):
    """Run the command line; return its exit code and what it printed."""
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding, write_through=True))
    monkeypatch.setattr(sys, "argv", ["cnncalc", *arguments])
    return cli.run(), printed.getvalue().decode(encoding)


def test_specs_lists_what_is_published(folder, monkeypatch):
    """Without a check there are no marks."""
    code, printed = run(monkeypatch, "specs")
    assert code == 0
    assert printed == "".join(line[3:] for line in TABLE.splitlines(keepends=True))


def test_specs_check_marks_what_differs(folder, monkeypatch):
    """A number that differs is told in full, and the exit code is 1."""
    code, printed = run(monkeypatch, "specs", "--check")
    assert printed == TABLE + VERDICT
    assert code == 1


def test_specs_check_of_right_numbers(folder, monkeypatch):
    """Exit code 0, and a line that says how many were checked."""
    lines = [line for line in SPEC.splitlines() if "wrong" not in line]
    (folder / "tiny.yaml").write_text("\n".join(lines), encoding="utf-8")
    code, printed = run(monkeypatch, "specs", "--check")
    assert printed.endswith("\nall 2 networks have the published numbers\n")
    assert code == 0


def test_specs_check_on_an_ascii_terminal(folder, monkeypatch):
    """Marks are words where the terminal has no others."""
    _, printed = run(monkeypatch, "specs", "--check", encoding="ascii")
    assert re.search(r"^differs  tiny_wrong ", printed, re.MULTILINE)
    assert re.search(r"^ok       tiny_rounded .* -  a table$", printed, re.MULTILINE)


def test_macs_leave_out_what_the_spec_says(folder):
    """`macs_without` names layers, and a name that no layer has is an error."""
    text = (
        "input: [3, 8, 8]\nmeta: {params: 144, macs: 3888, macs_without: aux}\n"
        "layers:\n  one: {conv: [4, 3]}\n  aux: [conv: [8, 1, bias: false], relu]\n"
    )
    (folder / "tiny.yaml").write_text(text, encoding="utf-8")
    (entry,) = zoo.entries()
    outcome = zoo.recompute(entry)
    assert (outcome.computed, outcome.differing) == ({"params": 144, "macs": 3888}, [])
    (folder / "tiny.yaml").write_text(text.replace("without: aux", "without: au"), encoding="utf-8")
    (entry,) = zoo.entries()
    with pytest.raises(CnncalcError, match="macs_without: there is no layer 'au'"):
        zoo.recompute(entry)


def test_params_leave_out_what_the_spec_says(folder):
    """A type of layers can be left out, wherever they stand."""
    text = (
        "input: [3, 8, 8]\nmeta: {params: 108, params_without: type:batch_norm}\n"
        "layers:\n  one: [conv: [4, 3, norm: bn, bias: false], bn]\n"
    )
    (folder / "tiny.yaml").write_text(text, encoding="utf-8")
    (entry,) = zoo.entries()
    outcome = zoo.recompute(entry)
    assert (outcome.computed, outcome.differing) == ({"params": 108}, [])


def test_a_field_needs_a_map(folder):
    """A network without any map has no receptive field to check."""
    (folder / "tiny.yaml").write_text("input: [3]\nmeta: {rf: 3}\nlayers: [fc: 2]\n")
    (entry,) = zoo.entries()
    with pytest.raises(CnncalcError, match="rf: no layer has a local receptive field"):
        zoo.recompute(entry)


@pytest.mark.parametrize(
    "published, computed, same",
    [
        (112, 112, True),
        (112, 113, False),
        ("9.04M", 9_041_601, True),
        ("9.04M", 9_035_000, True),
        ("9.04M", 9_034_999, False),
        ("9.04M", 9_045_001, False),
        ("9M", 8_500_000, True),
        ("9M", 9_500_001, False),
        ("1.5k", 1_549, True),
        ("32.93G", 32_932_037_632, True),
        ("32.93G", 32_936_000_000, False),
    ],
)
def test_a_rounded_number_holds_to_its_last_digit(published, computed, same):
    assert zoo.agrees(published, computed) is same


@pytest.mark.parametrize("text", ["9.04 M", "many", "9.04", "9,041,601"])
def test_what_is_no_number_is_an_error(text):
    with pytest.raises(CnncalcError, match=f"'{text}' is not a published number"):
        zoo.agrees(text, 1)


def test_every_bundled_network_has_its_published_numbers(monkeypatch, capsys):
    """As `cnncalc specs --check` finds; each has a source and a number."""
    entries = zoo.entries()
    assert all(entry.published and entry.about.meta["source"] for entry in entries)
    assert [entry.name for entry in entries if zoo.recompute(entry).differing] == []


class Terminal(io.StringIO):
    """Standard error of a person."""

    def isatty(self):
        return True


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_to_a_person_on_standard_error(folder, monkeypatch, terminal):
    """The bar names networks while they are recomputed; standard output stays as it is."""
    names = [f"tiny{number}" for number in range(30)]
    for name in names:
        text = SPEC.replace("tiny_", f"{name}_")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("rich.progress.Progress.update", shown := Updates())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    code, printed = run(monkeypatch, "specs", "--check")
    assert code == 1
    assert "\x1b" not in printed
    assert shown.names == ([entry.name for entry in zoo.entries()] if terminal else [])


class Updates:
    """Stands for the method that moves a bar, and keeps the names it is told."""

    def __init__(self):
        self.names = []

    def __call__(self, *_, description, **__):
        self.names.append(description)
