"""Windows and fields on one axis: by hand, from the literature, or by trying all units."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
from generated.witness import read_by

from cnncalc.geometry import (
    BROADCAST,
    POINT,
    Field,
    Window,
    hull,
    interval_at,
    join,
    merge,
    same_rate,
    size_range,
)

PIXEL = Field(((0, 0),), 1)
DECONV_WITH_HOLES = Window(2, 1, 1, (1, 1), 3)  # kernel 2, stride 3: 1 of 3 outputs reads nothing


@pytest.mark.parametrize(
    ("window", "size", "outputs"),
    [
        (Window(3), 5, 3),
        (Window(7, 2, 1, (3, 3)), 224, 112),  # ResNet's stem
        (Window(11, 4, 1, (2, 2)), 224, 55),  # AlexNet's
        (Window(3, 1, 2), 7, 3),
        (Window(3, 2, 1, (0, 1)), 4, 2),
        (Window(4, 1, 1, (2, 2), 2), 4, 8),  # deconv k4 s2 p1 doubles
        (DECONV_WITH_HOLES, 2, 5),  # (2 - 1)·3 + 2
        (Window(1, 1, 1, (-1, -2)), 5, 2),  # a crop
        (Window(3), 2, 0),
        (Window(5, 1, 1, (2, 2)), 1, 1),
    ],
)
def test_output_size(window: Window, size: int, outputs: int) -> None:
    assert window.out_size(size) == outputs


@pytest.mark.parametrize(
    ("window", "unit", "taps"),
    [
        (Window(3, 2, 1, (1, 1)), 0, (-1, 1, 1)),
        (Window(3, 2, 1, (1, 1)), 2, (3, 5, 1)),
        (Window(3, 1, 2), 1, (1, 5, 2)),
        (DECONV_WITH_HOLES, 0, (0, 0, 1)),  # of x00x, at -1 and 0
        (DECONV_WITH_HOLES, 2, None),  # at 1 and 2: only stuffed zeros
        (DECONV_WITH_HOLES, 3, (1, 1, 1)),  # at 2 and 3
        (Window(3, 1, 2, (4, 4), 2), 0, (-2, 0, 1)),  # at -4, -2, 0 of x0x0x
        (Window(3, 1, 2, (4, 4), 2), 1, None),  # at -3, -1, 1
        (BROADCAST, 7, (0, 0, 1)),
    ],
)
def test_samples_that_an_output_reads(
    window: Window, unit: int, taps: tuple[int, int, int] | None
) -> None:
    assert window.taps(unit) == taps


def _many_windows() -> list[Window]:
    return [
        Window(kernel, stride, dilation, (low, 1), up)
        for kernel, stride, dilation, low, up in product(
            (1, 2, 3, 4), (0, 1, 2, 3), (1, 2, 3), (-1, 0, 2), (1, 2, 3, 4)
        )
    ]


def test_samples_equal_a_walk_over_all_taps() -> None:
    for window, unit in product(_many_windows(), range(-3, 6)):
        taps = window.taps(unit)
        found = [] if taps is None else list(range(taps[0], taps[1] + 1, taps[2]))
        assert sorted(read_by(window, unit)) == found, (window, unit)


def test_reach_of_a_regular_window_is_the_hull_of_its_units() -> None:
    for window, low, length in product(_many_windows(), range(-2, 3), range(4)):
        if window.regular:
            units = range(low, low + length + 1)
            read = [sample for unit in units for sample in read_by(window, unit)]
            assert window.reach(low, low + length) == (min(read), max(read)), window


def test_regular_windows_read_something_and_never_go_back() -> None:
    for window in _many_windows():
        rows = [read_by(window, unit) for unit in range(12)]
        if window.regular:
            assert all(rows), window
            assert [min(row) for row in rows] == sorted(min(row) for row in rows), window


@pytest.mark.parametrize(
    ("kernel", "stride", "before", "after"), [(3, 2, 1, 3), (7, 2, 3, 11), (2, 2, 4, 8)]
)
def test_reach_follows_the_notes(kernel: int, stride: int, before: int, after: int) -> None:
    """rf_{l-1} = s·rf_l + k - s."""
    low, high = Window(kernel, stride).reach(0, before - 1)
    assert high - low + 1 == after


def conv(kernel: int, stride: int = 1) -> Window:
    return Window(kernel, stride, 1, (kernel // 2, kernel // 2))


VGG_16 = [w for n in (2, 2, 3, 3, 3) for w in (*[conv(3)] * n, Window(2, 2))]
RESNET_18 = [
    conv(7, 2), conv(3, 2), *[conv(3)] * 4,
    *[w for _ in range(3) for w in (conv(3, 2), *[conv(3)] * 3)],
]  # fmt: skip


@pytest.mark.parametrize(
    ("windows", "size", "jump", "start"),
    [
        ([conv(3)], 3, 1, -1),
        ([conv(3), conv(3)], 5, 1, -2),
        ([Window(3, 1, 2)] * 3, 13, 1, 0),  # rates 2, 2, 2
        (VGG_16, 212, 32, -90),  # Araujo, Norris, Sim 2019
        (RESNET_18, 435, 32, -217),  # likewise
        ([conv(3), BROADCAST], 3, 0, -1),
    ],
)
def test_field_of_a_chain(windows: list[Window], size: int, jump: int, start: int) -> None:
    field = PIXEL
    for window in windows:
        field = field.through(window)
    assert field == Field(((start, start + size - 1),), jump)
    assert jump == prod(window.stride for window in windows)


@pytest.mark.parametrize(
    ("windows", "field"),
    [
        ([Window(2, 1, 1, (1, 1), 2)], Field(((0, 0), (0, 0)), 1)),  # nearest, twice as large
        ([Window(2, 1, 1, (1, 1), 2), conv(3)], Field(((-1, 0), (0, 1)), 1)),
        ([conv(2, 2), Window(2, 1, 1, (1, 1), 2)], Field(((-1, 0), (-1, 0)), 2)),
        ([DECONV_WITH_HOLES], Field(((0, 0), (0, 0), None), 1)),
        ([Window(2, 1, 1, (1, 1), 2), Window(1, 2)], Field(((0, 0),), 1)),
        ([Window(2, 1, 1, (1, 1), 2), Window(1, 3)], Field(((0, 0), (1, 1)), 3)),
    ],
)
def test_field_with_phases(windows: list[Window], field: Field) -> None:
    found = PIXEL
    for window in windows:
        found = found.through(window)
    assert found == field


def test_a_point_leaves_the_field_object_alone() -> None:
    assert PIXEL.through(POINT) is PIXEL


def test_hull_of_nothing_is_nothing() -> None:
    assert hull([]) is None
    assert hull([None, None]) is None
    assert hull([None, (3, 4), (-1, 0)]) == (-1, 4)


def test_unit_far_away_moves_by_the_jump() -> None:
    field = Field(((0, 1), None, (5, 9)), 4)
    assert [field.at(unit) for unit in (0, 1, 2, 3, 5, -1)] == [
        (0, 1), None, (5, 9), (4, 5), (9, 13), (1, 5),
    ]  # fmt: skip


def test_fields_of_one_rate_merge_to_their_hull() -> None:
    """Two k=2 convs with pads 0 and 1 read 3 pixels together, not 2."""
    assert merge(Field(((0, 1),), 1), Field(((-1, 0),), 1)) == Field(((-1, 1),), 1)


def test_fields_of_different_periods_merge_over_the_common_one() -> None:
    two, three = Field(((0, 0), (0, 1)), 2), Field(((0, 0), (0, 0), (9, 9)), 3)
    assert same_rate(two, three)
    found = merge(two, three)
    assert found == Field(((0, 0), (0, 1), (2, 9), (2, 3), (3, 4), (4, 12)), 6)


def test_strands_of_different_rates_stay_apart() -> None:
    slow, fast, other = Field(((0, 2),), 1), Field(((0, 0),), 4), Field(((-1, 0),), 1)
    assert not same_rate(slow, fast)
    joined = join([(slow,), (fast, other)])
    assert joined == (Field(((-1, 2),), 1), fast)
    assert [interval_at(joined, unit) for unit in (0, 1, 5)] == [(-1, 2), (0, 4), (4, 20)]


@pytest.mark.parametrize(
    ("strands", "size", "found"),
    [
        ((Field(((0, 6),), 1),), 10, (7, 7)),
        ((Field(((0, 1), None, (0, 4)), 1),), 3, (2, 5)),
        ((Field((None,), 1),), 3, (0, 0)),
        # they meet at unit 5: sizes 16, 13, … 1, … 10
        ((Field(((0, 0),), 1), Field(((15, 15),), -2)), 9, (1, 16)),
        # beside a crossing between two units, before it: 8, 5, 2, 3, 6; behind it: 9, 6, 3, 2, 5
        ((Field(((0, 0),), 4), Field(((7, 7),), 1)), 5, (2, 8)),
        ((Field(((0, 0),), 4), Field(((8, 8),), 1)), 5, (2, 9)),
    ],
)
def test_size_range(strands: tuple[Field, ...], size: int, found: tuple[int, int]) -> None:
    assert size_range(strands, size) == found


def test_size_range_equals_a_walk_over_all_units() -> None:
    phases = ((0, 0), (-3, 4), None, (2, 9))
    fields = [
        Field((one, other), jump) for one, other in product(phases, repeat=2) for jump in (0, 2, 5)
    ]
    for one, other, size in product(fields, fields[::3], (1, 4, 7)):
        strands = (one, other)
        spans = [span for unit in range(size) if (span := interval_at(strands, unit))]
        sizes = [high - low + 1 for low, high in spans] or [0]
        assert size_range(strands, size) == (min(sizes), max(sizes)), strands
