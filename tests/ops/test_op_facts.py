"""Every layer type's shape, parameters and work, by hand and against PyTorch's own modules."""

from __future__ import annotations

import pytest
from case_kit import make
from cases import CASES

from cnncalc import ops
from cnncalc.geometry import POINT
from cnncalc.ops.base import Op

by_hand = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
against_torch = pytest.mark.parametrize(
    "case", [case for case in CASES if case.torch], ids=lambda case: case.id
)


@by_hand
def test_shape_is_as_worked_out_by_hand(case):
    assert case.op.shape(*case.ins) == case.out


@by_hand
def test_parameters_are_as_worked_out_by_hand(case):
    params = case.op.params(*case.ins)
    assert {param.name: param.shape for param in params if param.trainable} == case.params
    assert {param.name: param.shape for param in params if not param.trainable} == case.buffers


@by_hand
def test_work_is_as_worked_out_by_hand(case):
    assert case.op.work(*case.ins, out=case.out) == case.work


@by_hand
def test_windows_give_the_sizes_that_shape_gives(case):
    windows = case.op.windows(*case.ins)
    assert len(windows) == len(case.ins)
    for shape, each in zip(case.ins, windows, strict=True):
        if each is None:
            continue
        assert len(each) == len(shape) - 1
        for window, size, out in zip(each, shape[1:], case.out[1:], strict=True):
            repeated = case.op.join and size == 1
            assert repeated or window.out_size(size) == out


@by_hand
def test_windows_that_read_one_position_are_the_shared_point(case):
    """Analyses take a short cut for that object."""
    for each in case.op.windows(*case.ins):
        assert all(window is POINT for window in each or () if window == POINT)


@against_torch
def test_shape_is_that_of_the_torch_module(case):
    torch = pytest.importorskip("torch")
    module = on_meta(torch, case)
    batch = torch.zeros((2, *case.ins[0]), device="meta")
    assert tuple(module(batch).shape) == (2, *case.out)


@against_torch
def test_arrays_are_those_of_the_torch_module(case):
    torch = pytest.importorskip("torch")
    module = on_meta(torch, case)
    params = case.op.params(*case.ins)
    ours = sorted(param.shape for param in params if param.trainable)
    assert ours == sorted(tuple(each.shape) for each in module.parameters())
    buffers = [tuple(each.shape) for each in module.buffers() if each.ndim]
    assert sorted(param.shape for param in params if not param.trainable) == sorted(buffers)


def on_meta(torch, case):
    with torch.device("meta"):
        return case.torch(torch.nn)


def test_every_layer_type_has_a_case():
    assert {case.name for case in CASES} == set(ops.all_names())


@pytest.mark.parametrize("name", ops.all_names())
def test_index_and_class_agree(name):
    op = ops.find(name)
    assert op is not None
    assert op.name == name
    assert op.__module__ == f"cnncalc.ops.{ops.OPS[name]}"
    assert set(op.aliases) == {short for short, long in ops.ALIASES.items() if long == name}
    assert all(ops.find(alias) is op for alias in op.aliases)


@pytest.mark.parametrize("name", ops.all_names())
def test_every_layer_type_tells_how_its_work_is_counted(name):
    op = ops.find(name)
    assert op.notes.endswith(".")
    assert op.work is not Op.work
    assert op.__doc__
    assert all(argument.doc for argument in op.arguments)


@pytest.mark.parametrize("name", ops.all_names())
def test_no_argument_hides_a_fact(name):
    facts = {"shape", "params", "work", "windows", "name", "notes", "join", "whole_map", "args"}
    names = [a.name for a in ops.find(name).arguments]
    shorts = [a.alias for a in ops.find(name).arguments if a.alias]
    assert not facts & set(names)
    assert len({*names, *shorts}) == len(names) + len(shorts)


def test_foreign_names_are_not_ours_and_lead_to_ours():
    assert not set(ops.FOREIGN) & (set(ops.OPS) | set(ops.ALIASES))
    assert set(ops.FOREIGN.values()) <= set(ops.OPS)
    assert ops.FOREIGN["dense"] == "linear"
    assert ops.FOREIGN["swish"] == "silu"


def test_foreign_arguments_lead_to_arguments():
    arguments = [a for name in ops.all_names() for a in ops.find(name).arguments]
    ours = {a.name for a in arguments} | {a.alias for a in arguments}
    assert set(ops.FOREIGN_ARGUMENTS.values()) <= ours
    assert not set(ops.FOREIGN_ARGUMENTS) & {a.name for a in arguments} - {"size"}


def test_unknown_names_are_not_found():
    assert ops.find("conv9d") is None
    assert ops.canonical("conv9d") is None
    assert ops.canonical("fc") == "linear"


WHOLE_MAP = [
    ("layer_norm", {}, True),
    ("layer_norm", {"over": "channels"}, False),
    ("instance_norm", {}, True),
    ("group_norm", {"groups": 1}, True),
    ("batch_norm", {}, False),
    ("conv", {"out": 1, "kernel": 1}, False),
]


@pytest.mark.parametrize(("name", "args", "expected"), WHOLE_MAP)
def test_statistics_over_positions_let_the_whole_map_in(name, args, expected):
    assert make(name, **args).whole_map is expected


NO_PLACE = [
    ("linear", {"out": 2}),
    ("flatten", {}),
    ("reshape", {"to": (24,)}),
    ("global_avg_pool", {}),
    ("global_max_pool", {}),
    ("adaptive_avg_pool", {"size": 1}),
    ("adaptive_max_pool", {"size": (1, 1)}),
]


@pytest.mark.parametrize(("name", "args"), NO_PLACE)
def test_outputs_that_read_the_whole_map_have_no_window(name, args):
    assert make(name, **args).windows((2, 3, 4)) == (None,)


@pytest.mark.parametrize("name", ["flatten", "identity", "batch_norm", "relu", "dropout"])
def test_vectors_have_no_axes(name):
    assert make(name).windows((5,)) == ((),)


def test_a_gate_is_read_by_all_positions():
    mul = make("mul")
    (gate, whole) = mul.windows((2, 1, 3), (2, 4, 3))
    assert [window.stride for window in gate] == [0, 1]
    assert whole == (POINT, POINT)
    assert mul.windows((2,), (2, 4, 3)) == (None, (POINT, POINT))
    assert mul.windows((2,), (2,)) == ((), ())
