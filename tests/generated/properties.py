"""What must hold of every network; the fast and the slow tests differ in how many they try."""

from __future__ import annotations

from typing import Any

from generated.build import text_of
from generated.torch_twin import Twin, reacts
from generated.witness import Span, Witness, cut, ends, read_by, shapes_of

import cnncalc
from cnncalc.analyses.crosscheck import cross_check
from cnncalc.analyses.receptive import Receptive
from cnncalc.analyses.summary import analyze
from cnncalc.geometry import hull, interval_at, size_range
from cnncalc.graph import Graph
from cnncalc.net import Net, infer

OUTSIDE = 3
"""Units beyond both ends of a map: padding in later layers reads them."""


def axes_of(net: Net) -> list[tuple[int, int]]:
    """Return every (input, axis) of a network."""
    shapes = net.graph.inputs.values()
    return [(source, axis) for source, shape in enumerate(shapes) for axis in range(len(shape) - 1)]


def shapes_and_counts_equal_torch(graph: Graph) -> None:
    net = infer(graph)
    shapes = shapes_of(net)
    twin = Twin(graph, shapes)
    assert [tuple(tensor.shape[1:]) for tensor in twin()] == shapes
    for layer in net.layers:
        counts = layer.facts.trainable, layer.facts.buffers
        assert counts == twin.values(layer.node), layer
    totals = analyze(net).totals
    assert totals.params == sum(each.numel() for each in twin.parameters())


def both_directions_agree(graph: Graph) -> None:
    net = infer(graph)
    for source in range(len(graph.inputs)):
        agreed = cross_check(Receptive(net, source))
        assert agreed.left_out == 0


def fields_equal_witness(graph: Graph) -> None:
    """Every unit of every map, and some beyond its ends, for itself."""
    net = infer(graph)
    for source, axis in axes_of(net):
        witness, receptive = Witness(net, source, axis), Receptive(net, source)
        for tensor, seen in enumerate(receptive.seen):
            if seen is None or seen.local is None:
                assert _says_nothing(witness, tensor, lost=bool(seen and seen.lost))
                continue
            strands, size = seen.local[axis], witness.shapes[tensor][1 + axis]
            for unit in range(-OUTSIDE, size + OUTSIDE):
                assert interval_at(strands, unit) == ends(witness.reads(tensor, unit))
            found = [interval_at(strands, unit) for unit in range(size)]
            sizes = [high - low + 1 for low, high in filter(None, found)] or [0]
            assert size_range(strands, size) == (min(sizes), max(sizes))


def _says_nothing(witness: Witness, tensor: int, *, lost: bool) -> bool:
    """A map without a field has no local path; only a period too long to follow excuses one."""
    shape = witness.shapes[tensor]
    return lost or len(shape) < 2 or not witness.reads(tensor, 0)


def every_layer_as_top_agrees(graph: Graph) -> None:
    """RF_L = rf_0 with each layer in turn as the last, for each of its units: L² steps."""
    net = infer(graph)
    for source, axis in axes_of(net):
        witness, receptive = Witness(net, source, axis), Receptive(net, source)
        fields = [each.local[axis] if each and each.local else () for each in receptive.seen]
        for top, strands in enumerate(fields):
            if not strands:
                continue
            through = {t for t in range(top + 1) if witness.every_path_runs_through(top, t)}
            for unit in range(witness.shapes[top][1 + axis]):
                _agrees(witness, fields, through, top, unit)


def _agrees(witness: Witness, fields: list[Any], through: set[int], top: int, unit: int) -> None:
    whole = interval_at(fields[top], unit)
    for tensor, units in witness.carried_down(top, unit).items():
        if fields[tensor]:
            here = hull(interval_at(fields[tensor], each) for each in units)
            assert hull((here, whole)) == whole
            assert tensor not in through or here == whole


def torch_reads_what_the_windows_say(graph: Graph) -> None:
    """Of an axis alone exactly; beside other axes at most, as these can leave a unit empty."""
    net = infer(graph)
    for source, axis in axes_of(net):
        witness = Witness(net, source, axis, bounded=True)
        exact = len(net.shape_of(source)) == 2 or _touches_everywhere(net, axis)
        fields = Receptive(net, source).seen
        for tensor, table in enumerate(reacts(graph, witness.shapes, source, axis)):
            if table is None or (fields[tensor] and fields[tensor].lost):
                continue
            for unit, column in enumerate(table.T.tolist()):
                seen = {position for position, reacted in enumerate(column) if reacted}
                stated = witness.reads(tensor, unit)
                assert seen == stated if exact else seen <= stated
                assert _inside(ends(stated), _clipped(witness, fields[tensor], tensor, unit))


def _clipped(witness: Witness, seen: Any, tensor: int, unit: int) -> Span:
    if seen is None or seen.local is None:
        return None
    span = interval_at(seen.local[witness.axis], unit)
    return cut(span, witness.shapes[witness.source][1 + witness.axis])


def _inside(inner: Span, outer: Span) -> bool:
    return inner is None or (outer is not None and outer[0] <= inner[0] and inner[1] <= outer[1])


def _touches_everywhere(net: Net, axis: int) -> bool:
    """Whether on all the other axes every unit of every layer reads a real position."""
    for layer in net.layers:
        for shape, windows in zip(layer.ins, layer.windows, strict=True):
            for other, window in enumerate(windows or ()):
                for unit in range(layer.out[1 + other]) if other != axis else ():
                    if not any(0 <= at < shape[1 + other] for at in read_by(window, unit)):
                        return False
    return True


def torch_reads_the_clipped_field(graph: Graph) -> None:
    """Interior and border units alike; for networks of contiguous windows that touch the map."""
    net = infer(graph)
    shapes = shapes_of(net)
    for source, axis in axes_of(net):
        fields = Receptive(net, source).seen
        for tensor, table in enumerate(reacts(graph, shapes, source, axis)):
            seen = fields[tensor]
            assert table is not None
            assert seen is not None
            assert seen.local is not None
            for unit, column in enumerate(table.T.tolist()):
                reacted = frozenset(at for at, reacts_here in enumerate(column) if reacts_here)
                span = cut(interval_at(seen.local[axis], unit), shapes[source][1 + axis])
                assert ends(reacted) == span


def a_spec_says_the_same(graph: Graph) -> None:
    """The graph and its spec give equal shapes, figures, fields and checks."""
    read, built = cnncalc.loads(text_of(graph)), infer(graph)
    assert shapes_of(read) == shapes_of(built)
    one, other = analyze(read), analyze(built)
    assert one.totals == other.totals
    assert [row.rf for row in one.parts] == [row.rf for row in other.parts]
    assert one.checks == other.checks
