"""Small networks written down as rows of calls."""

from __future__ import annotations

import json
from typing import Any

from cnncalc.geometry import Shape
from cnncalc.graph import Graph, Node
from cnncalc.net import Net, infer
from cnncalc.ops import find

Row = tuple[Any, ...]
"""(name, arguments), or (name, arguments, *numbers of the tensors it reads)."""


def graph_of(inputs: Shape | dict[str, Shape], *rows: Row, outputs: tuple[int, ...] = ()) -> Graph:
    """Return a graph; a row without tensors reads the one before it. Paths are n1, n2, …"""
    named = inputs if isinstance(inputs, dict) else {"image": inputs}
    nodes = []
    for number, (name, args, *read) in enumerate(rows):
        kind = find(name)
        assert kind is not None, name
        tensors = tuple(read) or (len(named) + number - 1,)
        nodes.append(Node(f"n{number + 1}", kind(**args), tensors))
    return Graph(named, nodes, outputs or (len(named) + len(rows) - 1,))


def net_of(inputs: Shape | dict[str, Shape], *rows: Row, outputs: tuple[int, ...] = ()) -> Net:
    return infer(graph_of(inputs, *rows, outputs=outputs))


def text_of(graph: Graph) -> str:
    """Return a graph as a spec: JSON is YAML."""
    names = [*graph.inputs, *(node.path for node in graph.nodes)]
    layers = {}
    for node in graph.nodes:
        refs = [names[tensor] for tensor in node.inputs]
        if node.op.join:
            layers[node.path] = {node.op.name: refs}
            continue
        args = {key: value for key, value in node.op.args().items() if value is not None}
        layers[node.path] = {node.op.name: args, "from": refs[0]}
        if node.shares is not None:
            layers[node.path]["share"] = node.shares.path
    outputs = [names[tensor] for tensor in graph.outputs]
    return json.dumps({"inputs": graph.inputs, "layers": layers, "outputs": outputs}, indent=1)
