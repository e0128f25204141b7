"""Which layers a path means: a layer as written, one part of it, or all layers of a group."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.net import Layer, Net
from cnncalc.records import Record

CHOICES = 2000


class Found(Record):
    """What a path names: the parts of one layer, or else the layers of a group."""

    parts: tuple[Layer, ...]
    group: list[tuple[Layer, ...]]
    tensor: int
    """Number of the tensor that comes out: of the last part, or of the group's last layer."""


def find(net: Net, path: str) -> Found:
    """Return what `path` names; raises CnncalcError with the nearest path as its hint."""
    tensor = len(net.graph.inputs) - 1
    group: list[tuple[Layer, ...]] = []
    last = tensor
    for parts in net.written:
        tensor += len(parts)
        name = parts[0].path
        if name == path:
            return Found(parts, [], tensor)
        for index, part in enumerate(parts[1:], 1):
            if part.path == path:
                return Found((part,), [], tensor - len(parts) + 1 + index)
        if name.startswith(path + "."):
            group.append(parts)
            last = tensor
    if group:
        return Found((), group, last)
    raise CnncalcError(f"there is no layer or group {path!r}", hint=_hint(net, path))


def _hint(net: Net, path: str) -> str:
    """Return a hint; in a large network only paths with the same last word are compared."""
    paths: dict[str, None] = {}
    for layer in net.layers:
        words = layer.path.split(".")
        for end in range(1, len(words) + 1):
            paths[".".join(words[:end])] = None
    if len(paths) > CHOICES:
        last = path.rpartition(".")[2]
        paths = dict.fromkeys(each for each in paths if each.rpartition(".")[2] == last)
    few = list(paths)[:CHOICES]
    return did_you_mean(path, few) or "`cnncalc expand` lists all layers"
