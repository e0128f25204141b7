"""Lines that say nothing, or too much: refused whatever there is to compare with."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.budget import judge, read
from cnncalc.errors import BudgetError

SPEC = "input: [3, 8, 8]\nlayers: {stem: {conv: [4, 3]}, head: [gap, fc: 10]}\n"


@pytest.fixture(scope="module")
def report():
    return cnncalc.analyze(cnncalc.loads(SPEC))


def refused(report, line, base=None):
    with pytest.raises(BudgetError) as caught:
        judge(report, read(line), base)
    found = caught.value
    assert found.offset >= 0
    return found.text, found.hint, line[found.offset : found.offset + found.width]


MATCHES = "'nowhere' matches no layer"


@pytest.mark.parametrize(
    "line, text, place",
    [
        ("params <= baseline + 5 px", "cannot add px to params", "baseline + 5 px"),
        ("baseline >= params(nowhere)", MATCHES, "params(nowhere)"),
        ("params(nowhere) <= baseline", MATCHES, "params(nowhere)"),
        ("params <= baseline for each nowhere", MATCHES, "nowhere"),
        ("params - baseline <= 5 px", "cannot compare params with px", "5 px"),
        (
            "baseline <= params <= params(stem)",
            "baseline of which: params, params(stem)?",
            "baseline",
        ),
        ("params <= baseline * macs", "cannot multiply params by MACs", "baseline * macs"),
        (
            "params(head.global_avg_pool1) >= 2% / baseline",
            "cannot divide a percentage of nothing said",
            "2% / baseline",
        ),
        ("params <= baseline / 0", "division by zero", "baseline / 0"),
        ("rf.d <= baseline", "the input has no axis 'd', only h, w", "rf.d"),
    ],
)
@pytest.mark.parametrize("base", ["none", "lock without the figure", "report"])
def test_a_line_with_a_baseline_is_checked_without_a_base_too(report, line, text, place, base):
    base = {"none": None, "lock without the figure": {"layers": 2}, "report": report}[base]
    assert refused(report, line, base)[::2] == (text, place)


@pytest.mark.parametrize(
    "line",
    [
        "params <= baseline + 2%",
        "params(stem) <= max(baseline + 2%, baseline + 1M) for each *",
        "params / (params - baseline) <= 5",
        "params <= 1e64 * baseline * 1e64",
        "rf >= baseline >= rf",
    ],
)
def test_a_sound_line_without_a_base_is_skipped(report, line):
    """Also one whose numbers depend on the base: what it is will be seen then."""
    assert judge(report, read(line)).ok is None


def test_what_only_the_base_lacks_is_skipped(report):
    base = cnncalc.analyze(cnncalc.loads(SPEC.replace("head", "top")))
    verdict = judge(report, read("params(head) <= baseline"), base)
    assert verdict.detail == "skipped: at the base: 'head' matches no layer"


PERCENT = "a percentage of nothing said"


@pytest.mark.parametrize(
    "line, text, place",
    [
        ("params <= 5M + 2% * 3", f"cannot multiply {PERCENT}", "2% * 3"),
        ("params <= 5M + 3 * 2%", f"cannot multiply {PERCENT}", "3 * 2%"),
        ("params <= 5M * 2%", f"cannot multiply {PERCENT}", "5M * 2%"),
        ("2% / params <= 5", f"cannot divide {PERCENT}", "2% / params"),
        ("5M / 2% >= params", f"cannot divide {PERCENT}", "5M / 2%"),
        ("params >= 2% * 2%", f"cannot multiply {PERCENT}", "2% * 2%"),
        ("min(2%, params) <= 5", f"cannot compare {PERCENT}", "min(2%, params)"),
    ],
)
def test_a_percentage_is_of_something(report, line, text, place):
    assert refused(report, line) == (text, "write 10% of params", place)


def test_a_percentage_of_a_metric_may_be_a_product(report):
    """152 = 4·28 + 10·4 … 10·5: 112 + 50 = 162 parameters; 10 % are 16.2."""
    assert judge(report, read("params * 10% == 16.2")).ok
    assert judge(report, read("10% * params == 10% of params")).ok
    assert judge(report, read("params(stem) / params * 50% <= 35%")).ok  # 34.57 %


@pytest.mark.parametrize(
    "line, text, hint, place",
    [
        (
            "macs <= 1050 M ACs",
            "'M ACs' in '1050 M ACs' is not a unit",
            "did you mean 'MACs'?",
            "1050 M ACs",
        ),
        (
            "params <= 5 peak_memory",
            "'peak_memory' in '5 peak_memory' is not a unit",
            "write a sign between 5 and peak_memory",
            "5 peak_memory",
        ),
        (
            "params <= 5 params.trainable",
            "'params.trainable' in '5 params.trainable' is not a unit",
            "write a sign between 5 and params.trainable",
            "5 params.trainable",
        ),
        (
            "params <= 1e400% of macs",
            "'1e400' has more than 64 digits",
            "write fewer digits",
            "1e400",
        ),
        (
            "params <= 1001,000 % of macs",
            "'1001,000' is not a quantity",
            "write a number and a unit, such as 5M, 512 KiB, 4.1 GFLOPs or 224 px",
            "1001,000",
        ),
        ("params == 5 ± 1e400%", "'1e400' has more than 64 digits", "write fewer digits", "1e400"),
    ],
)
def test_what_is_no_number_is_told_with_its_place(report, line, text, hint, place):
    assert refused(report, line) == (text, hint, place)


@pytest.mark.parametrize("text", ["5 G MACs", "5 GMACs", "5G MACs", "5000 M MACs", "5M k"])
def test_a_prefix_may_stand_alone(report, text):
    if text == "5M k":
        assert refused(report, f"macs <= {text}")[0] == "'M k' in '5M k' is not a unit"
    else:
        assert judge(report, read(f"macs <= {text}")).limits == (5 * 10**9,)


LONG = {
    "a sum": "params <= " + "+".join(["1"] * 400),
    "shares": "params <= " + "10% of " * 101 + "params",
    "a product": "params <= 1" + "*1" * 100,
    "a chain": "params" + "<=1" * 100,
    "a call": "params <= max(" + "1," * 99 + "1)",
}


@pytest.mark.parametrize("line", LONG.values(), ids=LONG)
def test_a_line_has_a_limit_of_parts(report, line):
    text, hint, place = refused(report, line)
    assert text == "a line has at most 100 parts"
    assert hint == "write several lines"
    assert place in {"1", "10", "params"}


def test_a_line_may_have_that_many_parts(report):
    assert judge(report, read("params <= " + "+".join(["2"] * 99))).limits == (198,)
    deepest = "(" * 38 + "10% of " * 60 + "1" + ")" * 38  # with params and the 1: a hundred
    assert judge(report, read(f"params <= {deepest}")).ok is False


def test_a_line_has_a_limit_of_characters(report):
    assert judge(report, read("params <= 1M" + " " * 988)).ok
    with pytest.raises(BudgetError) as caught:
        read("params <= 1M" + " " * 500 + "+ 1" + " " * 500)
    assert caught.value.text == "a line has at most 1,000 characters"
    assert (caught.value.offset, caught.value.hint) == (1000, "write several lines")


@pytest.mark.parametrize("terms", [101, 400, 5000])
@pytest.mark.parametrize("form", ["1+", "10% of "])
def test_no_source_of_long_lines_is_a_fault(tmp_path, terms, form):
    line = "params <= " + form * terms + "1"
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.check(cnncalc.loads(SPEC), [line])
    assert "a line has at most " in caught.value.problems[0].text
    assert len(caught.value.problems[0].text) < 300
    if len(line) <= 1000:
        with pytest.raises(cnncalc.SpecError, match="at most 100 parts"):
            cnncalc.analyze(cnncalc.loads(f"{SPEC}budgets: ['{line}']\n"))


def test_no_example_is_written_in_two_ways():
    for line in ("params", "", "params <= 5 @ 6"):
        with pytest.raises(BudgetError) as caught:
            read(line)
        assert caught.value.hint == "write a line such as params <= 5M"
