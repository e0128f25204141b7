"""Runs one layer of the reference, and the same in PyTorch with its gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.testing import assert_allclose

from cnncalc.ops import find as find_op
from cnncalc.ops.base import Op
from cnncalc.reference import find
from cnncalc.reference.arrays import Array, packed
from cnncalc.reference.kernel import Call, Maker

Shape = tuple[int, ...]
Twin = Callable[..., Any]
"""(torch, *inputs, **parameters by name) -> output, of tensors."""


class Ran(NamedTuple):
    call: Call
    out: Array
    input_grads: tuple[Array, ...]


def make(name: str, **args: Any) -> Op:
    kind = find_op(name)
    assert kind is not None, name
    return kind(**args)


def numbers(seed: int, *shapes: Shape, dtype: str = "float64") -> list[Array]:
    """Return normal values: no two alike, so that maxima and kinks are clear."""
    random = np.random.default_rng(seed)
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


def params_of(op: Op, *shapes: Shape, seed: int = 1, dtype: str = "float64") -> dict[str, Array]:
    """Return the layer's own arrays, moved off their neutral values; variances stay positive."""
    random = np.random.default_rng(seed)
    made = find(op.name).params(op, Maker(random, np.dtype(dtype)), *shapes)
    return {
        name: (values + 0.3 * np.abs(random.standard_normal(values.shape))).astype(dtype)
        for name, values in made.items()
    }


def run(
    op: Op,
    *xs: Array,
    params: Mapping[str, Array] | None = None,
    grad: Array | None = None,
    training: bool = False,
    overwrite: bool = False,
) -> Ran:
    """Return a layer's output, and with `grad` (of the output) its gradients too."""
    kernel = find(op.name)
    call = Call(op, dict(params or {}), training=training, keep=grad is not None)
    call.overwrite = overwrite
    out = kernel.forward(call, *xs)
    return Ran(call, out, () if grad is None else kernel.backward(call, grad))


def agrees(
    op: Op, twin: Twin, *shapes: Shape, training: bool = False, frozen: tuple[str, ...] = ()
) -> None:
    """Compare output and all gradients with PyTorch in float64; shapes have a batch axis.

    `frozen` names arrays that are buffers, and have no gradient. Arrays are tried in both orders in
    memory, the result written over the input too; and float32 must stay float32.
    """
    import torch

    xs = numbers(0, *shapes)
    params = params_of(op, *shapes)
    tensors = [torch.tensor(x, requires_grad=True) for x in xs]
    named = {n: torch.tensor(p, requires_grad=n not in frozen) for n, p in params.items()}
    wanted = twin(torch, *tensors, **named)
    (grad,) = numbers(2, tuple(wanted.shape))
    wanted.backward(torch.tensor(grad))
    for order in (np.array, packed):
        ran = run(op, *map(order, xs), params=params, grad=order(grad), training=training)
        assert_allclose(ran.out, wanted.detach().numpy(), rtol=1e-9, atol=1e-10)
        for found, tensor in zip(ran.input_grads, tensors, strict=True):
            assert_allclose(found, tensor.grad.numpy(), rtol=1e-8, atol=1e-9)
        assert set(ran.call.grads) == set(params) - set(frozen)
        for name, found in ran.call.grads.items():
            assert_allclose(found, named[name].grad.numpy(), rtol=1e-8, atol=1e-9, err_msg=name)
            assert found.shape == params[name].shape
    _keeps_its_manners(op, xs, params, ran.out, training=training)


def _keeps_its_manners(
    op: Op, xs: list[Array], params: dict[str, Array], out: Array, *, training: bool
) -> None:
    before = [x.copy() for x in xs]
    run(op, *xs, params=params, training=training)
    for x, kept in zip(xs, before, strict=True):
        assert np.array_equal(x, kept), "an input was written to"
    over = run(op, *map(packed, before), params=params, training=training, overwrite=True).out
    assert_allclose(over, out, rtol=1e-12, atol=1e-12)
    small = run(
        op,
        *(x.astype("float32") for x in xs),
        params={name: values.astype("float32") for name, values in params.items()},
        training=training,
    )
    assert small.out.dtype == np.float32
