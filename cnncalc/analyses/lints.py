"""Remarks on a network that is correct but may not be what was meant: one line a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from cnncalc.analyses.receptive import Receptive
from cnncalc.geometry import Window
from cnncalc.net import Layer, Net

LINT_LIMIT = 5


def lints(net: Net, receptive: Receptive) -> Iterator[str]:
    """Yield one remark for each kind of oddity, naming the first layer and how many there are."""
    for text, found in _LAYER_LINTS:
        layers = [layer for layer in net.layers if found(layer)]
        if layers:
            yield _sentence(layers, text(layers[0]))
    yield from _bias_before_norm(net)
    yield from _unused(net)
    yield from _holes(net, receptive)
    yield from _larger_than_input(net, receptive)


def _sentence(layers: list[Layer], text: str) -> str:
    more = f" (and {len(layers) - 1} more)" if len(layers) > 1 else ""
    return f"{layers[0].path}{more}: {text}"


def _windows(layer: Layer) -> list[tuple[Window, int]]:
    windows = layer.facts.windows[0]
    return list(zip(windows, layer.ins[0][1:], strict=True)) if windows else []


def _is_conv(layer: Layer) -> bool:
    return layer.node.op.name in ("conv", "depthwise")


def _even_half(layer: Layer) -> bool:
    half = getattr(layer.node.op, "padding", None) == "half"
    return half and any(window.span % 2 == 0 for window, _ in _windows(layer))


def _skips(layer: Layer) -> bool:
    return _is_conv(layer) and any(w.stride > w.span and n > 1 for w, n in _windows(layer))


def _unread(window: Window, size: int) -> int:
    """Return how many real positions at the high end no window reaches."""
    if window.up > 1 or window.stride <= 1:
        return 0
    last = (window.out_size(size) - 1) * window.stride - window.pad[0] + window.span - 1
    return max(size - 1 - last, 0)


def _leaves_rows(layer: Layer) -> bool:
    sliding = hasattr(layer.node.op, "kernel")
    return sliding and not _skips(layer) and any(_unread(w, n) > 0 for w, n in _windows(layer))


def _unread_text(layer: Layer) -> str:
    rows = max(_unread(window, size) for window, size in _windows(layer))
    return f"the last {rows} positions of the input are never read: (n + 2p - k) % s is not 0"


def _checkerboard(layer: Layer) -> bool:
    return layer.node.op.name == "conv_transpose" and any(
        window.up > 1 and window.kernel % window.up for window, _ in _windows(layer)
    )


_LAYER_LINTS: tuple[tuple[Callable[[Layer], str], Callable[[Layer], bool]], ...] = (
    (lambda _: "half padding of an even kernel shifts the map by half a pixel", _even_half),
    (lambda _: "the stride is larger than the kernel, so some inputs are never read", _skips),
    (_unread_text, _leaves_rows),
    (
        lambda _: "the kernel is not a multiple of the stride, which makes checkerboard patterns",
        _checkerboard,
    ),
)


def _bias_before_norm(net: Net) -> Iterator[str]:
    """Name the layers whose bias a batch norm, their only reader, takes away."""
    count = len(net.graph.inputs)
    readers = Counter(net.graph.outputs)
    for layer in net.layers:
        readers.update(layer.node.inputs)
    found = []
    for layer in net.layers:
        source = layer.node.inputs[0]
        if layer.node.op.name == "batch_norm" and source >= count and readers[source] == 1:
            before = net.layers[source - count]
            if before.facts.work.mac and any(p.name == "bias" for p in before.facts.params):
                found.append(before)
    if found:
        yield _sentence(found, "a bias before batch_norm has no effect (bias: false saves it)")


def _unused(net: Net) -> Iterator[str]:
    count = len(net.graph.inputs)
    used = set(net.graph.outputs)
    for layer in net.layers:
        used.update(layer.node.inputs)
    unused = [layer for index, layer in enumerate(net.layers) if index + count not in used]
    if unused:
        yield _sentence(unused, "nothing reads the output, and it is not one of the outputs")


def _holes(net: Net, receptive: Receptive) -> Iterator[str]:
    """Say how much of the last local field is read, where dilation leaves some of it out."""
    if not any(window.dilation > 1 for layer in net.layers for window, _ in _windows(layer)):
        return
    from cnncalc.analyses.density import density

    tensor = len(receptive.seen) - 1
    while tensor >= 0 and not getattr(receptive.seen[tensor], "local", None):
        tensor -= 1
    axes = len(net.shape_of(tensor)) - 1 if tensor >= 0 else 0
    for axis in range(axes):
        read, spanned = density(receptive, tensor, axis) or (0, 0)
        if read < spanned:
            counts = f"{read} of {spanned} positions of a field are read"
            yield f"{net.graph.name_of(tensor)}: dilation leaves holes: {counts}"
            return


def _larger_than_input(net: Net, receptive: Receptive) -> Iterator[str]:
    """Name the first layer whose field covers the input on every axis, with room to spare."""
    count = len(net.graph.inputs)
    sizes = net.shape_of(receptive.source)[1:]
    for layer, seen in zip(net.layers, receptive.seen[count:], strict=True):
        if seen is None or not seen.local or len(seen.local) != len(sizes):
            continue
        intervals = [strands[0].at(0) for strands in seen.local]
        if all(i and i[1] - i[0] + 1 > size for i, size in zip(intervals, sizes, strict=True)):
            yield f"{layer.path}: from here on the field is larger than the input"
            return
