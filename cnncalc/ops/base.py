"""What an op is: a frozen bundle of arguments, and a few integer facts about them.

An op's arguments are its annotated class attributes, in their positional order. Each is declared
once with `arg(...)`: the reader of specs, the JSON Schema, the documentation and the error texts
are all derived from that declaration.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar, NamedTuple, dataclass_transform

from cnncalc.errors import ShapeError
from cnncalc.geometry import POINT, Shape, Window
from cnncalc.records import Record

Sizes = int | tuple[int, ...]
Padding = int | str | tuple[int, ...] | tuple[tuple[int, int], ...]
Windows = tuple[Window, ...] | None


class Param(NamedTuple):
    """A named array of a layer. Buffers (running statistics) are not trainable."""

    name: str
    shape: Shape
    trainable: bool = True

    @property
    def size(self) -> int:
        """Number of values."""
        return prod(self.shape)


class Work(NamedTuple):
    """Primitive operations of one forward pass of one image (inference)."""

    mac: int = 0
    add: int = 0
    mul: int = 0
    div: int = 0
    cmp: int = 0
    exp: int = 0

    def times(self, count: int) -> Work:
        """Return this work done `count` times."""
        return self if count == 1 else Work(*[count * each for each in self])


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED: Any = _Required()


class Argument(Record):
    """One argument of an op.

    `kind` is one of: int, num, bool, word (one of `choices`), sizes (an int, or one an axis),
    scale (a positive number, or one an axis), padding, shape (a list of ints), norm, act (the name
    of a layer type or a call of one; they become layers of their own behind this one).
    """

    name: str
    kind: str
    doc: str
    default: Any = REQUIRED
    alias: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def arg(
    kind: str,
    doc: str,
    default: Any = REQUIRED,
    *,
    alias: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare an argument; see `Argument` for the kinds."""
    return Argument("", kind, doc, default, alias, low, high, choices)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(arg,))
class Op:
    """A layer type with its arguments: immutable, hashable, equal by value.

    `windows`, `shape`, `params` and `work` are the facts. Each takes the shapes of the inputs as
    (channels, *spatial), without a batch axis, and raises ShapeError where the op does not fit. A
    fact that a layer type does not state is an error (NotImplementedError), never a zero.
    """

    name: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    arguments: ClassVar[tuple[Argument, ...]] = ()
    join: ClassVar[bool] = False
    whole_map: ClassVar[bool] = False
    """Every output reads the whole map, beside the local window that `windows` states."""
    _hash: int
    notes: ClassVar[str] = ""
    """How the work is counted, in one or two sentences for the reader of `cnncalc layers`."""

    def __init_subclass__(cls) -> None:
        """Collect the declared arguments. Much cheaper than a dataclass, which compiles code."""
        found = list(cls.arguments)
        for name in cls.__dict__.get("__annotations__", ()):
            value = cls.__dict__.get(name)
            if isinstance(value, Argument):
                found.append(value._replace(name=name))
                delattr(cls, name)
        cls.arguments = tuple(found)

    def __init__(self, **values: Any) -> None:
        settled = {}
        for argument in self.arguments:
            value = values.pop(argument.name, argument.default)
            if value is REQUIRED:
                raise TypeError(f"{self.name}: argument {argument.name!r} is missing")
            settled[argument.name] = value
        if values:
            raise TypeError(f"{self.name}: unknown arguments {sorted(values)}")
        self.__dict__.update(settled)
        self.__dict__["_hash"] = hash((type(self), tuple(settled.values())))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.name} is immutable")

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self.__dict__ == other.__dict__)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={value!r}" for key, value in self.args().items())
        return f"{type(self).__name__}({given})"

    def args(self) -> dict[str, Any]:
        """Return the arguments by name, in their positional order."""
        return {a.name: self.__dict__[a.name] for a in self.arguments}

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return, for each input, a window for each spatial axis; None: no local path."""
        raise NotImplementedError(f"{self.name}: windows")

    def shape(self, *ins: Shape) -> Shape:
        """Return the shape of the output."""
        raise NotImplementedError(f"{self.name}: shape")

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return the learned arrays and the buffers."""
        raise NotImplementedError(f"{self.name}: params")

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the primitive operations of one image's forward pass at inference."""
        raise NotImplementedError(f"{self.name}: work")


def point_windows(shape: Shape) -> tuple[Window, ...]:
    """Return the windows of a layer whose outputs read one position each."""
    return (POINT,) * (len(shape) - 1)


class Elementwise(Op):
    """An op that keeps the shape, reads one position per output, and has no parameters."""

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return a point for every axis."""
        return (point_windows(ins[0]),)

    def shape(self, *ins: Shape) -> Shape:
        """Return the input's shape."""
        return ins[0]

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return nothing: there is nothing to learn."""
        return ()


def need_map(op: Op, shape: Shape) -> tuple[int, ...]:
    """Return the spatial axes of a map; raise ShapeError where the input is a vector."""
    if len(shape) < 2:
        raise ShapeError(
            f"{op.name}: needs a feature map with channels and 1 to 3 spatial axes",
            label=f"input is the vector {shape_text(shape)}",
            hint="use linear for vectors, or reshape to a map first",
        )
    return shape[1:]


def per_axis(op: Op, name: str, value: Any, rank: int) -> tuple[Any, ...]:
    """Return one value an axis: a scalar means all axes, a list gives an axis each."""
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        raise ShapeError(
            f"{op.name}: {name} has {len(value)} values for {rank} spatial axes",
            label=f"{name} is {list(value)}",
            hint=f"give one number, or {rank}",
        )
    return value


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as people write it: 3×224×224."""
    return "×".join(map(str, shape))
