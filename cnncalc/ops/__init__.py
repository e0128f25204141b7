"""The layer types. An index tells which module defines each, so that a module waits for its use.

A layer type's class is its canonical name in capitals: conv_transpose is ConvTranspose.
"""

from __future__ import annotations

from importlib import import_module

from cnncalc.ops.base import Op

_FAMILIES = {
    "conv": "conv depthwise conv_transpose",
    "linear": "linear scale",
    "pool": "max_pool avg_pool adaptive_avg_pool adaptive_max_pool global_avg_pool global_max_pool",
    "norm": "batch_norm layer_norm instance_norm group_norm local_response_norm",
    "activation": "sigmoid tanh relu leaky_relu prelu relu6 elu selu softplus silu gelu mish "
    "hard_sigmoid hard_swish softmax",
    "noise": "dropout drop_path",
    "reshape": "flatten reshape pad crop channel_shuffle chunk pixel_shuffle pixel_unshuffle "
    "identity",
    "resample": "upsample",
    "merge": "add sub mul max mean concat",
}

OPS: dict[str, str] = {
    name: family for family, names in _FAMILIES.items() for name in names.split()
}
"""Canonical name -> name of the module that defines the layer type, in this package."""

ALIASES: dict[str, str] = {
    "dwconv": "depthwise",
    "deconv": "conv_transpose",
    "fc": "linear",
    "gap": "global_avg_pool",
    "gmp": "global_max_pool",
    "bn": "batch_norm",
    "ln": "layer_norm",
    "gn": "group_norm",
    "lrn": "local_response_norm",
}
"""Short name -> canonical name."""

_FOREIGN = {
    "conv": "conv1d conv2d conv3d convolution convolution1d convolution2d convolution3d conv_1d "
    "conv_2d conv_3d conv1x1 conv3x3",
    "depthwise": "depthwiseconv depthwiseconv1d depthwiseconv2d depthwise_conv depthwise_conv2d "
    "dw_conv convolutiondepthwise depthwise_convolution",
    "conv_transpose": "convtranspose convtranspose1d convtranspose2d convtranspose3d "
    "conv1dtranspose conv2dtranspose conv3dtranspose conv_transpose1d conv_transpose2d "
    "conv_transpose3d deconvolution deconv2d transposed_conv transposedconv upconv tconv",
    "linear": "dense fully_connected fullyconnected innerproduct inner_product gemm affine",
    "max_pool": "maxpool maxpool1d maxpool2d maxpool3d max_pool1d max_pool2d max_pool3d maxpooling "
    "maxpooling1d maxpooling2d maxpooling3d max_pooling max_pooling2d pool pooling",
    "avg_pool": "avgpool avgpool1d avgpool2d avgpool3d avg_pool1d avg_pool2d avg_pool3d "
    "averagepool averagepooling averagepooling1d averagepooling2d averagepooling3d average_pool "
    "average_pooling average_pooling2d mean_pool",
    "adaptive_avg_pool": "adaptiveavgpool adaptiveavgpool1d adaptiveavgpool2d adaptiveavgpool3d "
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d",
    "adaptive_max_pool": "adaptivemaxpool adaptivemaxpool1d adaptivemaxpool2d adaptivemaxpool3d "
    "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d",
    "global_avg_pool": "globalavgpool globalaveragepool globalaveragepooling "
    "globalaveragepooling1d globalaveragepooling2d globalaveragepooling3d global_average_pool "
    "global_average_pooling global_pool",
    "global_max_pool": "globalmaxpool globalmaxpooling globalmaxpooling1d globalmaxpooling2d "
    "globalmaxpooling3d global_max_pooling",
    "batch_norm": "batchnorm batchnorm1d batchnorm2d batchnorm3d batch_norm1d batch_norm2d "
    "batch_norm3d batchnormalization batch_normalization spatialbatchnorm syncbatchnorm",
    "layer_norm": "layernorm layernorm2d layernormalization layer_normalization",
    "instance_norm": "instancenorm instancenorm1d instancenorm2d instancenorm3d "
    "instancenormalization instance_normalization",
    "group_norm": "groupnorm groupnormalization group_normalization",
    "local_response_norm": "localresponsenorm localresponsenormalization",
    "sigmoid": "logistic",
    "leaky_relu": "leakyrelu lrelu",
    "relu6": "relu_6",
    "silu": "swish",
    "hard_sigmoid": "hardsigmoid hsigmoid h_sigmoid",
    "hard_swish": "hardswish hswish h_swish",
    "softmax": "softmax2d",
    "dropout": "dropout1d dropout2d dropout3d spatialdropout spatialdropout2d alphadropout",
    "drop_path": "droppath stochastic_depth stochasticdepth",
    "flatten": "view",
    "pad": "padding zeropad zero_pad zeropad2d zeropadding2d zero_padding reflectionpad2d "
    "replicationpad2d",
    "crop": "centercrop center_crop cropping2d",
    "channel_shuffle": "channelshuffle shuffle",
    "chunk": "split",
    "pixel_shuffle": "pixelshuffle depth_to_space depthtospace",
    "pixel_unshuffle": "pixelunshuffle space_to_depth spacetodepth focus",
    "upsample": "upsampling upsampling1d upsampling2d upsampling3d interpolate resize",
    "identity": "noop no_op pass skip",
    "scale": "layerscale layer_scale",
    "add": "sum plus eltwise residual shortcut",
    "sub": "subtract minus",
    "mul": "multiply prod product times gate",
    "max": "maximum",
    "mean": "average avg",
    "concat": "cat concatenate route stack merge join",
}

FOREIGN: dict[str, str] = {name: ours for ours, names in _FOREIGN.items() for name in names.split()}
"""Other frameworks' layer names, in lower case -> canonical name. For hints, never accepted."""

FOREIGN_ARGUMENTS: dict[str, str] = {
    "filters": "out",
    "out_channels": "out",
    "out_features": "out",
    "num_output": "out",
    "num_filters": "out",
    "channels": "out",
    "features": "out",
    "units": "out",
    "kernel_size": "kernel",
    "kernel_shape": "kernel",
    "ksize": "kernel",
    "pool_size": "kernel",
    "window": "kernel",
    "strides": "stride",
    "pad": "padding",
    "pads": "padding",
    "dilations": "dilation",
    "dilation_rate": "dilation",
    "group": "groups",
    "num_groups": "groups",
    "use_bias": "bias",
    "bias_term": "bias",
    "activation": "act",
    "nonlinearity": "act",
    "normalization": "norm",
    "ceil_mode": "ceil",
    "output_size": "size",
    "scale_factor": "scale",
    "interpolation": "mode",
    "depth_multiplier": "multiplier",
    "negative_slope": "slope",
    "epsilon": "eps",
    "p": "rate",
    "drop_prob": "rate",
    "upscale_factor": "r",
    "downscale_factor": "r",
    "target_shape": "shape",
    "chunks": "n",
}
"""Other frameworks' argument names -> ours. For hints, never accepted."""

_loaded: dict[str, type[Op]] = {}


def all_names() -> tuple[str, ...]:
    """Return the canonical names of all layer types, by family."""
    return tuple(OPS)


def canonical(name: str) -> str | None:
    """Return the canonical name of a layer type, given that or a short name; None if unknown."""
    return name if name in OPS else ALIASES.get(name)


def find(name: str) -> type[Op] | None:
    """Return the class of a layer type by canonical or short name; None if there is none."""
    known = _loaded.get(name)
    if known is not None:
        return known
    canon = canonical(name)
    if canon is None:
        return None
    module = import_module(f"{__name__}.{OPS[canon]}")
    found: type[Op] = getattr(module, canon.title().replace("_", ""))
    _loaded[name] = found
    return found
