"""Networks that torchvision does not have, written for PyTorch from their papers and sources.

They are here to be executed on the meta device and compared with our specs, layer by layer. Each
is written from its description, not from our spec.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 everybody's name for it
from torch import Tensor, nn
from zoo.executed import torchvision


def conv(c: int, out: int, k: int, s: int = 1, p: int | None = None, **options: Any) -> nn.Conv2d:
    padding = k // 2 if p is None else p
    return nn.Conv2d(c, out, k, s, padding, **{"bias": False, **options})


def conv_bn(c: int, out: int, k: int, s: int = 1, p: int | None = None) -> nn.Sequential:
    return nn.Sequential(conv(c, out, k, s, p), nn.BatchNorm2d(out))


class SeBottleneck(nn.Module):
    """Hu et al. 2018, figure 3, on Caffe's ResNet: the first 1×1 strides; reduction 16."""

    def __init__(self, c: int, width: int, s: int) -> None:
        super().__init__()
        out = 4 * width
        self.layers = nn.Sequential(
            conv_bn(c, width, 1, s), nn.ReLU(), conv_bn(width, width, 3), nn.ReLU(),
            conv_bn(width, out, 1),
        )  # fmt: skip
        self.squeeze = nn.Conv2d(out, out // 16, 1)
        self.excite = nn.Conv2d(out // 16, out, 1)
        self.skip = conv_bn(c, out, 1, s) if s > 1 or c != out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x)
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(y.mean((2, 3), keepdim=True)))))
        return F.relu(y * gate + self.skip(x))


def se_resnet(depths: list[int]) -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)]
    c = 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        for block in range(depth):
            layers.append(SeBottleneck(c, width, 2 if stage and not block else 1))
            c = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 1000))


class SlimUnit(nn.Module):
    """TF-Slim's bottleneck: a stride subsamples the identity, and stands on the 3×3."""

    def __init__(self, c: int, width: int, s: int) -> None:
        super().__init__()
        self.shortcut: nn.Module = nn.MaxPool2d(1, s)
        if c != 4 * width:
            self.shortcut = conv_bn(c, 4 * width, 1, s)
        self.residual = nn.Sequential(
            conv_bn(c, width, 1), nn.ReLU(), conv_bn(width, width, 3, s), nn.ReLU(),
            conv_bn(width, 4 * width, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.shortcut(x) + self.residual(x))


def resnet_v1_slim(depths: list[int]) -> nn.Module:
    # SAME on an even size: the pool's padding stands behind the map
    pool = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(3, 2))
    layers: list[nn.Module] = [conv_bn(3, 64, 7, 2), nn.ReLU(), pool]
    c = 64
    for stage, depth in enumerate(depths):
        for unit in range(depth):
            s = 2 if stage < 3 and unit == depth - 1 else 1
            layers.append(SlimUnit(c, 64 * 2**stage, s))
            c = 256 * 2**stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, 1000, 1))


def separable(c: int, out: int) -> nn.Sequential:
    return nn.Sequential(conv(c, c, 3, groups=c), conv(c, out, 1), nn.BatchNorm2d(out))


class XceptionBlock(nn.Module):
    """Chollet 2017, figure 5: separable convolutions, each behind a relu, and a residual."""

    def __init__(self, widths: list[int], *, pool: bool = True) -> None:
        super().__init__()
        pairs = pairwise(widths)
        self.main = nn.Sequential(*[nn.Sequential(nn.ReLU(), separable(*pair)) for pair in pairs])
        self.skip = conv_bn(widths[0], widths[-1], 1, 2) if pool else nn.Identity()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        skip = self.skip(x)
        y = self.main(x)
        if self.pool:  # Keras' padding: on both sides of an odd size, behind an even one
            odd = y.shape[-1] % 2
            y = F.pad(y, (odd, 1, odd, 1))
            return F.max_pool2d(y, 3, 2) + skip
        return y + skip


def xception() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 32, 3, 2, 0), nn.ReLU(), conv_bn(32, 64, 3, 1, 0), nn.ReLU(),
        XceptionBlock([64, 128, 128]),
        XceptionBlock([128, 256, 256]),
        XceptionBlock([256, 728, 728]),
        *[XceptionBlock([728, 728, 728, 728], pool=False) for _ in range(8)],
        XceptionBlock([728, 728, 1024]),
        separable(1024, 1536), nn.ReLU(), separable(1536, 2048), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000),
    )  # fmt: skip


class NestedUNet(nn.Module):
    """Zhou et al. 2018, figure 1a: x[i][j] joins x[i][:j] with x[i + 1][j - 1], upsampled."""

    def __init__(self, c: int, widths: list[int], classes: int) -> None:
        super().__init__()
        self.depth = len(widths)
        self.pairs, self.ups = nn.ModuleDict(), nn.ModuleDict()
        for i, width in enumerate(widths):
            for j in range(self.depth - i):
                before = (c if i == 0 else widths[i - 1]) if j == 0 else (j + 1) * width
                self.pairs[f"{i}{j}"] = nn.Sequential(
                    nn.Conv2d(before, width, 3, 1, 1), nn.ReLU(),
                    nn.Conv2d(width, width, 3, 1, 1), nn.ReLU(),
                )  # fmt: skip
                if j:
                    self.ups[f"{i}{j}"] = nn.ConvTranspose2d(widths[i + 1], width, 2, 2)
        self.head = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        nodes: dict[tuple[int, int], Tensor] = {}
        for diagonal in range(self.depth):
            for j in range(diagonal + 1):
                i = diagonal - j
                if j == 0:
                    inside = F.max_pool2d(nodes[i - 1, 0], 2) if i else x
                else:
                    up = self.ups[f"{i}{j}"](nodes[i + 1, j - 1])
                    inside = torch.cat([up, *(nodes[i, k] for k in range(j))], 1)
                nodes[i, j] = self.pairs[f"{i}{j}"](inside)
        return self.head(nodes[0, self.depth - 1])


def unet() -> nn.Module:
    """Ronneberger et al. 2015, figure 1, padded."""

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = [64, 128, 256, 512, 1024]
            pair = lambda c, out: nn.Sequential(  # noqa: E731 short, and used here alone
                nn.Conv2d(c, out, 3, 1, 1), nn.ReLU(), nn.Conv2d(out, out, 3, 1, 1), nn.ReLU()
            )
            self.down = nn.ModuleList(
                [pair(c, out) for c, out in zip([1, *widths], widths, strict=False)]
            )
            self.up = nn.ModuleList([nn.ConvTranspose2d(2 * c, c, 2, 2) for c in widths[-2::-1]])
            self.join = nn.ModuleList([pair(2 * c, c) for c in widths[-2::-1]])
            self.head = nn.Conv2d(64, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            skips: list[Tensor] = []
            for pair in self.down:
                x = pair(F.max_pool2d(x, 2) if skips else x)
                skips.append(x)
            for up, join, skip in zip(self.up, self.join, skips[-2::-1], strict=True):
                x = join(torch.cat([skip, up(x)], 1))
            return self.head(x)

    return UNet()


def mobilenet_v1() -> nn.Module:
    """Howard et al. 2017, table 1."""
    layers: list[nn.Module] = [conv_bn(3, 32, 3, 2), nn.ReLU()]
    widths = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    for c, out, s in zip(widths, widths[1:], strides, strict=False):
        layers += [conv(c, c, 3, s, groups=c), nn.BatchNorm2d(c), nn.ReLU()]
        layers += [conv_bn(c, out, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))


def dark(c: int, out: int, k: int, s: int = 1) -> nn.Sequential:
    return nn.Sequential(conv_bn(c, out, k, s), nn.LeakyReLU(0.1))


class DarkResidual(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(dark(c, c // 2, 1), dark(c // 2, c, 3))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class YoloV3(nn.Module):
    """Redmon, Farhadi 2018: Darknet-53 (table 1), and predictions at three scales (2.3)."""

    def __init__(self, classes: int = 80) -> None:
        super().__init__()
        stages, c = [], 32
        for n in (1, 2, 8, 8, 4):
            stages.append(
                nn.Sequential(dark(c, 2 * c, 3, 2), *[DarkResidual(2 * c) for _ in range(n)])
            )
            c *= 2
        self.stem, self.stages = dark(3, 32, 3), nn.ModuleList(stages)
        self.necks, self.heads, self.laterals = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for before, c in ((1024, 512), (768, 256), (384, 128)):
            self.necks.append(
                nn.Sequential(
                    dark(before, c, 1), dark(c, 2 * c, 3), dark(2 * c, c, 1),
                    dark(c, 2 * c, 3), dark(2 * c, c, 1),
                )
            )  # fmt: skip
            self.heads.append(
                nn.Sequential(dark(c, 2 * c, 3), nn.Conv2d(2 * c, 3 * (5 + classes), 1))
            )
            self.laterals.append(dark(c, c // 2, 1) if c > 128 else nn.Identity())

    def forward(self, x: Tensor) -> list[Tensor]:
        x, maps, found = self.stem(x), [], []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        for scale, (neck, head, lateral) in enumerate(
            zip(self.necks, self.heads, self.laterals, strict=True)
        ):
            x = neck(x)
            found.append(head(x))
            if scale < 2:
                x = torch.cat([F.interpolate(lateral(x), scale_factor=2), maps[3 - scale]], 1)
        return found


class RetinaNet(nn.Module):
    """torchvision's backbone, pyramid and heads, without its boxes."""

    def __init__(self) -> None:
        super().__init__()
        detection = torchvision.models.detection
        model = detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None)
        self.backbone, self.head = model.backbone, model.head

    def forward(self, x: Tensor) -> Any:
        return self.head(list(self.backbone(x).values()))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "mobilenet_v1": mobilenet_v1,
    "resnet_v1_50": lambda: resnet_v1_slim([3, 4, 6, 3]),
    "resnet_v1_101": lambda: resnet_v1_slim([3, 4, 23, 3]),
    "retinanet_resnet50_fpn": RetinaNet,
    "se_resnet50": lambda: se_resnet([3, 4, 6, 3]),
    "se_resnet101": lambda: se_resnet([3, 4, 23, 3]),
    "se_resnet152": lambda: se_resnet([3, 8, 36, 3]),
    "unet": unet,
    "unet_pp": lambda: NestedUNet(1, [32, 64, 128, 256, 512], 1),
    "xception": xception,
    "yolo_v3": YoloV3,
}
"""Name of a bundled network -> the model, built on the device that is the default."""
