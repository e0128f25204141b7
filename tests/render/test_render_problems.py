"""Errors as people see them: place, source line, mark, calls, hint."""

import pytest

from cnncalc.errors import CnncalcError, Problem, did_you_mean
from cnncalc.renderers.errors import render_problems

FILE = "models/resnet50.yaml"
JOIN = Problem(
    text="add: shapes do not match",
    file=FILE,
    line=12,
    column=7,
    width=3,
    label="main 512×28×28 and skip 256×56×56",
    excerpt="    - add:",
    path="stage2.bottleneck1.add1",
    calls=(f"{FILE}:17 Bottleneck(c=128, s=2)", f"{FILE}:22 Stage(c=128, n=4, s=2)"),
    hint="give the skip's conv stride s",
)


def test_an_error_has_the_form_of_the_language_page():
    assert render_problems([JOIN], width=100).split("\n") == [
        "error: add: shapes do not match",
        "  --> models/resnet50.yaml:12:7  in stage2.bottleneck1.add1",
        "   |",
        "12 |     - add:",
        "   |       ^^^ main 512×28×28 and skip 256×56×56",
        "   |",
        f"   = called from {FILE}:17 Bottleneck(c=128, s=2), :22 Stage(c=128, n=4, s=2)",
        "   = hint: give the skip's conv stride s",
    ]


def test_concise_errors_take_a_line_each():
    other = Problem("no layers\nhere", file="b.yaml", line=3)
    assert render_problems([JOIN, other], concise=True).split("\n") == [
        f"{FILE}:12:7: error: {JOIN.text} ({JOIN.label}); {JOIN.hint}",
        "b.yaml:3: error: no layers here",
    ]


@pytest.mark.parametrize(
    "problem, lines",
    [
        (Problem("no"), ["error: no"]),
        (Problem("no", label="7"), ["error: no (7)"]),
        (Problem("no", file="a.yaml", hint="do"), ["error: no", " --> a.yaml", "  = hint: do"]),
        (Problem("no", file="a.yaml", line=9), ["error: no", " --> a.yaml:9"]),
        (*CnncalcError("no", hint="do").problems, ["error: no", "  = hint: do"]),
    ],
)
def test_an_error_prints_what_is_known_of_its_place(problem, lines):
    assert render_problems([problem], width=80).split("\n") == lines


def quoted(problem, **options):
    lines = render_problems([problem], **options).split("\n")
    return [line[5:] for line in lines[3:5]]


@pytest.mark.parametrize(
    "excerpt, column, width, shown, marks",
    [
        ("\tconv: 3", 2, 4, "    conv: 3", "    ^^^^"),
        ("a:\tb", 4, 1, "a:    b", "      ^"),
        ("名前: conv", 5, 4, "名前: conv", "      ^^^^"),
        ("x\x1b[2J: 3", 3, 1, "x␛[2J: 3", "  ^"),
        ("x\x9b2J: 3", 7, 1, "x\\x9b2J: 3", "         ^"),
        ("conv: 3\r\n", 7, 1, "conv: 3", "      ^"),
        ("conv:", 6, 1, "conv:", "     ^"),
        ("conv", 3, 99, "conv", "  ^^"),
    ],
)
def test_the_mark_stands_under_what_it_means(excerpt, column, width, shown, marks):
    problem = JOIN._replace(excerpt=excerpt, column=column, width=width, label="")
    assert quoted(problem, width=80) == [shown, marks]


def test_control_characters_are_escapes_in_ascii():
    problem = JOIN._replace(excerpt="\x1b é", column=3, label="")
    assert quoted(problem, ascii=True, width=80) == ["\\x1b \\xe9", "     ^^^^"]


@pytest.mark.parametrize("column", [3, 500, 1003])
def test_a_long_line_is_shown_around_its_mark(column):
    excerpt = "[" * (column - 1) + "conv" + "]" * (1003 - column)
    problem = JOIN._replace(excerpt=excerpt, column=column, width=4, label="")
    shown, marks = quoted(problem, width=80)
    assert len(shown) <= 75
    assert "…" in shown
    assert shown[: marks.index("^")].count("[") >= min(column - 1, 15)
    assert shown[marks.index("^") : marks.index("^") + 4] == "conv"
    assert marks.count("^") == 4


def test_a_long_label_goes_below_the_mark():
    lines = render_problems([JOIN._replace(label="many words " * 12)], width=60).split("\n")
    assert lines[4] == "   |       ^^^"
    assert lines[5].startswith("   | many words")
    assert max(map(len, lines[4:8])) <= 60


def test_a_long_chain_of_calls_is_counted():
    calls = tuple(f"a.yaml:{line} B" for line in range(1, 10))
    assert ":4 B, and 5 more" in render_problems([JOIN._replace(calls=calls)])


def test_several_errors_are_apart():
    assert render_problems([Problem("a"), Problem("b")]) == "error: a\n\nerror: b"


def test_spec_text_cannot_control_the_terminal():
    evil = Problem(
        "\x1b[2Ja", "b\x1b[0m", 1, 1, label="\x9bm", excerpt="c", path="\u202ed", hint="\re"
    )
    text = render_problems([evil])
    assert all(character == "\n" or character.isprintable() for character in text)


def test_colour_changes_nothing_but_colour():
    colored = render_problems([JOIN], color=True, width=100)
    for code in ("\x1b[0m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[1;36m", "\x1b[1m"):
        assert code in colored
        colored = colored.replace(code, "")
    assert colored == render_problems([JOIN], width=100)


@pytest.mark.parametrize(
    "word, hint",
    [
        ("param", "did you mean 'params'?"),
        ("zzz", "choose one of params, macs"),
    ],
)
def test_a_hint_names_the_nearest_choice_or_all(word, hint):
    assert did_you_mean(word, ["params", "macs"]) == hint
    assert not did_you_mean("zzz", map(str, range(100)))
