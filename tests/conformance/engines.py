"""Two ways to run a few layers in a row: kernel by kernel, and as a network through `forward`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cnncalc.graph import Graph, Node
from cnncalc.net import infer
from cnncalc.ops import find as find_op
from cnncalc.ops.base import Op
from cnncalc.reference import Params, Tape, find, forward
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call


class Unsupported(Exception):  # noqa: N818 a refusal is no failure
    """The layer types have other semantics than the operator here; the text says which."""


class Layer(NamedTuple):
    """A layer that reads what comes from the layer before, and `beside` it these inputs."""

    op: Op
    params: Mapping[str, Array]
    beside: tuple[Array, ...]


class Ran(NamedTuple):
    out: Array
    updates: dict[str, Array]
    """New running statistics of the last layer, in training."""


Engine = Callable[[Array, Sequence[Layer], bool], Ran]
"""(input (N, C, *spatial), layers, training) -> the last layer's output."""


def layer(
    name: str,
    params: Mapping[str, Array | None] | None = None,
    beside: Sequence[Array] = (),
    **args: Any,
) -> Layer:
    """Return a layer; arrays that are None are left out."""
    kind = find_op(name)
    assert kind is not None, name
    arrays = {key: values for key, values in (params or {}).items() if values is not None}
    return Layer(kind(**args), arrays, tuple(beside))


def check_shapes(x: Array, layers: Sequence[Layer]) -> tuple[int, ...]:
    """Return the shape that the ops' facts predict; raises ShapeError where a layer refuses."""
    shape = x.shape[1:]
    for each in layers:
        shape = each.op.shape(shape, *(other.shape[1:] for other in each.beside))
    return shape


def by_kernels(x: Array, layers: Sequence[Layer], training: bool) -> Ran:
    """Run each kernel's `forward`; arrays keep the order of memory in which they come."""
    updates: dict[str, Array] = {}
    for each in layers:
        call = Call(each.op, dict(each.params), training=training)
        x = find(each.op.name).forward(call, x, *each.beside)
        updates = call.updates
    return Ran(x, updates)


def by_network(x: Array, layers: Sequence[Layer], training: bool) -> Ran:
    """Run `cnncalc.reference.forward`; its params check the arrays' names and shapes."""
    inputs, reads = {"x": x}, []
    for each in layers:
        first = len(inputs)
        inputs |= {f"beside{first + number}": other for number, other in enumerate(each.beside)}
        reads.append(tuple(range(first, len(inputs))))
    nodes = []
    for number, (each, beside) in enumerate(zip(layers, reads, strict=True)):
        before = len(inputs) + number - 1 if number else 0
        nodes.append(Node(f"n{number}", each.op, (before, *beside)))
    shapes = {name: values.shape[1:] for name, values in inputs.items()}
    net = infer(Graph(shapes, nodes, [len(inputs) + len(nodes) - 1]))
    arrays = {f"n{n}.{key}": a for n, each in enumerate(layers) for key, a in each.params.items()}
    tape = Tape() if training else None
    mode = "training" if training else "inference"
    (out,) = forward(net, inputs, Params(arrays), mode, tape=tape).values()
    last = f"n{len(layers) - 1}."
    updates = tape.updates if tape else {}
    return Ran(out, {n.removeprefix(last): a for n, a in updates.items() if n.startswith(last)})


ENGINES: tuple[Engine, ...] = (by_kernels, by_network)


def run(engine: Engine, x: Array, layers: Sequence[Layer], *, training: bool, exact: bool) -> Ran:
    """Run layers on an array of any type, and return a result of the same type.

    The reference computes in float32 and float64. With `exact`, the layers only choose or move
    values: other types go through float64, which keeps them. Raises Unsupported for other types
    without it, and for arrays without values; ShapeError where the layers refuse the shapes.
    """
    everything = [x, *(other for each in layers for other in each.beside)]
    if any(not isinstance(values, np.ndarray) for values in everything):
        raise Unsupported("a sequence or an optional is no array")
    if any(0 in values.shape for values in everything):
        raise Unsupported("an array without values")
    given = x.dtype
    dtype = given if given in (np.float32, np.float64) else np.dtype(np.float64)
    if dtype != given and not exact:
        raise Unsupported(f"arithmetic on {given}")
    cast = [
        Layer(
            each.op,
            {name: np.asarray(values, dtype) for name, values in each.params.items()},
            tuple(other.astype(dtype, copy=False) for other in each.beside),
        )
        for each in layers
    ]
    predicted = check_shapes(x, cast)
    ran = engine(x.astype(dtype, copy=False), cast, training)
    assert ran.out.dtype == dtype, f"{dtype} in, {ran.out.dtype} out"
    assert ran.out.shape == (len(x), *predicted), f"predicted {predicted}, made {ran.out.shape}"
    return Ran(ran.out.astype(given, copy=False), ran.updates)
