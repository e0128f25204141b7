"""Numbers as people write them, and back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import BudgetError
from cnncalc.units import exact, iec, parse_quantity, percent, si


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "0"),
        (168, "168"),
        (999, "999"),
        (1000, "1.00 k"),
        (9_408, "9.41 k"),
        (99_949, "99.9 k"),
        (99_950, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (999_950, "1.00 M"),
        (25_557_032, "25.6 M"),
        (4_089_184_256, "4.09 G"),
        (10**12, "1.00 T"),
        (10**15, "1.00 P"),
        (10**18, "1.00 E"),
        (999 * 10**18, "999 E"),
        (10**21, "1.00e21"),
        (9_999 * 10**20, "1.00e24"),
        (-25_557_032, "-25.6 M"),
        (-5, "-5"),
    ],
)
def test_counts_have_three_significant_digits(value, text):
    assert si(value) == text


@pytest.mark.parametrize(
    "size, text",
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (102_228_128, "97.5 MiB"),
        (1024**2 - 1, "1.00 MiB"),
        (1023 * 1024, "1023 KiB"),
        (5 * 1024**3, "5.00 GiB"),
        (5000 * 1024**6, "5,000 EiB"),
    ],
)
def test_sizes_have_three_significant_digits(size, text):
    assert iec(size) == text


def test_exact_numbers_group_their_digits():
    assert exact(25_557_032) == "25,557,032"


@pytest.mark.parametrize(
    "part, whole, text",
    [(1, 3, "33%"), (2, 3, "67%"), (1, 200, "1%"), (0, 5, "0%"), (5, 5, "100%"), (1, 0, "")],
)
def test_shares_are_rounded_to_the_nearest_percent(part, whole, text):
    assert percent(part, whole) == text


@pytest.mark.parametrize(
    "text, value, dimension",
    [
        ("5M", 5_000_000, ""),
        ("5 M", 5_000_000, ""),
        ("512 KiB", 524_288, "byte"),
        ("100MB", 100_000_000, "byte"),
        ("1.5 kB", 1500, "byte"),
        ("25_557_032", 25_557_032, ""),
        ("25,557,032", 25_557_032, ""),
        ("4.1 GFLOPs", 4_100_000_000, "FLOP"),
        ("4.1G FLOPs", 4_100_000_000, "FLOP"),
        ("1 GMACs", 10**9, "MAC"),
        ("26 Mparams", 26_000_000, "params"),
        ("26M params", 26_000_000, "params"),
        ("224 px", 224, "px"),
        ("224px", 224, "px"),
        ("1e6", 10**6, ""),
        ("1.5e3", 1500, ""),
        (" 7 ", 7, ""),
        ("0.5 px", Fraction(1, 2), "px"),
        ("1e-2", Fraction(1, 100), ""),
        ("61.7k", 61_700, ""),
    ],
)
def test_quantities_are_read_exactly(text, value, dimension):
    quantity = parse_quantity(text)
    assert (quantity.value, quantity.dimension) == (value, dimension)
    assert isinstance(quantity.value, int) == (value == int(value))


@pytest.mark.parametrize(
    "text, error, hint",
    [
        ("five", "'five' is not a quantity", "write a number and a unit"),
        ("", "'' is not a quantity", "write a number"),
        ("5 M M M", "'5 M M M' is not a quantity", "write a number"),
        ("1,23", "'1,23' is not a quantity", "write a number"),
        ("5K", "'K' in '5K' is not a unit", "did you mean 'k'?"),
        ("5 KB", "'KB' in '5 KB' is not a unit", "write kB for 1000 bytes or KiB for 1024"),
        ("4 gflops", "'gflops' in '4 gflops' is not a unit", "did you mean 'GFLOPs'?"),
        ("4 bananas", "'bananas' in '4 bananas' is not a unit", "units are params"),
        ("1050 M ACs", "'M ACs' in '1050 M ACs' is not a unit", "did you mean 'MACs'?"),
        ("5 Ki B", "'Ki B' in '5 Ki B' is not a unit", "did you mean 'KiB'?"),
        ("5 par ams", "'par ams' in '5 par ams' is not a unit", "did you mean 'params'?"),
        ("5 peak_memory", "'peak_memory' in '5 peak_memory' is not a unit", "units are params"),
        ("1e999999999999", "'1e999999999999' has more than 64 digits", "write fewer"),
        ("9" * 65, f"'{'9' * 24}' has more than 64 digits", "write fewer"),
    ],
)
def test_what_is_not_a_quantity_is_an_error_with_a_hint(text, error, hint):
    with pytest.raises(BudgetError) as caught:
        parse_quantity(text)
    assert caught.value.text == error
    assert caught.value.hint.startswith(hint)


@given(st.integers(0, 10**24))
def test_a_printed_count_is_within_half_a_unit_of_its_third_digit(value):
    quantity = parse_quantity(si(value))
    assert abs(quantity.value - value) * 200 <= max(value, 1)


@given(st.integers(0, 10**24))
def test_exact_and_plain_digits_are_read_back_unchanged(value):
    assert parse_quantity(exact(value)).value == parse_quantity(str(value)[:64]).value == value


@given(st.integers(0, 1024**6))
def test_a_printed_size_is_within_half_a_unit_of_its_third_digit(size):
    quantity = parse_quantity(iec(size))
    assert abs(quantity.value - size) * 200 <= max(size, 1)
