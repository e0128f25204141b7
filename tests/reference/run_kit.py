"""Inputs for whole networks, and the check that a run writes over nothing that is read again."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from cnncalc.graph import Graph, Node
from cnncalc.reference import Params, Tape, backward, find, forward
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call


def inputs_of(graph: Graph, batch: int = 2, dtype: str = "float64") -> dict[str, Array]:
    random = np.random.default_rng(0)
    return {
        name: random.standard_normal((batch, *shape)).astype(dtype)
        for name, shape in graph.inputs.items()
    }


def copying(node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
    """Run a layer on copies of its inputs, in the same order of memory, and copy the result."""
    call.overwrite = False
    held = tuple(np.array(x, order="K") for x in xs)
    return np.array(find(node.op.name).forward(call, *held), order="K")


def frozen(x: Array) -> Array:
    """Return the array; to write to it is an error from now on."""
    x.flags.writeable = False
    return x


def writes_nothing_that_is_read_again(graph: Graph) -> None:
    """Compare with copies; the caller's inputs and gradients cannot be written to at all."""
    inputs, params = inputs_of(graph), Params(seed=1)
    inputs = {name: frozen(x) for name, x in inputs.items()}
    wanted = forward(graph, inputs, params, around=copying)
    arrays = {name: values.copy() for name, values in params.items()}
    found, tape = forward(graph, inputs, params), Tape()
    taped = forward(graph, inputs, params, tape=tape)
    grads = {name: frozen(np.ones_like(y)) for name, y in taped.items()}
    backward(graph, tape, grads)
    for name, y in wanted.items():
        close = 1e-11 * (1 + np.abs(y).max(initial=0))
        assert_allclose(found[name], y, rtol=0, atol=close, err_msg=name)
        assert_allclose(taped[name], y, rtol=0, atol=close, err_msg=name)
    for name, values in arrays.items():
        assert_array_equal(params[name], values)
