"""One node of an ONNX model as layers: what translators are given, and how a case runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from conformance.engines import Engine, Layer, Unsupported, run
from conformance.onnx_cases import Case, Step
from numpy.testing import assert_allclose

from cnncalc.reference.arrays import Array


class Translation:
    """A node with its inputs, and the engine that runs its layers."""

    def __init__(
        self, step: Step, inputs: Sequence[Any], opset: int, engine: Engine, *, exact: bool
    ) -> None:
        self.operator = step.operator
        self.inputs = list(inputs)
        self.outputs = len(step.outputs)
        self.opset = opset
        self.engine = engine
        self.exact = exact
        self.attributes = dict(step.attributes)
        self.updates: dict[str, Array] = {}
        """New running statistics that the last run in training made."""

    @property
    def x(self) -> Any:
        return self.inputs[0]

    def input(self, index: int) -> Any:
        """Return an input, None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def take(self, name: str, default: Any = None) -> Any:
        """Return an attribute; one that no translator takes is an error."""
        return self.attributes.pop(name, default)

    def integers(self, name: str, index: int) -> list[int] | None:
        """Return numbers that older versions have as an attribute, and newer ones as an input."""
        given = self.input(index)
        found = self.take(name) if given is None else given.reshape(-1)
        return None if found is None else [int(value) for value in found]

    def run(self, x: Array, *layers: Layer, training: bool = False) -> Array:
        """Return what the layers make of an array (N, C, *spatial)."""
        ran = run(self.engine, x, layers, training=training, exact=self.exact)
        self.updates = ran.updates
        return ran.out


Translator = Callable[[Translation], list[Any]]
"""Returns the node's outputs."""

TRANSLATORS: dict[str, Translator] = {}
EXACT: set[str] = set()
"""Operators that choose or move values: any type of numbers goes through float64 unharmed."""


def translates(*operators: str, exact: bool = False) -> Callable[[Translator], Translator]:
    """Register the translator of these operators."""

    def register(translator: Translator) -> Translator:
        for operator in operators:
            assert operator not in TRANSLATORS, operator
            TRANSLATORS[operator] = translator
            if exact:
                EXACT.add(operator)
        return translator

    return register


def _constant(node: Translation) -> list[Any]:
    return [node.take("value")]


def _transpose(node: Translation) -> list[Any]:
    return [node.x.transpose(node.take("perm"))]


PLUMBING: dict[str, Translator] = {"Constant": _constant, "Transpose": _transpose}
"""What prepares arrays around the layers, and is no layer."""


def has_counterpart(case: Case) -> bool:
    """Whether all of a case's operators are layers here, or prepare arrays around them."""
    known = TRANSLATORS.keys() | PLUMBING.keys()
    return case.operators <= known and bool(case.operators & TRANSLATORS.keys())


def run_case(case: Case, engine: Engine) -> dict[str, Any]:
    """Return all arrays of a case by name, its outputs among them."""
    arrays = dict(case.arrays)
    for step in case.steps:
        node = Translation(
            step,
            [arrays[name] if name else None for name in step.inputs],
            case.opset,
            engine,
            exact=step.operator in EXACT,
        )
        translator = TRANSLATORS.get(step.operator) or PLUMBING[step.operator]
        outputs = translator(node)
        assert not node.attributes, f"{step.operator}: nothing reads {sorted(node.attributes)}"
        arrays |= dict(zip(step.outputs, outputs, strict=True))
    return arrays


def agree(one: Array, other: Array) -> None:
    """Hold two ways to say the same against each other."""
    assert_allclose(other, one, rtol=1e-5, atol=1e-6)


def as_map(x: Any) -> Any:
    """Return the view of an array with a batch and channels at least."""
    return x.reshape(1, -1) if isinstance(x, np.ndarray) and x.ndim < 2 else x


def channels_at(x: Array, axis: int) -> Array:
    """Return the view in which an axis takes the place of the channels."""
    return x.reshape(1, -1) if x.ndim < 2 else np.moveaxis(x, axis, 1)


def channels_back(y: Array, axis: int, rank: int) -> Array:
    """Return the view in which the channels are back at their axis."""
    return y.reshape(-1) if rank < 2 else np.moveaxis(y, 1, axis)


def a_channel(x: Array, value: float) -> Array:
    """Return one value for each channel of a map."""
    return np.full(x.shape[1:2], value, np.float64)


def refuse_unless(condition: object, text: str) -> None:
    """Raise Unsupported with a text where a condition does not hold."""
    if not condition:
        raise Unsupported(text)
