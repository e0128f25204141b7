"""What `--backward` finds: faults planted in the reference's gradients, and no false alarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from generated.build import net_of

import cnncalc
from cnncalc.findings import Finding
from cnncalc.net import Net
from cnncalc.reference.arrays import Array
from cnncalc.reference.conv import Conv
from cnncalc.reference.merge import Add
from cnncalc.reference.norm import BatchNorm
from cnncalc.reference.pool import AvgPool, MaxPool
from cnncalc.verification import verify


def failed(net: Net) -> list[tuple[str, str]]:
    return [(finding.path, finding.key) for finding in verify(net, backward=True).failed]


def of(net: Net, key: str) -> list[Finding]:
    return [finding for finding in verify(net, backward=True).findings if finding.key == key]


def bent(
    monkeypatch: pytest.MonkeyPatch, kernel: type, change: Callable[[Any, tuple[Array, ...]], Any]
) -> None:
    """Change what a kernel's backward returns: `change(call, gradients of the inputs)`."""
    true = kernel.backward

    def faulty(self: Any, call: Any, grad: Array) -> Any:
        return change(call, true(self, call, grad))

    monkeypatch.setattr(kernel, "backward", faulty)


CONV = net_of((2, 7, 7), ("conv", {"out": 3, "kernel": 3}))


def test_a_wrong_gradient_of_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    bent(monkeypatch, Conv, lambda _, grads: (grads[0] * 1.001,))
    assert failed(CONV) == [("n1", "gradient"), ("", "gradient")]


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_a_wrong_gradient_of_an_array_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def change(call: Any, grads: Any) -> Any:
        call.grads[name] = call.grads[name] * 1.01
        return grads

    bent(monkeypatch, Conv, change)
    (found, *_) = (f for f in verify(CONV, backward=True).failed if f.path)
    assert found.detail == f"of {name}; predicted is the finite difference"
    assert found.executed == pytest.approx(1.01 * found.predicted, rel=1e-4)


def test_a_spread_that_loses_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    bent(monkeypatch, AvgPool, lambda _, grads: (grads[0] * 0.75,))
    net = net_of((2, 6, 6), ("avg_pool", {"kernel": 2}))
    assert ("n1", "gradient sum") in failed(net)


def test_a_maximum_that_is_sent_to_the_wrong_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum is kept, so that the derivative alone can tell."""
    bent(monkeypatch, MaxPool, lambda _, grads: (grads[0][..., ::-1].copy(),))
    assert ("n1", "gradient") in failed(net_of((2, 6, 6), ("max_pool", {"kernel": 2})))


def test_a_tensor_with_two_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer for itself is right; the network is not."""
    from cnncalc.reference import run

    monkeypatch.setattr(run, "_sum", lambda one, _: one)
    net = net_of((2, 6, 6), ("tanh", {}), ("sigmoid", {}), ("add", {}, 1, 2))
    assert failed(net) == [("", "gradient")]


def test_a_branch_without_a_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    bent(monkeypatch, Add, lambda _, grads: (grads[0], 0 * grads[1]))
    net = net_of((2, 6, 6), ("tanh", {}), ("add", {}, 0, 1))
    assert failed(net)[0] == ("n2", "gradient")


def test_batch_norm_that_does_not_normalise(monkeypatch: pytest.MonkeyPatch) -> None:
    true = BatchNorm.forward
    monkeypatch.setattr(BatchNorm, "forward", lambda *args: true(*args) + 0.01)
    found = of(net_of((3, 5, 5), ("batch_norm", {})), "statistics")
    assert [f.ok for f in found] == [False]
    assert found[0].executed[0] == pytest.approx(0.01)


def test_statistics_of_batch_norm_with_a_large_epsilon() -> None:
    """σ²/(σ² + 1) of values with σ² near 1 is near a half."""
    (found,) = of(net_of((3, 9, 9), ("batch_norm", {"eps": 1.0})), "statistics")
    assert found.ok
    assert found.executed[1] == pytest.approx(0.5, abs=0.1)
    assert found.executed[1] == pytest.approx(found.predicted[1], abs=1e-9)


@pytest.mark.parametrize("count_include_pad", [True, False])
def test_what_average_pooling_gives_to_padding_is_lost_and_no_fault(
    count_include_pad: bool,
) -> None:
    args = {"kernel": 3, "padding": 1, "count_include_pad": count_include_pad}
    net = net_of((2, 7, 7), ("avg_pool", args))
    assert failed(net) == []


NO_FAULT: dict[str, Net] = {
    "a chunk is a view of its input": net_of((4, 5), ("chunk", {"n": 2, "index": 1})),
    "an identity is its input": net_of((4, 5), ("identity", {})),
    "a pool of windows of one": net_of((2, 5, 5), ("adaptive_max_pool", {"size": 5})),
    "a pad of nothing": net_of((2, 5), ("pad", {"padding": 0})),
    "a crop is a view": net_of((2, 5), ("crop", {"size": 3})),
    "a flattened vector": net_of((5,), ("flatten", {})),
    "a rectifier behind the gaps of a transposed conv": net_of(
        (2, 9), ("conv_transpose", {"out": 2, "kernel": 2, "stride": 4, "dilation": 3}),
        ("relu", {}),
    ),
    "a rectifier behind padding alone": net_of(
        (2, 3), ("pad", {"padding": 4}), ("conv", {"out": 2, "kernel": 3}), ("relu", {})
    ),
    "noise": net_of((2, 8, 8), ("dropout", {"rate": 0.5}), ("drop_path", {"rate": 0.3})),
    "one value a channel": net_of((2, 1, 1), ("batch_norm", {})),
    "three axes": net_of((2, 4, 5, 6), ("conv", {"out": 2, "kernel": 2}), ("relu", {})),
    "vectors": net_of((6,), ("linear", {"out": 4, "weight_norm": True}), ("softmax", {})),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_FAULT)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_false_alarm(name: str, seed: int) -> None:
    assert verify(NO_FAULT[name], backward=True, seed=seed).failed == ()


def test_layers_that_share_add_their_gradients() -> None:
    text = "input: [2, 6]\nlayers:\n  a: {conv: {out: 2, kernel: 3, padding: 1}}\n  t: {tanh: }\n"
    text += "  b: {conv: {out: 2, kernel: 3, padding: 1}, share: a}\n"
    assert cnncalc.verify(cnncalc.loads(text), backward=True).ok


def test_equal_layers_are_tried_once() -> None:
    rows: list[Any] = [("conv", {"out": 2, "kernel": 3, "padding": 1})] * 3
    found = of(net_of((2, 6, 6), *rows), "gradient")
    assert [f.path for f in found] == ["n1", ""]
    assert np.isfinite([f.executed for f in found]).all()
