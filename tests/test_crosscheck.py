"""The cross-check of both directions: what it counts, and that it notices planted errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

from generated import properties
from generated.build import net_of
from generated.strategies import graphs
from hypothesis import HealthCheck, Phase, find, settings

from cnncalc.analyses import crosscheck, receptive
from cnncalc.analyses.crosscheck import Agreement, CrossCheckError, cross_check
from cnncalc.analyses.receptive import Receptive
from cnncalc.errors import ShapeError
from cnncalc.geometry import Field, Interval, Window
from cnncalc.graph import Graph
from cnncalc.net import Net
from cnncalc.ops import conv, resample, sliding

CONV = ("conv", {"out": 1, "kernel": 3, "padding": 1})
WIDE = ("conv", {"out": 1, "kernel": (3, 5), "padding": "half"})
DOUBLE = ("upsample", {"scale": 2})
HOLES = ("conv_transpose", {"out": 1, "kernel": 2, "stride": 3})


def check(net: Net) -> Agreement:
    return cross_check(Receptive(net, 0))


@pytest.mark.parametrize(
    ("net", "agreement"),
    [
        # layers compared, axes, units carried down, units left out
        (net_of((1, 9, 9), CONV, CONV), Agreement(2, 2, 1, 0)),  # axes alike: one stands for both
        (net_of((1, 9, 9), CONV, WIDE), Agreement(2, 2, 2, 0)),
        (net_of((1, 9), DOUBLE, DOUBLE), Agreement(2, 1, 4, 0)),  # a unit of each phase
        (net_of((1, 1), CONV, DOUBLE), Agreement(2, 1, 2, 0)),
        (net_of((1, 4), HOLES), Agreement(1, 1, 3, 0)),
        (net_of((1, 9), CONV, ("relu", {}, 0)), Agreement(2, 1, 2, 0)),  # two ends
        (net_of((1, 9), CONV, ("global_avg_pool", {})), Agreement(1, 1, 1, 0)),
        (net_of((8,), ("linear", {"out": 2})), Agreement(0, 0, 0, 0)),
    ],
)
def test_what_was_compared_is_counted(net: Net, agreement: Agreement) -> None:
    assert check(net) == agreement


def test_joins_of_different_rates_are_checked_at_both_ends_and_the_middle() -> None:
    net = net_of(
        (1, 8), ("conv", {"out": 1, "kernel": 1, "stride": 2}), ("crop", {"size": 4}, 0),
        ("add", {}, 1, 2),
    )  # fmt: skip
    assert check(net) == Agreement(3, 1, 3, 0)


def test_phases_beyond_the_limit_are_counted_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """12 visits for 4 phases of 3 tensors do not fit into 6: every other phase is taken."""
    monkeypatch.setattr(crosscheck, "VISIT_LIMIT", 6)
    assert check(net_of((1, 9), DOUBLE, DOUBLE)) == Agreement(2, 1, 2, 2)


def test_units_not_carried_all_the_way_are_counted_as_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crosscheck, "UNIT_LIMIT", 8)
    wide = ("conv", {"out": 1, "kernel": 20, "padding": 10})
    agreed = check(net_of((1, 4), HOLES, wide))
    assert agreed.units + agreed.left_out == 3
    assert agreed.left_out == 3


def test_a_difference_names_unit_layers_and_both_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading one position less at the top of each step leaves -1 … 2 of -2 … 2 below."""
    monkeypatch.setattr(
        Window, "reach", lambda _, low, high: (low - 1, high) if low == high else (low, high + 1)
    )
    with pytest.raises(CrossCheckError) as caught:
        check(net_of((1, 9), CONV, CONV))
    assert str(caught.value) == (
        "unit 0 of n2 reads (-2, 2) on axis 0 bottom-up, but (-2, 1) top-down through n1"
    )


THROUGH, REACH, TAPS = Field.through, Window.reach, Window.taps


def jump_doubled(field: Field, window: Window) -> Field:
    found = THROUGH(field, window)
    return found._replace(jump=2 * found.jump) if window.stride > 1 else found


def jump_lost(field: Field, window: Window) -> Field:
    return THROUGH(field, window)._replace(jump=field.jump)


def padding_forgotten(field: Field, window: Window) -> Field:
    return THROUGH(field, window._replace(pad=(0, 0)))


def dilation_forgotten(field: Field, window: Window) -> Field:
    return THROUGH(field, window._replace(dilation=1))


def reach_one_short(window: Window, low: int, high: int) -> Interval:
    first, last = REACH(window, low, high)
    return first, max(first, last - 1)


def reach_by_stride_of_one_less(window: Window, low: int, high: int) -> Interval:
    return REACH(window._replace(stride=max(1, window.stride - 1)), low, high)


def taps_of_the_next_unit(window: Window, unit: int) -> Any:
    return TAPS(window, unit + 1 if window.up > 1 else unit)


def first_branch_only(_: Receptive, __: Any, branches: Any) -> Any:
    return branches[0][1]


def first_strand_only(branches: Any) -> Any:
    return next(iter(branches))[:1]


def padding_swapped(padding: Any, window: Window, size: int) -> Interval:
    low, high = SIDES(padding, window, size)
    return high, low


SIDES, LINEAR, SPLIT = sliding.sides, resample._Axis.linear, conv.Conv.params
FAULTS: list[tuple[object, str, Any, str]] = [
    (Field, "through", jump_doubled, "both_directions_agree"),
    (Field, "through", jump_doubled, "fields_equal_witness"),
    (Field, "through", jump_lost, "both_directions_agree"),
    (Field, "through", padding_forgotten, "both_directions_agree"),
    (Field, "through", dilation_forgotten, "both_directions_agree"),
    (Window, "reach", reach_one_short, "both_directions_agree"),
    (Window, "reach", reach_by_stride_of_one_less, "both_directions_agree"),
    (Receptive, "_hull", first_branch_only, "both_directions_agree"),
    (Receptive, "_hull", first_branch_only, "every_layer_as_top_agrees"),
    (receptive, "join", first_strand_only, "both_directions_agree"),
    # these mislead both directions alike: the witness, or PyTorch, must tell
    (Window, "taps", taps_of_the_next_unit, "fields_equal_witness"),
    (sliding, "sides", padding_swapped, "torch_reads_what_the_windows_say"),
    (resample._Axis, "linear", resample._Axis.nearest, "torch_reads_what_the_windows_say"),
    (conv.Conv, "params", lambda op, *ins: SPLIT(op, *ins)[:1], "shapes_and_counts_equal_torch"),
]


@pytest.mark.parametrize(("owner", "name", "fault", "watcher"), FAULTS)
def test_a_planted_error_is_noticed(
    owner: object, name: str, fault: Any, watcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, fault)
    look = getattr(properties, watcher)
    find(
        graphs(rank=1),
        lambda graph: _notices(look, graph),
        settings=settings(
            max_examples=300,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def _notices(look: Callable[[Graph], None], graph: Graph) -> bool:
    try:
        look(graph)
    except (AssertionError, CrossCheckError):
        return True
    except ShapeError:
        return False
    return False
