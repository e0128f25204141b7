"""Layers whose count by TensorFlow's profiler has a rule of its own, beside the cases of all."""

from __future__ import annotations

from case_kit import case

MORE_CASES = [
    case("conv", {"out": 6, "kernel": 3, "groups": 2}, (4, 5, 7), (6, 3, 5)),
    case("conv", {"out": 6, "kernel": 3, "dilation": 2}, (4, 9, 9), (6, 5, 5)),
    case("conv_transpose", {"out": 4, "kernel": 3, "stride": 2}, (3, 5, 7), (4, 11, 15)),
    case("conv_transpose", {"out": 2, "kernel": 2, "stride": 2}, (3, 2, 2, 2), (2, 4, 4, 4)),
    case("adaptive_avg_pool", {"size": 4}, (3, 4, 4), (3, 4, 4)),
    case("layer_norm", {}, (3, 5, 7), (3, 5, 7)),
    case("layer_norm", {"over": "channels"}, (3, 5, 7), (3, 5, 7)),
    case("scale", {}, (3, 5, 7), (3, 5, 7)),
]
