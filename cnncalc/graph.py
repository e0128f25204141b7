"""A network as a checked list of nodes in order, and the two loops that walk it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cnncalc.errors import CnncalcError
from cnncalc.geometry import Shape
from cnncalc.ops.base import Op

Value = TypeVar("Value")


if TYPE_CHECKING:  # a protocol costs as much to define as all classes here

    class Step(Protocol):
        """What reads tensors by their numbers: a node, or a layer."""

        @property
        def inputs(self) -> tuple[int, ...]:
            """The tensors it reads."""


class Call:
    """A block call that led to a layer: its place, its arguments, and its own caller.

    `path` is that of the group of layers that it made.
    """

    __slots__ = ("arguments", "block", "caller", "column", "file", "line", "path")

    def __init__(
        self,
        block: str,
        arguments: Mapping[str, Any],
        place: tuple[str, int, int],
        caller: Call | None,
        path: str = "",
    ) -> None:
        self.block = block
        self.arguments = arguments
        self.file, self.line, self.column = place
        self.caller = caller
        self.path = path

    def __str__(self) -> str:
        given = ", ".join(f"{key}={value}" for key, value in self.arguments.items())
        return f"{self.block}({given})"


class Source:
    """Where a layer is written, and the block calls around it. Lines and columns count from 1."""

    __slots__ = ("caller", "column", "file", "line")

    def __init__(self, place: tuple[str, int, int], caller: Call | None = None) -> None:
        self.file, self.line, self.column = place
        self.caller = caller

    def calls(self) -> Iterator[Call]:
        """Yield the block calls, innermost first."""
        call = self.caller
        while call is not None:
            yield call
            call = call.caller


NOWHERE = Source(("", 0, 0))


class Node:
    """One step of a network: an op, and the tensors it reads.

    `inputs` are tensor numbers: the network's inputs come first, then each node's output. `part`
    says that the node is part of the layer before it (a conv's norm or activation). `shares` is the
    node whose parameters this one uses too. `branches` names a join's inputs.
    """

    __slots__ = ("branches", "inputs", "op", "part", "path", "shares", "source")

    def __init__(
        self,
        path: str,
        op: Op,
        inputs: tuple[int, ...],
        source: Source = NOWHERE,
        *,
        part: bool = False,
        shares: Node | None = None,
        branches: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.op = op
        self.inputs = inputs
        self.source = source
        self.part = part
        self.shares = shares
        self.branches = branches

    def __repr__(self) -> str:
        return f"Node({self.path}: {self.op!r} of {self.inputs})"


class Graph:
    """Inputs by name, nodes in topological order, and the tensor numbers of the outputs."""

    __slots__ = ("inputs", "nodes", "outputs")

    def __init__(
        self, inputs: Mapping[str, Shape], nodes: Iterable[Node], outputs: Sequence[int]
    ) -> None:
        self.inputs = dict(inputs)
        self.nodes = tuple(nodes)
        self.outputs = tuple(outputs)
        self._check()

    def _check(self) -> None:
        known = len(self.inputs)
        for node in self.nodes:
            for tensor in node.inputs:
                if not 0 <= tensor < known:
                    raise CnncalcError(
                        f"{node.path}: reads tensor {tensor}, and only {known} tensors come before",
                        hint="write layers in the order in which they run",
                    )
            known += 1
        for tensor in self.outputs:
            if not 0 <= tensor < known:
                raise CnncalcError(f"output {tensor} does not exist: there are {known} tensors")

    def name_of(self, tensor: int) -> str:
        """Return the path of the node that makes a tensor, or the input's name."""
        count = len(self.inputs)
        return list(self.inputs)[tensor] if tensor < count else self.nodes[tensor - count].path


def fold(steps: Iterable[Step], visit: Callable[..., Value], seed: Iterable[Value]) -> list[Value]:
    """Push values forward: `visit(step, *values of its inputs)` for each step in order.

    The steps are the nodes of a graph or the layers of a net. Returns one value a tensor: the
    seed's (one for each network input), then each step's.
    """
    values = list(seed)
    for step in steps:
        inputs = step.inputs
        if len(inputs) == 1:
            values.append(visit(step, values[inputs[0]]))
        else:
            values.append(visit(step, *[values[tensor] for tensor in inputs]))
    return values


def fold_back(
    graph: Graph,
    visit: Callable[[Node, Value], Sequence[Value | None]],
    seed: Mapping[int, Value],
    join: Callable[[Value, Value], Value],
) -> list[Value | None]:
    """Pull values backward from the tensors in `seed`: `visit(node, value of its output)`.

    `visit` returns a value for each of the node's inputs, or None where nothing flows. Where
    several readers of a tensor send values back, `join` makes one of two. Returns one value a
    tensor; None where nothing arrived.
    """
    count = len(graph.inputs)
    values: list[Value | None] = [None] * (count + len(graph.nodes))
    for tensor, value in seed.items():
        values[tensor] = value
    for index in range(len(graph.nodes) - 1, -1, -1):
        value_here = values[count + index]
        if value_here is None:
            continue
        node = graph.nodes[index]
        for tensor, sent in zip(node.inputs, visit(node, value_here), strict=True):
            present = values[tensor]
            if sent is not None:
                values[tensor] = sent if present is None else join(present, sent)
    return values
