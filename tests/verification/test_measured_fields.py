"""Fields in whole networks: borders, parts of the channels, whole-map layers, several inputs."""

from __future__ import annotations

from typing import Any

import pytest
from generated.build import net_of

import cnncalc
from cnncalc.findings import Finding, Verification
from cnncalc.net import Net
from cnncalc.verification import verify

CONV = {"out": 2, "kernel": 3, "padding": 1}


def fields(found: Verification) -> dict[str, Finding]:
    """Return the findings about fields; one a layer."""
    rows = [finding for finding in found.findings if finding.key == "field"]
    assert len({row.path for row in rows}) == len(rows)
    return {row.path: row for row in rows}


def spec(text: str, **options: Any) -> Verification:
    return cnncalc.verify(cnncalc.loads(text), **options)


def test_the_last_local_map_is_measured_or_each() -> None:
    net = net_of((1, 9, 9), ("conv", CONV), ("relu", {}), ("flatten", {}), ("linear", {"out": 2}))
    assert list(fields(verify(net))) == ["n2"]
    assert list(fields(verify(net, all_fields=True))) == ["n1", "n2"]


def test_predicted_and_measured_stand_for_the_centre_unit() -> None:
    found = fields(verify(net_of((1, 9, 7), ("conv", {"out": 1, "kernel": (3, 5)}))))["n1"]
    assert found.ok
    assert found.predicted == found.executed == [(3, (3, 5)), (1, (1, 5))]


@pytest.mark.parametrize(
    "net",
    [
        net_of((1, 9), ("crop", {"size": 3}), ("pad", {"padding": 3}), ("conv", CONV)),
        net_of((1, 4), ("upsample", {"scale": 2}), ("crop", {"size": 4}), ("pad", {"padding": 2})),
    ],
    ids=["crop, then pad", "upsample, crop, pad"],
)
def test_a_border_that_cuts_off_a_part_is_told_and_no_fault(net: Net) -> None:
    found = verify(net, all_fields=True)
    assert found.ok
    assert "the border of a map cuts off a part at" in [*fields(found).values()][-1].detail


def test_crop_and_pad_read_less_than_an_unbounded_map_would() -> None:
    """Of 9 positions 3 … 5 are kept; what is padded around them is not 0 … 2 and 6 … 8."""
    net = net_of((1, 9), ("crop", {"size": 3}), ("pad", {"padding": 3}))
    (found,) = fields(verify(net)).values()
    assert found.ok
    assert found.detail == "the border of a map cuts off a part at 2 units"


def test_another_axis_may_leave_nothing_to_read() -> None:
    """On the second axis both outputs of the transposed conv fall into gaps: NaN goes nowhere."""
    net = net_of((3, 5, 2), ("conv_transpose", {"out": 2, "kernel": 1, "stride": 2, "padding": 1}))
    assert net.layers[0].out == (2, 7, 1)
    assert verify(net, all_fields=True).ok


def test_of_two_branches_one_may_lie_in_the_padding_on_another_axis() -> None:
    net = net_of(
        (1, 4, 1),
        ("conv", {"out": 2, "kernel": (3, 1), "stride": (1, 3), "padding": ((1, 1), (1, 1))}),
        ("crop", {"size": (4, 1)}, 0), ("conv", {"out": 2, "kernel": 1}), ("max", {}, 1, 3),
    )  # fmt: skip
    assert verify(net, all_fields=True).ok


SHUFFLENET = """
input: [3, 24, 24]
layers:
  stem: {conv: {out: 8, kernel: 3, stride: 2, padding: 1}}
  keep1: {chunk: {n: 2, index: 0}, from: stem}
  part1: {chunk: {n: 2, index: 1}, from: stem}
  deep1: {depthwise: {kernel: 3, padding: 1}, from: part1}
  join1: {concat: [keep1, deep1]}
  mix1: {channel_shuffle: 2}
  keep2: {chunk: {n: 2, index: 0}, from: mix1}
  part2: {chunk: {n: 2, index: 1}, from: mix1}
  deep2: {depthwise: {kernel: 3, padding: 1}, from: part2}
  join2: {concat: [keep2, deep2]}
  some: {chunk: {n: 4, index: 0}}
  last: {depthwise: {kernel: 3, padding: 1}}
"""


def test_parts_of_the_channels_are_measured_as_all_together() -> None:
    """Stem 3 px at a jump of 2, then three kernels of 3: 3 + 3·2·2 = 15 px."""
    found = spec(SHUFFLENET, all_fields=True)
    assert found.ok
    last = fields(found)["last"]
    (_, (low, high)), _ = last.predicted
    assert (low, high) == (5, 19)
    assert high - low + 1 == 15


def test_a_whole_map_layer_leaves_the_local_field() -> None:
    text = """
    input: [4, 12, 12]
    layers:
      a: {conv: {out: 4, kernel: 3, padding: 1}}
      pool: {global_avg_pool: }
      squeeze: {conv: {out: 4, kernel: 1}}
      gate: {mul: [a, squeeze]}
      norm: {group_norm: 2}
      b: {conv: {out: 4, kernel: 3, padding: 1}}
    """
    found = spec(text, all_fields=True)
    assert found.ok
    assert list(fields(found)) == ["a", "gate", "norm", "b"]
    assert fields(found)["b"].executed == [(6, (4, 8)), (6, (4, 8))]


@pytest.mark.parametrize("mode", ["zero", "reflect", "replicate"])
def test_all_kinds_of_borders_count_as_padding(mode: str) -> None:
    net = net_of(
        (1, 7, 7), ("pad", {"padding": 2, "mode": mode}), ("conv", {"out": 1, "kernel": 5})
    )
    found = verify(net, all_fields=True)
    assert found.ok
    assert fields(found)["n2"].executed == [(3, (1, 5)), (3, (1, 5))]


def test_every_input_is_measured_and_named() -> None:
    text = """
    inputs: {left: [1, 9, 9], right: [1, 9, 9]}
    layers:
      a: {conv: {out: 1, kernel: 3, padding: 1}, from: left}
      b: {conv: {out: 1, kernel: 5, padding: 2}, from: right}
      join: {add: [a, b]}
    """
    found = spec(text)
    assert found.ok
    joined = [f for f in found.findings if f.key == "field"]
    assert [f.path for f in joined] == ["join", "join"]
    assert [f.executed for f in joined] == [[(4, (3, 5))] * 2, [(4, (2, 6))] * 2]
    assert [f.of for f in joined] == ["input left", "input right"]


@pytest.mark.parametrize(
    "net",
    [
        net_of((7,), ("linear", {"out": 3}), ("relu", {})),
        net_of((7, 3, 3), ("flatten", {}), ("linear", {"out": 3})),
        net_of((7, 3, 3), ("global_max_pool", {})),
        net_of((7,), ("identity", {})),
    ],
)
def test_without_a_local_map_there_is_nothing_to_measure(net: Net) -> None:
    found = verify(net, all_fields=True, backward=True)
    assert found.ok
    assert fields(found) == {}


def test_numbers_that_overflow_are_no_nan_of_the_probe(recwarn: pytest.WarningsRecorder) -> None:
    """Squares of squares of float32 leave its range; fields have nothing to do with it."""
    rows: list[Any] = [("mul", {}, n, n) for n in range(10)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])
        found = verify(net_of((1, 8, 8), *rows, ("conv", {"out": 2, "kernel": 3})))
    assert found.ok


def test_a_layer_is_found_by_its_path_not_by_a_part_of_a_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first layer is called as a word of the message."""
    from cnncalc.geometry import Window

    monkeypatch.setattr(Window, "reach", lambda w, lo, hi: (lo * w.stride, hi * w.stride))
    text = (
        "input: [1, 9, 9]\nlayers:\n  unit: {relu: }\n  c1: {conv: [2, 3]}\n  c12: {conv: [2, 3]}\n"
    )
    found = spec(text)
    assert [f.path for f in found.failed] == ["c12"]
    assert found.failed[0].predicted == "top-down = bottom-up"
