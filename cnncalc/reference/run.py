"""Runs a whole network on arrays, forward and backward, along the graph's two loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from cnncalc.errors import CnncalcError, did_you_mean
from cnncalc.graph import Graph, Node, fold, fold_back
from cnncalc.net import Net
from cnncalc.reference.arrays import Array, packed
from cnncalc.reference.kernel import Call, Workbench, find
from cnncalc.reference.params import Params, owner, real_numbers

MODES = ("inference", "training")
"""How batch norm and dropout act."""
LARGEST_BLOCK = (32 << 20) - (64 << 10)
"""Just below the largest block from whose freeing glibc learns."""
MAPS_AT_ONCE = 20 << 20
"""Bytes of a map up to which a thread takes more images at once."""
Around = Callable[[Node, Call, tuple[Array, ...]], Array]
"""Runs a layer in place of its kernel's `forward`: it may look on, or change what goes in."""


class Tensor:
    """A value on its way through the network: freed by its last reader.

    `own` says that its memory is nobody else's: the last reader may write over it.
    """

    __slots__ = ("array", "own", "readers")

    def __init__(self, array: Array, readers: int, *, own: bool) -> None:
        self.array: Array | None = array if readers else None
        self.readers = readers
        self.own = own

    def read(self) -> Array:
        """Return the array to one of its readers; the last one takes it away."""
        array = self.array
        if array is None:
            raise RuntimeError("a tensor was read after its last reader")
        self.readers -= 1
        if not self.readers:
            self.array = None
        return array


class Tape:
    """What a forward pass leaves for `backward`, and the running statistics that training made.

    `updates` are by name, as in the params: `params.updated(tape.updates)` takes them over.
    """

    def __init__(self) -> None:
        self.graph: Graph | None = None
        self.calls: dict[Node, Call] = {}
        self.inputs: dict[str, Array] = {}
        self.outputs: dict[str, Array] = {}
        self.updates: dict[str, Array] = {}


class Gradients:
    """Gradients by name: of the network's inputs, and of its learned arrays."""

    def __init__(self, inputs: dict[str, Array], params: dict[str, Array]) -> None:
        self.inputs = inputs
        self.params = params


class _Pass:
    """One forward pass: what all its layers share."""

    def __init__(
        self,
        graph: Graph,
        params: Params,
        training: bool,
        tape: Tape | None,
        around: Around | None,
        seed: int,
    ) -> None:
        self.graph = graph
        self.params = params
        self.training = training
        self.tape = tape
        self.around = around
        self.seed = seed
        self.bench = Workbench()
        self.moved: dict[str, dict[str, Array]] = {}
        """Running statistics that this pass has moved: a layer that shares them goes on there."""
        self.largest = 1
        """Bytes of the largest output of a layer."""
        self.readers = _readers(graph)
        self.made = len(graph.inputs)

    def run(self, inputs: Sequence[Array]) -> dict[str, Array]:
        """Return the outputs by name, for inputs in the graph's order."""
        counts = self.readers[: len(inputs)]
        seed = [Tensor(packed(x), n, own=False) for x, n in zip(inputs, counts, strict=True)]
        tensors = fold(self.graph.nodes, self.visit, seed)
        return {self.graph.name_of(n): tensors[n].read() for n in self.graph.outputs}

    def visit(self, node: Node, *ins: Tensor) -> Tensor:
        """Return the output of one node."""
        xs = tuple([tensor.read() for tensor in ins])
        random = np.random.default_rng((self.seed, self.made)) if self.training else None
        arrays = self.params.layer(node, xs)
        if node.shares is not None and self.tape is not None:
            arrays = {**arrays, **self.moved.get(owner(node), {})}
        call = Call(node.op, arrays, training=self.training, bench=self.bench, random=random)
        if self.tape is not None:
            call.keep = True
            self.tape.calls[node] = call
        elif ins[0].own and ins[0].array is None and ins[0] not in ins[1:]:
            call.overwrite = True
        if self.around is None:
            out = find(node.op.name).forward(call, *xs)
        else:
            out = self.around(node, call, xs)
        if call.updates and self.tape is not None:
            path = owner(node)
            self.moved[path] = call.updates
            self.tape.updates |= {f"{path}.{name}": new for name, new in call.updates.items()}
        self.largest = max(self.largest, out.nbytes)
        readers = self.readers[self.made]
        self.made += 1
        return Tensor(out, readers, own=_is_own(out, xs, ins))


@cache
def _keep_freed_memory() -> None:
    """Let the C library keep freed maps for the next ones, once in a process.

    glibc gives freed memory back to the system beyond a threshold, and every page that comes again
    costs a fault: a fifth of MobileNetV2's time. It raises the threshold to the size of a block
    that is freed, up to 32 MiB (mallopt(3), M_MMAP_THRESHOLD). Elsewhere this does nothing.
    """
    np.empty(LARGEST_BLOCK, np.uint8)


def _readers(graph: Graph) -> list[int]:
    """Return how often each tensor is read; being an output counts as a reader."""
    counts = [0] * (len(graph.inputs) + len(graph.nodes))
    for node in graph.nodes:
        for tensor in node.inputs:
            counts[tensor] += 1
    for tensor in graph.outputs:
        counts[tensor] += 1
    return counts


def _is_own(out: Array, xs: tuple[Array, ...], ins: tuple[Tensor, ...]) -> bool:
    """Whether an output's memory is its own: new, or taken over from an input that ends here."""
    own = True
    for x, tensor in zip(xs, ins, strict=True):
        if np.may_share_memory(out, x):
            own = own and tensor.own and tensor.array is None
            tensor.own = False
    return own


def forward(
    net: Net | Graph,
    inputs: Array | Mapping[str, Array],
    params: Params | Mapping[str, Array] | None = None,
    mode: str = "inference",
    *,
    tape: Tape | None = None,
    around: Around | None = None,
    threads: int = 1,
    seed: int = 0,
) -> dict[str, Array]:
    """Run a network: inputs (N, C, *spatial) by name, or one array, to outputs by layer path.

    `params` are arrays by name, made from the seed 0 without any. In training mode batch norm uses
    the batch's statistics and dropout acts, by `seed`. A `tape` keeps what `backward` needs;
    otherwise tensors are freed after their last reader. With `threads`, images are spread over that
    many threads (inference without a tape; set OPENBLAS_NUM_THREADS=1 before NumPy is imported, so
    that each product keeps to its thread). Arrays are float32 or float64 and keep their precision.
    An output may share memory with an input or another output. Raises CnncalcError where inputs or
    params do not fit.
    """
    graph = net.graph if isinstance(net, Net) else net
    if mode not in MODES:
        raise CnncalcError(f"no mode {mode!r}", hint=did_you_mean(mode, MODES))
    if threads < 1:
        raise CnncalcError(f"threads {threads} is below 1")
    if seed < 0:
        raise CnncalcError(f"seed {seed} is below 0", hint="give 0, 1, 2, …")
    if threads > 1 and (mode == "training" or tape is not None or around is not None):
        raise CnncalcError(
            f"threads={threads} is for inference without a tape and without `around`",
            hint="leave threads out",
        )
    arrays = _checked(graph, inputs)
    _keep_freed_memory()
    if not isinstance(params, Params):
        params = Params(params, seed=None if params else 0)
    params.check_names(graph)
    if tape is not None:
        tape.graph = graph
    training = mode == "training"
    if threads > 1 and len(arrays[0]) > 1:
        return _spread(graph, arrays, params, threads)
    outputs = _Pass(graph, params, training, tape, around, seed).run(arrays)
    if tape is not None:
        tape.inputs, tape.outputs = dict(zip(graph.inputs, arrays, strict=True)), outputs
    return outputs


def _spread(graph: Graph, arrays: list[Array], params: Params, threads: int) -> dict[str, Array]:
    """Run the images in as many shares as there are threads, a few of a share at a time.

    More images at once make taller products, as long as their maps stay in the cache: params
    remember how large these are, from the first image that ran.
    """

    def run(start: int, stop: int) -> dict[str, Array]:
        once = _Pass(graph, params, False, None, None, 0)
        outputs = once.run([x[start:stop] for x in arrays])
        params.largest_map = once.largest // (stop - start)
        return outputs

    def share(images: Array) -> list[dict[str, Array]]:
        start, after = int(images[0]), int(images[-1]) + 1
        parts = []
        if not params.largest_map:
            parts.append(run(start, start + 1))
            start += 1
        most = max(1, MAPS_AT_ONCE // max(1, params.largest_map))
        turns = -(-(after - start) // most)
        groups = np.array_split(np.arange(start, after), turns) if turns else []
        return [*parts, *(run(int(some[0]), int(some[-1]) + 1) for some in groups)]

    count = len(arrays[0])
    shares = np.array_split(np.arange(count), min(threads, count))
    with ThreadPoolExecutor(threads) as pool:
        parts = [part for each in pool.map(share, shares) for part in each]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _checked(graph: Graph, inputs: Array | Mapping[str, Array]) -> list[Array]:
    """Return the inputs in the graph's order; raises CnncalcError where one does not fit."""
    names = list(graph.inputs)
    given = dict(inputs) if isinstance(inputs, Mapping) else {names[0]: inputs}
    for name in given:
        if name not in graph.inputs:
            raise CnncalcError(f"no input {name!r}", hint=did_you_mean(name, names))
    missing = [name for name in names if name not in given]
    if missing:
        raise CnncalcError(f"input {missing[0]!r} is missing", hint=f"give {', '.join(names)}")
    arrays = [np.asarray(given[name]) for name in names]
    for name, x in zip(names, arrays, strict=True):
        _check_input(name, x, graph.inputs[name])
        _check_beside(name, x, names[0], arrays[0])
    return arrays


def _check_beside(name: str, x: Array, first_name: str, first: Array) -> None:
    if len(x) != len(first):
        raise CnncalcError(
            f"input {name!r} has {len(x)} samples, and input {first_name!r} has {len(first)}",
            hint="the inputs of a run have as many samples each",
        )
    if x.dtype != first.dtype:
        raise CnncalcError(
            f"input {name!r} holds {x.dtype}, and input {first_name!r} holds {first.dtype}",
            hint="give all inputs of a run in one precision",
        )


def _check_input(name: str, x: Array, shape: tuple[int, ...]) -> None:
    if x.dtype not in (np.float32, np.float64):
        raise CnncalcError(
            f"input {name!r} holds {x.dtype}", hint="give float32 or float64: x.astype('float32')"
        )
    if x.shape[1:] != shape or not len(x):
        wanted = ", ".join(map(str, ("N", *shape)))
        raise CnncalcError(
            f"input {name!r} is {x.shape}, and the network reads ({wanted})",
            hint="the batch comes first; load the network with input=… for another size",
        )


def backward(net: Net | Graph, tape: Tape, grads: Array | Mapping[str, Array]) -> Gradients:
    """Return the gradients of inputs and params, given those of the outputs.

    `tape` comes from one `forward` in the same mode, and is used up. `grads` are arrays by output,
    or one for a network with one output, of the outputs' shapes. Layers that share arrays add their
    gradients up, and so do the readers of a tensor. Raises CnncalcError where they do not fit.
    """
    graph = net.graph if isinstance(net, Net) else net
    names = [graph.name_of(number) for number in graph.outputs]
    given = grads if isinstance(grads, Mapping) else {names[0]: grads}
    if not isinstance(grads, Mapping) and len(names) > 1:
        raise CnncalcError(
            f"the network has {len(names)} outputs",
            hint=f"give gradients by name: {', '.join(names)}",
        )
    if not tape.calls and graph.nodes:
        raise CnncalcError(
            "the tape is empty", hint="run forward(…, tape=tape) before each backward"
        )
    if tape.graph is not graph:
        raise CnncalcError("the tape is of another network")
    seed = {}
    for number, name in zip(graph.outputs, names, strict=True):
        if name in given:
            seed[number] = _fitting(name, given[name], tape.outputs[name])
    unknown = [name for name in given if name not in names]
    if unknown:
        raise CnncalcError(f"no output {unknown[0]!r}", hint=did_you_mean(unknown[0], names))
    params: dict[str, Array] = {}

    def visit(node: Node, box: list[Array]) -> Sequence[list[Array] | None]:
        call = tape.calls.pop(node)
        found = find(node.op.name).backward(call, box.pop())
        for name, values in call.grads.items():
            key = f"{owner(node)}.{name}"
            params[key] = params[key] + values if key in params else values
        return [[each] for each in found]

    values = fold_back(graph, visit, {n: [g] for n, g in seed.items()}, _sum)
    tape.calls.clear()
    inputs = {
        name: box[0] if box else np.zeros_like(tape.inputs[name])
        for name, box in zip(graph.inputs, values[: len(graph.inputs)], strict=True)
    }
    return Gradients(inputs, params)


def _sum(one: list[Array], other: list[Array]) -> list[Array]:
    return [one[0] + other[0]]


def _fitting(name: str, grad: Any, out: Array) -> Array:
    array = real_numbers(f"the gradient of {name!r}", grad).astype(out.dtype, copy=False)
    if array.shape != out.shape:
        raise CnncalcError(
            f"the gradient of {name!r} is {array.shape}, and the output is {out.shape}"
        )
    return array
