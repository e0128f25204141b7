"""The figure by which a run is refused: above what the run takes, and not far above."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

import cnncalc
from cnncalc.net import Net
from cnncalc.verification import verify
from cnncalc.verification.memory import SCRATCH_BYTES, backward_bytes, forward_bytes

SIZES: dict[str, tuple[int, ...] | None] = {
    "lenet5": None,
    "squeezenet1_1": (3, 128, 128),
    "resnet18": (3, 64, 64),
    "mobilenet_v2": (3, 96, 96),
    "unet": (1, 64, 64),
    "densenet121": (3, 64, 64),
    "r3d_18": (3, 4, 32, 32),
    "alexnet": (3, 64, 64),
}
"""Network -> its input; alexnet for its linear layers, nearly all of its params."""

GRADIENTS = ("lenet5",)
LONG = ("r3d_18", "unet")


def slow(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.slow, id=f"{name}-slow")


def net_of(name: str) -> Net:
    shape = SIZES[name]
    return cnncalc.load(name, input={"": shape} if shape else {})


def peak(run: Callable[[], object]) -> int:
    """Return the most memory that was allocated at a time, beyond what there was before."""
    run_small()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def run_small() -> None:
    """Import what is imported late, and fill the caches."""
    verify(cnncalc.load("lenet5"), backward=True)


@pytest.mark.parametrize("name", [slow(name) if name in LONG else name for name in SIZES])
def test_a_run_takes_less_than_its_figure_and_more_than_a_third(name: str) -> None:
    net = net_of(name)
    taken = peak(lambda: verify(net))
    figure = forward_bytes(net)
    assert taken <= figure
    assert figure - SCRATCH_BYTES < 3 * taken


@pytest.mark.parametrize("name", [*GRADIENTS, *(slow(name) for name in SIZES)])
def test_gradients_take_less_than_their_figure_and_more_than_a_third(name: str) -> None:
    net = net_of(name)
    taken = peak(lambda: verify(net, backward=True))
    figure = backward_bytes(net)
    assert taken <= figure
    assert figure - SCRATCH_BYTES < 3 * taken


def test_the_refusal_names_figure_limit_and_options() -> None:
    """VGG-16 has 138,357,544 params of 4 bytes: 528 MiB before the first map."""
    with pytest.raises(cnncalc.CnncalcError) as caught:
        cnncalc.verify("vgg16", memory_limit=100 << 20)
    error = caught.value
    match = re.search(r"a run at input 3x224x224 needs up to (\d+(\.\d+)?) (MiB|GiB)", str(error))
    assert match
    needed = float(match[1]) * (1024 if match[3] == "GiB" else 1)
    assert 138_357_544 * 4 / 2**20 < needed < 2 * 138_357_544 * 4 / 2**20
    assert "the limit is 100 MiB" in str(error)
    assert error.hint == "raise it with --memory 1GiB, or give a smaller --input"


def test_gradients_need_more_and_say_so() -> None:
    net = cnncalc.load("lenet5")
    assert forward_bytes(net) < backward_bytes(net)
    with pytest.raises(cnncalc.CnncalcError, match="with gradients, a run at input 1x32x32 needs"):
        verify(net, backward=True, memory_limit=forward_bytes(net))
    assert verify(net, memory_limit=forward_bytes(net)).ok


def test_the_size_that_the_hint_names_is_enough() -> None:
    with pytest.raises(cnncalc.CnncalcError) as caught:
        cnncalc.verify(net_of("resnet18"), memory_limit=1)
    hint = re.search(r"--memory (\d+)GiB", caught.value.hint)
    assert hint
    assert forward_bytes(net_of("resnet18")) <= int(hint[1]) << 30


@pytest.mark.parametrize("times", [2, 3])
def test_the_figure_grows_with_the_input(times: int) -> None:
    small, large = (
        forward_bytes(cnncalc.load("unet", input={"": (1, size, size)}))
        for size in (256, 256 * times)
    )
    assert small < large < small * (times**2 + 1)
