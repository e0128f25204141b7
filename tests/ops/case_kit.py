"""What a case of a layer type consists of.

`torch` makes the module of PyTorch that must agree about shapes and arrays; it gets `torch.nn`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cnncalc.geometry import Shape
from cnncalc.ops import find
from cnncalc.ops.base import Op, Work


class Case(NamedTuple):
    name: str
    args: Mapping[str, Any]
    ins: tuple[Shape, ...]
    out: Shape
    work: Work
    params: Mapping[str, Shape]
    buffers: Mapping[str, Shape]
    torch: Callable[[Any], Any] | None

    @property
    def op(self) -> Op:
        return make(self.name, **self.args)

    @property
    def id(self) -> str:
        given = ",".join(f"{key}={value}" for key, value in self.args.items())
        return f"{self.name}({given})-{'x'.join(map(str, self.ins[0]))}"


def make(name: str, **args: Any) -> Op:
    op = find(name)
    assert op is not None, name
    return op(**args)


def case(
    name: str,
    args: Mapping[str, Any],
    ins: Shape | list[Shape],
    out: Shape,
    work: Work | None = None,
    params: Mapping[str, Shape] | None = None,
    buffers: Mapping[str, Shape] | None = None,
    torch: Callable[[Any], Any] | None = None,
) -> Case:
    inputs = tuple(ins) if isinstance(ins, list) else (ins,)
    return Case(name, args, inputs, out, work or Work(), params or {}, buffers or {}, torch)


def weights(**shapes: Shape) -> Mapping[str, Shape]:
    return shapes
