"""The JSON Schema of the language: every spec of the project fits, and broken ones do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from cnncalc.spec.json_schema import json_schema

ROOT = Path(__file__).parent.parent
SPECS = sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("tests/specs/**/*.yaml")])
HEAD = "input: [3, 32, 32]\nlayers:\n"
BROKEN = {
    "an unknown section": "input: [3, 32, 32]\nlayer: [relu]",
    "an input of five axes": "input: [3, 2, 2, 2, 2]\nlayers: [relu]",
    "an unknown layer type": HEAD + "- convv: [8, 3]",
    "an unknown layer type without arguments": HEAD + "- convv",
    "an unknown argument": HEAD + "- conv: {filters: 8, kernel: 3}",
    "an unknown argument behind positional ones": HEAD + "- conv: [8, 3, pad: 1]",
    "an unknown modifier": HEAD + "- {relu: , repeats: 2}",
    "a stride of 0": HEAD + "- conv: [8, 3, 0]",
    "a rate above 1": HEAD + "- dropout: 1.5",
    "an activation as norm": HEAD + "- conv: [8, 3, norm: relu]",
    "a join of one branch": HEAD + "- add: [prev]",
    "modifiers without a call": HEAD + "- {from: in}",
    "a layer named after a layer type": HEAD + "  conv: [relu]\n  b: {relu: }",
    "a block in lower case": "input: [3, 4, 4]\nblocks: {res(c): [relu]}\nlayers: [relu]",
    "a default that is no argument": "input: [3]\ndefaults: {conv: {filters: 3}}\nlayers: [relu]",
    "a variable called meta": "input: [3]\nvars: {meta: 1}\nlayers: [relu]",
    "a meta of a variant that is a word": "input: [3]\nvariants: {a: {meta: b}}\nlayers: [relu]",
    "an unknown key of a budget": HEAD + "- relu\nbudgets: [{assert: params <= 1, lvl: warn}]",
}


@pytest.fixture(scope="module")
def validator():
    return Draft202012Validator(json_schema())


def test_it_is_a_schema():
    """The schema is valid by its own meta-schema, and plain JSON."""
    Draft202012Validator.check_schema(json_schema())
    json.dumps(json_schema())


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_fit(path, validator):
    """Every spec in the project is accepted."""
    found = [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text()))]
    assert found == []


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_broken_specs_do_not_fit(text, validator):
    """What the schema can know to be wrong, it refuses."""
    assert not validator.is_valid(yaml.safe_load(text))
