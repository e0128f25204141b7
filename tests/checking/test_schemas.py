"""The JSON of `check` and `diff` by the schemas that come with the package."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from checking.kit import NET
from referencing import Registry, Resource

import cnncalc.renderers

FOLDER = Path(str(cnncalc.renderers.__file__)).parent
SCHEMAS = {
    name: json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("check", "diff")
}
REGISTRY = Registry().with_resource("diff.schema.json", Resource.from_contents(SCHEMAS["diff"]))
BUDGETS = """\
budgets:
  - params <= 2.5k
  - {assert: rf >= input, level: warn, id: sees, why: large objects}
  - params <= baseline + 2%
  - macs / params <= 15
  - params <= 300 for each *
  - rf >= input / 3
  - params(*) <= baseline for each *
"""


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(SCHEMAS[name], registry=REGISTRY)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.fixture
def data(run, write, commit):
    """What `check` prints of a spec that changed, a new one, one of 1-D maps and a broken one."""
    write("changed.yaml", NET + BUDGETS)
    write("same.yaml", NET + "budgets: [params <= 5k]\n")
    commit()
    write("changed.yaml", NET.replace("16, 3", "24, 3") + BUDGETS)
    write("new.yaml", NET.replace("[3, 8, 8]", "[3, 8]") + BUDGETS)
    write("bad.yaml", NET.replace("conv", "cnov") + BUDGETS)
    done = run("check", ".", "--base", "main", "-o", "json")
    assert done.code == 2
    return json.loads(done.out)


def test_check_keeps_to_its_schema(data):
    assert [spec["spec"] for spec in data["specs"]] == [
        "bad.yaml", "changed.yaml", "new.yaml", "same.yaml",
    ]  # fmt: skip
    validator("check").validate(data)
    assert data["specs"][1]["diff"]["causes"]


def test_diff_keeps_to_its_schema(run, write):
    write("one.yaml", NET)
    write("other.yaml", NET.replace("16, 3", "24, 3").replace("gap, fc: 10", "flatten, fc: 10"))
    data = json.loads(run("diff", "one.yaml", "other.yaml", "-o", "json").out)
    validator("diff").validate(data)
    assert {change["kind"] for change in data["changes"]} >= {"added", "removed", "changed"}


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(extra=1),
        lambda data: data["specs"][1]["figures"].update(params=1.5),
        lambda data: data["specs"][1]["budgets"][0].update(value="3k"),
        lambda data: data["specs"][1]["budgets"][0].pop("limit"),
        lambda data: data["specs"][1]["budgets"][0].update(status="ok"),
        lambda data: data["specs"][1]["diff"]["figures"].pop("rf"),
        lambda data: data["specs"][1]["diff"]["causes"][0].update(params=None),
        lambda data: data["base"].update(commit="main"),
    ],
)
def test_the_schema_of_check_is_no_wide_net(data, change):
    change(data)
    assert not validator("check").is_valid(data)
