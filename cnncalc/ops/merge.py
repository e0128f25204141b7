"""Joins: two or more inputs become one output."""

from __future__ import annotations

from math import prod

from cnncalc.errors import ShapeError
from cnncalc.geometry import BROADCAST, POINT, Shape, Window
from cnncalc.ops.base import Op, Param, Windows, Work, point_windows, shape_text


class _Join(Op):
    """A join without arguments and parameters; here all inputs have the output's shape."""

    join = True

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return a point for each axis of each input."""
        return tuple(point_windows(shape) for shape in ins)

    def shape(self, *ins: Shape) -> Shape:
        """Return the shape that all inputs have; raises ShapeError where they differ."""
        _need_two(self, ins)
        if any(shape != ins[0] for shape in ins):
            raise _mismatch(self, ins, _agree_hint(ins))
        return ins[0]

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return nothing: a join learns nothing."""
        return ()


def _need_two(op: Op, ins: tuple[Shape, ...]) -> None:
    if len(ins) < 2:
        raise ShapeError(
            f"{op.name}: joins two or more inputs, and there is {len(ins)}",
            hint="name the other branch, such as `skip: in`",
        )


def _mismatch(op: Op, ins: tuple[Shape, ...], hint: str) -> ShapeError:
    return ShapeError(
        f"{op.name}: shapes do not match",
        label=" and ".join(map(shape_text, ins)),
        hint=hint,
        names_inputs=True,
    )


def _agree_hint(ins: tuple[Shape, ...]) -> str:
    if any(len(shape) != len(ins[0]) for shape in ins):
        return "bring all branches to the same number of axes"
    if all(shape[1:] == ins[0][1:] for shape in ins):
        return "give all branches the same number of channels, or use concat"
    if all(shape[0] == ins[0][0] for shape in ins):
        return "give all branches the same strides, and padding that keeps the size"
    return "give all branches the same channels and strides, as by a 1×1 conv on the skip"


class Add(_Join):
    """The sum of the inputs; all shapes are equal and kept."""

    name = "add"
    notes = "For n inputs, n - 1 additions a value."

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return n - 1 additions for each value."""
        return Work(add=(len(ins) - 1) * prod(out))


class Sub(_Join):
    """The first input less all the others; all shapes are equal and kept."""

    name = "sub"
    notes = "For n inputs, n - 1 subtractions a value, counted with the additions."

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return n - 1 subtractions for each value."""
        return Work(add=(len(ins) - 1) * prod(out))


class Max(_Join):
    """The largest of the inputs at each place; all shapes are equal and kept."""

    name = "max"
    notes = "For n inputs, n - 1 comparisons a value."

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return n - 1 comparisons for each value."""
        return Work(cmp=(len(ins) - 1) * prod(out))


class Mean(_Join):
    """The mean of the inputs at each place; all shapes are equal and kept."""

    name = "mean"
    notes = "For n inputs, n - 1 additions and a division a value."

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return n - 1 additions and a division for each value."""
        return Work(add=(len(ins) - 1) * prod(out), div=prod(out))


class Mul(_Join):
    """The product of the inputs; axes of size 1 are repeated, so that gates fit.

    A vector (C,) counts as C×1×1 beside maps, as the gate of squeeze-and-excitation (Hu, Shen, Sun
    2018) needs it.
    """

    name = "mul"
    notes = "Inputs are multiplied in their order, a product for each value of each result."

    def windows(self, *ins: Shape) -> tuple[Windows, ...]:
        """Return points, broadcasts where an axis is repeated, None for a vector among maps."""
        out = _broadcast(ins) or ins[0]
        return tuple(_gate_windows(shape, out) for shape in ins)

    def shape(self, *ins: Shape) -> Shape:
        """Return the larger size of each axis; raises ShapeError where neither is 1."""
        _need_two(self, ins)
        out = _broadcast(ins)
        if out is None:
            raise _mismatch(self, ins, "sizes must be equal on each axis, or 1 in a gate")
        return out

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return a product for each value of each intermediate result."""
        partial = (_broadcast(ins[: index + 1], len(out)) for index in range(1, len(ins)))
        return Work(mul=sum(prod(shape or out) for shape in partial))


def _broadcast(ins: tuple[Shape, ...], rank: int = 0) -> Shape | None:
    """Return the common shape with at least `rank` axes; None where there is none."""
    rank = max(rank, *map(len, ins))
    if any(1 < len(shape) < rank for shape in ins):
        return None
    axes = list(zip(*(_as_map(shape, rank) for shape in ins), strict=True))
    sizes = tuple(max(axis) for axis in axes)
    fits = all(set(axis) <= {1, size} for axis, size in zip(axes, sizes, strict=True))
    return sizes if fits else None


def _as_map(shape: Shape, rank: int) -> Shape:
    return shape + (1,) * (rank - len(shape))


def _gate_windows(shape: Shape, out: Shape) -> tuple[Window, ...] | None:
    if len(shape) < len(out):
        return None
    pairs = zip(shape[1:], out[1:], strict=True)
    return tuple(BROADCAST if size < whole else POINT for size, whole in pairs)


class Concat(_Join):
    """The inputs' channels behind each other: (C1, …) and (C2, …) -> (C1 + C2, …).

    Spatial sizes are equal and kept; vectors are joined likewise.
    """

    name = "concat"
    notes = "Nothing: values are copied."

    def shape(self, *ins: Shape) -> Shape:
        """Return the channels added up; raises ShapeError where spatial sizes differ."""
        _need_two(self, ins)
        if any(shape[1:] != ins[0][1:] for shape in ins):
            raise _mismatch(self, ins, _concat_hint(ins))
        return (sum(shape[0] for shape in ins), *ins[0][1:])

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return no work: values are copied."""
        return Work()


def _concat_hint(ins: tuple[Shape, ...]) -> str:
    if any(len(shape) != len(ins[0]) for shape in ins):
        return "bring all branches to the same number of axes"
    return "bring all branches to the same spatial size: same strides, a crop, or padding: half"
