"""What `verify` found out, as a page, as JSON and as JUnit XML."""

from __future__ import annotations

import json
from unicodedata import east_asian_width
from xml.etree import ElementTree as ET

import pytest

from cnncalc.errors import CnncalcError
from cnncalc.findings import Finding, Verification
from cnncalc.renderers.verification import render

FILE = "models/net.yaml"


def finding(key, path, ok, predicted, executed, detail="", line=0, of=""):
    return Finding(key, path, ok, predicted, executed, detail, FILE if line else "", line, of)


def verification(*findings, **given):
    layers = dict.fromkeys(each.path for each in findings if each.path)
    return Verification(
        given.get("spec", FILE),
        given.get("variant"),
        given.get("name", "Small net"),
        {"image": (3, 224, 224)},
        0,
        tuple((path, "conv") for path in layers),
        findings,
    )


def good():
    field = [(56, (109, 115)), (56, (109, 115))]
    return verification(
        finding("shape", "stem.conv", True, (64, 112, 112), (64, 112, 112), line=12),
        finding("params", "stem.conv", True, (9472, 0), (9472, 0), line=12),
        finding("macs", "stem.conv", True, 118013952, 118013952, line=12),
        finding("field", "stem.conv", True, field, field, line=12),
        finding("gradient", "stem.conv", True, 1.25, 1.25, "of input 1, weight, bias", 12),
        finding("shape", "stem.norm", True, (64, 112, 112), (64, 112, 112), line=13),
        finding("params", "stem.norm", True, (128, 128), (128, 128), line=13),
        finding("statistics", "stem.norm", True, (0.0, 0.999), (1e-17, 0.999), "", 13),
        finding("gradient sum", "pool", True, 3.5, 3.5, line=14),
        finding("gradient", "", True, -0.5, -0.5, "of the whole network"),
    )


def bad():
    return verification(
        finding("shape", "a", False, (8, 9), (8, 10), line=3),
        finding("params", "a", False, (72, 0), (76, 2), "weight 8×9; arrays that ran: bias 4", 3),
        finding("macs", "a", False, 1000, 1024, line=3),
        finding("field", "b", False, [(4, (2, 6))], [(4, None)], "on axis w; 1 of 3 units differ"),
        finding("field", "c", False, "top-down = bottom-up", "they differ", "unit 0 of c", 5),
        finding("gradient", "c", False, 1 / 3, 0.25, "of weight; predicted is the …", 5),
        finding("gradient", "d", None, "", "", "not run in training: too small a batch", 6),
        finding("runs", "e", False, "a run", "operands do not fit", line=7),
        finding("runs", "f", None, "a run", "operands do not fit", "not reached", 8),
        spec="net.yaml",
        variant="wide",
    )


def hostile():
    name = "\x1b[31mred\x1b[0m <&\"'> ]]> \u202e[bold]名前\x00"
    return verification(
        finding("shape", name, True, (1, 2), (1, 2), line=1),
        finding("runs", name + "2", False, "a run", "\x1b]0;t\x07<b>&\x08", "]]>\x01\ud800", 2),
        finding("field", name * 9, None, "", "", "<skip> & \x1b[2J"),
        spec=name,
        name=name,
    )


ALL = {"good": good, "bad": bad, "hostile": hostile}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [60, 100])
def test_pages_are_as_they_were(golden, name, width):
    golden(f"verification_{name}_{width}", render([ALL[name]()], width=width))


@pytest.mark.parametrize("name", ALL)
def test_ascii_pages_are_as_they_were_and_ascii(golden, name):
    text = render([ALL[name]()], width=100, ascii=True)
    golden(f"verification_{name}_100_ascii", text)
    assert text.isascii()


def test_several_networks_are_summed_up(golden):
    golden("verification_several", render([good(), bad(), good()], width=100))


def columns_of(line):
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [40, 55, 60, 80, 100, 300])
def test_no_line_is_wider_than_the_page(name, ascii_only, width):
    text = render([ALL[name]()], width=width, ascii=ascii_only)
    assert max(map(columns_of, text.split("\n"))) <= width


def test_a_spec_cannot_control_the_terminal():
    text = render([hostile()], width=100)
    assert not any(character != "\n" and not character.isprintable() for character in text)


@pytest.mark.parametrize("path", ["[bold]x", "a[/]", "[/red]", "[link=x]y[/link]", "\\[b]"])
def test_brackets_in_a_path_are_no_markup(path):
    text = render([verification(finding("shape", path, True, (1, 2), (1, 2)))], width=100)
    assert any(line.split()[:1] == [path] for line in text.split("\n"))


def test_colour_only_where_it_is_wanted():
    assert "\x1b[" in render([good()], color=True)
    assert "\x1b[" not in render([good()], color=False)


def test_both_values_and_the_place_of_a_failure():
    text = render([bad()], width=200)
    for line in (
        "✗ a: shape: predicted 8×9, executed 8×10   models/net.yaml:3",
        "✗ a: MACs: predicted 1,000, executed 1,024   models/net.yaml:3",
        "✗ b: field: predicted 2…6 at 4, executed nothing at 4 (on axis w; 1 of 3 units differ)",
        "✗ c: gradient: predicted 0.333333333, executed 0.25 (of weight; predicted is the …)",
        "– f: runs: not reached",
        "✗ net.yaml@wide: 7 of 7 checks failed",
    ):
        assert line in text


def test_two_findings_of_one_kind_at_one_layer_do_not_hide_each_other():
    """Both directions differ, and the measured field holds; or one of two inputs fails."""
    text = render(
        [
            verification(
                finding("field", "a", False, "top-down = bottom-up", "they differ", line=3),
                finding("field", "a", True, [(0, (0, 2))], [(0, (0, 2))], line=3),
            )
        ],
        width=100,
    )
    (row,) = [line for line in text.split("\n") if line.startswith(("a ", " a "))]
    assert "✗" in row


def suite_of(found):
    (suite,) = ET.fromstring(render([found], "junit"))  # noqa: S314 our own text
    return suite


@pytest.mark.parametrize("name", ALL)
def test_junit_is_well_formed(name):
    suite = suite_of(ALL[name]())
    found = ALL[name]()
    assert suite.attrib["tests"] == str(len(suite)) == str(len(found.findings))
    assert suite.attrib["failures"] == str(sum(each.find("failure") is not None for each in suite))
    assert suite.attrib["skipped"] == str(sum(each.find("skipped") is not None for each in suite))


def test_junit_keeps_signs_and_drops_controls():
    suite = suite_of(hostile())
    assert suite.attrib["name"] == "red <&\"'> ]]> [bold]名前"
    assert suite[1].find("failure").attrib["message"] == "predicted a run, executed <b>&"
    assert suite[1].find("failure").text == "]]> models/net.yaml:2"


def test_junit_cases_have_names_of_their_own():
    """Services count two cases of one name as one."""
    left = finding("field", "join", True, [(0, (0, 2))], [(0, (0, 2))], "", 3, "input left")
    right = finding("field", "join", True, [(0, (0, 4))], [(0, (0, 4))], "", 3, "input right")
    suite = suite_of(verification(left, right))
    names = [case.attrib["name"] for case in suite]
    assert len(set(names)) == 2


@pytest.mark.parametrize("name", ALL)
def test_json_keeps_everything(name):
    found = ALL[name]()
    data = json.loads(render([found, good()], "json"))
    assert data["schema"] == "cnncalc.verification/1"
    assert data["ok"] is found.ok
    assert data["networks"][0] == json.loads(json.dumps(found.to_dict()))
    assert len(data["networks"]) == 2
    assert len(data["networks"][0]["findings"]) == len(found.findings)


def test_json_is_ascii_and_a_finding_a_line():
    text = render([hostile()], "json")
    assert text.isascii()
    assert sum('"key":' in line for line in text.split("\n")) == 3


def test_an_unknown_format():
    with pytest.raises(CnncalcError, match="no format 'jason'") as caught:
        render([good()], "jason")
    assert "json" in caught.value.hint
