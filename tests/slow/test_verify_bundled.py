"""`verify` on every bundled network at its full resolution, and on many random ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from generated.build import text_of
from generated.strategies import graphs
from hypothesis import HealthCheck, given, note, settings

import cnncalc
from cnncalc.bundled import bundled
from cnncalc.graph import Graph
from cnncalc.net import infer
from cnncalc.verification import verify

pytestmark = pytest.mark.slow

NETWORKS = {variant or path.stem: (path, variant) for path, variant in bundled()}

SMALLER: dict[str, tuple[int, ...]] = {
    "unet": (1, 160, 160),
    "retinanet_resnet50_fpn": (3, 256, 256),
    "deeplabv3_resnet50": (3, 200, 200),
    "deeplabv3_resnet101": (3, 200, 200),
    "fcn_resnet50": (3, 200, 200),
    "fcn_resnet101": (3, 200, 200),
    "efficientnet_v2_l": (3, 224, 224),
    "efficientnet_b7": (3, 224, 224),
}
"""Networks that take a minute or more at full resolution; the others run at theirs."""

GRADIENTS: dict[str, tuple[int, ...]] = {
    "lenet5": (1, 32, 32),
    "m5": (1, 4000),
    "squeezenet1_1": (3, 64, 64),
    "mobilenet_v2": (3, 64, 64),
    "googlenet": (3, 64, 64),
    "densenet121": (3, 64, 64),
    "unet": (1, 32, 32),
}
EVERY_FIELD: dict[str, tuple[int, ...]] = {
    "resnet18": (3, 96, 96),
    "googlenet": (3, 96, 96),
    "mobilenet_v3_small": (3, 96, 96),
    "unet": (1, 48, 48),
    "m5": (1, 4000),
}


def loaded(name: str, shape: tuple[int, ...] | None) -> cnncalc.Net:
    path, variant = NETWORKS[name]
    return cnncalc.load(path, variant=variant, input={"": shape} if shape else {})


@pytest.mark.parametrize("name", NETWORKS)
def test_every_bundled_network_holds(name: str) -> None:
    net = loaded(name, SMALLER.get(name))
    found = cnncalc.verify(net)
    assert found.failed == ()
    assert {"shape", "params", "macs", "field"} <= {finding.key for finding in found.findings}
    assert {f.path for f in found.findings if f.key == "shape"} == {x.path for x in net.layers}
    assert not [finding for finding in found.findings if finding.ok is None]


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_hold(name: str) -> None:
    found = cnncalc.verify(loaded(name, GRADIENTS[name]), backward=True)
    assert found.failed == ()
    assert found.findings[-1].path == ""
    assert found.findings[-1].ok


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_the_field_of_every_layer_holds(name: str) -> None:
    assert cnncalc.verify(loaded(name, EVERY_FIELD[name]), all_fields=True).failed == ()


def _fields(graph: Graph) -> None:
    assert verify(infer(graph), all_fields=True).failed == ()


def _gradients(graph: Graph) -> None:
    assert verify(infer(graph), backward=True).failed == ()


@pytest.mark.parametrize(("holds", "count"), [(_fields, 1500), (_gradients, 700)])
def test_many_random_networks_hold(holds: Callable[[Graph], None], count: int) -> None:
    @settings(
        max_examples=count, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(graphs())
    def look(graph: Graph) -> None:
        note(text_of(graph))
        holds(graph)

    look()
