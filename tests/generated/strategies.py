"""Random networks that fit by construction, as hypothesis strategies."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Any

from hypothesis import strategies as st

from cnncalc.geometry import Shape
from cnncalc.graph import Graph, Node
from cnncalc.ops import find

LARGEST = {1: 24, 2: 14, 3: 7}
"""Largest size of an axis at each rank: beyond it, maps are not padded or upsampled further."""
MOST_NODES = 22
POINTWISE = (
    ("relu", {}), ("tanh", {}), ("prelu", {}), ("prelu", {"per_channel": True}),
    ("batch_norm", {}), ("batch_norm", {"affine": False}), ("softmax", {}), ("scale", {}),
    ("layer_norm", {"over": "channels"}), ("layer_norm", {}), ("group_norm", {"groups": 1}),
    ("instance_norm", {"affine": True}), ("local_response_norm", {"size": 3}), ("dropout", {}),
    ("identity", {}),
)  # fmt: skip


class Draft:
    """A network being drawn.

    `even` says of each tensor whether all its channels read the same positions: only then does a
    part of the channels read what the whole tensor reads. A `plain` network has contiguous windows
    that all touch the map: no dilation, no gaps, no rows left over.
    """

    def __init__(self, draw: Callable[[Any], Any], rank: int, *, plain: bool = False) -> None:
        self.draw = draw
        self.rank = rank
        self.plain = plain
        self.inputs: dict[str, Shape] = {}
        self.shapes: list[Shape] = []
        self.even: list[bool] = []
        self.nodes: list[Node] = []

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high)) if low < high else low

    def pick(self, *choices: Any) -> Any:
        return choices[self.number(0, len(choices) - 1)]

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent

    def enter(self, name: str, shape: Shape) -> int:
        self.inputs[name] = shape
        self.shapes.append(shape)
        self.even.append(True)
        return len(self.shapes) - 1

    def put(self, name: str, *inputs: int, shares: Node | None = None, **args: Any) -> int:
        kind = find(name)
        assert kind is not None
        op = kind(**args)
        self.shapes.append(op.shape(*(self.shapes[tensor] for tensor in inputs)))
        self.even.append(self._is_even(name, args, inputs))
        self.nodes.append(Node(f"{name}_{len(self.nodes)}", op, inputs, shares=shares))
        return len(self.shapes) - 1

    def _is_even(self, name: str, args: dict[str, Any], inputs: tuple[int, ...]) -> bool:
        if name in ("conv", "conv_transpose", "linear") and args.get("groups", 1) == 1:
            return True
        if name in ("concat", "pixel_unshuffle", "reshape"):
            return False
        return all(self.even[tensor] for tensor in inputs)

    def sizes(self, tensor: int) -> Shape:
        return self.shapes[tensor][1:]

    def channels(self, tensor: int) -> int:
        return self.shapes[tensor][0]

    @property
    def full(self) -> bool:
        return len(self.nodes) >= MOST_NODES


Step = Callable[[Draft, int], int]
Row = tuple[int, int, int, tuple[int, int]]
"""Kernel, stride, dilation and padding on one axis."""


def _row(draft: Draft, size: int) -> Row:
    if draft.plain:
        return _plain_row(draft, size)
    room = 3 if size <= LARGEST[draft.rank] else 0
    low, high = draft.number(0, room), draft.number(0, room)
    dilation = draft.pick(1, 1, 1, 2, 3)
    kernel = draft.number(1, min(4, (size + low + high - 1) // dilation + 1))
    return kernel, draft.pick(1, 1, 2, 3, 5), dilation, (low, high)


def _plain_row(draft: Draft, size: int) -> Row:
    """No position is left out, and every window touches the map."""
    kernel = draft.number(1, min(4, size))
    stride = draft.number(1, kernel)
    low = draft.number(0, kernel - 1)
    fitting = [high for high in range(kernel) if (size + low + high - kernel) % stride == 0]
    return kernel, stride, 1, (low, draft.pick(*fitting))


def _rows(draft: Draft, tensor: int, row: Callable[[Draft, int], Row] = _row) -> dict[str, Any]:
    """Return a kernel, stride, dilation and padding that fit, for all axes or for each."""
    sizes = draft.sizes(tensor)
    if len(set(sizes)) == 1 and draft.chance(40):
        kernel, stride, dilation, pad = row(draft, sizes[0])
        padding: Any = pad[0] if pad[0] == pad[1] else (pad,) * len(sizes)
        return {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": padding}
    rows = [row(draft, size) for size in sizes]
    names = ("kernel", "stride", "dilation", "padding")
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _worded(draft: Draft, tensor: int, args: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with a word as padding now and then."""
    if draft.plain or draft.chance(70):
        return args
    odd = args["kernel"] in (1, 3) or min(draft.sizes(tensor)) > 1
    return {**args, "padding": draft.pick("same", "half") if odd else "same"}


def conv(draft: Draft, tensor: int) -> int:
    args = _worded(draft, tensor, _rows(draft, tensor))
    out = draft.pick(1, 2, 3, 4, 6)
    common = gcd(out, draft.channels(tensor))
    groups = draft.pick(1, 1, *(n for n in range(1, common + 1) if common % n == 0))
    weight_norm = not draft.plain and draft.chance(5)
    return draft.put(
        "conv", tensor, out=out, groups=groups, bias=draft.chance(60), weight_norm=weight_norm,
        **args,
    )  # fmt: skip


def depthwise(draft: Draft, tensor: int) -> int:
    args = _worded(draft, tensor, _rows(draft, tensor))
    multiplier = 2 if draft.channels(tensor) < 4 and draft.chance(30) else 1
    return draft.put("depthwise", tensor, multiplier=multiplier, **args)


def _pool_row(draft: Draft, size: int) -> Row:
    """PyTorch pads at most half the kernel."""
    if draft.plain:
        kernel, stride, _, _ = _plain_row(draft, size)
        stride = stride if (size - kernel) % stride == 0 else 1
        return kernel, stride, 1, (0, 0)
    dilation = draft.pick(1, 1, 2)
    kernel = draft.number(1, min(4, (size - 1) // dilation + 1))
    half = kernel // 2
    return kernel, draft.number(1, 4), dilation, (draft.number(0, half), draft.number(0, half))


def max_pool(draft: Draft, tensor: int) -> int:
    args = _rows(draft, tensor, _pool_row)
    if isinstance(args["padding"], int):
        args["ceil"] = draft.chance(50) and not draft.plain
    return draft.put("max_pool", tensor, **args)


def avg_pool(draft: Draft, tensor: int) -> int:
    args = _rows(draft, tensor, _pool_row)
    dilation = args.pop("dilation")
    if isinstance(args["padding"], int) and dilation == 1:
        args["ceil"] = draft.chance(50) and not draft.plain
    return draft.put("avg_pool", tensor, **args)


def conv_transpose(draft: Draft, tensor: int) -> int:
    rank, sizes = len(draft.sizes(tensor)), draft.sizes(tensor)
    room = LARGEST[rank]
    kernel, dilation = draft.number(1, 4), draft.pick(1, 1, 1, 2, 3)
    stride = draft.number(1, max(1, min(4, room // max(sizes))))
    spare = (min(sizes) - 1) * stride + dilation * (kernel - 1)
    low, high = draft.number(0, min(spare, 2)), draft.number(0, min(spare, 2))
    high = min(high, spare - low)
    args: dict[str, Any] = {"kernel": kernel, "stride": stride, "dilation": dilation}
    form = draft.number(0, 9)
    if form == 0:
        args["padding"] = draft.pick("same", "half")
    else:
        args["padding"] = low if low == high else ((low, high),) * rank
    if args["padding"] != "same":
        args["output_padding"] = draft.number(0, max(stride, dilation) - 1)
    out = draft.pick(1, 2, 4)
    groups = draft.pick(1, 1, gcd(out, draft.channels(tensor)))
    return draft.put("conv_transpose", tensor, out=out, groups=groups, **args)


def upsample(draft: Draft, tensor: int) -> int:
    sizes, largest = draft.sizes(tensor), LARGEST[draft.rank]
    mode = draft.pick("nearest", "bilinear")
    if draft.plain:
        scale = 2 if max(sizes) * 2 <= largest else 1
        return draft.put("upsample", tensor, scale=scale)
    if draft.chance(50):
        fitting = [s for s in (0.5, 1.25, 4 / 3, 1.5, 2, 3) if max(sizes) * s <= largest]
        fitting = [s for s in fitting if min(sizes) * s >= 1]
        scale = draft.pick(*(fitting or [1]))
        return draft.put("upsample", tensor, scale=scale, mode=mode)
    outs = tuple(draft.number(1, min(2 * size + 1, largest)) for size in sizes)
    corners = mode == "bilinear" and draft.chance(50)
    return draft.put("upsample", tensor, size=outs, mode=mode, align_corners=corners)


def adaptive(draft: Draft, tensor: int) -> int:
    largest = min(8, LARGEST[draft.rank])
    outs = tuple(draft.number(1, min(size + 2, largest)) for size in draft.sizes(tensor))
    return draft.put(draft.pick("adaptive_avg_pool", "adaptive_max_pool"), tensor, size=outs)


def pad(draft: Draft, tensor: int) -> int:
    sizes = draft.sizes(tensor)
    if max(sizes) > LARGEST[draft.rank]:
        return crop(draft, tensor)
    mode = draft.pick("zero", "reflect", "replicate")
    most = min(2, min(sizes) - 1) if mode == "reflect" else 2
    pads = tuple((draft.number(0, most), draft.number(0, most)) for _ in sizes)
    return draft.put("pad", tensor, padding=pads, mode=mode)


def crop(draft: Draft, tensor: int) -> int:
    sizes = tuple(draft.number((size + 1) // 2, size) for size in draft.sizes(tensor))
    return draft.put("crop", tensor, size=sizes)


def pointwise(draft: Draft, tensor: int) -> int:
    name, args = draft.pick(*POINTWISE)
    if name == "instance_norm" and set(draft.sizes(tensor)) == {1}:
        return tensor  # PyTorch refuses the variance of a single value
    return draft.put(name, tensor, **args)


def shuffle(draft: Draft, tensor: int) -> int:
    channels = draft.channels(tensor)
    groups = draft.pick(*(n for n in range(1, channels + 1) if channels % n == 0))
    return draft.put("channel_shuffle", tensor, groups=groups)


def chunk(draft: Draft, tensor: int) -> int:
    if not draft.even[tensor]:
        tensor = draft.put("conv", tensor, out=4, kernel=1)
    channels = draft.channels(tensor)
    parts = draft.pick(*(n for n in range(1, channels + 1) if channels % n == 0))
    return draft.put("chunk", tensor, n=parts, index=draft.number(0, parts - 1))


def pixel_shuffle(draft: Draft, tensor: int) -> int:
    fits = [r for r in (1, 2, 3) if max(draft.sizes(tensor)) * r <= LARGEST[draft.rank]]
    r = draft.pick(*(fits or [1]))
    wide = draft.put("conv", tensor, out=r**draft.rank * draft.number(1, 2), kernel=1)
    return draft.put("pixel_shuffle", wide, r=r)


def pixel_unshuffle(draft: Draft, tensor: int) -> int:
    common = gcd(*draft.sizes(tensor))
    r = draft.pick(*(n for n in (1, 2, 3) if common % n == 0))
    return draft.put("pixel_unshuffle", tensor, r=r)


def fitted(draft: Draft, tensor: int, sizes: Shape) -> int:
    """Return a map brought to the sizes given, in one of the ways that networks use."""
    if draft.sizes(tensor) == sizes:
        return tensor
    way = draft.number(0, 3)
    if way == 0:
        return draft.put("upsample", tensor, size=sizes, mode=draft.pick("nearest", "bilinear"))
    if way == 1:
        return draft.put("adaptive_avg_pool", tensor, size=sizes)
    least = tuple(map(min, draft.sizes(tensor), sizes))
    tensor = draft.put("crop", tensor, size=least)
    missing = [size - have for size, have in zip(sizes, least, strict=True)]
    pads = tuple((each // 2, each - each // 2) for each in missing)
    return draft.put("pad", tensor, padding=pads) if any(missing) else tensor


def joined(draft: Draft, branches: list[int]) -> int:
    """Return a join of maps of any sizes and channels."""
    sizes = draft.sizes(draft.pick(*branches))
    branches = [fitted(draft, branch, sizes) for branch in branches]
    kind = draft.pick("add", "concat", "sub", "max", "mean", "mul")
    if kind == "concat":
        found = draft.put("concat", *branches)
        return draft.put("conv", found, out=2, kernel=1) if draft.channels(found) > 12 else found
    out = draft.channels(branches[0])
    branches = [
        branch if draft.channels(branch) == out else draft.put("conv", branch, out=out, kernel=1)
        for branch in branches
    ]
    return draft.put(kind, *branches)


def fork(draft: Draft, tensor: int) -> int:
    """Return a join of two or three branches, each a chain of steps, or nothing at all."""
    count = draft.number(2, 3)
    branches = [tensor if draft.chance(25) else chain(draft, tensor, 2) for _ in range(count)]
    return joined(draft, branches)


def skip(draft: Draft, tensor: int) -> int:
    """Return a join with any earlier map, as in U-Net."""
    earlier = [t for t, shape in enumerate(draft.shapes) if len(shape) == draft.rank + 1]
    return joined(draft, [tensor, draft.pick(*earlier)])


def gate(draft: Draft, tensor: int) -> int:
    """Return the map times a gate: of the whole map, of some axes, or from any vector."""
    channels, rank = draft.channels(tensor), draft.rank
    vectors = [t for t, shape in enumerate(draft.shapes) if len(shape) == 1]
    way = draft.number(0, 4)
    if way == 0 and vectors:
        found = draft.put("linear", draft.pick(*vectors), out=channels, bias=True)
    elif way == 1:
        sizes = tuple(draft.pick(1, size) for size in draft.sizes(tensor))
        found = draft.put("adaptive_avg_pool", tensor, size=sizes)
    elif way == 2:
        found = draft.put("linear", tensor, out=channels)
    elif way == 3:
        found = draft.put("conv", tensor, out=1, kernel=1)
    else:
        found = draft.put(draft.pick("global_avg_pool", "global_max_pool"), tensor)
        found = draft.put("conv", found, out=channels, kernel=(1,) * rank)
    return draft.put("mul", *((tensor, found) if draft.chance(70) else (found, tensor)))


def shared(draft: Draft, tensor: int) -> int:
    """Return a convolution applied twice with the same weights."""
    channels = draft.channels(tensor)
    args: dict[str, Any] = {"out": channels, "kernel": 3, "padding": 1}
    tensor = draft.put("conv", tensor, **args)
    return draft.put("conv", tensor, shares=draft.nodes[-1], **args)


STEPS: tuple[tuple[int, Step], ...] = (
    (6, conv), (2, depthwise), (3, conv_transpose), (2, max_pool), (2, avg_pool), (3, upsample),
    (1, adaptive), (1, pad), (1, crop), (2, pointwise), (1, shuffle), (1, chunk),
    (1, pixel_shuffle), (1, pixel_unshuffle), (1, shared), (3, fork), (2, skip), (2, gate),
)  # fmt: skip
PLAIN_STEPS: tuple[tuple[int, Step], ...] = (
    (5, conv), (2, depthwise), (2, max_pool), (1, avg_pool), (1, upsample), (1, pointwise),
)  # fmt: skip


def chain(draft: Draft, tensor: int, longest: int) -> int:
    """Return the end of a chain of steps."""
    steps = [
        step for weight, step in (PLAIN_STEPS if draft.plain else STEPS) for _ in range(weight)
    ]
    for _ in range(draft.number(1, longest)):
        if draft.full:
            break
        tensor = draft.pick(*steps)(draft, tensor)
    return tensor


def _head(draft: Draft, tensor: int) -> None:
    way = draft.number(0, 9)
    if way == 0:
        draft.put("linear", draft.put("flatten", tensor), out=3)
    elif way == 1:
        draft.put("linear", draft.put("global_avg_pool", tensor), out=3, weight_norm=True)
    elif way == 2:
        row = draft.put("reshape", tensor, to=(-1,))
        draft.put("softmax", draft.put("linear", row, out=2, bias=False))


def _largest_input(rank: int) -> int:
    return {1: 20, 2: 10, 3: 5}[rank]


@st.composite
def graphs(draw: Callable[[Any], Any], rank: int = 0) -> Graph:
    """Networks of one or two maps (and a vector now and then), with 1 to 3 spatial axes."""
    rank = rank or draw(st.sampled_from((1, 1, 2, 2, 3)))
    draft = Draft(draw, rank)
    most = _largest_input(rank)
    for name in ("image", "other")[: 2 if draft.chance(20) else 1]:
        sizes = tuple(draft.number(1, most) for _ in range(rank))
        draft.enter(name, (draft.number(1, 4), *sizes))
    if draft.chance(10):
        draft.enter("vector", (3,))
    tensor = chain(draft, 0, 8)
    if "other" in draft.inputs:
        tensor = chain(draft, joined(draft, [tensor, 1]), 2)
    _head(draft, tensor)
    last = len(draft.shapes) - 1
    outputs = {last, draft.number(0, last)} if draft.chance(20) else {last}
    return Graph(draft.inputs, draft.nodes, sorted(outputs))


@st.composite
def plain_graphs(draw: Callable[[Any], Any]) -> Graph:
    """Networks whose fields show at the border too: see `Draft`."""
    draft = Draft(draw, draw(st.sampled_from((1, 1, 2))), plain=True)
    sizes = tuple(draft.number(1, _largest_input(draft.rank)) for _ in range(draft.rank))
    tensor = chain(draft, draft.enter("image", (2, *sizes)), 4)
    if draft.chance(50):
        first = draft.put("conv", tensor, out=2, kernel=3, padding=1)
        second = draft.put("depthwise", tensor, kernel=5, padding="half")
        tensor = chain(draft, draft.put("concat", first, second), 2)
    return Graph(draft.inputs, draft.nodes, (len(draft.shapes) - 1,))
