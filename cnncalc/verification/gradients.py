"""Analytic gradients against finite differences, in float64; pooling's sums; batch norm's output.

Each layer type and input shape of the network is tried for itself, on values without ties, in
training mode: (f(x + εd) - f(x - εd)) / 2ε for the sum f of the output times fixed numbers, where d
moves a few values. Then the network as a whole is tried in the same way, which is where joins,
shared layers and tensors with several readers come in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from cnncalc.errors import CnncalcError
from cnncalc.findings import Finding
from cnncalc.net import Layer, Net
from cnncalc.records import Record
from cnncalc.reference.arrays import Array, packed
from cnncalc.reference.kernel import Call, Maker, find
from cnncalc.reference.params import Params
from cnncalc.reference.run import Tape, backward, forward
from cnncalc.verification.execution import finding

BATCH = 2
STEP = 1e-6
SMALL = 1e-2
"""Derivatives below this are compared with this: below lies the rounding of the difference."""
MOVED = 8
"""Values of an array that are moved at once."""
TOLERANCE = 1e-5
WHOLE_TOLERANCE = 1e-3
"""A step moves thousands of units of a deep network over a kink of their activation."""
STATISTICS_TOLERANCE = 1e-6


class Slope(Record):
    """A derivative in one direction: by backward, and by a finite difference."""

    analytic: float
    numeric: float

    def holds(self, tolerance: float) -> bool:
        """Whether both agree, relative to the larger."""
        size = max(abs(self.analytic), abs(self.numeric), SMALL)
        return bool(abs(self.analytic - self.numeric) <= tolerance * size)


class Trial:
    """One layer on values of its own, with what backward found."""

    def __init__(self, layer: Layer, seed: int) -> None:
        self.op = layer.node.op
        self.kernel = find(self.op.name)
        self.random = np.random.default_rng((seed, 7))
        shapes = [(BATCH, *shape) for shape in layer.ins]
        self.xs = [packed(self.random.standard_normal(shape)) for shape in shapes]
        make = Maker(np.random.default_rng((seed, 8)), np.dtype(np.float64))
        self.params = self.kernel.params(self.op, make, *shapes)
        self.call, self.out = self.run()
        self.grad = self.random.standard_normal(self.out.shape)
        self.input_grads = self.kernel.backward(self.call, self.grad)

    def run(self) -> tuple[Call, Array]:
        """Run the layer forward; noise is the same each time."""
        call = Call(self.op, self.params, training=True, keep=True, random=_fixed())
        return call, self.kernel.forward(call, *self.xs).copy()  # it may be a view of an input

    def slope(self, values: Array, gradient: Array, step: float = STEP) -> Slope:
        """Return the derivative along a few values of one of the layer's arrays."""
        places = [self.random.integers(0, n, MOVED) for n in values.shape]
        kept = values[tuple(places)].copy()
        signs = self.random.choice([-1.0, 1.0], kept.shape)
        ends = []
        for way in (step, -step):
            values[tuple(places)] = kept + way * signs
            ends.append(self.run()[1])
            values[tuple(places)] = kept
        moved = np.zeros_like(values)
        moved[tuple(places)] = signs  # a place drawn twice moves once, by the last sign
        numeric = float(((ends[0] - ends[1]) * self.grad).sum() / (2 * step))
        return Slope(float((gradient * moved).sum()), numeric)


def _fixed() -> np.random.Generator:
    return np.random.default_rng(5)


def layer_findings(layer: Layer, seed: int) -> Iterator[Finding]:
    """Yield findings about the gradients of one layer, and what its family must keep."""
    try:
        trial = Trial(layer, seed)
    except (ValueError, CnncalcError) as error:
        yield finding("gradient", layer, None, "", "", f"not run in training: {error}")
        return
    if not np.isfinite(trial.out).all():
        yield finding("gradient", layer, None, "", "", "infinity or NaN comes out")
        return
    yield _gradients(layer, trial)
    if trial.kernel.keeps_sum:
        yield _kept_sum(layer, trial)
    if "running_var" in trial.kernel.buffers:
        yield _normal(layer, trial)


def _gradients(layer: Layer, trial: Trial) -> Finding:
    """Return a finding about all arrays of a layer: inputs by number, params by name."""
    arrays = [(f"input {n + 1}", x, g) for n, (x, g) in enumerate(_pairs(trial))]
    for name, values in trial.params.items():
        if name not in trial.kernel.buffers:
            arrays.append((name, values, trial.call.grads[name]))
    slope = Slope(0.0, 0.0)
    for name, values, gradient in arrays:
        slope = trial.slope(values, gradient)
        if not slope.holds(TOLERANCE):  # a kink was met, or it is wrong: then it is again
            slope = trial.slope(values, gradient, STEP / 10)
        if not slope.holds(TOLERANCE):
            detail = f"of {name}; predicted is the finite difference"
            return finding("gradient", layer, False, slope.numeric, slope.analytic, detail)
    names = ", ".join(name for name, _, _ in arrays)
    return finding("gradient", layer, True, slope.numeric, slope.analytic, f"of {names}")


def _pairs(trial: Trial) -> Iterator[tuple[Array, Array]]:
    yield from zip(trial.xs, trial.input_grads, strict=True)


def _kept_sum(layer: Layer, trial: Trial) -> Finding:
    """Return a finding about the notes' rule that pooling keeps the sum of the gradients.

    A mean that counts padding gives a part of the gradient to padding: only windows that lie on the
    map are asked there, and these are the ones whose mean of ones is one.
    """
    ones = [np.ones_like(x) for x in trial.xs]
    inside = trial.kernel.forward(Call(trial.op), *ones) == 1
    grad = trial.grad * inside
    call, _ = trial.run()
    (spread,) = trial.kernel.backward(call, grad)
    before, after = float(grad.sum()), float(spread.sum())
    ok = abs(before - after) <= TOLERANCE * float(np.abs(grad).sum())
    return finding("gradient sum", layer, ok, before, after)


def _normal(layer: Layer, trial: Trial) -> Finding:
    """Batch norm in training gives each channel mean β = 0 and variance σ²/(σ² + ε), γ being 1."""
    axes = (0, *range(2, trial.out.ndim))
    variance = trial.xs[0].var(axis=axes)
    wanted = variance / (variance + trial.call.op.eps)
    mean = float(np.abs(trial.out.mean(axis=axes)).max())
    off = float(np.abs(trial.out.var(axis=axes) - wanted).max())
    ok = mean <= STATISTICS_TOLERANCE and off <= STATISTICS_TOLERANCE
    worst = int(np.abs(trial.out.var(axis=axes) - wanted).argmax())
    predicted = (0.0, float(wanted[worst]))
    executed = (mean, float(trial.out.var(axis=axes)[worst]))
    detail = "largest mean of a channel, and the variance that is furthest off"
    return finding("statistics", layer, ok, predicted, executed, detail)


def whole_finding(net: Net, seed: int) -> Finding:
    """Return a finding about the network's gradient in one direction over all inputs and params."""
    random = np.random.default_rng((seed, 9))
    inputs = {
        name: random.standard_normal((BATCH, *shape)) for name, shape in net.graph.inputs.items()
    }
    tape = Tape()
    try:
        params = _off_kinks(net, inputs, seed)
        outputs = forward(net, inputs, params, "training", tape=tape)
    except CnncalcError as error:
        return Finding("gradient", "", None, "", "", f"not run in training: {error}")
    weights = {name: random.standard_normal(out.shape) for name, out in outputs.items()}
    found = backward(net, tape, weights)
    moves = {
        **{("input", name): _move(random, x, found.inputs[name]) for name, x in inputs.items()},
        **{("param", name): _move(random, params[name], g) for name, g in found.params.items()},
    }

    def ends(step: float) -> dict[str, Array]:
        moved = {n: x + step * moves["input", n][0] for n, x in inputs.items()}
        changed = {n: params[n] + step * moves["param", n][0] for n in found.params}
        return forward(net, moved, params.updated(changed), "training")

    analytic = sum(share for _, share in moves.values())
    return _whole(analytic, ends, weights)


def _move(random: Any, values: Array, gradient: Array) -> tuple[Array, float]:
    """Return a direction that moves one value of an array, and the gradient's share along it."""
    place = tuple(random.integers(0, n) for n in values.shape)
    direction = np.zeros_like(values)
    direction[place] = 1
    return direction, float(gradient[place])


def _off_kinks(net: Net, inputs: dict[str, Array], seed: int) -> Params:
    """Return params without neutral values: an offset of 0 puts units just on relu's kink."""
    params = Params(seed=seed)
    forward(net, inputs, params, "training")
    random = np.random.default_rng((seed, 10))
    return params.updated(
        {n: v + 0.1 * np.abs(random.standard_normal(v.shape)) for n, v in params.items()}
    )


def _whole(
    analytic: float, ends: Callable[[float], dict[str, Array]], weights: Mapping[str, Array]
) -> Finding:
    """Compare at smaller and smaller steps; wrong is where two of them agree on another slope."""
    ok: bool | None = None
    before = slope = Slope(analytic, float("inf"))
    for step in (STEP, STEP / 10, STEP / 100):
        up, down = ends(step), ends(-step)
        sums = (float(((up[name] - down[name]) * weights[name]).sum()) for name in weights)
        before, slope = slope, Slope(analytic, sum(sums) / (2 * step))
        if slope.holds(WHOLE_TOLERANCE):
            ok = True
            break
        if Slope(before.numeric, slope.numeric).holds(WHOLE_TOLERANCE):
            ok = False
            break
    detail = "of the whole network; predicted is the finite difference"
    if ok is None:
        detail = "the finite difference of the whole network does not settle as its step shrinks"
    return Finding("gradient", "", ok, slope.numeric, slope.analytic, detail)
