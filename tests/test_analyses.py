"""Memory, conventions, fields, notes and remarks of small networks, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from generated.build import net_of

from cnncalc.analyses import METRICS
from cnncalc.analyses.fields import axes_of, notes
from cnncalc.analyses.lints import lints
from cnncalc.analyses.memory import live_values
from cnncalc.analyses.receptive import Receptive, shift
from cnncalc.analyses.summary import analyze
from cnncalc.analyses.work import CONVENTIONS, convention
from cnncalc.errors import CnncalcError
from cnncalc.geometry import Field
from cnncalc.net import Net
from cnncalc.ops.base import Work
from cnncalc.report import Axes


def conv(out: int = 1, kernel: Any = 1, **args: Any) -> tuple[str, dict[str, Any]]:
    return "conv", {"out": out, "kernel": kernel, **args}


RESIDUAL = (conv(2), ("relu", {}), ("add", {}, 1, 2), conv(1))


@pytest.mark.parametrize(
    ("net", "live"),
    [
        # the input's 4 values and 8, 8 + 8, three times 8 at the join, 8 + 4
        (net_of((1, 4), *RESIDUAL), [12, 16, 24, 12]),
        # an output stays to the end: n1's 8 beside n3's 8 and n4's 4
        (net_of((1, 4), *RESIDUAL, outputs=(1, 4)), [12, 16, 24, 20]),
        # what nobody reads is gone behind the step that made it
        (net_of((1, 4), ("relu", {}), ("relu", {}, 0)), [8, 8]),
        # all inputs are there from the start: 3 + 5, then with the join's 8
        (net_of({"a": (3,), "b": (5,)}, ("concat", {}, 0, 1)), [16]),
    ],
)
def test_live_values(net: Net, live: list[int]) -> None:
    assert live_values(net) == live


def test_peak_memory_is_of_the_batch_and_the_dtype() -> None:
    report = analyze(net_of((1, 4), *RESIDUAL), batch=3, dtype="float16")
    assert report.totals.peak_memory_bytes == 24 * 3 * 2
    assert report.peak == "n3"
    assert report.totals.weights_bytes == (4 + 3) * 2
    assert report.totals.activations == (8 + 8 + 8 + 4) * 3


@pytest.mark.parametrize(
    ("name", "flops"),
    [
        ("notes", 80),  # (2·2·2)·(3·3·1 + 1), the formula of the course notes
        ("macs", 72),
        ("ops", 2 * 72 + 8 + 8),  # bias, and a comparison a value of the relu
    ],
)
def test_conventions_of_a_conv_with_a_relu(name: str, flops: int) -> None:
    report = analyze(net_of((1, 4, 4), conv(2, 3), ("relu", {})), convention=name)
    assert (report.totals.macs, report.totals.flops) == (72, flops)


def test_a_convention_weighs_layers_with_and_without_multiply_adds_apart() -> None:
    notes = CONVENTIONS["notes"]
    assert notes.flops(Work(mac=5, add=2)) == 7
    assert notes.flops(Work(add=2, mul=3)) == 0


def test_macs_and_flops_grow_with_the_batch_and_params_do_not() -> None:
    one, four = (analyze(net_of((1, 4, 4), conv(2, 3)), batch=batch).totals for batch in (1, 4))
    assert (four.macs, four.flops, four.params) == (4 * one.macs, 4 * one.flops, one.params)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"convention": "keras"}, "unknown convention 'keras'"),
        ({"dtype": "float8"}, "unknown dtype 'float8'"),
        ({"batch": 0}, "batch must be at least 1, got 0"),
    ],
)
def test_unknown_settings_are_refused(args: dict[str, Any], text: str) -> None:
    with pytest.raises(CnncalcError, match=text):
        analyze(net_of((1, 4), ("relu", {})), **args)


def test_an_unknown_convention_lists_the_known_ones() -> None:
    with pytest.raises(CnncalcError) as caught:
        convention("keras")
    assert all(name in caught.value.hint for name in CONVENTIONS)


def test_every_metric_has_a_figure_for_each_step() -> None:
    net = net_of((1, 4), *RESIDUAL)
    rows = analyze(net).rows
    assert all(len([getattr(row, key) for row in rows]) == 4 for key in METRICS)


def field_of(net: Net, tensor: int) -> Axes:
    seen = Receptive(net, 0).seen[tensor]
    assert seen is not None
    assert seen.local is not None
    return axes_of(seen.local, net.shape_of(tensor))


HALVED = (conv(1, 1, stride=2), ("crop", {"size": 4}, 0), ("add", {}, 1, 2))
SHIFTED = (
    conv(1, 2, padding=((0, 1),)), (*conv(1, 2, padding=((1, 0),)), 0), ("add", {}, 1, 2),
)  # fmt: skip


@pytest.mark.parametrize(
    ("net", "axes"),
    [
        (
            net_of((1, 9, 9), conv(1, 3, padding=1, stride=2), conv(1, 3, padding=1)),
            Axes((7, 7), (2, 2), (-3, -3), aligned=True, phases=None),
        ),
        (
            net_of((1, 9, 9), conv(1, (1, 3), stride=(1, 2))),
            Axes((1, 3), (1, 2), (0, 0), aligned=True, phases=None),
        ),
        (  # output 0 reads -1 and 0, output 1 reads 0 and 1; then all one further
            net_of((1, 8), ("upsample", {"scale": 2}), conv(1, 3, padding=1)),
            Axes((2,), ("1/2",), (-1,), aligned=True, phases=(((2, -1), (2, 0)),)),
        ),
        (  # deconv k2 s3: every third output reads nothing
            net_of((1, 4), ("conv_transpose", {"out": 1, "kernel": 2, "stride": 3})),
            Axes((1,), ("1/3",), (0,), aligned=True, phases=(((1, 0), (1, 0), (0, 0)),)),
        ),
        (  # 2i beside i + 2: the centre unit 2 reads 4 and 4
            net_of((1, 8), *HALVED), Axes((1,), (2,), (0,), aligned=False, phases=None),
        ),
        (net_of((1, 8), *SHIFTED), Axes((3,), (1,), (-1,), aligned=True, phases=None)),
    ],
)  # fmt: skip
def test_field_as_reported(net: Net, axes: Axes) -> None:
    assert field_of(net, len(net.layers)) == axes


MISALIGNED = (
    "n3: n1 and n2 are misaligned: jumps 2 and 1; the field of the centre unit is 1 px "
    "(1 to 3 over the map)"
)
SQUEEZE = (("global_avg_pool", {}), conv(1), ("mul", {}, 0, 2))
TWO_SQUEEZES = (*SQUEEZE, ("global_avg_pool", {}), ("mul", {}, 3, 4))


@pytest.mark.parametrize(
    ("net", "lines"),
    [
        (net_of((1, 8), conv(1, 3)), []),
        (
            net_of((1, 8), *HALVED),
            [MISALIGNED],
        ),
        (net_of((1, 8), *SHIFTED), ["n3: the centres of n1 and n2 differ by 1 px"]),
        (net_of((1, 8), *SQUEEZE), ["whole-map context enters at n1"]),
        (net_of((1, 8), *TWO_SQUEEZES), ["whole-map context enters at n1"]),
        (  # 1,001 phases, then 1,001 · 1,003
            net_of((1, 2), ("upsample", {"size": 1001}), ("upsample", {"scale": 1003})),
            ["fields with too many phases are not followed (upsampling by large factors)"],
        ),
    ],
)
def test_notes(net: Net, lines: list[str]) -> None:
    assert list(notes(Receptive(net, 0))) == lines


def test_only_the_first_joins_out_of_step_are_told() -> None:
    rows: list[tuple[Any, ...]] = []
    for number in range(7):
        below = 3 * number
        rows += [
            (*conv(1, 2, padding=((0, 1),)), below), (*conv(1, 2, padding=((1, 0),)), below),
            ("add", {}, below + 1, below + 2),
        ]  # fmt: skip
    lines = list(notes(Receptive(net_of((1, 8), *rows), 0)))
    assert len(lines) == 6
    assert lines[-1] == "2 more joins have branches out of step"


def test_local_field_goes_on_beside_a_gate() -> None:
    """Squeeze and excitation leaves the local field of its map, and says that the map enters."""
    report = analyze(
        net_of((1, 8), conv(1, 3, padding=1), ("global_avg_pool", {}), ("mul", {}, 1, 2))
    )
    last = report.rows[-1]
    assert last.rf is not None
    assert (last.rf.size, last.sees_all) == ((3,), True)
    assert (report.rows[0].sees_all, report.rows[1].rf) == (False, None)


@pytest.mark.parametrize(
    ("one", "other", "moved"),
    [
        (Field(((0, 0),), 1), Field(((1, 3),), 1), 2),
        (Field(((0, 1),), 1), Field(((0, 0),), 1), -0.5),
        (Field(((0, 0), (0, 0)), 1), Field(((0, 1), None), 1), 0.5),
        (Field(((0, 0), (0, 0)), 1), Field(((0, 1), (1, 2)), 1), 1),
        (Field((None,), 1), Field(((5, 5),), 1), 0),
    ],
)
def test_shift_of_centres(one: Field, other: Field, moved: float) -> None:
    assert shift(one, other) == moved


SKIPPED = ": the stride is larger than the kernel, so some inputs are never read"
LARGER = ": from here on the field is larger than the input"


@pytest.mark.parametrize(
    ("net", "lines"),
    [
        (net_of((1, 9), conv(1, 3, padding="half"), ("relu", {})), []),
        (
            net_of((1, 9), conv(1, 4, padding="half")),
            ["n1: half padding of an even kernel shifts the map by half a pixel"],
        ),
        (
            net_of((1, 9), conv(1, 1, stride=2), conv(1, 1, stride=2)),
            [f"n1 (and 1 more){SKIPPED}"],
        ),
        (net_of((1, 8), conv(1, 2, stride=2)), []),
        (
            net_of((1, 10), ("max_pool", {"kernel": 3})),
            ["n1: the last 1 positions of the input are never read: (n + 2p - k) % s is not 0"],
        ),
        (net_of((1, 10), ("max_pool", {"kernel": 3, "ceil": True})), []),
        (
            net_of((1, 9), ("conv_transpose", {"out": 1, "kernel": 3, "stride": 2})),
            ["n1: the kernel is not a multiple of the stride, which makes checkerboard patterns"],
        ),
        (net_of((1, 9), ("conv_transpose", {"out": 1, "kernel": 4, "stride": 2})), []),
        (
            net_of((1, 9), conv(2, 3), ("batch_norm", {})),
            ["n1: a bias before batch_norm has no effect (bias: false saves it)"],
        ),
        (net_of((1, 9), conv(2, 3, bias=False), ("batch_norm", {})), []),
        # the sum reads the bias too, or it is an output
        (net_of((1, 9), conv(2, 3), ("batch_norm", {}), ("add", {}, 1, 2)), []),
        (net_of((1, 9), conv(2, 3), ("batch_norm", {}), outputs=(1, 2)), []),
        (
            net_of((1, 9), ("relu", {}), ("relu", {}, 0)),
            ["n1: nothing reads the output, and it is not one of the outputs"],
        ),
        (net_of((1, 9), ("relu", {}), ("relu", {}, 0), outputs=(1, 2)), []),
        (net_of((1, 4), conv(1, 3, padding=1), conv(1, 3, padding=1)), [f"n2{LARGER}"]),
        (net_of((1, 5), conv(1, 3, padding=1), conv(1, 3, padding=1)), []),
        (net_of((1, 2, 9), conv(1, 3, padding=1)), []),  # larger on one axis only
        (
            net_of((1, 40), *[conv(1, 3, dilation=2)] * 3),
            ["n3: dilation leaves holes: 7 of 13 positions of a field are read"],
        ),
        (net_of((1, 40), *[conv(1, 3, dilation=rate) for rate in (1, 2, 3)]), []),
    ],
)
def test_remarks(net: Net, lines: list[str]) -> None:
    assert list(lints(net, Receptive(net, 0))) == lines
