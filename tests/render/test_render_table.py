"""The table: golden pages, what goes first for want of width, and how rows are chosen."""

import re
import subprocess
import sys
from unicodedata import east_asian_width

import pytest
import sample_reports as samples

from cnncalc.errors import CnncalcError
from cnncalc.renderers import render
from cnncalc.report import Axes, Check


def body(text):
    """The lines between the two rules of the table."""
    lines = text.split("\n")
    first, last = (i for i, line in enumerate(lines) if line and not line.strip("─-"))
    return lines[first + 1 : last]


def columns_of(line):
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


@pytest.mark.parametrize("name", samples.ALL)
@pytest.mark.parametrize("width", [80, 100, 160])
def test_pages_are_as_they_were(golden, name, width):
    golden(f"{name}_{width}", render(samples.ALL[name](), width=width))


@pytest.mark.parametrize("name", samples.ALL)
def test_ascii_pages_are_as_they_were_and_ascii(golden, name):
    text = render(samples.ALL[name](), width=100, ascii=True)
    golden(f"{name}_100_ascii", text)
    assert text.isascii()


@pytest.mark.parametrize(
    "name, options",
    [
        ("depth", {"depth": 1}),
        ("depth_2", {"depth": 2}),
        ("top", {"top": 3}),
        ("by_type", {"by": "type"}),
        ("columns", {"columns": ("path", "op", "in", "start", "buffers", "live"), "sort": "live"}),
    ],
)
def test_choices_of_rows_and_columns_are_as_they_were(golden, name, options):
    golden(f"residual_{name}", render(samples.residual(), width=100, **options))


@pytest.mark.parametrize("name", samples.ALL)
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [40, 55, 80, 97, 100, 160, 400])
def test_no_line_is_wider_than_the_page(name, ascii_only, width):
    text = render(samples.ALL[name](), width=width, ascii=ascii_only)
    assert max(map(columns_of, text.split("\n"))) <= width


@pytest.mark.parametrize("width", [40, 80, 100, 160])
def test_numbers_are_never_cut(width):
    for line in body(render(samples.hostile(), width=width)):
        for cell in line[24:].split():
            assert "…" not in cell or not cell[0].isdigit()
    assert "1.00 P" in render(samples.hostile(), width=width)


def test_spec_text_cannot_control_the_terminal():
    text = render(samples.hostile(), width=160)
    assert not any(character != "\n" and not character.isprintable() for character in text)


@pytest.mark.parametrize(
    "width, gone",
    [
        (160, None),
        (111, None),
        (110, "line"),
        (100, "jump, line"),
        (97, "flops, line"),
        (80, "params_bar, macs_bar, flops, jump, line"),
    ],
)
def test_less_important_columns_go_first_and_the_footer_says_so(width, gone):
    text = render(samples.residual(), width=width)
    found = re.search(r"^left out columns (.*) \(page of (\d+) columns\)$", text, re.MULTILINE)
    assert (found and found[1]) == gone


def test_digits_are_aligned_on_the_unit():
    lines = body(render(samples.lenet(), width=160, columns=("params",)))
    assert lines[:5] == [" 156", "   0", "2.42 k", "   0", "48.1 k"]


@pytest.mark.parametrize(
    "rf, sees_all, text",
    [
        (samples.axes(7), False, "7"),
        (samples.axes((427, 213)), False, "427×213"),
        (samples.axes(427), True, "427*"),
        (samples.axes(9, aligned=False), False, "9~"),
        (samples.axes(204, phases=(((188, 0), (204, 0)),) * 2), False, "188–204"),
        (Axes((5,), (1,), (0,), True, None), False, "5"),
        (None, True, "all"),
        (None, False, "–"),
    ],
)
def test_a_field_is_one_number_or_says_why_not(rf, sees_all, text):
    row = samples.row("a", "conv", (1, 1, 1), rf=rf, sees_all=sees_all)
    report = samples.report([row])
    page = render(report, width=100, columns=("path", "rf"))
    assert body(page)[0].split() == ["a", text]
    assert ("RF *" in page) == text.endswith("*")
    assert ("RF ~" in page) == text.endswith("~")


def test_a_join_shows_its_branches_and_a_shared_layer_its_owner():
    lines = body(render(samples.residual(), width=160))
    assert any("add1" in line and "← main, skip" in line for line in lines)
    assert any("head.fc2 = head.fc" in line for line in lines)


def test_an_annotation_goes_before_a_path_is_cut():
    row = samples.row("a" * 24, "linear", (10,), shares="head.fc")
    report = samples.report([row])
    assert body(render(report, width=40))[0].split()[0] == "a" * 24
    assert "head.fc" not in render(report, width=40)
    assert f"{'a' * 24} = head.fc " in render(report, width=100)


def test_depth_sums_a_group_and_keeps_the_shape_and_field_of_its_last_layer():
    line = body(render(samples.residual(), width=160, depth=1))[1]
    # 64·64 + 9·64·64 + 2·64·256 weights, 2·(64 + 64 + 256 + 256) of the norms
    assert line.split()[:7] == ["stage1", "5", "layers", "256×56×56", "75.0", "k", "8%"]


def test_depth_leaves_a_single_layer_as_it_is():
    report = samples.lenet()
    assert body(render(report, width=160, depth=1)) == body(render(report, width=160))


def test_top_keeps_the_most_expensive_rows_and_says_how_many_are_left_out():
    text = render(samples.lenet(), width=160, top=2)
    assert [line.split()[0] for line in body(text)] == ["c3", "c1"]
    assert "left out 5 of 7 rows (14% of the MACs)" in text  # 58,920 of 416,520


def test_top_follows_the_sorted_column():
    text = render(samples.lenet(), width=160, top=2, sort="params")
    assert [line.split()[0] for line in body(text)] == ["c5", "f6"]


def test_sorting_by_a_word_is_alphabetical_and_by_a_field_largest_first():
    by_op = body(render(samples.lenet(), width=160, sort="op", columns=("op",)))
    assert [line.strip() for line in by_op] == sorted(line.strip() for line in by_op)
    by_field = body(render(samples.lenet(), width=160, sort="rf", columns=("path",)))
    assert [line.strip() for line in by_field][:2] == ["c5", "s4"]


def test_by_type_sums_up_each_type():
    lines = body(render(samples.lenet(), width=160, by="type"))
    assert [line.split()[:2] for line in lines] == [
        ["conv", "3"],
        ["avg_pool", "2"],
        ["linear", "2"],
    ]


def test_parts_are_printed_where_asked_for():
    parts = [samples.row("conv.norm", "batch_norm", (1, 1, 1))]
    report = samples.report([samples.row("conv", "conv", (1, 1, 1))], parts=parts)
    assert body(render(report, width=100, parts=True))[0].startswith("conv.norm")


@pytest.mark.parametrize(
    "options, error, hint",
    [
        ({"format": "tabel"}, "no format 'tabel'", "did you mean 'table'?"),
        ({"columns": ("path", "param")}, "no column 'param'", "did you mean 'params'?"),
        ({"sort": "mac"}, "no column 'mac'", "did you mean 'macs'?"),
        ({"by": "stage"}, "cannot sum up by 'stage'", "choose one of type"),
        ({"depth": 0}, "depth is 0, and must be at least 1", "leave depth out to see all"),
        ({"top": -1}, "top is -1, and must be at least 1", "leave top out to see all"),
    ],
)
def test_a_choice_that_is_not_there_is_an_error_with_a_hint(options, error, hint):
    with pytest.raises(CnncalcError) as caught:
        render(samples.lenet(), **options)
    assert (caught.value.text, caught.value.hint) == (error, hint)


def test_the_head_counts_buffers_and_frozen_params_apart():
    rows = [samples.row("a", "conv", (1, 1, 1), params=10, buffers=4)]
    text = render(samples.report(rows, trainable=8), width=100)
    assert "params   10, 8 trainable, 4 in buffers, weights 40 B as float32" in text


def test_a_net_without_a_local_field_says_so():
    rows = [samples.row("fc", "linear", (10,), params=5)]
    text = render(samples.report(rows, inputs={"a": (4,), "b": (2, 8)}), width=100)
    assert "RF       – (no layer has a local field)" in text
    assert "input    a 4, b 2×8" in text


def test_an_empty_net_is_a_report_too():
    report = samples.report([samples.row("a", "relu", (1,))])
    empty = type(report)(report.head, report.totals, None, "", (), (), lambda _: ())
    assert body(render(empty, width=80)) == []


def test_checks_that_fail_or_are_not_evaluated_have_their_own_marks():
    checks = [Check("a", True, "x"), Check("b", False, "y"), Check("budget: c", None, "z")]
    report = samples.report([samples.row("a", "relu", (1,))], checks=checks)
    text = render(report, width=80)
    assert "checks   ✓ a: x\n         ✗ b: y" in text
    assert "budgets  – z" in text
    assert "FAIL b: y" in render(report, width=80, ascii=True)


def test_colour_changes_nothing_but_colour():
    report = samples.hostile()
    plain = [line.rstrip() for line in render(report, width=100, color=False).split("\n")]
    colored = render(report, width=100, color=True)
    assert "\x1b[" in colored
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in stripped.split("\n")] == plain


def test_without_colour_rich_is_not_imported():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import sample_reports as samples\nfrom cnncalc.renderers import render\n"
        "for each in ('table', 'json', 'csv', 'markdown'):\n"
        "    render(samples.lenet(), each, color=False)\n"
        "print([name for name in ('rich', 'numpy', 'typer') if name in sys.modules])"
    )
    folder = samples.__file__.rpartition("/")[0]
    done = subprocess.run(
        [sys.executable, "-c", program, folder], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "environment, width", [({}, 100), ({"CI": "true"}, 160), ({"CI": "1", "COLUMNS": "72"}, 72)]
)
def test_the_page_is_as_wide_as_the_environment_says(monkeypatch, environment, width):
    from cnncalc.renderers.options import page_width

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("os.get_terminal_size", no_terminal)
    assert page_width() == width


def no_terminal(_):
    raise OSError
