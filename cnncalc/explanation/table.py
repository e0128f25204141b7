"""Which formulas belong to which layer type, by name."""

from __future__ import annotations

from cnncalc.explanation import conv, linear, merge, norm, pool, reshape
from cnncalc.explanation.generic import GENERIC, Explainer

EXPLAINERS: dict[str, Explainer] = {
    "conv": conv.SLIDING,
    "depthwise": conv.SLIDING,
    "conv_transpose": conv.TRANSPOSED,
    "linear": linear.LINEAR,
    "max_pool": pool.SLIDING,
    "avg_pool": pool.SLIDING,
    "adaptive_avg_pool": pool.ADAPTIVE,
    "adaptive_max_pool": pool.ADAPTIVE,
    "global_avg_pool": pool.GLOBAL,
    "global_max_pool": pool.GLOBAL,
    "batch_norm": norm.BATCH,
    "layer_norm": norm.SETS,
    "instance_norm": norm.SETS,
    "group_norm": norm.SETS,
    "add": merge.EQUAL,
    "sub": merge.EQUAL,
    "max": merge.EQUAL,
    "mean": merge.EQUAL,
    "mul": merge.MUL,
    "concat": merge.CONCAT,
    "flatten": reshape.FLATTEN,
    "reshape": reshape.RESHAPE,
    "pad": reshape.PAD,
    "crop": reshape.CROP,
    "chunk": reshape.CHUNK,
    "pixel_shuffle": reshape.SHUFFLE,
    "pixel_unshuffle": reshape.UNSHUFFLE,
    "upsample": reshape.UPSAMPLE,
}


def explainer(name: str) -> Explainer:
    """Return the formulas of a layer type; the generic ones where it has none of its own."""
    return EXPLAINERS.get(name, GENERIC)
