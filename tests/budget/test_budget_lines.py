"""Budget lines: what they say of a report, and what they refuse to compare."""

from fractions import Fraction
from typing import NamedTuple

import pytest
import sample_reports as samples

from cnncalc.budget import Assertion, check, check_lines, read
from cnncalc.errors import BudgetError
from cnncalc.report import Check
from cnncalc.units import Quantity

WHOLE_MAP = "(the local field; the whole map enters, too)"


def judge(report, text):
    (result,) = check(report, [(text, "error", "")])
    return result


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
        ("lenet", "params < 61706", False, "params 61.7 k ≥ 61,706"),
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
        ("lenet", "flops(c1) >= 1 kFLOPs", True, "flops(c1) 122 k ≥ 1 k"),
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
        ("lenet", "rf >= input", True, "rf 32 px ≥ input 32 px"),
        ("lenet", "rf(c3) >= input", False, "rf(c3) 14 px < input 32 px, under by 18 px (−56.3%)"),
        ("lenet", "input <= rf(c3)", False, "input 32 px > rf(c3) 14 px, under by 18 px (−56.3%)"),
        ("lenet", "rf.h(c3) < input", True, "rf.h(c3) 14 px < input 32 px (43%)"),
        ("residual", "params(stage1) <= 75_008", True, "params(stage1) 75 k ≤ 75,008 (100%)"),
        ("residual", "layers(stage1.bottleneck1) == 5", True, "layers(stage1.bottleneck1) 5 = 5"),
        ("residual", "rf(stage2) >= 27 px", True, "rf(stage2) 27 px ≥ 27 px"),
        ("residual", "jump < 8", False, "jump 8 px ≥ 8 px"),
        (
            "squeeze",
            "rf.w(conv2) >= 6",
            True,
            f"rf.w(conv2) 7 px ≥ 6 px {WHOLE_MAP}",
        ),
        (
            "squeeze",
            "rf(conv2) >= 6",
            False,
            f"rf(conv2) 5×7 px < 6 px, under by 1 px (−16.7%) {WHOLE_MAP}",
        ),
        (
            "squeeze",
            "input >= rf.w(mix)",
            True,
            f"input 32 px ≥ rf.w(mix) 12 px {WHOLE_MAP}",
        ),
        ("squeeze", "peak_memory(se) <= 70 kB", True, "peak_memory(se) 64 KiB ≤ 70,000 B (93%)"),
        ("unet", "jump >= 5e-1", True, "jump 1/2 px ≥ 1/2 px"),
        ("unet", "jump < 1", True, "jump 1/2 px < 1 px (50%)"),
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
    assert judge(samples.ALL[net](), text) == Check(f"budget: {text}", ok, detail)


@pytest.mark.parametrize(
    "text, beyond",
    [
        ("params(head) <= 10% of params", "%"),
        ("params <= 10M for each stage*", "for each"),
        ("params(stage*) <= 10M", "*"),
        ("macs <= 130M  for  each conv", "for each"),
        ("params <= baseline", "baseline"),
        ("macs <= max(1M, 2M)", "max("),
        ("params + buffers <= 1M", "+"),
        ("params ≈ 25.6M ± 2", "±"),
        ("weights[int8] <= 10 MB", "weights[int8]"),
        ("local_rf(stage1) >= 7", "local_rf(stage1)"),
        ("out.c(head) == 1000", "out.c(head)"),
        ("params(type:conv) <= 1M", "type:"),
    ],
)
def test_what_needs_the_whole_language_is_not_evaluated_and_says_why(text, beyond):
    assert judge(samples.lenet(), text) == Check(
        f"budget: {text}", None, f"not evaluated: {text} uses {beyond!r}"
    )


def test_frozen_params_of_a_part_are_not_guessed():
    report = samples.report([samples.row("a", "conv", (1, 1, 1), params=9)], trainable=4)
    assert judge(report, "params.trainable <= 4").ok
    assert judge(report, "params.trainable(a) <= 4") == Check(
        "budget: params.trainable(a) <= 4",
        None,
        "not evaluated: params.trainable(a) is not known for a part of the network",
    )


@pytest.mark.parametrize(
    "net, text, error, hint",
    [
        (
            "lenet",
            "macs <= 4.2 GFLOPs",
            "cannot compare MACs with FLOPs",
            "write the limit in MACs, or use flops",
        ),
        (
            "lenet",
            "1 GMACs >= flops",
            "cannot compare MACs with FLOPs",
            "write the limit in MACs, or use flops",
        ),
        (
            "lenet",
            "params <= macs",
            "cannot compare params with MACs",
            "write the limit in params, or use macs",
        ),
        (
            "lenet",
            "layers <= 5 px",
            "cannot compare layers with px",
            "write the limit in layers, or use rf",
        ),
        ("lenet", "params <= 512 KiB", "params is a count", "use weights for bytes"),
        ("lenet", "512 KiB >= activations", "activations is a count", "use peak_memory for bytes"),
        ("residual", "params(stag2) <= 1M", "'stag2' matches no layer", "did you mean 'stage2'?"),
        ("residual", "params(stage) <= 1M", "'stage' matches no layer", "did you mean 'stage2'?"),
        (
            "residual",
            "rf(head) >= 1",
            "no layer of 'head.gap' … 'head.fc2' has a local field",
            "name an earlier layer",
        ),
        ("lenet", "rf.d >= 1", "the input has no axis 'd', only h, w", "choose one of them"),
        ("lenet", "parms <= 5", "'parms' is not a metric", "did you mean 'params'?"),
        (
            "lenet",
            "params <= 5 Q",
            "'Q' in '5 Q' is not a unit",
            "units are params, MACs, FLOPs, px and B after k M G T, or KiB MiB GiB",
        ),
        ("lenet", "params =< 5", "=< is not a relation", "write <="),
        ("lenet", "params != 5", "!= is not a relation", "write <=, >= or =="),
        (
            "lenet",
            "params(c1 <= 5",
            "'params(c1' is neither a metric nor a quantity",
            "write, for example, params(head) or 5M",
        ),
        ("lenet", "params() <= 5", "'params()' restricts nothing", "write params"),
        ("lenet", "rf >= input(c1)", "'input(c1)' restricts nothing", "write input"),
    ],
)
def test_what_does_not_compare_is_an_error_with_a_hint(net, text, error, hint):
    with pytest.raises(BudgetError) as caught:
        check(samples.ALL[net](), [(text, "error", "specs/net.yaml:28")])
    assert caught.value.text == f"{error}, in {text!r} at specs/net.yaml:28"
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    "text, error",
    [
        ("params", "'params' compares nothing"),
        ("", "'' compares nothing"),
        ("params <=", "'params <=' has an empty side"),
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
    with pytest.raises(BudgetError, match="input is one of a, b, in 'rf >= input'"):
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


def test_a_broken_line_says_its_level_and_place_and_a_kept_one_does_not():
    lines = [("params <= 1", "warn", "a.yaml:3"), ("params <= 1M", "warn", "a.yaml:4")]
    broken, kept = check(samples.lenet(), lines)
    assert broken.detail.endswith(" (warn) at a.yaml:3")
    assert kept.detail.endswith("(6%)")


class _Line(NamedTuple):
    text: str
    level: str
    file: str
    line: int


def test_lines_of_a_spec_know_their_place():
    (result,) = check_lines(samples.lenet(), [_Line("params <= 1", "error", "a.yaml", 3)])
    assert result.detail.endswith(" at a.yaml:3")


def test_a_line_is_read_as_terms_and_relations():
    assertion = read(" 25M <= params(head) < 0.5 ")
    assert isinstance(assertion, Assertion)
    assert assertion.text == "25M <= params(head) < 0.5"
    assert [(t.quantity, t.metric, t.path) for t in assertion.terms] == [
        (Quantity(25_000_000, ""), "", ""),
        (None, "params", "head"),
        (Quantity(Fraction(1, 2), ""), "", ""),
    ]
    assert assertion.relations == ("≤", "<")
