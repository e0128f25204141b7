"""Oracles that need a hand to be imported."""

from __future__ import annotations

from typing import Any

import torch

_libraries: list[Any] = []  # a library's operators live as long as it does


def torchvision() -> Any:
    """Return torchvision; where it is built for another torch, without its compiled operators.

    None of them is needed for a network's definition. They are declared once in a process.
    """
    try:
        import torchvision as package
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _libraries.append(library)
        import torchvision as package
    return package
