"""The arrays of a network by name: made from a seed, or given; checked when a layer first runs."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any, NamedTuple
from zipfile import BadZipFile
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
        if seed is not None and seed < 0:
            raise CnncalcError(f"seed {seed} is below 0", hint="give 0, 1, 2, …")
        self.seed = seed
        self.largest_map = 0
        """Bytes of the largest map that one image has had in a run; 0 before the first."""
        self._given: dict[str, dict[str, Array]] = {}
        self._ready: dict[tuple[str, str], _Settled] = {}
        self._making = Lock()
        for key, values in (arrays or {}).items():
            path, dot, name = key.rpartition(".")
            if not dot:
                raise CnncalcError(
                    f"array {key!r} names no layer",
                    hint="write the layer's path before it: conv1.weight",
                )
            self._given.setdefault(path, {})[name] = real_numbers(f"array {key}", values)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, seed: int | None = None) -> Params:
        """Return the arrays of an `.npz` file; raises CnncalcError where it cannot be read."""
        name = os.fspath(path)
        hint = "write it with numpy.savez, an array by each name such as conv1.weight"
        try:
            with open(path, "rb") as raw:  # noqa: PTH123 NumPy would leave a damaged file open
                file = np.load(raw, allow_pickle=False)
                if not isinstance(file, np.lib.npyio.NpzFile):
                    text = f"cannot read {name} as arrays by name: it holds one"
                    raise CnncalcError(text, hint=hint)
                return cls({key: file[key] for key in file.files}, seed=seed)
        except OSError as error:
            reason = error.strerror or "it is no .npz file"
        except (ValueError, EOFError, MemoryError, SyntaxError, zlib.error, BadZipFile):
            reason = "it is damaged, or no .npz file of plain numbers"
        raise CnncalcError(f"cannot read {name} as arrays: {reason}", hint=hint)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all arrays that are given or made so far to an `.npz` file.

        Raises CnncalcError where it cannot be written.
        """
        arrays: dict[str, Any] = {n: np.ascontiguousarray(values) for n, values in self.items()}
        try:
            with open(path, "wb") as file:  # noqa: PTH123 np.savez would add an ending to a name
                np.savez(file, **arrays)
        except OSError as error:
            raise CnncalcError(f"cannot write {os.fspath(path)}: {error.strerror}") from None

    def updated(self, arrays: Mapping[str, Array]) -> Params:
        """Return the same params with some arrays exchanged."""
        return Params({**self, **arrays}, seed=self.seed)

    def layer(self, node: Node, xs: tuple[Array, ...]) -> dict[str, Array]:
        """Return the arrays of a layer by their own names, given its inputs, in their precision.

        Raises CnncalcError where one is missing, has another shape, or is not the layer's.
        """
        path, dtype = owner(node), xs[0].dtype
        settled = self._ready.get((path, dtype.char))
        if settled is None:
            with self._making:
                settled = self._ready.get((path, dtype.char))
                if settled is None:
                    settled = self._settle(node, path, xs)
                    self._ready[path, dtype.char] = settled
        if settled.shapes != tuple([x.shape[1:] for x in xs]):
            return self._fitted(node, path, xs, settled)
        return settled.arrays

    def _fitted(
        self, node: Node, path: str, xs: tuple[Array, ...], settled: _Settled
    ) -> dict[str, Array]:
        """Return the arrays for inputs of other shapes: the same, unless others are needed."""
        blank = _Blank(np.random.default_rng(0), xs[0].dtype)
        wanted = find(node.op.name).params(node.op, blank, *[x.shape for x in xs])
        if all(values.shape == wanted[name].shape for name, values in settled.arrays.items()):
            return settled.arrays
        settled = self._ready[path, xs[0].dtype.char] = self._settle(node, path, xs)
        return settled.arrays

    def _settle(self, node: Node, path: str, xs: tuple[Array, ...]) -> _Settled:
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
        return _Settled(tuple(shape[1:] for shape in shapes), arrays)

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
        owners = {node.path: owner(node) for node in graph.nodes}
        for path in self._given:
            name = f"{path}.{next(iter(self._given[path]))}"
            if path not in owners:
                raise CnncalcError(
                    f"array {name}: the network has no layer {path!r}",
                    hint=did_you_mean(path, owners),
                )
            if owners[path] != path:
                raise CnncalcError(
                    f"array {name}: {path} uses the arrays of {owners[path]}",
                    hint=f"give {owners[path]}.{name.rpartition('.')[2]}",
                )

    def _layers(self) -> dict[str, dict[str, Array]]:
        """Return what is known of each layer: its arrays as they ran last, else as given."""
        return {**self._given, **{path: s.arrays for (path, _), s in self._ready.items()}}

    def __getitem__(self, key: str) -> Array:
        path, _, name = key.rpartition(".")
        layer = self._layers().get(path, {})
        if name not in layer:
            raise KeyError(key)
        return layer[name]

    def __iter__(self) -> Iterator[str]:
        for path, layer in self._layers().items():
            yield from (f"{path}.{name}" for name in layer)

    def __len__(self) -> int:
        return sum(map(len, self._layers().values()))


class _Settled(NamedTuple):
    """Arrays of a layer, checked for inputs of these shapes (C, *spatial)."""

    shapes: tuple[tuple[int, ...], ...]
    arrays: dict[str, Array]


def real_numbers(title: str, values: Any) -> Array:
    """Return values as an array; raises CnncalcError where they are no real numbers."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise CnncalcError(f"{title} is no array of numbers", hint="give real numbers") from None
    if array.dtype.kind not in "fiub":
        raise CnncalcError(f"{title} holds {array.dtype}", hint="give real numbers")
    return array


def owner(node: Node) -> str:
    """Return the path of the layer whose arrays a node uses: its own, unless it shares."""
    while node.shares is not None:
        node = node.shares
    return node.path


def _list(path: str, wanted: Mapping[str, Array]) -> str:
    return ", ".join(f"{path}.{name} {values.shape}" for name, values in wanted.items())
