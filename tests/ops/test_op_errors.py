"""What a layer says where it does not fit: the exact text, the values, and the way out."""

from __future__ import annotations

import pytest
from case_kit import make

from cnncalc.errors import ShapeError
from cnncalc.ops.base import Op

CONV = {"out": 8, "kernel": 3}

MISFITS = [
    (
        "conv", {**CONV, "groups": 4}, [(6, 9, 9)],
        "conv: 6 input channels do not divide into groups=4",
        "input is 6×9×9", "try groups 1 or 2",
    ),
    (
        "conv", {"out": 9, "kernel": 3, "groups": 2}, [(6, 9, 9)],
        "conv: 9 output channels do not divide into groups=2",
        "input is 6×9×9", "try groups 1 or 3",
    ),
    (
        "conv", {"out": 4, "kernel": 1, "groups": 3}, [(5, 9)],
        "conv: 5 input channels do not divide into groups=3",
        "input is 5×9", "try groups 1",
    ),
    (
        "conv", {"out": 8, "kernel": (3, 7), "padding": 1}, [(3, 5, 4)],
        "conv: kernel 7 is larger than the padded input 6 on axis w",
        "input is 3×5×4, padding 1 + 1",
        "use a smaller kernel, padding: half, or fewer strides before this layer",
    ),
    (
        "conv", {"out": 8, "kernel": 3, "dilation": 4}, [(3, 8)],
        "conv: kernel 3 spans 9 and is larger than the padded input 8",
        "input is 3×8, padding 0 + 0",
        "use a smaller kernel, padding: half, or fewer strides before this layer",
    ),
    (
        "conv", CONV, [(10,)],
        "conv: needs a feature map with channels and 1 to 3 spatial axes",
        "input is the vector 10", "use linear for vectors, or reshape to a map first",
    ),
    (
        "conv", {"out": 8, "kernel": (3, 3)}, [(3, 8)],
        "conv: kernel has 2 values for 1 spatial axes",
        "kernel is [3, 3]", "give one number, or 1",
    ),
    (
        "depthwise", {"kernel": 9}, [(3, 2, 9, 9)],
        "depthwise: kernel 9 is larger than the padded input 2 on axis d",
        "input is 3×2×9×9, padding 0 + 0",
        "use a smaller kernel, padding: half, or fewer strides before this layer",
    ),
    (
        "conv_transpose", {**CONV, "stride": 2, "output_padding": 2}, [(3, 4)],
        "conv_transpose: output_padding=2 is not below stride 2 or dilation 1",
        "input is 3×4", "use at most output_padding 1",
    ),
    (
        "conv_transpose", {**CONV, "stride": 2, "padding": "same", "output_padding": 1}, [(3, 4)],
        "conv_transpose: output_padding=1 does not go with padding: same",
        "same already gives input size times stride", "leave output_padding out",
    ),
    (
        "conv_transpose", {**CONV, "padding": 4}, [(3, 4)],
        "conv_transpose: padding cuts away the whole output",
        "input is 3×4, padding is 4", "use less padding, or a larger stride or kernel",
    ),
    (
        "conv_transpose", {**CONV, "groups": 2}, [(3, 4)],
        "conv_transpose: 3 input channels do not divide into groups=2",
        "input is 3×4", "try groups 1",
    ),
    (
        "max_pool", {"kernel": 3, "padding": (1, 2)}, [(3, 8, 8)],
        "max_pool: padding 2 is more than half the kernel 3 on axis w",
        "input is 3×8×8", "use at most padding 1",
    ),
    (
        "avg_pool", {"kernel": 8}, [(3, 7, 7)],
        "avg_pool: kernel 8 is larger than the padded input 7 on axis h",
        "input is 3×7×7, padding 0 + 0",
        "use a smaller kernel, padding: half, or fewer strides before this layer",
    ),
    (
        "global_avg_pool", {}, [(3,)],
        "global_avg_pool: needs a feature map with channels and 1 to 3 spatial axes",
        "input is the vector 3", "use linear for vectors, or reshape to a map first",
    ),
    (
        "adaptive_avg_pool", {"size": (1, 2, 3)}, [(3, 7, 7)],
        "adaptive_avg_pool: size has 3 values for 2 spatial axes",
        "size is [1, 2, 3]", "give one number, or 2",
    ),
    (
        "instance_norm", {}, [(3,)],
        "instance_norm: needs a feature map with channels and 1 to 3 spatial axes",
        "input is the vector 3", "use linear for vectors, or reshape to a map first",
    ),
    (
        "group_norm", {"groups": 32}, [(48, 7, 7)],
        "group_norm: 48 channels do not divide into groups=32",
        "input is 48×7×7", "try groups 6, 8, 12, 16, 24 or 48",
    ),
    (
        "channel_shuffle", {"groups": 3}, [(4, 7)],
        "channel_shuffle: 4 channels do not divide into groups=3",
        "input is 4×7", "try groups 1, 2 or 4",
    ),
    (
        "chunk", {"n": 2, "index": 0}, [(3,)],
        "chunk: 3 channels do not divide into n=2", "input is 3", "try n 1 or 3",
    ),
    (
        "chunk", {"n": 2, "index": 2}, [(4, 7)],
        "chunk: index 2 is not below n=2",
        "input is 4×7", "parts are counted from 0: the last is 1",
    ),
    (
        "reshape", {"to": (3, -1)}, [(4, 2)],
        "reshape: the input's 8 values are not a multiple of 3",
        "input is 4×2, new shape is [3, -1]", "the sizes multiplied must give the input's values",
    ),
    (
        "reshape", {"to": (3, 3)}, [(4, 2)],
        "reshape: the input's 8 values are not 9",
        "input is 4×2, new shape is [3, 3]", "the sizes multiplied must give the input's values",
    ),
    (
        "reshape", {"to": (-1, 0)}, [(4, 2)],
        "reshape: the input's 8 values are not a multiple of 0",
        "input is 4×2, new shape is [-1, 0]", "the sizes multiplied must give the input's values",
    ),
    (
        "reshape", {"to": (-1, -1)}, [(4, 2)],
        "reshape: 2 sizes are -1",
        "input is 4×2, new shape is [-1, -1]", "leave one size open at most",
    ),
    (
        "reshape", {"to": (1, 2, 2, 2, 1)}, [(4, 2)],
        "reshape: 5 axes are not 1 to 4",
        "input is 4×2, new shape is [1, 2, 2, 2, 1]", "channels, then 0 to 3 axes",
    ),
    (
        "pad", {"padding": "half"}, [(4, 2)],
        "pad: padding 'half' is a rule for kernels, and there is none",
        "", "give a number of positions, or [low, high] for each axis",
    ),
    (
        "pad", {"padding": (0, 3), "mode": "reflect"}, [(4, 9, 3)],
        "pad: reflect padding 3 is not below the size 3 on axis w",
        "input is 4×9×3", "use at most padding 2, or mode: replicate",
    ),
    (
        "crop", {"size": 5}, [(4, 9, 3)],
        "crop: size 5 is more than the input's 3 on axis w",
        "input is 4×9×3", "use a smaller size; pad makes maps larger",
    ),
    (
        "pixel_shuffle", {"r": 2}, [(6, 3, 3)],
        "pixel_shuffle: 6 channels do not divide by r^2 = 4",
        "input is 6×3×3", "give the layer before it a multiple of 4 channels",
    ),
    (
        "pixel_unshuffle", {"r": 2}, [(6, 4, 3)],
        "pixel_unshuffle: size 3 does not divide by r=2 on axis w",
        "input is 6×4×3", "crop or pad the map to a multiple of r first",
    ),
    (
        "upsample", {}, [(6, 4, 3)],
        "upsample: needs either scale or size, and neither is given",
        "", "write `upsample: 2` to double the size",
    ),
    (
        "upsample", {"scale": 2, "size": 4}, [(6, 4, 3)],
        "upsample: needs either scale or size, and both are given",
        "", "write `upsample: 2` to double the size",
    ),
    (
        "upsample", {"scale": 2, "align_corners": True}, [(6, 4, 3)],
        "upsample: align_corners is for mode bilinear, and the mode is nearest",
        "", "use mode: bilinear, or leave align_corners out",
    ),
    (
        "upsample", {"scale": 0.25}, [(6, 4, 3)],
        "upsample: scale 0.25 leaves nothing of 3 positions on axis w",
        "input is 6×4×3", "use a larger scale, or give the size",
    ),
    (
        "upsample", {"scale": 1.23456}, [(6, 4, 3)],
        "upsample: scale 1.23456 is not a ratio of whole numbers up to 1024",
        "", "write a quotient such as 4 / 3, or give the size",
    ),
    (
        "add", {}, [(6, 4, 3)],
        "add: joins two or more inputs, and there is 1",
        "", "name the other branch, such as `skip: in`",
    ),
    (
        "add", {}, [(6, 4, 3), (6, 2, 2)],
        "add: shapes do not match", "6×4×3 and 6×2×2",
        "give all branches the same strides, and padding that keeps the size",
    ),
    (
        "sub", {}, [(6, 4, 3), (3, 4, 3)],
        "sub: shapes do not match", "6×4×3 and 3×4×3",
        "give all branches the same number of channels, or use concat",
    ),
    (
        "max", {}, [(6, 4, 4), (3, 2, 2)],
        "max: shapes do not match", "6×4×4 and 3×2×2",
        "give all branches the same channels and strides, as by a 1×1 conv on the skip",
    ),
    (
        "mean", {}, [(6, 4, 4), (6,)],
        "mean: shapes do not match", "6×4×4 and 6",
        "bring all branches to the same number of axes",
    ),
    (
        "mul", {}, [(6, 4, 4), (6, 2, 1)],
        "mul: shapes do not match", "6×4×4 and 6×2×1",
        "sizes must be equal on each axis, or 1 in a gate",
    ),
    (
        "mul", {}, [(6, 4, 4), (6, 1)],
        "mul: shapes do not match", "6×4×4 and 6×1",
        "sizes must be equal on each axis, or 1 in a gate",
    ),
    (
        "concat", {}, [(6, 4, 4), (6, 5, 4)],
        "concat: shapes do not match", "6×4×4 and 6×5×4",
        "bring all branches to the same spatial size: same strides, a crop, or padding: half",
    ),
    (
        "concat", {}, [(6, 4, 4), (6,)],
        "concat: shapes do not match", "6×4×4 and 6",
        "bring all branches to the same number of axes",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "ins", "text", "label", "hint"), MISFITS)
def test_a_misfit_names_the_rule_the_values_and_the_way_out(name, args, ins, text, label, hint):
    with pytest.raises(ShapeError) as caught:
        make(name, **args).shape(*ins)
    assert (caught.value.text, caught.value.label, caught.value.hint) == (text, label, hint)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "max", "mean", "concat"])
def test_a_join_leaves_it_to_the_spec_to_name_its_branches(name):
    with pytest.raises(ShapeError) as caught:
        make(name).shape((6, 4, 4), (6, 3, 3))
    assert caught.value.names_inputs


def test_suggested_groups_work():
    for groups in (1, 2):
        assert make("conv", out=8, kernel=3, groups=groups).shape((6, 9, 9)) == (8, 7, 7)


FITS_TORCH_REFUSES = [
    ("max_pool", {"kernel": 2, "padding": 1}, "MaxPool1d", (2, 2, 1)),
    ("max_pool", {"kernel": 2, "padding": 2}, "MaxPool1d", (2, 2, 2)),
    ("max_pool", {"kernel": 2, "padding": 2, "dilation": 3}, "MaxPool1d", (2, 2, 2, 3)),
    ("max_pool", {"kernel": 3, "padding": 2}, "MaxPool1d", (3, 3, 2)),
    ("avg_pool", {"kernel": 3, "padding": 2}, "AvgPool1d", (3, 3, 2)),
    ("avg_pool", {"kernel": 4, "padding": 2}, "AvgPool1d", (4, 4, 2)),
]


@pytest.mark.parametrize(("name", "args", "layer", "given"), FITS_TORCH_REFUSES)
def test_padding_is_refused_where_torch_refuses_it(name, args, layer, given):
    torch = pytest.importorskip("torch")
    assert refuses(lambda: make(name, **args).shape((1, 8)), ShapeError) == refuses(
        lambda: getattr(torch.nn, layer)(*given)(torch.zeros(1, 1, 8)), RuntimeError
    )


def refuses(action, error):
    try:
        action()
    except error:
        return True
    return False


@pytest.mark.parametrize("fact", ["windows", "shape", "params"])
def test_a_fact_that_a_layer_type_does_not_state_is_an_error(fact):
    """A zero nobody wrote would be worse than no answer."""

    class Silent(Op):
        name = "silent"

    with pytest.raises(NotImplementedError, match=f"silent: {fact}"):
        getattr(Silent(), fact)((1, 2, 3))
