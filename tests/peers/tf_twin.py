"""The same network as Keras layers, and what TensorFlow's profiler says of it.

    python tests/peers/tf_twin.py [--to FOLDER] [NETWORK ...]

writes presets_tensorflow.csv, for all bundled networks of torchvision or those named, and
presets_tensorflow_layers.csv, for the cases of each layer type, into tests/data or another folder.
Needs tensorflow-cpu; torch is not needed.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "ops")]

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from case_kit import Case  # noqa: E402
from cases import CASES  # noqa: E402
from cases_tensorflow import MORE_CASES  # noqa: E402
from generated.build import net_of  # noqa: E402
from keras import layers  # noqa: E402
from peers.record import shapes  # noqa: E402

import cnncalc  # noqa: E402
from cnncalc.geometry import Shape  # noqa: E402
from cnncalc.graph import Graph  # noqa: E402
from cnncalc.net import Net  # noqa: E402

RANKED = {"conv": "Conv", "max_pool": "MaxPooling", "avg_pool": "AveragePooling"}
JOINS: dict[str, Callable[[], Any]] = {
    "add": layers.Add,
    "sub": layers.Subtract,
    "mul": layers.Multiply,
    "max": layers.Maximum,
    "mean": layers.Average,
    "concat": layers.Concatenate,
}
SILENT = ("dropout", "identity", "drop_path")


def each(value: Any, rank: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * rank


class Scale(layers.Layer):
    """A learned factor for each channel."""

    def build(self, shape: Any) -> None:
        self.factor = self.add_weight(shape=(shape[-1],))

    def call(self, x: Any) -> Any:
        return x * self.factor


class Raw(layers.Layer):
    """An operator of TensorFlow that no layer of Keras stands for."""

    def __init__(self, call: Callable[[Any], Any]) -> None:
        super().__init__()
        self.operator = call

    def call(self, x: Any) -> Any:
        return self.operator(x)


class RawConv(layers.Layer):
    """A grouped or dilated convolution as TensorFlow's own operator."""

    def __init__(self, op: Any, stride: tuple[int, ...]) -> None:
        super().__init__()
        self.op, self.stride = op, stride

    def build(self, shape: Any) -> None:
        op = self.op
        taps = each(op.kernel, 2)
        self.kernel = self.add_weight(shape=(*taps, shape[-1] // op.groups, op.out))
        self.bias = self.add_weight(shape=(op.out,)) if op.bias else None

    def call(self, x: Any) -> Any:
        dilations = each(self.op.dilation, 2)
        y = tf.nn.conv2d(x, self.kernel, self.stride, "VALID", dilations=dilations)
        return y if self.bias is None else tf.nn.bias_add(y, self.bias)


def padded(x: Any, pads: list[tuple[int, int]]) -> Any:
    """Return a map with zeros around it, in a layer of its own."""
    if not any(map(sum, pads)):
        return x
    kind = getattr(layers, f"ZeroPadding{len(pads)}D")
    return kind(pads[0] if len(pads) == 1 else pads)(x)


def slid(op: Any, x: Any, windows: Any) -> Any:
    """Return a conv or a pool behind the padding that its windows have."""
    rank = len(windows)
    x = padded(x, [window.pad for window in windows])
    stride = tuple(window.stride for window in windows)
    if op.name == "depthwise":
        made = getattr(layers, f"DepthwiseConv{rank}D")(
            op.kernel, stride, depth_multiplier=op.multiplier, use_bias=op.bias
        )
    elif op.name == "conv" and rank == 2 and (op.groups > 1 or each(op.dilation, 2) != (1, 1)):
        made = RawConv(op, stride)  # Keras wraps it, and the profiler does not look inside
    elif op.name == "conv":
        made = getattr(layers, f"Conv{rank}D")(
            op.out, each(op.kernel, rank), stride, groups=op.groups, use_bias=op.bias,
            dilation_rate=each(op.dilation, rank),
        )  # fmt: skip
    else:
        made = getattr(layers, f"{RANKED[op.name]}{rank}D")(each(op.kernel, rank), stride)
    return made(x)


def step(op: Any, ins: list[Any], shapes: list[Shape], out: Shape, windows: Any) -> Any:
    """Return the output of one layer; a layer type that is not here is an error."""
    x, shape = ins[0], shapes[0]
    rank = len(shape) - 1
    if op.name in ("conv", "depthwise", "max_pool", "avg_pool"):
        return slid(op, x, windows)
    if op.name in JOINS:
        most = max(map(len, shapes))
        ins = [
            layers.Reshape((1,) * (most - len(s)) + (s[0],))(y) if len(s) < most else y
            for y, s in zip(ins, shapes, strict=True)
        ]
        return JOINS[op.name]()(ins)
    if op.name == "linear":
        return layers.Dense(op.out, use_bias=op.bias)(layers.Flatten()(x) if rank else x)
    if op.name == "conv_transpose":
        pads = "same" if op.padding == "same" else "valid"
        assert pads == "same" or not op.padding, "Keras has these two alone"
        kind = getattr(layers, f"Conv{rank}DTranspose")
        return kind(op.out, each(op.kernel, rank), each(op.stride, rank), pads, use_bias=op.bias)(x)
    if op.name == "adaptive_avg_pool" and each(op.size, rank) == shape[1:]:
        return x
    if op.name.startswith("global"):
        mean = "Average" if "avg" in op.name else "Max"
        return getattr(layers, f"Global{mean}Pooling{rank}D")(keepdims=True)(x)
    if op.name in SILENT:
        return layers.Identity()(x)
    makers: dict[str, Callable[[], Any]] = {
        "local_response_norm": lambda: Raw(tf.nn.local_response_normalization),
        "upsample": lambda: Raw(
            lambda x: tf.image.resize(x, out[1:], "nearest" if op.mode == "nearest" else "bilinear")
        ),
        "pixel_shuffle": lambda: Raw(lambda x: tf.nn.depth_to_space(x, op.r)),
        "pixel_unshuffle": lambda: Raw(lambda x: tf.nn.space_to_depth(x, op.r)),
        "chunk": lambda: Raw(lambda x: tf.split(x, op.n, -1)[op.index]),
        "reshape": lambda: layers.Reshape(op.to),
        "batch_norm": lambda: layers.BatchNormalization(center=op.affine, scale=op.affine),
        "flatten": layers.Flatten,
        "scale": Scale,
        "leaky_relu": layers.LeakyReLU,
        "prelu": lambda: layers.PReLU(
            shared_axes=list(range(1, rank + 2 - op.per_channel)) or None
        ),
        "layer_norm": lambda: layers.LayerNormalization(
            -1 if op.over == "channels" else list(range(1, rank + 2)),
            center=op.affine,
            scale=op.affine,
        ),
    }
    return makers.get(op.name, lambda: layers.Activation(op.name))()(x)


def twin(net: Net) -> keras.Model:
    """Return the network as a Keras model, channels last."""
    graph: Graph = net.graph
    found = [keras.Input((*shape[1:], shape[0])) for shape in graph.inputs.values()]
    inputs = list(found)
    for layer in net.layers:
        node = layer.node
        ins = [found[tensor] for tensor in node.inputs]
        found.append(step(node.op, ins, list(layer.ins), layer.out, layer.windows[0]))
    return keras.Model(inputs, found[-1])


def profiled(model: keras.Model) -> int:
    """Return the profiler's float operations of a model's graph, for one image."""
    specs = [tf.TensorSpec((1, *x.shape[1:])) for x in model.inputs]
    function = tf.function(lambda *xs: model(list(xs), training=False))
    return counted(function.get_concrete_function(*specs).graph)


def counted(graph: tf.Graph) -> int:
    """Return the profiler's float operations of a graph."""
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    run = tf.compat.v1.RunMetadata()
    return int(profiler.profile(graph, run_meta=run, cmd="op", options=options).total_float_ops)


APPLICATIONS: dict[str, Callable[..., keras.Model]] = {
    "vgg16": keras.applications.VGG16,
    "vgg19": keras.applications.VGG19,
    "densenet121": keras.applications.DenseNet121,
    "densenet169": keras.applications.DenseNet169,
    "densenet201": keras.applications.DenseNet201,
    "mobilenet_v2": keras.applications.MobileNetV2,
}
"""Networks that Keras itself builds with the same layers as torchvision."""


def application(name: str) -> keras.Model:
    return APPLICATIONS[name](weights=None, classifier_activation=None, input_shape=(224, 224, 3))


NO_LAYER = (
    "adaptive_max_pool", "instance_norm", "group_norm", "pad", "crop", "channel_shuffle",
)  # fmt: skip
"""Layer types for which Keras has no layer, or several."""
FLAT = ("upsample", "pixel_shuffle", "pixel_unshuffle", "local_response_norm")
"""Layer types that TensorFlow has on two axes alone."""


def has_twin(each_case: Case) -> bool:
    """Return whether Keras or TensorFlow has such a layer, made in one way alone."""
    op: Any = each_case.op
    rank = len(each_case.ins[0]) - 1
    plain = all(getattr(op, name, 1) in (1, (1,) * rank) for name in ("groups", "dilation"))
    if op.name in NO_LAYER or (op.name in FLAT and rank != 2):
        return False
    if op.name in ("conv", "max_pool"):
        return plain or (op.name == "conv" and rank == 2)
    if op.name == "conv_transpose":
        return plain and op.padding in (0, "same") and not op.output_padding
    if op.name == "adaptive_avg_pool":
        return each(op.size, rank) == each_case.ins[0][1:]
    return op.name != "depthwise" or rank < 3


def write_layers(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["tool", "layer", "count"])
        for each_case in filter(has_twin, [*CASES, *MORE_CASES]):
            inputs = {f"in{index}": shape for index, shape in enumerate(each_case.ins)}
            row = (each_case.name, dict(each_case.args), *range(len(inputs)))
            writer.writerow(["tf-profiler", each_case.id, profiled(twin(net_of(inputs, row)))])


def write_networks(path: Path, names: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["tool", "version", "network", "built_by", "count"])
        for name in sorted(names):
            row = ["tf-profiler", tf.__version__, name]
            writer.writerow([*row, "tests/peers/tf_twin.py", profiled(twin(cnncalc.load(name)))])
            if name in APPLICATIONS:
                made = f"keras {keras.__version__}"
                writer.writerow([*row, made, profiled(application(name))])
            keras.backend.clear_session()  # or every network's weights stay


def main() -> None:
    """Measure layers, networks' twins, and Keras' own networks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=Path, default=TESTS / "data")
    parser.add_argument("networks", nargs="*", default=list(shapes()))
    chosen = parser.parse_args()
    write_layers(chosen.to / "presets_tensorflow_layers.csv")
    write_networks(chosen.to / "presets_tensorflow.csv", chosen.networks)


if __name__ == "__main__":
    main()
