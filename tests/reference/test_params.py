"""The arrays of a network: how they are made, given, kept in files, and what is refused."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import numpy as np
import pytest
from generated.build import graph_of
from numpy.testing import assert_allclose, assert_array_equal

import cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph
from cnncalc.reference import Params, forward

GRAPH = graph_of(
    (2, 6), ("conv", {"out": 4, "kernel": 3, "weight_norm": True}), ("batch_norm", {}),
    ("prelu", {}), ("linear", {"out": 5}),
)  # fmt: skip
X = np.random.default_rng(0).standard_normal((2, 2, 6))


def made(graph: Graph = GRAPH, x: Any = X, **settings: Any) -> Params:
    params = Params(**settings)
    forward(graph, x, params)
    return params


def same(one: Params, other: Params) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


NAMES_AND_SHAPES: list[tuple[str, dict[str, Any], dict[str, tuple[int, ...]]]] = [
    # as PyTorch names them and has them
    ("conv", {"out": 6, "kernel": (3, 5), "groups": 2}, {"weight": (6, 2, 3, 5), "bias": (6,)}),
    ("conv", {"out": 6, "kernel": 1, "bias": False}, {"weight": (6, 4, 1, 1)}),
    ("conv", {"out": 6, "kernel": 2, "weight_norm": True},
     {"weight": (6, 4, 2, 2), "weight_g": (6, 1, 1, 1), "bias": (6,)}),
    ("depthwise", {"kernel": 3, "multiplier": 2}, {"weight": (8, 1, 3, 3), "bias": (8,)}),
    ("conv_transpose", {"out": 6, "kernel": (2, 3), "groups": 2},
     {"weight": (4, 3, 2, 3), "bias": (6,)}),
    ("linear", {"out": 3}, {"weight": (3, 4 * 35), "bias": (3,)}),
    ("linear", {"out": 3, "bias": False, "weight_norm": True},
     {"weight": (3, 4 * 35), "weight_g": (3, 1)}),
    ("batch_norm", {},
     {"weight": (4,), "bias": (4,), "running_mean": (4,), "running_var": (4,)}),
    ("batch_norm", {"affine": False}, {"running_mean": (4,), "running_var": (4,)}),
    ("layer_norm", {}, {"weight": (4, 5, 7), "bias": (4, 5, 7)}),
    ("layer_norm", {"over": "channels"}, {"weight": (4,), "bias": (4,)}),
    ("group_norm", {"groups": 2}, {"weight": (4,), "bias": (4,)}),
    ("instance_norm", {}, {}),
    ("instance_norm", {"affine": True}, {"weight": (4,), "bias": (4,)}),
    ("scale", {}, {"weight": (4,)}),
    ("prelu", {}, {"weight": (1,)}),
    ("prelu", {"per_channel": True}, {"weight": (4,)}),
    ("relu", {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "shapes"), NAMES_AND_SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_have_torch_s_names_and_shapes(name, args, shapes, dtype):
    params = made(graph_of((4, 5, 7), (name, args)), np.ones((2, 4, 5, 7), dtype), seed=0)
    assert {key: values.shape for key, values in params.items()} == {
        f"n1.{key}": shape for key, shape in shapes.items()
    }
    assert {values.dtype for values in params.values()} <= {np.dtype(dtype)}


def test_neutral_values_are_neutral():
    params = made(seed=0)
    for name, value in (("n1.bias", 0), ("n2.weight", 1), ("n2.bias", 0), ("n2.running_mean", 0),
                        ("n2.running_var", 1), ("n3.weight", 0.25), ("n4.bias", 0)):  # fmt: skip
        assert (params[name] == value).all(), name
    lengths = np.sqrt((params["n1.weight"] ** 2).sum(axis=(1, 2)))
    assert_allclose(params["n1.weight_g"].ravel(), lengths)


HE: list[tuple[str, dict[str, Any], int]] = [
    # layer type, arguments, the values of which an output is a sum
    ("conv", {"out": 300, "kernel": 3}, 40 * 9),
    ("conv", {"out": 300, "kernel": 3, "groups": 4}, 10 * 9),
    ("depthwise", {"kernel": 5, "multiplier": 40}, 25),
    ("linear", {"out": 90}, 40 * 36),
]


@pytest.mark.parametrize(("name", "args", "fan_in"), HE)
def test_weights_are_normal_with_the_variance_of_he_et_al(name, args, fan_in):
    """So that behind a ReLU the mean square of the input is kept; 6 standard errors are allowed."""
    params = made(graph_of((40, 6, 6), (name, args)), np.ones((1, 40, 6, 6)), seed=1)
    weight = params["n1.weight"]
    std = (2 / fan_in) ** 0.5
    assert abs(weight.mean()) < 6 * std / weight.size**0.5
    assert abs(weight.std() / std - 1) < 6 / (2 * weight.size) ** 0.5
    assert abs((np.abs(weight) < std).mean() - 0.6827) < 6 * (0.22 / weight.size) ** 0.5


def test_the_same_seed_makes_the_same_arrays():
    assert same(made(seed=7), made(seed=7))
    assert not same(made(seed=7), made(seed=8))
    assert same(
        made(seed=0),
        made(graph_of((2, 6), *((n.op.name, n.op.args()) for n in GRAPH.nodes)), seed=0),
    )


def test_an_array_depends_on_seed_and_name_alone():
    """Not on the layers around, nor on the batch, nor on what is given beside it."""
    fc = ("linear", {"out": 4})
    one = made(graph_of((6,), ("relu", {}), fc), np.ones((3, 6)), seed=1)
    other = made(graph_of((6,), fc, ("linear", {"out": 6}, 0), fc), np.ones((1, 6)), seed=1)
    assert set(other) > set(one)
    assert_array_equal(
        one["n2.weight"],
        made(graph_of((6,), ("tanh", {}), fc), np.ones((1, 6)), seed=1)["n2.weight"],
    )
    given = made(arrays={"n4.bias": np.arange(5)}, seed=7)
    assert_array_equal(given["n4.weight"], made(seed=7)["n4.weight"])
    assert_array_equal(given["n4.bias"], [0, 1, 2, 3, 4])
    assert (other["n1.weight"] != other["n3.weight"][:, :6]).any()


def test_float32_and_float64_have_the_same_arrays_but_for_rounding():
    wide, short = made(seed=3), made(x=X.astype("float32"), seed=3)
    for name, values in wide.items():
        assert short[name].dtype == np.float32
        assert_allclose(short[name], values, rtol=3e-7)


def test_params_are_a_mapping():
    params = made(seed=0)
    names = [
        "n1.weight", "n1.bias", "n1.weight_g", "n2.weight", "n2.bias", "n2.running_mean",
        "n2.running_var", "n3.weight", "n4.weight", "n4.bias",
    ]  # fmt: skip
    assert list(params) == names
    assert len(params) == len(names) == len(dict(params))
    assert "n1.weight" in params
    for missing in ("n1.bia", "n5.weight", "weight", "n1", ""):
        assert missing not in params
        with pytest.raises(KeyError, match=re.escape(repr(missing))):
            params[missing]
    assert not list(Params(seed=0)), "nothing is made before a layer runs"
    given = Params({"n1.bias": [1, 2, 3, 4]})
    assert list(given) == ["n1.bias"]
    assert_array_equal(given["n1.bias"], [1, 2, 3, 4])


def test_given_arrays_are_copied_and_stay_as_they_are():
    arrays = dict(made(seed=5))
    bias = arrays["n4.bias"] = np.arange(5.0)
    params = made(arrays=arrays)
    assert same(params, Params(arrays))
    params["n4.bias"][:] = 9
    assert_array_equal(bias, np.arange(5.0))
    y = forward(GRAPH, X, params)["n4"]
    assert_allclose(y, forward(GRAPH, X, arrays)["n4"] - np.arange(5) + 9)


def test_arrays_of_any_real_type_are_taken():
    for values in (np.ones(5, int), [True] * 5, np.ones(5, "float16"), np.ones(5, ">f4"), [1] * 5):
        params = made(arrays={"n4.bias": values}, seed=0)
        assert params["n4.bias"].dtype == np.float64
        assert_array_equal(params["n4.bias"], np.ones(5))


def test_updated_exchanges_some_arrays_and_leaves_the_old_params():
    params = made(seed=5)
    new = params.updated({"n4.bias": np.ones(5), "n2.running_mean": np.full(4, 2.0)})
    assert set(new) == set(params)
    changed = {name for name in params if not np.array_equal(new[name], params[name])}
    assert changed == {"n4.bias", "n2.running_mean"}
    y, before = (forward(GRAPH, X, each)["n4"] for each in (new, params))
    assert (y != before).all()
    assert_array_equal(params["n4.bias"], np.zeros(5))
    part = Params({"n4.bias": np.zeros(5)}, seed=5).updated({"n4.bias": np.ones(5)})
    assert part.seed == 5
    assert_array_equal(made(arrays=dict(part), seed=5)["n1.weight"], params["n1.weight"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_file_holds_the_same_arrays(tmp_path, dtype):
    params = made(x=X.astype(dtype), seed=4)
    for name in ("arrays.npz", "arrays"):
        params.save(tmp_path / name)
        read = Params.load(str(tmp_path / name))
        assert same(read, params)
        assert list(read) == list(params)
        assert {read[name].dtype for name in read} == {np.dtype(dtype)}
        x = X.astype(dtype)
        assert_array_equal(forward(GRAPH, x, read)["n4"], forward(GRAPH, x, params)["n4"])
    with np.load(tmp_path / "arrays.npz") as file:
        assert sorted(file.files) == sorted(params)


def test_a_file_that_numpy_wrote_is_read_and_a_seed_makes_the_rest(tmp_path):
    np.savez_compressed(tmp_path / "some.npz", **{"n4.bias": np.arange(5)})
    params = made_from(Params.load(tmp_path / "some.npz", seed=7))
    assert_array_equal(params["n4.bias"], np.arange(5))
    assert_array_equal(params["n1.weight"], made(seed=7)["n1.weight"])


def made_from(params: Params) -> Params:
    forward(GRAPH, X, params)
    return params


def test_a_trained_network_keeps_its_results_through_a_file(tmp_path):
    net = cnncalc.load("lenet5")
    x, params = np.random.default_rng(1).standard_normal((2, 1, 32, 32)), Params(seed=9)
    (wanted,) = forward(net, x, params).values()
    params.save(tmp_path / "lenet.npz")
    (found,) = forward(net, x, Params.load(tmp_path / "lenet.npz")).values()
    assert_array_equal(found, wanted)


NO_FILE = "No such file or directory"
DAMAGED = "it is damaged, or no .npz file of plain numbers"
BROKEN: list[Any] = [
    # what the file holds, and what the text says of it
    pytest.param(None, NO_FILE, id="missing"),
    pytest.param(b"", DAMAGED, id="empty"),
    pytest.param(b"hello, here is no array\n", DAMAGED, id="text"),
]


def npz_of(**arrays: Any) -> bytes:
    held = io.BytesIO()
    np.savez(held, **arrays)
    return held.getvalue()


def npy_of(array: Any) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def zip_of(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, content in files.items():
            file.writestr(f"{name}.npy", content)
    return held.getvalue()


WHOLE = npz_of(**{"n4.bias": np.arange(500.0)})
BROKEN += [
    pytest.param(npz_of(a=np.array([{}])), DAMAGED, id="objects"),
    pytest.param(WHOLE[: len(WHOLE) // 2], "", id="half"),
    pytest.param(b"PK\x03\x04" + bytes(100), "", id="zip-start"),
    pytest.param(WHOLE.replace(np.arange(500.0)[9:11].tobytes(), bytes(16)), DAMAGED, id="bits"),
]


@pytest.mark.parametrize(("content", "reason"), BROKEN)
def test_a_file_that_holds_no_arrays_is_refused(content, reason, tmp_path):
    path = tmp_path / "arrays.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CnncalcError) as caught:
        Params.load(path)
    assert caught.value.text.startswith(f"cannot read {path} as arrays: {reason.format(path=path)}")
    assert (
        caught.value.hint == "write it with numpy.savez, an array by each name such as conv1.weight"
    )


def test_one_array_without_a_name_is_refused(tmp_path):
    path = tmp_path / "array.npy"
    path.write_bytes(npy_of(X))
    with pytest.raises(CnncalcError) as caught:
        Params.load(path)
    assert caught.value.text == f"cannot read {path} as arrays by name: it holds one"


def test_a_zip_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "texts.npz"
    path.write_bytes(zip_of(**{"n4.bias": b"hello"}))
    with pytest.raises(CnncalcError) as caught:
        Params.load(path)
    assert caught.value.text == "array n4.bias holds |S5"


NEEDS = "the layer needs {}; a seed makes what is missing"
N4 = NEEDS.format("n4.weight (5, 16), n4.bias (5,)")
REFUSED: list[Any] = [
    # arrays, seed, error, hint
    ({}, None, "n1: there is no array n1.weight",
     NEEDS.format("n1.weight (4, 2, 3), n1.bias (4,), n1.weight_g (4, 1, 1)")),
    ({"n4.weight": np.ones((5, 16))}, None, "n4: there is no array n4.bias", N4),
    ({"n4.bias": np.ones(5)}, None, "n4: there is no array n4.weight", N4),
    ({"n4.bias": np.ones(4)}, 0, "n4: n4.bias is (4,), and the layer needs (5,)", ""),
    ({"n4.weight": np.ones((5, 1))}, 0, "n4: n4.weight is (5, 1), and the layer needs (5, 16)", ""),
    ({"n4.bias": 1.0}, 0, "n4: n4.bias is (), and the layer needs (5,)", ""),
    ({"n4.wieght": np.ones(5)}, 0, "n4: the layer has no array n4.wieght",
     "it has n4.weight (5, 16), n4.bias (5,)"),
    pytest.param(
        {"n9.weight": np.ones(5)}, 0, "array n9.weight: the network has no layer 'n9'",
        "choose one of n1, n2, n3, n4",
    ),
    ({"n44.weight": np.ones(5)}, 0, "array n44.weight: the network has no layer 'n44'",
     "did you mean 'n4'?"),
    pytest.param({"weight": np.ones(5)}, 0, "array 'weight' names no layer",
     "write the layer's path before it: conv1.weight"),
    pytest.param({"n4.bias": np.full(5, 1j)}, 0, "array n4.bias holds complex128",
     "give real numbers"),
    pytest.param({"n4.bias": ["a"] * 5}, 0, "array n4.bias holds <U1",
     "give real numbers"),
    pytest.param({"n4.bias": [None] * 5}, 0, "array n4.bias holds object",
     "give real numbers"),
    pytest.param({"n4.bias": [[1], [1, 2]]}, 0, "array n4.bias is no array of numbers",
     "give real numbers"),
    pytest.param({}, -1, "seed -1 is below 0", "give 0, 1, 2, …"),
]  # fmt: skip


@pytest.mark.parametrize(("arrays", "seed", "text", "hint"), REFUSED)
def test_arrays_that_do_not_fit_are_refused(arrays, seed, text, hint):
    """Without a seed, all layers but n4 have what they need."""
    others = {name: values for name, values in made(seed=0).items() if name[:3] != "n4."}
    held = {**others, **arrays} if arrays else {}
    with pytest.raises(CnncalcError) as caught:
        forward(GRAPH, X, Params(held, seed=seed))
    assert caught.value.text == text
    assert caught.value.hint == hint


def test_a_layer_without_arrays_takes_none():
    with pytest.raises(CnncalcError) as caught:
        forward(graph_of((2, 6), ("relu", {})), X, {"n1.weight": np.ones(2)})
    assert caught.value.text == "n1: the layer has no array n1.weight"
    assert caught.value.hint == "it has none"


SHARED = """
input: [2, 6]
layers:
  one: {conv: [2, 1]}
  two: {conv: [2, 1], share: one}
"""


def test_arrays_for_a_layer_that_shares_are_refused():
    with pytest.raises(CnncalcError) as caught:
        forward(cnncalc.loads(SHARED), X, Params({"two.weight": np.ones((2, 2, 1))}, seed=0))
    assert caught.value.text == "array two.weight: two uses the arrays of one"
    assert caught.value.hint == "give one.weight"


def test_each_run_has_the_precision_of_its_input():
    """Params that ran in float32 have not lost the digits that they were given in float64."""
    arrays = dict(made(seed=6))
    params = Params(arrays)
    for dtype in ("float32", "float64", "float32"):
        x = X.astype(dtype)
        y = forward(GRAPH, x, params)["n4"]
        assert y.dtype == dtype
        assert_array_equal(y, forward(GRAPH, x, arrays)["n4"])


def test_arrays_are_checked_again_where_a_layer_reads_another_size():
    """What is given must fit there too; what a seed made is made anew."""
    small, large = (graph_of((2, size), ("linear", {"out": 3})) for size in (6, 8))
    x, params = np.ones((1, 2, 8)), made(small, seed=0)
    assert_array_equal(forward(large, x, params)["n1"], forward(large, x, Params(seed=0))["n1"])
    params = made(small, arrays=dict(made(small, seed=0)))
    with pytest.raises(CnncalcError) as caught:
        forward(large, x, params)
    assert caught.value.text == "n1: n1.weight is (3, 12), and the layer needs (3, 16)"
