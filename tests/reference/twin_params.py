"""The reference and PyTorch on one network with the same arrays: values and gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from generated.torch_twin import Twin
from generated.witness import shapes_of
from numpy.testing import assert_allclose
from torch import Tensor, nn

from cnncalc.graph import Graph, Node
from cnncalc.net import infer
from cnncalc.reference import Params, Tape, backward, find, forward
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call

BATCH = 2
VALUES = 1e-9
"""Difference of two values that counts as rounding, as a part of the largest in their array."""
GRADIENTS = 1e-7
"""The same for gradients: a norm of nearly equal values multiplies rounding by 1/√ε ≈ 300."""
NUDGES = 6
NUDGE = 1e-9


class Arrays(NamedTuple):
    """What goes in: inputs and params by name, gradients in the order of the outputs."""

    inputs: dict[str, Array]
    params: dict[str, Array]
    grads: list[Array]

    def nudged(self, random: np.random.Generator) -> Arrays:
        """Return the same arrays, each value changed a little."""

        def moved(x: Array) -> Array:
            return x + NUDGE * np.abs(x).max(initial=1e-3) * random.standard_normal(x.shape)

        return self._replace(
            inputs={name: moved(x) for name, x in self.inputs.items()},
            params={name: moved(x) for name, x in self.params.items()},
        )


class Ran(NamedTuple):
    """What comes out: each layer's values, gradients by name, and new running statistics."""

    values: dict[str, Array]
    grads: dict[str, Array]
    updates: dict[str, Array]


def drawn(graph: Graph, seed: int = 0) -> Arrays:
    """Return normal values for a batch, and params moved off their neutral values."""
    random = np.random.default_rng(seed)
    inputs = {n: random.standard_normal((BATCH, *shape)) for n, shape in graph.inputs.items()}
    made = Params(seed=seed)
    outputs = forward(graph, inputs, made)
    params = {n: x + 0.3 * np.abs(random.standard_normal(x.shape)) for n, x in made.items()}
    return Arrays(inputs, params, [random.standard_normal(y.shape) for y in outputs.values()])


def in_reference(graph: Graph, arrays: Arrays, *, training: bool) -> Ran:
    values: dict[str, Array] = {}

    def seen(node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
        if node.op.name == "dropout":
            call.training = False  # chance differs from PyTorch's; it has tests of its own
        values[node.path] = find(node.op.name).forward(call, *xs)
        return values[node.path]

    tape, mode = Tape(), "training" if training else "inference"
    outputs = forward(graph, arrays.inputs, arrays.params, mode, tape=tape, around=seen)
    updates = dict(tape.updates)
    found = backward(graph, tape, dict(zip(outputs, arrays.grads, strict=True)))
    return Ran(values, {**found.inputs, **found.params}, updates)


def in_torch(graph: Graph, arrays: Arrays, *, training: bool) -> Ran:
    twin = Twin(graph, shapes_of(infer(graph)), "cpu").double()
    for module in twin.modules():
        if training and not isinstance(module, nn.Dropout):
            module.training = True
    named = dict(twin.arrays())
    assert set(named) == set(arrays.params)
    take(named, arrays.params)
    inputs = {name: torch.tensor(x, requires_grad=True) for name, x in arrays.inputs.items()}
    found = twin(*inputs.values())
    outputs = [found[tensor] for tensor in graph.outputs]
    reached = [
        (y, torch.tensor(g)) for y, g in zip(outputs, arrays.grads, strict=True) if y.requires_grad
    ]
    torch.autograd.backward(*zip(*reached, strict=True))
    learned = {n: t for n, t in (inputs | named).items() if t.requires_grad}
    grads = {n: np.zeros(t.shape) if t.grad is None else t.grad.numpy() for n, t in learned.items()}
    buffers = {n: t.numpy() for n, t in named.items() if not t.requires_grad}
    paths = (node.path for node in graph.nodes)
    made = (tensor.detach().numpy() for tensor in found[len(inputs) :])
    return Ran(dict(zip(paths, made, strict=True)), grads, buffers if training else {})


def take(named: dict[str, Tensor], params: dict[str, Array]) -> None:
    """Copy arrays into PyTorch's of the same names."""
    with torch.no_grad():
        for name, tensor in named.items():
            assert tuple(tensor.shape) == params[name].shape, name
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(params[name])))


def agrees_with_torch(
    graph: Graph, *, training: bool = False, arrays: Arrays | None = None
) -> bool:
    """Compare all layers' values, and the gradients of inputs and params; whether they compare.

    A gradient is not defined at a kink: at the 0 of a ReLU, or where two values are the maximum.
    With normal values chance does not lead there, and the ties that a network makes by itself are
    harmless. Zeros behind a ReLU, in padding, or in the variance of one value have no gradient to
    send anywhere. Copies of a value (upsampled, padded by reflection, in two branches) are the same
    function of the arrays, whichever is taken. Rounding may take the place of such a zero or tie,
    and then norms multiply it, each by 1/√ε ≈ 300, until it counts. So where gradients differ,
    PyTorch is asked for its own with all arrays nudged by a billionth. If those stay the same, the
    difference is an error. If they do not, there is nothing to compare, and False is returned.
    """
    arrays = arrays or drawn(graph)
    ours = in_reference(graph, arrays, training=training)
    theirs = in_torch(graph, arrays, training=training)
    assert list(ours.values) == list(theirs.values)
    for path, found in ours.values.items():
        close(path, found, theirs.values[path], VALUES)
    assert set(ours.updates) == set(theirs.updates)
    for path, found in theirs.updates.items():
        close(path, ours.updates[path], found, VALUES)
    assert set(ours.grads) <= set(theirs.grads)
    zeros = {name: np.zeros_like(found) for name, found in theirs.grads.items()}
    try:
        _same_gradients(zeros | ours.grads, theirs.grads)
    except AssertionError:
        if _defined(graph, arrays, theirs.grads, training=training):
            raise
        return False
    return True


def _same_gradients(ours: dict[str, Array], theirs: dict[str, Array]) -> None:
    for name, found in theirs.items():
        close(name, ours[name], found, GRADIENTS)


def _defined(graph: Graph, arrays: Arrays, grads: dict[str, Array], *, training: bool) -> bool:
    """Whether PyTorch's gradients stay the same, but for rounding, near these arrays."""
    random = np.random.default_rng(1)
    for _ in range(NUDGES):
        near = in_torch(graph, arrays.nudged(random), training=training).grads
        for name, found in grads.items():
            if np.abs(near[name] - found).max(initial=0) > 1e-4 * np.abs(found).max(initial=1e-6):
                return False
    return True


def close(name: str, found: Array, wanted: Array, share: float) -> None:
    """Compare arrays, with a tolerance by the largest value."""
    largest = np.abs(wanted).max(initial=0)
    assert_allclose(found, wanted, rtol=0, atol=share * (largest + 1e-3), err_msg=name)
