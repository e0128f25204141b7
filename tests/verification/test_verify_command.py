"""`cnncalc verify` as people and CI see it: formats, exit codes, files, progress."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from cnncalc import cli

GOOD = """name: small
input: [2, 12, 12]
layers:
  stem: {conv: {out: 4, kernel: 3, padding: 1}}
  pool: {max_pool: 2}
  head: {linear: 3}
"""
Ran = tuple[int, str, str]

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schema", "ok", "networks"],
    "properties": {
        "schema": {"const": "cnncalc.verification/1"},
        "ok": {"type": "boolean"},
        "networks": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [
                    "spec", "variant", "name", "inputs", "seed", "ok", "checks", "layers",
                    "findings",
                ],
                "properties": {
                    "spec": {"type": "string"},
                    "variant": {"type": ["string", "null"]},
                    "name": {"type": "string"},
                    "inputs": {
                        "type": "object",
                        "additionalProperties": {"type": "array", "items": {"type": "integer"}},
                    },
                    "seed": {"type": "integer"},
                    "ok": {"type": "boolean"},
                    "checks": {
                        "type": "object",
                        "required": ["passed", "failed", "skipped"],
                        "additionalProperties": {"type": "integer", "minimum": 0},
                    },
                    "layers": {"type": "integer"},
                    "findings": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["key", "path", "ok", "predicted", "executed"],
                            "properties": {
                                "key": {
                                    "enum": [
                                        "runs", "shape", "params", "macs", "field", "gradient",
                                        "gradient sum", "statistics",
                                    ]
                                },
                                "path": {"type": "string"},
                                "ok": {"type": ["boolean", "null"]},
                                "predicted": {},
                                "executed": {},
                                "detail": {"type": "string"},
                                "file": {"type": "string"},
                                "line": {"type": "integer"},
                                "of": {"type": "string"},
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command line in this process, in a folder with a good spec."""
    (tmp_path / "net.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)

    def running(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["cnncalc", "verify", *arguments])
        code = cli.run()
        return code, *capsys.readouterr()

    return running


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calculator leaves the bias of convolutions out."""
    from cnncalc.ops.conv import Conv

    true = Conv.params
    monkeypatch.setattr(Conv, "params", lambda *args: true(*args)[:1])


def test_a_network_that_holds(run: Any) -> None:
    code, out, error = run("net.yaml")
    assert (code, error) == (0, "")
    assert re.fullmatch(r"✓ net.yaml: \d+ checks hold at 3 layers", out.splitlines()[-1])


def test_a_failed_check_names_layer_values_and_line_and_exits_with_1(run: Any, fault: None) -> None:
    code, out, error = run("net.yaml", "--width", "200")
    assert (code, error) == (1, "")
    assert "✗ stem: params: predicted 72, executed 76 (weight 4×2×3×3; arrays that ran: " in out
    assert "net.yaml:4" in out
    assert re.fullmatch(r"✗ net.yaml: 2 of \d+ checks failed", out.splitlines()[-1])


def test_json_is_valid_and_says_the_same(run: Any) -> None:
    code, out, _ = run("net.yaml", "-o", "json", "--seed", "7", "--backward", "--all-fields")
    data = json.loads(out)
    Draft202012Validator(SCHEMA).validate(data)
    assert code == 0
    (network,) = data["networks"]
    assert (network["spec"], network["name"], network["seed"]) == ("net.yaml", "small", 7)
    assert network["inputs"] == {"input": [2, 12, 12]}
    assert network["checks"] == {"passed": len(network["findings"]), "failed": 0, "skipped": 0}
    found = {(each["path"], each["key"]): each for each in network["findings"]}
    assert found["stem", "shape"]["executed"] == [4, 12, 12]
    assert found["stem", "params"]["executed"] == [76, 0]
    assert found["stem", "macs"]["executed"] == 144 * 72
    assert found["pool", "field"]["executed"] == [[3, [5, 8]], [3, [5, 8]]]
    assert found["stem", "shape"]["line"] == 4


def test_a_failed_check_in_json(run: Any, fault: None) -> None:
    code, out, _ = run("net.yaml", "-o", "json")
    data = json.loads(out)
    Draft202012Validator(SCHEMA).validate(data)
    assert (code, data["ok"]) == (1, False)
    failed, total = [each for each in data["networks"][0]["findings"] if each["ok"] is False]
    assert (failed["path"], failed["predicted"], failed["executed"]) == ("stem", [72, 0], [76, 0])
    assert (total["path"], total["executed"][0] - total["predicted"][0]) == ("", 4)


def test_junit_counts_and_places_the_failure(run: Any, fault: None) -> None:
    code, out, _ = run("net.yaml", "-o", "junit")
    assert code == 1
    (suite,) = ET.fromstring(out)  # noqa: S314 our own text
    assert suite.attrib == {
        "name": "net.yaml", "tests": str(len(suite)), "failures": "2", "errors": "0",
        "skipped": "0",
    }  # fmt: skip
    case, total = [case for case in suite if len(case)]
    assert total.attrib["name"] == "network: params"
    assert case.attrib["name"] == "stem: params"
    assert (case.attrib["file"], case.attrib["line"]) == ("net.yaml", "4")
    assert case[0].attrib["message"] == "predicted 72, executed 76"


def test_several_specs_and_several_formats(run: Any, tmp_path: Path) -> None:
    code, out, _ = run(
        "net.yaml", "lenet5", "-o", "table", "-o", "json=a.json", "-o", "junit=b.xml"
    )
    assert code == 0
    assert out.splitlines()[-1].startswith("✓ all 2 networks hold, ")
    assert len(json.loads((tmp_path / "a.json").read_text())["networks"]) == 2
    text = (tmp_path / "b.xml").read_text()
    assert len(ET.fromstring(text)) == 2  # noqa: S314 our own text


def test_one_of_several_fails(run: Any, fault: None, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("input: [3]\nlayers: {a: {relu: }}\n")
    code, out, _ = run("other.yaml", "net.yaml")
    assert code == 1
    assert out.splitlines()[-1].startswith("✗ 1 of 2 networks failed, ")


def test_standard_input(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    code, out, _ = run("-")
    assert code == 0
    assert "<stdin>" in out


def test_another_input_shape(run: Any) -> None:
    code, out, _ = run("net.yaml", "--input", "2x8x20", "-o", "json")
    assert code == 0
    assert json.loads(out)["networks"][0]["inputs"] == {"input": [2, 8, 20]}


def test_params_from_a_file(run: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"stem.weight": np.ones((4, 2, 3, 3))})
    assert run("net.yaml", "--params", "w.npz")[0] == 0


def test_progress_is_for_terminals_alone(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert run("net.yaml")[2] == ""
    for term, shown in (("xterm", True), ("dumb", False)):
        seen = Terminal()
        with monkeypatch.context() as patch:
            patch.setenv("TERM", term)
            patch.setattr(sys, "stderr", seen)
            code, out, _ = run("net.yaml", "-o", "json")
        assert code == 0
        assert json.loads(out)["ok"]
        assert ("small" in seen.getvalue()) is shown


@pytest.mark.parametrize("name", ["[red]", "[/]", "\x1b]0;title\x07end"])
def test_a_name_cannot_steer_the_bar(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A spec refuses control characters in a name; the name of a file may hold them."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    file = name.replace("/", ":") + ".yaml"
    (tmp_path / file).write_text(GOOD.replace("name: small\n", ""))
    seen = Terminal()
    with monkeypatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setattr(sys, "stderr", seen)
        assert run(file, "-o", "json")[0] == 0
    assert name.replace("/", ":")[-3:] in seen.getvalue()
    assert "\x1b]0;" not in seen.getvalue()


REFUSED = {
    "no spec": ([], "SPEC"),
    "no such file": (["none.yaml"], "none.yaml"),
    "one bad spec of two": (["net.yaml", "none.yaml"], "none.yaml"),
    "too much memory": (["net.yaml", "--memory", "1MiB"], "the limit is 1.00 MiB"),
    "the option that raises it": (["net.yaml", "--memory", "1MiB"], "--memory 1GiB"),
    "no size": (["net.yaml", "--memory", "lots"], "lots"),
    "a size in another unit": (["net.yaml", "--memory", "4Gpx"], "4Gpx"),
    "half a byte": (["net.yaml", "--memory", "0.5"], "--memory 0.5: not a size in bytes"),
    "an unknown format": (["net.yaml", "-o", "xml"], "-o xml: no such format"),
    "a format of reports": (["net.yaml", "-o", "csv"], "one of table, json, junit"),
    "two formats on one page": (["net.yaml", "-o", "json", "-o", "junit"], "would both go to"),
    "a seed below 0": (["net.yaml", "--seed", "-1"], "--seed"),
    "no arrays": (["net.yaml", "--params", "net.yaml"], "cannot read net.yaml as arrays"),
    "no file of arrays": (["net.yaml", "--params", "no.npz"], "cannot read no.npz as arrays"),
    "no shape": (["net.yaml", "--input", "wat"], "--input wat: not a shape"),
    "a narrow page": (["net.yaml", "--width", "3"], "--width"),
    "an unknown option": (["net.yaml", "--wat"], "--wat"),
    "no folder to write to": (["net.yaml", "-o", "json=no/where.json"], "cannot write"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "text"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_exits_with_2(run: Any, arguments: list[str], text: str) -> None:
    code, out, error = run(*arguments)
    assert (code, out) == (2, "")
    assert text in error
    assert "Traceback" not in error


def test_arrays_of_another_network_exit_with_2(run: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"trunk.weight": np.ones(3)})
    code, out, error = run("net.yaml", "--params", "w.npz")
    assert (code, out) == (2, "")
    assert "array trunk.weight: the network has no layer 'trunk'" in error


def test_numbers_that_overflow_are_not_worth_a_warning(
    run: Any, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    rows = "".join(f"  m{n + 1}: {{mul: [m{n}, m{n}]}}\n" for n in range(10))
    text = "input: [1, 8, 8]\nlayers:\n  m0: {relu: }\n" + rows + "  c: {conv: [2, 3]}\n"
    (tmp_path / "net.yaml").write_text(text)
    code, _, error = run("net.yaml")
    assert (code, error) == (0, "")
    assert [str(each.message) for each in recwarn] == []
