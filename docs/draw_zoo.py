"""Draw docs/zoo.svg: params against MACs of the bundled networks; needs the extra [docs].

python docs/draw_zoo.py
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, product
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib import pyplot as plt

import cnncalc
from cnncalc import zoo

HERE = Path(__file__).parent
FAMILIES = {
    "regnet": ("regnet_x", "regnet_y"),
    "resnet": ("resnet", "resnext", "wide_resnet"),
    "resnet_v1_slim": ("resnet_v1",),  # or where they are not called like the file
    "senet": ("se_resnet",),
}
"""File -> the families in it, by the beginnings of their names, where it holds several."""

LEAST = 10**6
"""Params of the smallest network drawn: LeNet-5 and M5 would leave no room for the others."""

COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22",
          "#17becf", "#ff7f0e", "#1b4f72", "#7b241c", "#145a32", "#4a235a")  # fmt: skip
WIDE, HIGH = 0.6, 1.1
"""Room of a letter, in font sizes."""


class Box(NamedTuple):
    """A rectangle in points."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        """Whether two rectangles share some of their area."""
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height


class Network(NamedTuple):
    """A point of the picture."""

    name: str
    params: int
    macs: int


def families() -> Iterator[tuple[str, list[Network]]]:
    """Yield each family with its networks from the smallest."""
    for path, entries in groupby(zoo.entries(), lambda entry: entry.path):
        names = [entry.name for entry in entries]
        for family in FAMILIES.get(path.stem, ("",)):
            networks = [_network(name) for name in names if name.startswith(family)]
            yield family or path.stem, sorted(networks, key=lambda each: each[1:])


def _network(name: str) -> Network:
    totals = cnncalc.analyze(name).totals
    return Network(name, totals.params, totals.macs)


def draw() -> None:
    """Write the picture; the same bytes each time."""
    mpl.rcParams |= {"svg.hashsalt": "zoo", "svg.fonttype": "none", "font.size": 9}
    figure, axes = plt.subplots(figsize=(12, 9), dpi=72)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.06, top=0.98)
    axes.set(xscale="log", yscale="log", xlabel="params", ylabel="MACs at the network's own input")
    axes.set(xlim=(LEAST, 3e8), ylim=(3e7, 5e11))
    axes.grid(visible=True, which="both", color="0.94", linewidth=0.5)
    axes.xaxis.set_major_formatter(mpl.ticker.EngFormatter(sep=" "))
    axes.yaxis.set_major_formatter(mpl.ticker.EngFormatter(sep=" "))
    drawn = [each for each in families() if each[1][0].params >= LEAST]
    places = axes.transData.transform
    points = [place for _, networks in drawn for place in places([n[1:] for n in networks])]
    taken = [Box(x - 3, y - 3, 6, 6) for x, y in points]
    for number, (family, networks) in enumerate(drawn):
        color = COLORS[number % len(COLORS)]
        _, params, macs = zip(*networks, strict=True)
        axes.plot(params, macs, color=color, linewidth=0.8, alpha=0.6)
        for network in networks:
            marker = "os^vD"[number // len(COLORS)]
            (point,) = axes.plot(*network[1:], marker=marker, markersize=4, color=color)
            point.set_gid(network.name)
        _label(axes, networks[-1], family, color, taken, size=9)
    for family, networks in drawn:
        for network in networks if len(networks) > 1 else ():
            short = network.name.removeprefix(family).lstrip("_")
            _label(axes, network, short, "0.4", taken, size=6)
    figure.savefig(HERE / "zoo.svg", metadata={"Date": None})


def _label(
    axes: Any, network: Network, text: str, color: str, taken: list[Box], *, size: int
) -> None:
    """Write a label at the nearest free place around its point; none where all are taken."""
    x, y = axes.transData.transform(network[1:])
    width, height = WIDE * size * len(text), HIGH * size
    for distance, (right, up) in product((0, 8, 16, 26, 38), _SIDES):
        left = x + (4 + distance * abs(right)) * right - width * (1 - right) / 2
        low = y + (3 + distance) * up - height * (1 - up) / 2
        box = Box(left, low, width, height)
        if not any(box.overlaps(other) for other in taken):
            taken.append(box)
            if distance:
                ends = axes.transData.inverted().transform([(x, y), (left + width / 2, low)])
                axes.plot(*zip(*ends, strict=True), color=color, linewidth=0.3, alpha=0.6)
            axes.text(left, low, text, transform=None, color=color, fontsize=size)
            return


_SIDES = ((1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
"""Where a label may stand, seen from its point: (right, up)."""


if __name__ == "__main__":
    draw()
