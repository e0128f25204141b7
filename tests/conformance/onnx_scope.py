"""The cases of our operators that ask for something that the layer types do not mean to be."""

from __future__ import annotations

from fnmatch import fnmatchcase

OUT_OF_SCOPE: dict[str, str] = {
    "integers wrap around; the reference computes in float32 and float64": """
        test_add_int* test_add_uint* test_sub_int* test_sub_uint* test_mul_int* test_mul_uint*
        test_operator_non_float_params""",
    "arithmetic in 16 bits; the reference computes in float32 and float64": """
        test_swiglu_float16_expanded""",
    "sequences and optionals are no arrays": "test_identity_opt test_identity_sequence",
    "a map without values; every size is at least 1": """
        test_reshape_allowzero_reordered test_split_zero_size_splits_*""",
    "one input; a join has two or more": """
        test_max_one_input test_mean_one_input test_sum_one_input""",
    "shapes differ; add and sub join equal shapes, mul alone repeats axes": """
        test_add_bcast test_sub_bcast test_operator_add_broadcast test_operator_add_size1_*
        test_operator_addconstant""",
    "a batch of matrices on the right; linear has one for all rows": """
        test_matmul_1d_3d test_matmul_3d test_matmul_4d test_matmul_bcast""",
    "dilated mean; avg_pool has no dilation, as PyTorch's has none": """
        test_averagepool_2d_dilations test_averagepool_3d_dilations_*""",
    "padding over half the kernel; pools refuse it, as PyTorch's do": """
        test_averagepool_2d_pads test_maxpool_2d_pads""",
    "gelu by a tanh; the layer is the exact one": "test_gelu_tanh_?",
    "lower bound above the upper one; relu6 has 0 and 6": "test_clip_min_greater_than_max",
    "which values are dropped is left to the generator": """
        test_training_dropout test_training_dropout_mask test_training_dropout_default
        test_training_dropout_default_mask""",
    "unequal parts; chunk makes equal ones": """
        test_split_*_uneven_* test_split_variable_parts_* test_operator_chunk""",
    "more than three spatial axes": """
        test_unsqueeze_three_axes test_unsqueeze_unsorted_axes test_PixelShuffle""",
    "a border of another constant; pad adds zeros": """
        test_constant_pad test_constant_pad_axes test_constant_pad_negative_axes
        test_ConstantPad2d""",
    "a border that wraps around; pad has zero, reflect and replicate": "test_wrap_pad",
    "cubic; upsample is nearest or linear": "test_resize_*_cubic test_resize_*_cubic_*",
    "an antialias filter; upsample has none, as PyTorch's layer has none": """
        test_resize_*_linear_antialias""",
    "a crop within the resize; upsample takes the whole map": "test_resize_tf_crop_and_resize*",
    "a step by size·scale although that is no whole size; PyTorch's goes by whole sizes": """
        test_resize_downsample_scales_linear_align_corners""",
    "samples centred on what a scale cuts off; PyTorch's are not": """
        test_resize_*_linear_half_pixel_symmetric""",
    "one output reads position 0; PyTorch's reads the middle, as everywhere": """
        test_resize_downsample_sizes_linear_pytorch_half_pixel""",
    "another sample is the nearest; here it is that at ⌊i·step⌋, as in PyTorch": """
        test_resize_downsample_scales_nearest test_resize_downsample_sizes_nearest
        test_resize_downsample_sizes_nearest_not_smaller
        test_resize_upsample_sizes_nearest_ceil_half_pixel
        test_resize_upsample_sizes_nearest_floor_align_corners
        test_resize_upsample_sizes_nearest_round_prefer_ceil_asymmetric""",
}
"""Reason -> patterns of the names of cases. What is listed must be refused by the translator or by
the layer's own check of shapes: wrong numbers are no reason."""

PATTERNS: dict[str, str] = {
    pattern: reason for reason, patterns in OUT_OF_SCOPE.items() for pattern in patterns.split()
}


def reason_for(name: str) -> str | None:
    """Return why a case is out of scope; None if it is not listed."""
    found = [reason for pattern, reason in PATTERNS.items() if fnmatchcase(name, pattern)]
    assert len(found) < 2, f"{name} is listed twice"
    return found[0] if found else None


def stale_patterns(names: set[str]) -> list[str]:
    """Return the patterns that no case has."""
    return [each for each in PATTERNS if not any(fnmatchcase(name, each) for name in names)]
