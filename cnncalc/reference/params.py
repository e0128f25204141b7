"""The arrays of a network by name: made from a seed, or given; checked when a layer first runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any
from zlib import crc32

import numpy as np

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.graph import Graph, Node
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Maker, find


class _Blank(Maker):
    """Makes arrays for given values to be written into, in the kernel's order of memory."""

    def he(self, shape: tuple[int, ...], fan_in: int) -> Array:
        return self.full(shape, 0)

    def full(self, shape: tuple[int, ...], value: float) -> Array:
        return np.zeros(shape, self.dtype)


class Params(Mapping[str, Array]):
    """A network's arrays by name: the layer's path, a dot, and the array's own name.

    Names and shapes are PyTorch's: `stage1.conv1.weight` is (out, C/groups, *kernel). With a `seed`
    what is missing is made when its layer first runs: weights by He et al. (arXiv:1502.01852),
    offsets 0, factors and variances 1; the same seed makes the same arrays. Without one, an array
    that is missing raises CnncalcError when its layer runs. Layers that share have one entry.
    """

    def __init__(self, arrays: Mapping[str, Any] | None = None, *, seed: int | None = None) -> None:
        self.seed = seed
        self._given: dict[str, dict[str, Array]] = {}
        self._ready: dict[str, dict[str, Array]] = {}
        self._making = Lock()
        for key, values in (arrays or {}).items():
            path, _, name = key.rpartition(".")
            self._given.setdefault(path, {})[name] = np.asarray(values)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, seed: int | None = None) -> Params:
        """Return the arrays of an `.npz` file; raises CnncalcError where it cannot be read."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls({name: file[name] for name in file.files}, seed=seed)
        except (OSError, ValueError, AttributeError, EOFError) as error:
            raise CnncalcError(
                f"cannot read {os.fspath(path)} as arrays: {error}",
                hint="write it with numpy.savez, an array by each name such as conv1.weight",
            ) from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all arrays that are given or made so far to an `.npz` file."""
        with open(path, "wb") as file:  # noqa: PTH123 np.savez would add an ending to a name
            arrays: dict[str, Any] = {n: np.ascontiguousarray(values) for n, values in self.items()}
            np.savez(file, **arrays)

    def updated(self, arrays: Mapping[str, Array]) -> Params:
        """Return the same params with some arrays exchanged."""
        return Params({**self, **arrays}, seed=self.seed)

    def layer(self, node: Node, xs: tuple[Array, ...]) -> dict[str, Array]:
        """Return the arrays of a layer by their own names, given its inputs.

        Raises CnncalcError where one is missing, has another shape, or is not the layer's.
        """
        path = owner(node)
        ready = self._ready.get(path)
        if ready is not None:
            return ready
        with self._making:
            if path not in self._ready:
                self._ready[path] = self._settle(node, path, xs)
        return self._ready[path]

    def _settle(self, node: Node, path: str, xs: tuple[Array, ...]) -> dict[str, Array]:
        kernel, given = find(node.op.name), self._given.get(path, {})
        shapes, dtype = tuple(x.shape for x in xs), xs[0].dtype
        random = np.random.default_rng(((self.seed or 0), crc32(path.encode())))
        make = Maker(random, dtype) if self.seed is not None else _Blank(random, dtype)
        arrays = kernel.params(node.op, make, *shapes)
        missing = [name for name in arrays if name not in given]
        if missing and self.seed is None:
            raise CnncalcError(
                f"{path}: there is no array {path}.{missing[0]}",
                hint=f"the layer needs {_list(path, arrays)}; a seed makes what is missing",
            )
        for name, values in given.items():
            self._check(path, name, values, arrays)
            arrays[name][...] = values
        return arrays

    def _check(self, path: str, name: str, values: Array, wanted: Mapping[str, Array]) -> None:
        if name not in wanted:
            raise CnncalcError(
                f"{path}: the layer has no array {path}.{name}",
                hint=f"it has {_list(path, wanted)}" if wanted else "it has none",
            )
        if values.shape != wanted[name].shape:
            raise CnncalcError(
                f"{path}: {path}.{name} is {values.shape}, and the layer needs {wanted[name].shape}"
            )

    def check_names(self, graph: Graph) -> None:
        """Raise CnncalcError for an array that belongs to no layer of the network."""
        paths = {node.path for node in graph.nodes}
        for path in self._given:
            if path not in paths:
                name = f"{path}.{next(iter(self._given[path]))}"
                raise CnncalcError(
                    f"array {name}: the network has no layer {path!r}",
                    hint=did_you_mean(path, paths),
                )

    def __getitem__(self, key: str) -> Array:
        path, _, name = key.rpartition(".")
        layer = self._ready.get(path) or self._given.get(path, {})
        if name not in layer:
            raise KeyError(key)
        return layer[name]

    def __iter__(self) -> Iterator[str]:
        for path, layer in {**self._given, **self._ready}.items():
            yield from (f"{path}.{name}" for name in layer)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def owner(node: Node) -> str:
    """Return the path of the layer whose arrays a node uses: its own, unless it shares."""
    while node.shares is not None:
        node = node.shares
    return node.path


def _list(path: str, wanted: Mapping[str, Array]) -> str:
    return ", ".join(f"{path}.{name} {values.shape}" for name, values in wanted.items())
