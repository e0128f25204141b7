"""Output for programs and pull requests: what it adds up to, and that nothing breaks out of it."""

import csv
import io
import json
import re
from pathlib import Path

import jsonschema
import pytest
import sample_reports as samples

import cnncalc.report
from cnncalc.renderers import render
from cnncalc.report import Head

FILE = Path(cnncalc.report.__file__).parent / "renderers" / "analysis.schema.json"
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
SUMS = ("params", "buffers", "macs", "flops", "activations")


def rows_of(report, **options):
    return list(csv.DictReader(io.StringIO(render(report, "csv", **options))))


@pytest.mark.parametrize("name", samples.ALL)
@pytest.mark.parametrize("key", SUMS)
def test_the_csv_column_adds_up_to_the_total(name, key):
    report = samples.ALL[name]()
    assert sum(int(row[key]) for row in rows_of(report)) == getattr(report.totals, key)


@pytest.mark.parametrize("name", samples.ALL)
def test_the_json_layers_add_up_to_the_totals(name):
    data = json.loads(render(samples.ALL[name](), "json"))
    for key in ("params", "buffers", "macs", "flops"):
        assert sum(layer[key] for layer in data["layers"]) == data["totals"][key]
    assert len(data["layers"]) == data["totals"]["layers"]


@pytest.mark.parametrize("options", [{"depth": 1}, {"depth": 2}, {"by": "type"}, {"sort": "macs"}])
def test_sums_of_rows_still_add_up_to_the_totals(options):
    report = samples.residual()
    rows = rows_of(report, **options)
    for key in SUMS:
        assert sum(int(row[key]) for row in rows) == getattr(report.totals, key)


@pytest.mark.parametrize("name", samples.ALL)
def test_the_json_keeps_to_the_schema(name):
    data = json.loads(render(samples.ALL[name](), "json"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(extra=1),
        lambda data: data["totals"].update(params=1.5),
        lambda data: data["layers"][0].update(live=1),
        lambda data: data["layers"][0]["rf"].update(jump=["1.5"]),
        lambda data: data["layers"][0]["work"].pop("mac"),
        lambda data: data["layers"][0].update(out_shape=[]),
        lambda data: data["checks"][0].update(ok="yes"),
    ],
)
def test_the_schema_refuses_what_is_not_in_it(change):
    data = json.loads(render(samples.lenet(), "json"))
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(data)


def test_json_is_the_report_as_data():
    report = samples.unet()
    data = json.loads(render(report, "json"))
    assert data == json.loads(json.dumps(report.to_dict()))
    assert data["layers"][2]["rf"]["phases"][0][0] == [188, -90]
    assert data["layers"][3]["rf"]["jump"] == ["1/2", "1/2"]


def test_json_has_a_line_for_each_layer():
    lines = render(samples.lenet(), "json").split("\n")
    assert sum(line.startswith('  {"path": ') and '"op"' in line for line in lines) == 7


def test_json_of_half_a_surrogate_pair_can_still_be_written():
    report = samples.lenet()
    report.head = Head(**{**report.head._asdict(), "name": "\ud800"})
    assert json.loads(render(report, "json").encode())["name"] == "\ud800"


def test_csv_has_plain_integers_under_a_stable_header():
    lines = render(samples.residual(), "csv").split("\n")
    assert lines[0] == (
        "path,op,kernel,in,out,params,buffers,macs,flops,activations,live,rf,jump,start,line"
    )
    assert lines[1] == (
        "stem.conv,conv,7×7/2,,64x112x112,9536,128,118013952,118013952,802816,3211264,"
        "7x7,2x2,-3x-3,21"
    )


def test_csv_of_chosen_columns():
    text = render(samples.unet(), "csv", columns=("path", "jump", "params%"))
    assert text.split("\n")[1:] == [
        "e1.conv1,1x1,3",
        "e5.max_pool,16x16,0",
        "d1.deconv,16x16,96",
        "d0.upsample,1/2x1/2,0",
    ]


def test_csv_quotes_hostile_names():
    assert rows_of(samples.hostile())[2]["path"] == samples.hostile().rows[2].path


def test_markdown_is_as_it_was(golden):
    golden("residual_markdown", render(samples.residual(), "markdown", top=4))


def test_markdown_prints_exact_totals():
    text = render(samples.lenet(), "markdown")
    assert "| **total** |  |  | **61,706** |  | **416,520** |  | **423,038** |" in text


def test_names_cannot_break_out_of_a_markdown_cell():
    text = render(samples.hostile(), "markdown")
    table = [line for line in text.split("\n") if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {12}
    assert "<script>" not in text
    assert text.startswith("### \\[bold\\]")
    assert "\\*x\\*" in text
    assert "c`" not in text
    assert "@me" not in text
    assert "\x1b" not in text
