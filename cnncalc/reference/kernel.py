"""What a layer type on arrays is, and what one run of a layer knows."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from cnncalc.ops import OPS
from cnncalc.ops.base import Op
from cnncalc.reference.arrays import Array


class Workbench:
    """Scratch memory and the count of products. A thread has one for itself.

    `macs` counts the multiply-adds of all products that ran: a matrix product of (m, k) and (k, n)
    is m·k·n of them.
    """

    def __init__(self) -> None:
        self.macs = 0
        self._scratch: dict[np.dtype[Any], Array] = {}

    def scratch(self, count: int, dtype: np.dtype[Any]) -> Array:
        """Return an unfilled row of `count` values; the next call may return the same memory."""
        row = self._scratch.get(dtype)
        if row is None or row.size < count:
            row = self._scratch[dtype] = np.empty(count, dtype)
        return row[:count]

    def matmul(self, a: Array, b: Array, out: Array | None = None) -> Array:
        """Return the matrix product (…, m, k) @ (…, k, n), and count it."""
        found: Array = np.matmul(a, b, out=out)
        self.macs += found.size * a.shape[-1]
        return found

    def einsum(self, formula: str, a: Array, b: Array, out: Array | None = None) -> Array:
        """Return a sum of products of two arrays by Einstein's rule, and count it.

        Every combination of indices is a multiply-add, whatever the order in which they run.
        """
        terms, _ = formula.split("->")
        one, other = terms.split(",")
        sizes = dict(zip(one, a.shape, strict=True)) | dict(zip(other, b.shape, strict=True))
        count = 1
        for size in sizes.values():
            count *= size
        self.macs += count
        found: Array = np.einsum(formula, a, b, out=out)
        return found


class Call:
    """One run of one layer: what `forward` is told, and what it leaves for `backward`."""

    __slots__ = (
        "_random", "bench", "grads", "keep", "op", "overwrite", "params", "saved", "training",
        "updates",
    )  # fmt: skip

    def __init__(
        self,
        op: Op,
        params: dict[str, Array] | None = None,
        *,
        training: bool = False,
        keep: bool = False,
        overwrite: bool = False,
        bench: Workbench | None = None,
        random: np.random.Generator | None = None,
    ) -> None:
        self.op: Any = op
        """The layer type's arguments are its attributes; its facts are never asked here."""
        self.params = params or {}
        """The layer's arrays by name."""
        self.training = training
        self.keep = keep
        """Whether `backward` will follow."""
        self.overwrite = overwrite
        """Whether `forward` may write its result over its first input."""
        self.bench = bench or Workbench()
        self._random = random
        self.saved: tuple[Any, ...] = ()
        self.grads: dict[str, Array] = {}
        """What `backward` finds for `params`, by the same names."""
        self.updates: dict[str, Array] = {}
        """New values of buffers (running statistics) that training makes."""

    @property
    def random(self) -> np.random.Generator:
        """Where noise comes from."""
        if self._random is None:
            self._random = np.random.default_rng(0)
        return self._random

    def save(self, *values: Any) -> None:
        """Keep what `backward` needs; nothing is kept where it will not run."""
        if self.keep:
            self.saved = values

    def target(self, x: Array) -> Array:
        """Return where a result of the first input's shape may go: over it, or new memory."""
        return x if self.overwrite else np.empty_like(x)


class Maker:
    """Makes the arrays of a layer from a seed."""

    def __init__(self, random: np.random.Generator, dtype: np.dtype[Any]) -> None:
        self.random = random
        self.dtype = dtype

    def he(self, shape: tuple[int, ...], fan_in: int) -> Array:
        """Return normal values of variance 2/fan_in; He, Zhang, Ren, Sun, arXiv:1502.01852."""
        values = self.random.standard_normal(shape, np.float32).astype(self.dtype, copy=False)
        values *= (2 / fan_in) ** 0.5
        return values

    def full(self, shape: tuple[int, ...], value: float) -> Array:
        """Return an array of one value."""
        return np.full(shape, value, self.dtype)


class Kernel:
    """One layer type on arrays: forward, and the gradients of its inputs and parameters.

    Arrays are (N, C, *spatial), or (N, F) for vectors. Kernels are stateless: all that a run knows
    is in its `Call`.
    """

    buffers: tuple[str, ...] = ()
    """Names of arrays that are not learned (running statistics)."""
    keeps_sum: bool = False
    """Whether the inputs' gradients have the sum of the output's, as pooling's have."""
    spare: int = 0
    """How many arrays as large as the output `forward` makes beside it."""

    def params(self, op: Any, make: Maker, *shapes: tuple[int, ...]) -> dict[str, Array]:
        """Return the layer's arrays by name, for inputs of these shapes (N, C, *spatial)."""
        return {}

    def forward(self, call: Call, *xs: Array) -> Array:
        """Return the layer's output; it may share memory with an input."""
        raise NotImplementedError(f"{call.op.name}: forward")

    def backward(self, call: Call, grad: Array) -> tuple[Array, ...]:
        """Return the gradient of each input, given that of the output; fill `call.grads`.

        Valid after one `forward` with `call.keep`. Never writes to `grad`.
        """
        raise NotImplementedError(f"{call.op.name}: backward")

    def sees_all(self, op: Any, *shapes: tuple[int, ...]) -> bool:
        """Whether outputs have no place on the map: each reads all of it (global pooling)."""
        return False

    def sees_context(self, op: Any) -> bool:
        """Whether statistics of the whole map enter beside a local path (instance norm)."""
        return False


@cache
def find(name: str) -> Kernel:
    """Return the kernel of a layer type by its canonical name; raises KeyError."""
    module = import_module(f"cnncalc.reference.{OPS[name]}")
    kernel: Kernel = getattr(module, name.title().replace("_", ""))()
    return kernel
