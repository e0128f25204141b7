"""A network with its facts: shapes, parameters, work and windows, resolved once, then read-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.geometry import POINT, Shape
from cnncalc.graph import Graph, Node
from cnncalc.ops.base import Op, Param, Windows, Work
from cnncalc.records import Record


class Facts:
    """What an op states about given input shapes. Equal layers share one object."""

    __slots__ = (
        "buffers",
        "out",
        "params",
        "pointwise",
        "trainable",
        "values",
        "whole_map",
        "windows",
        "work",
    )

    def __init__(self, op: Op, ins: tuple[Shape, ...]) -> None:
        self.out = op.shape(*ins)
        self.params = op.params(*ins)
        self.windows = op.windows(*ins)
        self.work = op.work(*ins, out=self.out)
        self.values = prod(self.out)
        self.trainable = sum(param.size for param in self.params if param.trainable)
        self.buffers = sum(param.size for param in self.params if not param.trainable)
        self.pointwise = not op.whole_map and all(
            windows is not None and windows.count(POINT) == len(windows) for windows in self.windows
        )
        """Every output reads one position of each input, and nothing else."""
        self.whole_map = any(
            len(shape) > 1 and (op.whole_map or windows is None)
            for shape, windows in zip(ins, self.windows, strict=True)
        )


class Layer:
    """A node with its facts: `ins` and `out` are shapes (channels, *spatial)."""

    __slots__ = ("facts", "inputs", "ins", "node")

    def __init__(self, node: Node, ins: tuple[Shape, ...], facts: Facts) -> None:
        self.node = node
        self.inputs = node.inputs
        """The tensors it reads, by number."""
        self.ins = ins
        self.facts = facts

    @property
    def path(self) -> str:
        """Dotted path from the root."""
        return self.node.path

    @property
    def out(self) -> Shape:
        """Shape of the output."""
        return self.facts.out

    @property
    def params(self) -> tuple[Param, ...]:
        """Learned arrays and buffers; a layer that shares lists them too."""
        return self.facts.params

    @property
    def work(self) -> Work:
        """Primitive operations of one image's forward pass."""
        return self.facts.work

    @property
    def windows(self) -> tuple[Windows, ...]:
        """For each input, a window an axis; None: no local path."""
        return self.facts.windows

    def __repr__(self) -> str:
        return f"Layer({self.path}: {self.ins} -> {self.out})"


class Inference:
    """Computes facts, once for each op and input shapes."""

    def __init__(self) -> None:
        self._known: dict[tuple[Op, tuple[Shape, ...]], Facts] = {}

    def facts(self, op: Op, ins: tuple[Shape, ...]) -> Facts:
        """Return the facts of `op` on inputs of these shapes; raises ShapeError."""
        key = (op, ins)
        facts = self._known.get(key)
        if facts is None:
            facts = self._known[key] = Facts(op, ins)
        return facts


class Budget(Record):
    """A budget line as the spec has it, with the line of the file that holds it."""

    text: str
    level: str
    file: str
    line: int
    column: int
    excerpt: str = ""
    id: str = ""
    why: str = ""
    only: tuple[str, ...] = ()
    """The variants that it is for; none means all."""


class Origin(Record):
    """Where a network comes from: for the report's head."""

    name: str = ""
    spec: str = ""
    variant: str | None = None
    vars: Mapping[str, Any] = {}
    budgets: tuple[Budget, ...] = ()
    """The lines that hold for this variant."""
    others: tuple[Budget, ...] = ()
    """The lines that hold for other variants only."""
    meta: Mapping[str, Any] = {}
    lines: Mapping[str, int] = {}
    """The lines of the spec where `input` stands, and `vars.NAME` and `defaults.TYPE.ARGUMENT`."""
    defaults: Mapping[str, Mapping[str, str]] = {}
    """Layer type -> argument -> its default in the spec, as it is written."""
    files: tuple[str, ...] = ()
    """The spec and the files that it includes, as they are called where they were read."""


class Net:
    """A graph whose facts are resolved. `net["stage2.res1.conv2"]` is one layer."""

    __slots__ = ("_index", "graph", "layers", "origin", "written")

    def __init__(self, graph: Graph, layers: tuple[Layer, ...], origin: Origin) -> None:
        self.graph = graph
        self.layers = layers
        self.origin = origin
        self.written = tuple(_written(layers))
        """Each layer as written: itself and its parts (norm, activation)."""
        self._index: dict[str, Layer] | None = None

    def __getitem__(self, path: str) -> Layer:
        if self._index is None:
            self._index = {layer.path: layer for layer in self.layers}
        if path not in self._index:
            raise CnncalcError(f"there is no layer {path!r}")
        return self._index[path]

    def shape_of(self, tensor: int) -> Shape:
        """Return the shape of a tensor by its number."""
        count = len(self.graph.inputs)
        if tensor < count:
            return list(self.graph.inputs.values())[tensor]
        return self.layers[tensor - count].out


def _written(layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, ...]]:
    start = 0
    for index in range(1, len(layers) + 1):
        if index == len(layers) or not layers[index].node.part:
            yield layers[start:index]
            start = index


def infer(graph: Graph, origin: Origin | None = None) -> Net:
    """Return the network with every layer's facts; raises ShapeError where a layer does not fit."""
    inference = Inference()
    shapes = list(graph.inputs.values())
    layers = []
    for node in graph.nodes:
        ins = tuple(shapes[tensor] for tensor in node.inputs)
        facts = inference.facts(node.op, ins)
        shapes.append(facts.out)
        layers.append(Layer(node, ins, facts))
    return Net(graph, tuple(layers), origin or Origin())
