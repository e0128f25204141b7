"""Predicted against executed: the network is run on NumPy arrays, and every figure is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnncalc.errors import CnncalcError
from cnncalc.findings import TITLES, Finding, Verification
from cnncalc.net import Net
from cnncalc.reference.arrays import Array
from cnncalc.reference.params import Params
from cnncalc.verification.execution import executed
from cnncalc.verification.fields import Fields, contexts
from cnncalc.verification.gradients import layer_findings, whole_finding
from cnncalc.verification.memory import need_memory

MEMORY_LIMIT = 4 << 30
Advance = Callable[[str], None]
"""Told what is being done next, for a progress bar."""


def verify(
    net: Net,
    *,
    backward: bool = False,
    all_fields: bool = False,
    seed: int = 0,
    params: Params | None = None,
    memory_limit: int = MEMORY_LIMIT,
    advance: Advance = lambda _: None,
) -> Verification:
    """Run a network and return what was compared: shapes, arrays, multiply-adds, fields, gradients.

    One image in float32 with params made from `seed` (or given), at inference; the field of the
    last layer that has a local one, or with `all_fields` of each. With `backward` also gradients,
    in float64 and training mode. Raises CnncalcError where that needs more than `memory_limit`
    bytes, or where given params do not fit.
    """
    need_memory(net, memory_limit, backward=backward)
    params = Params(seed=seed) if params is None else params
    for name, values in params.items():
        with np.errstate(over="ignore"):
            finite = np.isfinite(values.astype(np.float32)).all()
        if not finite:
            raise CnncalcError(
                f"array {name} holds NaN, or is infinite in float32; fields are measured by NaN",
                hint="give finite params, or none: they are made from the seed",
            )
    random = np.random.default_rng((seed, 1))
    inputs: dict[str, Array] = {
        name: random.standard_normal((1, *shape), np.float32)
        for name, shape in net.graph.inputs.items()
    }
    found = list(_findings(net, inputs, params, all_fields, backward, seed, advance))
    origin = net.origin
    return Verification(
        origin.spec,
        origin.variant,
        origin.name,
        dict(net.graph.inputs),
        seed,
        tuple((layer.path, layer.node.op.name) for layer in net.layers),
        tuple(_in_order(net, found)),
    )


def _findings(
    net: Net,
    inputs: dict[str, Array],
    params: Params,
    all_fields: bool,
    backward: bool,
    seed: int,
    advance: Advance,
) -> Iterator[Finding]:
    advance("shapes, params and multiply-adds")
    found = list(executed(net, inputs, params))
    yield from found
    if any(finding.ok is False and finding.key in ("runs", "shape") for finding in found):
        return  # there is no use in measuring one network against the figures of another
    yield from contexts(net)
    for source in range(len(net.graph.inputs)):
        fields = Fields(net, inputs, params, source, every=all_fields)
        yield from fields.findings(lambda path: advance(f"field of {path}"))
    if backward:
        yield from _gradients(net, seed, advance)


def _gradients(net: Net, seed: int, advance: Advance) -> Iterator[Finding]:
    """Yield findings about gradients; equal layers of equal inputs are tried once."""
    known: set[tuple[Any, ...]] = set()
    for layer in net.layers:
        key = (layer.node.op, layer.ins)
        if key not in known:
            known.add(key)
            advance(f"gradients of {layer.path}")
            yield from layer_findings(layer, seed)
    advance("gradients of the network")
    yield whole_finding(net, seed)


def _in_order(net: Net, findings: list[Finding]) -> list[Finding]:
    """Return findings in the order of the layers, those of the whole network last."""
    places = {layer.path: number for number, layer in enumerate(net.layers)}
    keys = list(TITLES)
    return sorted(findings, key=lambda f: (places.get(f.path, len(places)), keys.index(f.key)))
