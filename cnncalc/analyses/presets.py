"""FLOPs as other tools count them: each preset is a table, layer type -> weighed measures.

A preset counts a network whose layers are modules of torch.nn, one for each layer of the spec, and
whose joins are written with operators (`x + y`). The rules are those of the tools' own source, in
the versions named; what they do not count is listed, so that a layer type without a rule is an
error and never a silent zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.analyses.measures import MEASURES
from cnncalc.analyses.work import Term
from cnncalc.errors import CnncalcError
from cnncalc.net import Layer
from cnncalc.records import Record

MOVES = (
    "flatten reshape pad crop channel_shuffle chunk pixel_shuffle pixel_unshuffle identity "
    "concat dropout drop_path"
)
JOINS = "add sub mul max mean"
POOLS = "max_pool avg_pool"
ADAPTIVE = "adaptive_avg_pool adaptive_max_pool global_avg_pool global_max_pool"
ACTIVATIONS = (
    "sigmoid tanh relu leaky_relu prelu relu6 elu selu softplus silu gelu mish hard_sigmoid "
    "hard_swish softmax"
)


CONVNEXTS = "convnext_tiny convnext_small convnext_base convnext_large"
DENSENETS = "densenet121 densenet161 densenet169 densenet201"
SEGMENTERS = (
    "deeplabv3_mobilenet_v3_large deeplabv3_resnet50 deeplabv3_resnet101 fcn_resnet50 "
    "fcn_resnet101 lraspp_mobilenet_v3_large"
)
MEANS = (
    "mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3 "
    "shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0"
)
FUNCTIONAL_POOL = "the last pool is a function, not a module"
MEAN = "the last pool is written `x.mean([2, 3])`"
LINEAR = "1×1 convolutions are linear layers on maps"
NORM = "some norms are of a subclass of nn.LayerNorm"
SUBCLASSES = "their convolutions are of subclasses of nn.Conv3d"


class Preset(Record):
    """How a tool counts.

    `call` is what returns the count in `tool`, which names its version. `rules` holds layer types
    and what is counted of them, `zeros` the layer types of which the tool counts nothing.
    `remarks` says what to know about the tool's figures; `left_out` names networks of torchvision
    whose figure depends on how their modules were written, with the reason. `unsure` maps layer
    types to the arguments under which every network's figure does.
    """

    name: str
    tool: str
    call: str
    rule: str
    rules: Mapping[str, str]
    zeros: str
    remarks: str = ""
    left_out: Mapping[str, str] = {}
    unsure: Mapping[str, str] = {}

    def count(self, layer: Layer) -> int:
        """Return the count of one layer for one image; raises CnncalcError without a rule."""
        return sum(term.weight * term.amount for term in self.terms(layer))

    def terms(self, layer: Layer) -> list[Term]:
        """Return what is counted of one layer; raises CnncalcError without a rule."""
        op = layer.node.op
        for argument in self.unsure.get(op.name, "").split():
            if _unusual(op, argument):
                raise CnncalcError(
                    f"{self.name} has no rule for {op.name} with {argument}, at {layer.path}",
                    hint="its count depends on how that is written; choose another convention",
                )
        weights = weights_of(self)
        if op.name not in weights:
            raise CnncalcError(
                f"{self.name} has no rule for {op.name}, at {layer.path}",
                hint="choose another convention: notes, macs and ops count every layer type",
            )
        counts = ((name, weight, MEASURES[name][1](layer)) for name, weight in weights[op.name])
        return [Term(*row) for row in counts if row[2]]


def _unusual(op: Any, argument: str) -> bool:
    """Return whether an op has the argument: a flag that is set, a number that is not 1."""
    value = getattr(op, argument)
    if argument == "scale":  # a whole factor is unambiguous
        values = value if isinstance(value, tuple) else (value,)
        return value is not None and (len(set(values)) > 1 or values[0] != int(values[0]))
    return value is True or (value is not False and value != 1)


_parsed: dict[str, dict[str, tuple[tuple[str, int], ...]]] = {}


def weights_of(preset: Preset) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return layer type -> (measure, weight) pairs; "4 inputs + affine" has two."""
    if preset.name not in _parsed:
        rules = {name: tuple(_pairs(text)) for names, text in preset.rules.items()
                 for name in names.split()}  # fmt: skip
        _parsed[preset.name] = rules | dict.fromkeys(preset.zeros.split(), ())
    return _parsed[preset.name]


def _pairs(text: str) -> Iterator[tuple[str, int]]:
    for part in text.split(" + "):
        weight, _, name = part.rpartition(" ")
        yield name, int(weight or 1)


def preset(name: str) -> Preset:
    """Return a preset by its name, one of PRESETS."""
    return TABLE[name]


FVCORE = Preset(
    "fvcore",
    "fvcore 0.1.5.post20221221",
    "FlopCountAnalysis(model, x).total()",
    "1 per multiply-add, no bias; 2 a value of batch norm; inputs of adaptive mean pools",
    {
        "conv depthwise conv_transpose linear": "mac",
        "batch_norm": "inputs + affine",
        "layer_norm instance_norm group_norm": "4 inputs + affine",
        "adaptive_avg_pool global_avg_pool": "inputs_2d",
        "upsample": "nearest_2d + 4 linear_2d",
    },
    f"scale local_response_norm {POOLS} adaptive_max_pool global_max_pool {ACTIVATIONS} {JOINS} "
    f"{MOVES}",
    remarks=(
        "It reads the traced operators, so modules and functions count alike; but a mean pool "
        'written `x.mean([2, 3])` counts 0, and so does a conv with `padding="same"`; the preset '
        "takes pool modules and paddings in numbers. "
        "Adaptive pools and upsampling count on 2-D maps alone."
    ),
    left_out={MEANS: MEAN},
)

TORCHINFO = Preset(
    "torchinfo",
    "torchinfo 1.8.0",
    "summary(model, input_data=x).total_mult_adds",
    "parameters times output positions of convolutions, parameters of all other layers",
    {
        "conv depthwise linear": "mac + bias",
        "conv_transpose": "mac_at_outputs + bias",
        "scale prelu batch_norm layer_norm instance_norm group_norm": "params",
    },
    f"local_response_norm {POOLS} {ADAPTIVE} {ACTIVATIONS.replace(' prelu', '')} upsample {JOINS} "
    f"{MOVES}",
    remarks=(
        'Its "mult-adds" hold biases, too, and the parameters of norms, once and not a value. '
        "A transposed convolution counts at its output positions: s² times its multiply-adds at "
        "stride s. "
        "Only modules without submodules count: a parameter that stands beside submodules is not "
        "seen. A linear layer counts its parameters once, also on a map with many positions."
    ),
    left_out={CONVNEXTS: LINEAR},
    unsure={"conv": "weight_norm", "linear": "weight_norm"},
)

THOP = Preset(
    "thop",
    "thop 0.1.1-2209072238",
    "profile(model, (x,))[0]",
    "1 per multiply-add, no bias; 4 a value of batch norm; mean pools",
    {
        "conv depthwise linear": "mac",
        "conv_transpose": "mac_at_outputs",
        "batch_norm layer_norm instance_norm": "2 inputs + 2 affine",
        "prelu": "inputs",
        "softmax": "exp + div + cmp",
        "avg_pool": "values",
        "adaptive_avg_pool global_avg_pool": "mean_windows",
        "upsample": "nearest + 5 linear_1d + 11 linear_2d",
    },
    "scale group_norm local_response_norm max_pool adaptive_max_pool global_max_pool "
    f"{ACTIVATIONS.replace(' prelu', '').replace(' softmax', '')} {JOINS} {MOVES}",
    remarks=(
        "It counts modules whose class it has in a table; everything else is a silent zero: "
        "functions, group norm, subclasses of nn.Conv3d or nn.LayerNorm. "
        "A transposed convolution counts at its output positions: s² times its multiply-adds at "
        "stride s. "
        "It returns MACs and FLOPs mixed: a multiply-add is 1, a norm's product and addition 2."
    ),
    left_out={
        f"{DENSENETS} mobilenet_v2": FUNCTIONAL_POOL,
        "inception_v3": "the mean pools of the blocks are functions, not modules",
        MEANS: MEAN,
        CONVNEXTS: NORM,
        SEGMENTERS: "upsampling is a function, not a module",
        "r3d_18 mc3_18": SUBCLASSES,
    },
    unsure={"conv": "weight_norm", "linear": "weight_norm"},
)

PTFLOPS = Preset(
    "ptflops",
    "ptflops 0.7.5",
    "get_model_complexity_info(model, shape, backend='pytorch')",
    "1 per multiply-add, 1 per bias; 2 a value of batch norm and relu, 2 per input of pools",
    {
        "conv depthwise conv_transpose linear": "mac + bias",
        "batch_norm instance_norm group_norm": "inputs + affine",
        "layer_norm leaky_relu relu6 silu softmax": "inputs",
        "relu prelu elu gelu": "2 inputs",
        f"{POOLS} {ADAPTIVE}": "2 inputs",
        "local_response_norm": "3 inputs + with_neighbours",
        "upsample": "2 values",
    },
    f"scale sigmoid tanh selu softplus mish hard_sigmoid hard_swish {JOINS} {MOVES}",
    remarks=(
        "A module such as nn.ReLU counts twice, since the function that it calls is counted as "
        "well; F.relu by itself counts once. The same holds for PReLU, ELU, GELU, pools and "
        "upsampling. The preset takes the modules. "
        "Additions count when written torch.add(x, y), not when written x + y; the preset takes "
        "the operators."
    ),
    left_out={
        DENSENETS: "relu and the last pool are functions, and count once",
        "googlenet inception_v3": "relu and some pools are functions, and count once",
        "mobilenet_v2": FUNCTIONAL_POOL,
        MEANS: MEAN,
        CONVNEXTS: NORM,
        SEGMENTERS: "upsampling is a function, and counts once",
        "r3d_18 mc3_18": SUBCLASSES,
    },
    unsure={"conv": "weight_norm", "linear": "weight_norm", "upsample": "scale"},
)

CALFLOPS = Preset(
    "calflops",
    "calflops 0.3.2",
    "calculate_flops(model, shape)[0]",
    "2 per multiply-add, 1 per bias of a conv; 2 a value of batch norm, 1 of relu; inputs of pools",
    {
        "conv depthwise": "2 mac + bias",
        "conv_transpose": "2 mac_split_twice + bias_at_shrunk",
        "linear": "2 mac",
        "batch_norm": "inputs + affine",
        "layer_norm instance_norm group_norm": "4 inputs + affine",
        "local_response_norm": "3 inputs + with_neighbours",
        "relu leaky_relu prelu elu silu gelu softmax": "inputs",
        f"{POOLS} {ADAPTIVE}": "inputs",
        "upsample": "resized_blind",
    },
    f"scale sigmoid tanh relu6 selu softplus mish hard_sigmoid hard_swish {JOINS} {MOVES}",
    remarks=(
        "Of a grouped transposed convolution it divides the output channels by the groups twice, "
        "so that g groups count g times too little; its bias counts at the positions of a "
        "convolution that is not transposed, for a group's channels. "
        "Upsampling to a size counts one channel's positions, upsampling by a scale the inputs. "
        "It counts functions as they are called, so modules and functions count alike; additions "
        "count when written torch.add(x, y), not when written x + y: the preset takes the "
        "operators."
    ),
    left_out={MEANS: MEAN, CONVNEXTS: f"{LINEAR}, whose bias does not count"},
)

TORCH = Preset(
    "torch",
    "torch 2.13.0",
    "torch.utils.flop_counter.FlopCounterMode().get_total_flops()",
    "2 per multiply-add of convolutions and linear, nothing else",
    {"conv depthwise conv_transpose linear": "2 mac"},
    "scale batch_norm layer_norm instance_norm group_norm local_response_norm upsample "
    f"{POOLS} {ADAPTIVE} {ACTIVATIONS} {JOINS} {MOVES}",
)

TF_PROFILER = Preset(
    "tf-profiler",
    "tensorflow 2.21.0",
    "tf.compat.v1.profiler.profile(graph, options=ProfileOptionBuilder.float_operation())",
    "2 per multiply-add, 1 per bias; batch norm as Keras 3 writes it; windows of pools; joins",
    {
        "conv depthwise linear": "2 mac + bias",
        "conv_transpose": "mac_by_stride + bias",
        "batch_norm": "2 values + 5 channels + affine_channels",
        "layer_norm": "6 values + 5 sets + 3 affine + -1 affine_sets",
        "prelu": "3 values + params",
        "silu hard_sigmoid": "2 values",
        "gelu": "4 values",
        "mish scale": "values",
        "hard_swish": "3 values",
        "softmax": "5 values",
        POOLS: "window",
        "adaptive_avg_pool": "pooled",
        "global_avg_pool": "inputs",
        "add sub mul max mean": "add + mul + cmp + div",
    },
    "local_response_norm global_max_pool upsample sigmoid tanh relu leaky_relu relu6 elu selu "
    f"softplus {MOVES}",
    remarks=(
        "The profiler adds up the operators in its registry of statistics; any other is a silent "
        "zero: Relu, Sigmoid, Max, 3-D pools, transposed convolutions on three axes. "
        "Keras 3 writes batch norm as products and additions; the fused operator of Keras 2, "
        "FusedBatchNormV3, is not in the registry and counts 0. "
        "Keras wraps a grouped convolution in a function that the profiler does not enter, which "
        "makes it 0, and brings a dilated Conv1D to padded positions; tf.nn.conv2d counts the "
        "multiply-adds of both, and so does the preset. "
        "The pool that brings VGG's and AlexNet's last map to its size is left out where it is the "
        "identity, as in Keras' own VGG."
    ),
    unsure={"conv_transpose": "groups dilation", "max_pool": "dilation"},
)

TABLE = {
    each.name: each for each in (FVCORE, TORCHINFO, THOP, PTFLOPS, CALFLOPS, TORCH, TF_PROFILER)
}


def left_out(name: str) -> dict[str, str]:
    """Return the networks of torchvision that a preset does not stand for, with the reasons."""
    rows = TABLE[name].left_out.items()
    return {network: reason for networks, reason in rows for network in networks.split()}
