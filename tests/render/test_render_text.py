"""Text in terminal columns."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnncalc.renderers.text import bar, clean, pad, shorten, width_of, wrap


@pytest.mark.parametrize(
    "text, safe",
    [
        ("stage1.conv", "stage1.conv"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07x", "x"),
        ("\x9b2Jx", "x"),
        ("a\r\nb\tc", "a  b c"),
        ("\u202egnol", "gnol"),
        ("\x00\x7f\ud800", ""),
        ("名前 × ✓", "名前 × ✓"),
    ],
)
def test_escape_sequences_and_controls_are_taken_out(text, safe):
    assert clean(text) == safe


@pytest.mark.parametrize(
    "text, safe",
    [("3×3 ✓ ✗ – … ≤ →", "3x3 ok FAIL - ... <= ->"), ("é名", "\\xe9\\u540d")],
)
def test_ascii_has_words_for_signs(text, safe):
    assert clean(text, ascii_only=True) == safe


@given(st.text())
def test_cleaned_text_is_printable_in_any_encoding_asked_for(text):
    assert clean(text).isprintable()
    assert clean(text, ascii_only=True).isascii()


@pytest.mark.parametrize("text, width", [("abc", 3), ("3×3 ▏", 5), ("名前", 4), ("e\u0301", 1)])
def test_width_counts_wide_characters_twice_and_marks_not_at_all(text, width):
    assert width_of(text) == width
    assert width_of(pad(text, 9)) == width_of(pad(text, 9, right=True)) == 9


@pytest.mark.parametrize(
    "text, width, short",
    [
        ("stage1.conv1", 12, "stage1.conv1"),
        ("stage1.bottleneck1.conv1", 11, "stag….conv1"),
        ("名前名前名前", 7, "名…名前"),
        ("abcdef", 1, "…"),
        ("abcdef", 0, ""),
    ],
)
def test_paths_are_cut_in_the_middle(text, width, short):
    assert shorten(text, width) == short


@given(st.text(), st.integers(0, 30))
def test_shortened_text_fits(text, width):
    assert width_of(shorten(clean(text), width)) <= width


@example("000000  0⺀", 2)
@given(st.text(), st.integers(2, 30))
def test_wrapped_text_fits_and_loses_nothing_but_spaces(text, width):
    lines = wrap(clean(text), width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


@pytest.mark.parametrize(
    "part, most, text, ascii_text",
    [
        (8, 8, "█████", "#####"),
        (4, 8, "██▌", "###"),
        (1, 40, "▏", ""),
        (0, 8, "", ""),
        (1, 1000, "", ""),
        (3, 0, "", ""),
    ],
)
def test_bars_have_eighths(part, most, text, ascii_text):
    assert bar(part, most, 5) == text
    assert bar(part, most, 5, ascii_only=True) == ascii_text
