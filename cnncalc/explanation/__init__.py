"""How each number of a layer comes about: the formula, then the numbers in it, as plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cnncalc.analyses.density import density
from cnncalc.analyses.fields import axes_of
from cnncalc.analyses.receptive import Receptive
from cnncalc.analyses.work import convention as find_convention
from cnncalc.errors import CnncalcError
from cnncalc.explanation import counts, groups
from cnncalc.explanation.downward import downward
from cnncalc.explanation.find import Found, find
from cnncalc.explanation.merge import branches
from cnncalc.explanation.table import explainer
from cnncalc.explanation.upward import upward
from cnncalc.explanation.words import by_axis, listed, number, printable, to_ascii, written
from cnncalc.graph import Call, Source
from cnncalc.net import Layer, Net
from cnncalc.ops.base import shape_text
from cnncalc.units import percent

__all__ = ["explain"]


def explain(
    net: Net,
    path: str | None,
    *,
    convention: str = "notes",
    versus: str | None = None,
    ascii: bool = False,  # noqa: A002
) -> str:
    """Return how each number of a layer comes about, as text without a line break at its end.

    `path` names a layer as written (a conv with its norm and activation), one part of it, or a
    group, block or repeat. FLOPs are counted by `convention`; with `ascii`, the text is ASCII.
    Figures are for one image; sizes in bytes for float32. With `versus`, another convention, the
    text says instead where the two part, of the layer or of the whole network (no path). Raises
    CnncalcError for an unknown path or convention.
    """
    if versus is not None:
        from cnncalc.explanation.versus import versus as apart

        text = "\n".join(apart(net, path, convention, versus))
        return to_ascii(text) if ascii else text
    if path is None:
        raise CnncalcError(
            "which layer?", hint="give a layer's path, or --vs NAME for the whole network"
        )
    rule = find_convention(convention)
    found = find(net, path)
    lines = list(_group(found, path, convention) if found.group else _layer(net, found))
    if not found.group:
        lines += _sections(found, f"FLOPs by '{convention}': {rule.rule}", convention)
    lines += _fields(net, found)
    text = "\n".join(lines)
    return to_ascii(text) if ascii else text


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    inside = [f"  {line}" for line in lines]
    if inside:
        yield ""
        yield title
        yield from inside


def _layer(net: Net, found: Found) -> Iterator[str]:
    first, last = found.parts[0], found.parts[-1]
    kinds = listed([part.node.op.name for part in found.parts])
    inputs = " and ".join(shape_text(shape) for shape in first.ins)
    yield f"{first.path}   {kinds}   {inputs} → {shape_text(last.out)}"
    yield from _origin(first.node.source, _calls(found.parts))
    names = [net.graph.name_of(tensor) for tensor in first.node.inputs]
    if len(names) > 1:
        names = [f"{name} ({of})" for name, of in zip(branches(first), names, strict=True)]
    yield f"  reads {listed(names)}"


def _calls(parts: tuple[Layer, ...]) -> str:
    """Return the op with all arguments that differ from their defaults, and its parts."""
    texts = []
    for part in parts:
        op = part.node.op
        args = op.args()
        given = [(a.name, args[a.name]) for a in op.arguments if args[a.name] != a.default]
        shown = ", ".join(f"{name}={written(value)}" for name, value in given)
        texts.append(f"{op.name}({shown})" if given else op.name)
    return ", ".join(texts)


def _origin(source: Source, call: str) -> Iterator[str]:
    place = f"{_place(source)}  " if source.line else ""
    yield f"  {place}{call}"
    for outer in source.calls():
        yield f"  called from {_place(outer)}  {outer}"


def _place(written: Source | Call) -> str:
    return f"{printable(written.file)}:{written.line}:{written.column}"


def _sections(found: Found, flops_title: str, convention: str) -> Iterator[str]:
    parts = found.parts
    yield from _section("output shape", _each(parts, lambda p: explainer(p.node.op.name).shape(p)))
    yield from _section("params", _each(parts, counts.params, _params_total(parts)))
    yield from _section("work", _each(parts, lambda p: explainer(p.node.op.name).work(p)))
    numbers = list(map(find_convention(convention).count, parts))
    yield from _section(
        flops_title, _each(parts, lambda p: counts.flops(p, convention), _total(numbers))
    )
    yield from _section("memory of the output", counts.memory(parts[-1]))


def _params_total(parts: tuple[Layer, ...]) -> str:
    return _total([0 if part.node.shares else part.facts.trainable for part in parts])


def _total(numbers: list[int]) -> str:
    return f"total {' + '.join(map(number, numbers))} = {number(sum(numbers))}"


def _each(
    parts: tuple[Layer, ...], lines: Callable[[Layer], Iterable[str]], total: str = ""
) -> Iterator[str]:
    """Yield the lines of each part, under its name where there are several, then the total."""
    for part in parts:
        if len(parts) == 1:
            yield from lines(part)
            continue
        yield f"{part.node.op.name}:"
        yield from (f"  {line}" for line in lines(part))
    if total and len(parts) > 1:
        yield total


def _group(found: Found, path: str, convention: str) -> Iterator[str]:
    first, last = found.group[0][0], found.group[-1][-1]
    inputs = " and ".join(shape_text(shape) for shape in first.ins)
    count = len(found.group)
    layers = "1 layer" if count == 1 else f"{count} layers"
    yield f"{path}   {layers}   {inputs} → {shape_text(last.out)}"
    for call in _common_calls(found):
        yield f"  called from {_place(call)}  {call}"
    rule = find_convention(convention)
    yield from _section("layers", groups.group(found.group, path, rule))
    yield f"  FLOPs by '{convention}': {rule.rule}"


def _common_calls(found: Found) -> list[Call]:
    """Return the block calls that led to every layer of a group, innermost first."""
    common = list(found.group[0][0].node.source.calls())
    for parts in found.group[1:]:
        ids = {id(call) for call in parts[0].node.source.calls()}
        common = [call for call in common if id(call) in ids]
    return common


def _fields(net: Net, found: Found) -> Iterator[str]:
    inputs = list(net.graph.inputs)
    names = list(inputs)
    for parts in net.written:
        names += [parts[0].path] * len(parts)
    for source, name in enumerate(inputs):
        receptive = Receptive(net, source)
        if receptive.seen[found.tensor] is None:
            continue
        on = f" on input {name}" if len(inputs) > 1 else ""
        if found.group:
            title = f"receptive field of the last layer{on}"
            yield from _section(title, _summary(receptive, found.tensor))
            continue
        yield from _section(f"receptive field, bottom-up{on}", _upward(receptive, found))
        title = f"receptive field, top-down{on}"
        yield from _section(title, downward(receptive, found.tensor, names))
        yield from _section(f"density{on}", _density(receptive, found.tensor))


def _upward(receptive: Receptive, found: Found) -> Iterator[str]:
    first, *others = found.parts
    yield from upward(receptive, first, found.tensor - len(others))
    for part in others:
        if part.facts.whole_map:
            yield f"{part.node.op.name} takes in the whole map: global context enters here"
        else:
            yield f"{part.node.op.name} reads one position for each output: the field stays"


def _density(receptive: Receptive, tensor: int) -> Iterator[str]:
    seen = receptive.seen[tensor]
    local = seen.local if seen else None
    if local is None:
        return
    shares = [density(receptive, tensor, axis) for axis in range(len(local))]
    for names, axis in by_axis(shares):
        share = shares[axis]
        if share is None:
            yield f"{names}: not computed: too many points to follow"
            continue
        read, spanned = share
        if not read:
            yield f"{names}: the centre unit reads nothing"
            continue
        text = f"{number(read)} of {number(spanned)} positions, {percent(read, spanned)}"
        yield f"{names}: the centre unit really reads {text}"


def _summary(receptive: Receptive, tensor: int) -> Iterator[str]:
    seen = receptive.seen[tensor]
    if seen is None:
        return
    if seen.whole_from is not None:
        yield f"whole-map context enters at {seen.whole_from.path}"
    if seen.local is None:
        return
    axes = axes_of(seen.local, receptive.net.shape_of(tensor))
    rows = list(zip(axes.size, axes.jump, axes.start, strict=True))
    for names, axis in by_axis(rows):
        size, jump, start = rows[axis]
        yield f"{names}: RF {number(size)}, S {jump}, start {number(start)}"
