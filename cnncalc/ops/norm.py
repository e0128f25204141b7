"""Normalisations: batch, layer, instance, group, and local response."""

from __future__ import annotations

from math import prod

from cnncalc.geometry import Shape
from cnncalc.ops.base import Elementwise, Param, Work, arg, need_map
from cnncalc.ops.sliding import need_groups


def _affine(affine: bool, shape: Shape) -> tuple[Param, ...]:
    """Return the learned factor and offset, γ and β of the course notes."""
    return (Param("weight", shape), Param("bias", shape)) if affine else ()


def _standardise(values: int, sets: int, affine: bool) -> Work:
    """Return the work of bringing `sets` equal sets of values to mean 0 and variance 1.

    Of m values: the mean (m - 1 additions, a division), the differences from it (m), the mean
    square of these (m products, m - 1 additions, a division), its root with ε (an addition, a root,
    a division), and m products; then a product and an addition a value for γ and β.
    """
    learned = values if affine else 0
    return Work(add=3 * values - sets + learned, mul=2 * values + learned, div=3 * sets, exp=sets)


STANDARDISE_NOTES = (
    "For each set of m values normalised together: 3m - 1 additions, 2m products, 3 divisions and "
    "a root; with affine a product and an addition a value more."
)


class BatchNorm(Elementwise):
    """Batch normalisation at inference, by running statistics; PyTorch's BatchNorm1d, 2d and 3d.

    Ioffe, Szegedy 2015. (C, *spatial) and vectors, shape kept. The running mean and variance are
    buffers; PyTorch's counter num_batches_tracked is no statistic and is left out.
    """

    name = "batch_norm"
    aliases = ("bn",)
    notes = (
        "A product and an addition a value: statistics, γ and β are fixed at inference and are "
        "folded into one factor and one offset a channel beforehand."
    )

    eps: float = arg("num", "added to the variance", default=1e-5, low=0)
    momentum: float = arg(
        "num", "weight of a new batch in the running statistics", default=0.1, low=0, high=1
    )
    affine: bool = arg("bool", "learn a factor and an offset a channel", default=True)

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight and bias (C,), and the buffers running_mean and running_var (C,)."""
        shape = ins[0][:1]
        buffers = (Param("running_mean", shape, False), Param("running_var", shape, False))
        return (*_affine(self.affine, shape), *buffers)

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return a product and an addition for each value."""
        return Work(mul=prod(out), add=prod(out))


class LayerNorm(Elementwise):
    """Layer normalisation: each sample by its own statistics. Ba, Kiros, Hinton 2016.

    `over: all` takes all channels and positions together, with a factor for each value (PyTorch's
    LayerNorm([C, H, W]), and the course notes); `over: channels` normalises each position by its
    channels, with a factor a channel (the channels-last LayerNorm of ConvNeXt).
    """

    name = "layer_norm"
    aliases = ("ln",)
    notes = STANDARDISE_NOTES

    over: str = arg(
        "word", "values normalised together", default="all", choices=("all", "channels")
    )
    eps: float = arg("num", "added to the variance", default=1e-5, low=0)
    affine: bool = arg("bool", "learn factors and offsets", default=True)

    @property
    def whole_map(self) -> bool:  # type: ignore[override]  # a constant in the other layer types
        """Whether statistics are taken over all positions."""
        return self.over == "all"

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight and bias, (C, *spatial) over all, (C,) over channels."""
        return _affine(self.affine, ins[0] if self.over == "all" else ins[0][:1])

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the work of one set over all, or one set a position over channels."""
        sets = 1 if self.over == "all" else prod(out[1:])
        return _standardise(prod(out), sets, self.affine)


class InstanceNorm(Elementwise):
    """Instance normalisation: each channel of each sample; PyTorch's InstanceNorm1d, 2d and 3d.

    Ulyanov, Vedaldi, Lempitsky 2016. (C, *spatial), shape kept.
    """

    name = "instance_norm"
    whole_map = True
    notes = STANDARDISE_NOTES

    eps: float = arg("num", "added to the variance", default=1e-5, low=0)
    affine: bool = arg("bool", "learn a factor and an offset a channel", default=False)

    def shape(self, *ins: Shape) -> Shape:
        """Return the input's shape; raises ShapeError for a vector."""
        need_map(self, ins[0])
        return ins[0]

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight and bias (C,), with affine."""
        return _affine(self.affine, ins[0][:1])

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the work of one set a channel."""
        return _standardise(prod(out), out[0], self.affine)


class GroupNorm(Elementwise):
    """Group normalisation: groups of channels of each sample. Wu, He 2018; PyTorch's GroupNorm."""

    name = "group_norm"
    aliases = ("gn",)
    whole_map = True
    notes = STANDARDISE_NOTES

    groups: int = arg("int", "sets of channels", alias="g", low=1)
    eps: float = arg("num", "added to the variance", default=1e-5, low=0)
    affine: bool = arg("bool", "learn a factor and an offset a channel", default=True)

    def shape(self, *ins: Shape) -> Shape:
        """Return the input's shape; raises ShapeError where the channels do not divide."""
        need_groups(self, ins[0], ins[0][0], "channels", "groups")
        return ins[0]

    def params(self, *ins: Shape) -> tuple[Param, ...]:
        """Return weight and bias (C,)."""
        return _affine(self.affine, ins[0][:1])

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the work of one set a group."""
        return _standardise(prod(out), self.groups, self.affine)


class LocalResponseNorm(Elementwise):
    """x / (k + α/size · Σ x²)^β over `size` neighbouring channels; PyTorch's LocalResponseNorm.

    Krizhevsky, Sutskever, Hinton 2012, whose α is PyTorch's α/size. (C, *spatial), shape kept.
    """

    name = "local_response_norm"
    aliases = ("lrn",)
    notes = (
        "A value: its square and the product with α/size, an addition for each neighbouring "
        "channel that exists, one for k, a power and a division."
    )

    size: int = arg("int", "neighbouring channels added up", default=5, low=1)
    alpha: float = arg("num", "factor of the mean square", default=1e-4)
    beta: float = arg("num", "exponent", default=0.75)
    k: float = arg("num", "added to the mean square", default=1.0)

    def shape(self, *ins: Shape) -> Shape:
        """Return the input's shape; raises ShapeError for a vector."""
        need_map(self, ins[0])
        return ins[0]

    def work(self, *ins: Shape, out: Shape) -> Work:
        """Return the work, with the sums cut off at the first and the last channel."""
        channels, values = out[0], prod(out)
        before, behind = self.size // 2, (self.size - 1) // 2
        sums = sum(min(c, before) + min(channels - 1 - c, behind) for c in range(channels))
        return Work(mul=2 * values, add=sums * prod(out[1:]) + values, exp=values, div=values)
