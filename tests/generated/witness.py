"""What every unit reads, found by following sets of positions through the windows' definition."""

from __future__ import annotations

from cnncalc.geometry import Shape, Window
from cnncalc.net import Net

Span = tuple[int, int] | None


def read_by(window: Window, unit: int) -> list[int]:
    """Return the samples that an output reads: a tap on a stuffed zero reads none."""
    start = unit * window.stride - window.pad[0]
    places = [start + window.dilation * tap for tap in range(window.kernel)]
    return [place // window.up for place in places if place % window.up == 0]


def ends(positions: frozenset[int]) -> Span:
    return (min(positions), max(positions)) if positions else None


def cut(span: Span, size: int) -> Span:
    """Return the part of an interval that lies on the input."""
    if span is None or span[1] < 0 or span[0] >= size:
        return None
    return max(span[0], 0), min(span[1], size - 1)


def shapes_of(net: Net) -> list[Shape]:
    return [*net.graph.inputs.values(), *(layer.out for layer in net.layers)]


class Witness:
    """Sets of positions on one axis of one input, bottom-up.

    Unbounded, positions outside a map count like those inside: that is the field's definition.
    `bounded`, padding reads nothing, as when the network runs.
    """

    def __init__(self, net: Net, source: int, axis: int, *, bounded: bool = False) -> None:
        self.net, self.source, self.axis, self.bounded = net, source, axis, bounded
        self.shapes = shapes_of(net)
        self.known: dict[tuple[int, int], frozenset[int]] = {}

    def edges(self, tensor: int) -> list[tuple[int, Window]]:
        """Return (input, window) for each local path into a tensor."""
        index = tensor - len(self.net.graph.inputs)
        if index < 0:
            return []
        layer = self.net.layers[index]
        pairs = zip(layer.node.inputs, layer.windows, strict=True)
        return [(source, windows[self.axis]) for source, windows in pairs if windows]

    def reads(self, tensor: int, unit: int) -> frozenset[int]:
        """Return the input positions that one unit reads."""
        key = (tensor, unit)
        if key not in self.known:
            self.known[key] = self._reads(tensor, unit)
        return self.known[key]

    def _reads(self, tensor: int, unit: int) -> frozenset[int]:
        shape = self.shapes[tensor]
        if self.bounded and (len(shape) < 2 or not 0 <= unit < shape[1 + self.axis]):
            return frozenset()
        if tensor == self.source:
            return frozenset((unit,))
        found: set[int] = set()
        for source, window in self.edges(tensor):
            for sample in read_by(window, unit):
                found |= self.reads(source, sample)
        return frozenset(found)

    def carried_down(self, top: int, unit: int) -> dict[int, set[int]]:
        """Return the units of each tensor below that one unit reads, top-down."""
        reached: dict[int, set[int]] = {top: {unit}}
        for tensor in range(top, -1, -1):
            for source, window in self.edges(tensor):
                row = reached.setdefault(source, set())
                for each in reached.get(tensor, ()):
                    row.update(read_by(window, each))
        return reached

    def every_path_runs_through(self, top: int, tensor: int) -> bool:
        """Whether no local path leads from the source to `top` around `tensor`."""
        around = {self.source} - {tensor}
        for each in range(top + 1):
            if each != tensor and any(source in around for source, _ in self.edges(each)):
                around.add(each)
        return top not in around or top == tensor
