"""Budget lines: what they say of a report, and what they refuse to compare."""

from fractions import Fraction
from typing import NamedTuple

import pytest
import sample_reports as samples

import cnncalc
from cnncalc import budget
from cnncalc.budget import check_lines, read
from cnncalc.errors import BudgetError, SpecError
from cnncalc.report import Check

LOCAL = "(the local field; the whole map enters, too)"


def judge(report, text, base=None):
    return budget.judge(report, read(text), base)


@pytest.mark.parametrize(
    "net, text, ok, detail",
    [
        # LeNet-5: 61,706 params, 416,520 MACs (LeCun et al. 1998), fields by the notes' recurrence
        ("lenet", "params <= 70k", True, "params 61.7 k ≤ 70 k (88%)"),
        ("lenet", "params ≤ 70_000 params", True, "params 61.7 k ≤ 70 k (88%)"),
        ("lenet", "params == 61_706", True, "params 61,706 = 61,706"),
        ("lenet", "params = 61,706", True, "params 61,706 = 61,706"),
        ("lenet", "params == 61_705", False, "params 61,706 ≠ 61,705, over by 1"),
        ("lenet", "params <= 61.7k", False, "params 61,706 > 61,700, over by 6"),
        ("lenet", "params < 61706", False, "params 61,706 ≥ 61,706, equal"),
        ("lenet", "params ≈ 61.2k", True, "params 61.7 k ≈ 61.2 k"),
        ("lenet", "params ≈ 61k", False, "params 61.7 k ≠ 61 k, over by 706 (+1.2%)"),
        ("lenet", "60k <= params <= 62k", True, "60 k ≤ params 61.7 k ≤ 62 k (99%)"),
        (
            "lenet",
            "62k <= params <= 70k",
            False,
            "62 k > params 61.7 k ≤ 70 k, under by 294 (−0.5%)",
        ),
        ("lenet", "params(c3) <= params(c5)", True, "params(c3) 2.42 k ≤ params(c5) 48.1 k (5%)"),
        ("lenet", "params.trainable(c1) == 156", True, "params.trainable(c1) 156 = 156"),
        ("lenet", "macs <= 0.4M MACs", False, "macs 417 k > 400 k, over by 16.5 k (+4.1%)"),
        ("lenet", "flops(c1) >= 1 kFLOPs", True, "flops(c1) 122 k ≥ 1 k (by 'notes')"),
        ("lenet", "weights <= 1 MB", True, "weights 241 KiB ≤ 1,000,000 B (24%)"),
        ("lenet", "weights(c1) == 624 B", True, "weights(c1) 624 B = 624 B"),  # 4·156
        (
            "lenet",
            "peak_memory <= 16 KiB",
            False,
            "peak_memory 18.4 KiB > 16 KiB, over by 2.38 KiB (+14.8%)",
        ),
        ("lenet", "peak_memory(f6) <= 336", True, "peak_memory(f6) 336 B ≤ 336 B (100%)"),  # 4·84
        ("lenet", "activations(out) < 11", True, "activations(out) 10 < 11 (90%)"),
        ("lenet", "buffers <= 0", True, "buffers 0 ≤ 0"),
        ("lenet", "layers == 7", True, "layers 7 = 7"),
        ("lenet", "layers == 10 ± 30%", True, "layers 7 ≈ 10"),
        ("lenet", "layers == 10 ± 29.9%", False, "layers 7 ≠ 10, under by 3 (−30.0%)"),
        ("lenet", "rf >= input", True, "rf 32 px ≥ input 32 px"),
        ("lenet", "rf(c3) >= input", False, "rf(c3) 14 px < input 32 px, under by 18 px (−56.3%)"),
        ("lenet", "input <= rf(c3)", False, "input 32 px > rf(c3) 14 px, under by 18 px (−56.3%)"),
        ("lenet", "rf.h(c3) < input", True, "rf.h(c3) 14 px < input 32 px (43%)"),
        ("residual", "params(stage1) <= 75_008", True, "params(stage1) 75,008 ≤ 75,008 (100%)"),
        ("residual", "layers(stage1.bottleneck1) == 5", True, "layers(stage1.bottleneck1) 5 = 5"),
        ("residual", "rf(stage2) >= 27 px", True, "rf(stage2) 27 px ≥ 27 px"),
        ("residual", "jump < 8", False, "jump 8 px ≥ 8 px, equal"),
        (
            "squeeze",
            "local_rf(conv2) >= 6",
            False,
            f"local_rf(conv2) 5×7 px < 6 px, under by 1 px (−16.7%) {LOCAL}",
        ),
        (
            "squeeze",
            "rf(conv2) >= input",
            True,
            "rf(conv2) 32 px ≥ input 32 px (the whole map enters; the local field is 5×7 px)",
        ),
        (
            "squeeze",
            "rf.w(conv2) <= 9 px",
            False,
            (
                "rf.w(conv2) 32 px > 9 px, over by 23 px (+255.6%) "
                "(the whole map enters; the local field is 5×7 px)"
            ),
        ),
        ("squeeze", "peak_memory(se) <= 70 kB", True, "peak_memory(se) 64 KiB ≤ 70,000 B (93%)"),
        ("unet", "jump >= 5e-1", True, "jump 0.5 px ≥ 0.5 px"),
        ("unet", "jump < 1", True, "jump 0.5 px < 1 px (50%)"),
        ("unet", "rf(d1) >= input / 7", True, "rf(d1) 204 px ≥ input / 7 9.142857 px"),
        ("unet", "jump >= 1px / 3", True, "jump 0.5 px ≥ 1px / 3 0.333333 px"),
        (
            "unet",
            "jump * 2 / 3 >= 0.333333",
            True,
            "jump * 2 / 3 1/3 px ≥ 333333/1000000 px",
        ),
        ("lenet", "params ≈ 61_950", True, "params 61,706 ≈ 61,950"),
        ("unet", "rf(d1) == 204", True, "rf(d1) 204 px = 204 px"),
        ("hostile", "macs >= 1e30", True, "macs 1.00e33 ≥ 1.00e30"),
        (
            "hostile",
            "params == 1_000_000_000_000_003",
            False,
            "params 1,000,000,000,000,004 ≠ 1,000,000,000,000,003, over by 1",
        ),
    ],
)
def test_lines_hold_or_say_by_how_much_they_do_not(net, text, ok, detail):
    verdict = judge(samples.ALL[net](), text)
    assert (verdict.ok, verdict.detail) == (ok, detail)


def test_frozen_params_of_a_part_are_not_guessed():
    report = samples.report([samples.row("a", "conv", (1, 1, 1), params=9)], trainable=4)
    assert judge(report, "params.trainable <= 4").ok
    verdict = judge(report, "params.trainable(a) <= 4")
    assert verdict.ok is None
    assert verdict.detail == ("skipped: params.trainable(a) is not known for a part of the network")


UNITS = "units are params, MACs, FLOPs, px and B after k M G T, or KiB MiB GiB"
EXAMPLE = "write, for example, params(head) or 5M"


@pytest.mark.parametrize(
    "net, text, error, hint, place",
    [
        (
            "lenet",
            "macs <= 4.2 GFLOPs",
            "cannot compare MACs with FLOPs",
            "write the limit in MACs, or use flops",
            "4.2 GFLOPs",
        ),
        (
            "lenet",
            "1 GMACs >= flops",
            "cannot compare MACs with FLOPs",
            "write the limit in FLOPs, or use macs",
            "1 GMACs",
        ),
        (
            "lenet",
            "params <= macs",
            "cannot compare params with MACs",
            "write the limit in params",
            "macs",
        ),
        (
            "lenet",
            "layers <= 5 px",
            "cannot compare layers with px",
            "write the limit in layers, or use rf",
            "5 px",
        ),
        ("lenet", "params <= 512 KiB", "params is a count", "use weights for bytes", "512 KiB"),
        (
            "lenet",
            "512 KiB >= activations",
            "activations is a count",
            "use peak_memory for bytes",
            "512 KiB",
        ),
        (
            "lenet",
            "params + 2 MACs <= 5M",
            "cannot add MACs to params",
            "keep to one kind of amount",
            "params + 2 MACs",
        ),
        (
            "lenet",
            "macs * params <= 5",
            "cannot multiply MACs by params",
            "multiply by a number",
            "macs * params",
        ),
        (
            "lenet",
            "macs / 0 <= 5",
            "division by zero",
            "divide by something that is there",
            "macs / 0",
        ),
        (
            "lenet",
            "1 / params <= 5",
            "cannot divide a number by params",
            "divide one metric by another",
            "1 / params",
        ),
        (
            "lenet",
            "macs / params <= 5 MACs",
            "cannot compare MACs per params with MACs",
            "write the limit in MACs per params, or use macs",
            "5 MACs",
        ),
        ("lenet", "params <= 10%", "10% of what?", "write 10% of params", "10%"),
        (
            "residual",
            "params(stag2) <= 1M",
            "'stag2' matches no layer",
            "did you mean 'stage2'?",
            "params(stag2)",
        ),
        (
            "residual",
            "params(stage) <= 1M",
            "'stage' matches no layer",
            "did you mean 'stage2'?",
            "params(stage)",
        ),
        (
            "residual",
            "params <= 1M for each stag?",
            "'stag?' matches no layer",
            "did you mean 'stage2'?",
            "stag?",
        ),
        (
            "lenet",
            "params(type:convv) <= 1",
            "'type:convv' matches no layer",
            "did you mean 'conv'?",
            "params(type:convv)",
        ),
        (
            "lenet",
            "params(a b) <= 1",
            "'a b' is not a path of layers",
            "write stage*, or type:conv",
            "a b",
        ),
        (
            "residual",
            "rf(head) >= 1",
            "no layer of 'head.gap' … 'head.fc2' has a local field",
            "name an earlier layer",
            "rf(head)",
        ),
        (
            "lenet",
            "rf.d >= 1",
            "the input has no axis 'd', only h, w",
            "choose one of them",
            "rf.d",
        ),
        (
            "lenet",
            "out.h >= 1",
            "the output of the last layer has no size, only channels",
            "name an earlier layer",
            "out.h",
        ),
        ("lenet", "parms <= 5", "'parms' is not a metric", "did you mean 'params'?", "parms"),
        ("lenet", "params <= 5 Q", "'Q' in '5 Q' is not a unit", UNITS, "5 Q"),
        ("lenet", "params =< 5", "=< is not a relation", "write <=", "=<"),
        ("lenet", "params != 5", "!= is not a relation", "write <=, >= or ==", "!="),
        ("lenet", "params == 5 +- 2%", "± is one sign", "write ±", "+-"),
        ("lenet", "params <= 5 ± 2%", "± belongs to == or ≈", "write params == 25.6M ± 2%", "±"),
        ("lenet", "params == 5 ± 2", "± takes a percentage", "write ± 2%", "2"),
        ("lenet", "params(c1 <= 5", "')' is missing", "close it with )", ""),
        ("lenet", "(params <= 5", "')' is missing in '(params <= 5'", "close the bracket", "<="),
        ("lenet", "params() <= 5", "'params()' restricts nothing", "write params", "params"),
        ("lenet", "rf >= input(c1)", "'input(c1)' restricts nothing", "write input", "input"),
        (
            "lenet",
            "params <= baseline(c1)",
            "'baseline(c1)' takes no layers",
            "baseline stands for the other side at the base",
            "baseline",
        ),
        (
            "lenet",
            "params <= 5 6",
            "'6' is not expected here",
            "write a relation or a sign between two values",
            "6",
        ),
        ("lenet", "params <= 5 for each", "for each of what?", "write for each stage*", "for each"),
        (
            "lenet",
            "params <= 5 @ 6",
            "'@' means nothing here",
            "write a line such as params <= 5M",
            "@",
        ),
        ("lenet", "params <= min", "min needs brackets", "write min(1M, 2M)", "min"),
        (
            "lenet",
            "params <= min(5)",
            "min compares two or more values",
            "write min(1M, 2M)",
            "min",
        ),
        (
            "lenet",
            "params <= max(100,200)",
            "100,200 in a call may be one number or two",
            "write 100_200 or 100, 200",
            "100,200",
        ),
        ("lenet", "params <= * 5", "'*' is neither a metric nor a quantity", EXAMPLE, "*"),
        ("lenet", "params[int8] <= 5", "params has no data type", "write weights[int8]", "int8"),
        ("lenet", "weights[int9] <= 5", "unknown data type 'int9'", "did you mean 'int8'?", "int9"),
        (
            "lenet",
            "params <= macs + baseline",
            "cannot add params to MACs",
            "keep to one kind of amount",
            "macs + baseline",
        ),
        (
            "lenet",
            "baseline <= params <= params(c1)",
            "baseline of which: params, params(c1)?",
            "compare one metric with baseline in a line",
            "baseline",
        ),
        (
            "lenet",
            "params <= " + "(" * 50 + "5" + ")" * 50,
            "more than 40 brackets deep",
            "write it flat",
            "(",
        ),
    ],
)
def test_what_does_not_compare_is_an_error_with_a_place_and_a_hint(net, text, error, hint, place):
    report = samples.ALL[net]()
    with pytest.raises(BudgetError) as caught:
        judge(report, text, report)
    found = caught.value
    assert (found.text, found.hint) == (error, hint)
    assert text[found.offset : found.offset + found.width] == place


@pytest.mark.parametrize(
    "text, error",
    [
        ("params", "'params' compares nothing"),
        ("", "'' compares nothing"),
        ("params <=", "'params <=' has an empty side"),
        ("<= params", "'<= params' has an empty side"),
        ("5 <= 6", "'5 <= 6' names no metric"),
        ("input >= 224", "'input >= 224' names no metric"),
    ],
)
def test_a_line_that_checks_nothing_is_an_error(text, error):
    with pytest.raises(BudgetError) as caught:
        read(text)
    assert caught.value.text == error
    assert caught.value.hint


def test_input_must_be_one_map():
    two = samples.report(
        [samples.row("a", "conv", (1, 1, 1), rf=samples.axes(3))],
        inputs={"a": (3, 8, 8), "b": (3, 9, 9)},
    )
    with pytest.raises(BudgetError, match="input is one of a, b"):
        judge(two, "rf >= input")
    vector = samples.report([samples.row("a", "linear", (5,))], inputs={"a": (3,)})
    with pytest.raises(BudgetError, match="the input is a vector"):
        judge(vector, "params <= input")
    with pytest.raises(BudgetError, match="no layer has a local field"):
        judge(vector, "rf >= 1")


def test_a_part_of_a_fused_layer_can_be_named():
    parts = [samples.row("conv.norm", "batch_norm", (1, 1, 1), params=8)]
    report = samples.report([samples.row("conv", "conv", (1, 1, 1), params=9)], parts=parts)
    assert judge(report, "params(conv.norm) == 8").ok


class _Line(NamedTuple):
    text: str
    level: str = "error"
    file: str = "a.yaml"
    line: int = 3
    column: int = 5
    excerpt: str = ""


def test_a_broken_line_says_its_level_and_place_and_a_kept_one_does_not():
    lines = [_Line("params <= 1", "warn"), _Line("params <= 1M", "warn")]
    broken, kept = check_lines(samples.lenet(), lines)
    assert broken.detail.endswith(" (warn) at a.yaml:3")
    assert kept == Check("budget: params <= 1M", True, "params 61.7 k ≤ 1 M (6%)")


def test_wrong_lines_are_problems_of_their_file_all_at_once():
    lines = [
        _Line("params <= 5 Q", excerpt="  - params <= 5 Q   # comment"),
        _Line("params < 1M"),
        _Line("parms < 1M", line=4, column=3),
    ]
    with pytest.raises(SpecError) as caught:
        check_lines(samples.lenet(), lines)
    first, second = caught.value.problems
    assert (first.line, first.column, first.width) == (3, 15, 3)
    assert first.excerpt == lines[0].excerpt
    assert second.text == "'parms' is not a metric, in 'parms < 1M'"
    assert (second.file, second.line, second.column) == ("a.yaml", 4, 3)


@pytest.fixture(scope="module")
def resnet50():
    return cnncalc.analyze("resnet50", convention="ops")


@pytest.mark.parametrize(
    "text, ok",
    [
        # ResNet-50: 25,557,032 params, 4.09 G MACs, 427 px (torchvision, He et al., Araujo et al.)
        ("params <= 26M", True),
        ("params == 25_557_032", True),
        ("params ≈ 25.6M", True),
        ("25M <= params <= 26M", True),
        ("flops <= 8.3 GFLOPs", True),
        ("weights <= 100 MiB", True),
        ("weights[int8] == 25_557_032 B", True),
        ("rf(stage3) >= 224 px", True),
        ("rf >= input", True),
        ("rf == 427 px", True),
        ("params(head) <= 10% of params", True),
        ("macs <= 130M for each **.conv*", True),
        ("params <= 10M for each stage*", False),
        ("depth == 50", True),
        ("out.c(stage4) == 2048", True),
        ("out.h(stage*) == 7 px", True),
        ("params == 25.5M ± 0.5%", True),
        ("params == 25.5M ± 0.2%", False),
        ("params(type:linear) == 2_049_000", True),  # 2048·1000 + 1000
        ("params(type:fc) == params(type:linear)", True),
        ("params(type:bn) == 53_120", True),  # 2·26,560 channels, all fused to convolutions
        ("layers(type:relu) == 49", True),  # 33 of them fused
        ("layers(type:*) == layers", True),
        ("params(type:conv) + params(type:fc) == params", True),  # as written: with their norms
        ("params(head) / params <= 10%", True),
        ("params(stage1) + params(stage2) <= params(stage3)", True),
        ("max(params(stage4), params(stage3)) <= 15M", True),
        ("params(stage4) <= 60% of params(**)", True),
        ("macs / params <= 161", True),  # 160.002
        ("params <= 25M + 3%", True),
        ("params <= 25M + 2%", False),
        ("2 * params - 1M <= 50.2M", True),
        ("jump(stage4) == 32 px", True),
        ("layers(stage1.bottleneck1) == 6", True),
    ],
)
def test_lines_on_resnet50(resnet50, text, ok):
    assert judge(resnet50, text).ok is ok


@pytest.mark.parametrize(
    "name, depth",
    [("resnet18", 18), ("resnet101", 101), ("vgg16", 16), ("densenet121", 121), ("alexnet", 8)],
)
def test_depth_is_the_number_in_the_name(name, depth):
    """As the papers count: convolutions and fully connected layers on the longest path."""
    assert judge(cnncalc.analyze(name), f"depth == {depth}").ok


def test_each_names_the_worst_and_how_many(resnet50):
    verdict = judge(resnet50, "params <= 10M for each stage*")
    assert verdict.detail == "1 of 4: stage4: params 15 M > 10 M, over by 4.96 M (+49.6%)"
    assert dict(verdict.parts)["stage1"].ok
    assert judge(resnet50, "params <= 15M for each stage*").detail == (
        "all 4, closest stage4: params 15 M ≤ 15 M (99%)".replace(
            "15 M ≤ 15 M", "14,964,736 ≤ 15,000,000"
        )
    )


def test_value_and_limit_that_print_alike_are_printed_exactly():
    assert judge(samples.lenet(), "params <= 61.7k").detail == "params 61,706 > 61,700, over by 6"


LENET = {"params": 61_706, "macs": 416_520, "params(c5)": 48_120, "rf.h": 32, "rf.w": 32}


@pytest.mark.parametrize(
    "text, ok",
    [
        ("params <= baseline", True),
        ("params < baseline", False),
        ("baseline - 1% <= params <= baseline + 1%", True),
        ("params - baseline <= 1k", True),
        ("macs <= max(baseline + 2%, baseline + 1M)", True),
        ("macs <= min(baseline - 2%, baseline + 1M)", False),
        ("params(c5) == baseline", True),
        ("params <= baseline + 2% for each c5", True),
        ("rf >= baseline", True),
    ],
)
@pytest.mark.parametrize("base", ["a report", "recorded"])
def test_a_baseline_is_the_other_side_at_the_base(text, ok, base):
    report = samples.lenet()
    assert judge(report, text, report if base == "a report" else LENET).ok is ok


@pytest.mark.parametrize(
    "text, base, why",
    [
        ("params <= baseline", None, "there is no base to compare with"),
        ("params(c3) <= baseline", LENET, "params(c3) is not recorded at the base"),
        ("params(c3) <= baseline", samples.residual(), "at the base: 'c3' matches no layer"),
        (
            "params <= baseline for each c3",
            samples.residual(),
            "at the base: 'c3' matches no layer",
        ),
    ],
)
def test_a_line_without_its_baseline_is_skipped_and_says_why(text, base, why):
    verdict = judge(samples.lenet(), text, base)
    assert (verdict.ok, verdict.detail) == (None, f"skipped: {why}")


def test_limits_are_exact_numbers():
    verdict = judge(samples.lenet(), "params <= 61_705 + 2%")
    assert verdict.values == (61_706,)
    assert verdict.limits == (Fraction(629391, 10),)  # 61,705 · 1.02 = 62,939.1


@pytest.mark.parametrize(
    "glob, paths",
    [
        ("stem", ["stem.conv", "stem.pool"]),
        ("*.conv", ["stem.conv"]),
        ("**.conv*", ["stem.conv", "stem.conv2.deep"]),
        ("**", ["stem.conv", "stem.pool", "stem.conv2.deep", "head"]),
        ("s*m.p*l", ["stem.pool"]),
        ("stem.**.deep", ["stem.conv2.deep"]),
        ("type:pool", ["stem.pool"]),
        ("type:*", ["stem.conv", "stem.pool", "stem.conv2.deep", "head"]),
    ],
)
def test_globs(glob, paths):
    """A star is one part of a path, two are any number, none too; below a match, all belong."""
    ops = {"stem.conv": "conv", "stem.pool": "pool", "stem.conv2.deep": "conv", "head": "linear"}
    report = samples.report(
        [
            samples.row(path, op, (1, 1, 1), params=10**at)
            for at, (path, op) in enumerate(ops.items())
        ]
    )
    if glob == "stem":
        paths = ["stem.conv", "stem.pool", "stem.conv2.deep"]
    total = sum(10**at for at, path in enumerate(ops) if path in paths)
    assert judge(report, f"params({glob}) == {total}").ok


def test_a_hostile_glob_takes_no_time():
    report = samples.report([samples.row("a" * 500, "conv", (1, 1, 1))])
    with pytest.raises(BudgetError, match="matches no layer"):
        judge(report, f"params({'*a' * 400}b) <= 1")


def test_a_line_is_read_as_sides_and_relations():
    assertion = read(" 25M <= params(head) < 0.5 for each stage*")
    assert assertion.text == "25M <= params(head) < 0.5 for each stage*"
    assert [side.text for side in assertion.sides] == ["25M", "params(head)", "0.5"]
    assert assertion.relations == ("≤", "<")
    assert assertion.each == "stage*"
    assert not assertion.needs_base
    assert read("params <= baseline").needs_base
