"""Runs of whole networks: values and gradients by hand, memory, modes, threads, and PyTorch."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generated.build import graph_of
from generated.strategies import graphs
from hypothesis import HealthCheck, given, note, settings
from numpy.testing import assert_allclose, assert_array_equal
from reference.run_kit import inputs_of

import cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph, Node
from cnncalc.net import Net
from cnncalc.ops import OPS
from cnncalc.ops import find as find_op
from cnncalc.ops.base import Op
from cnncalc.reference import Gradients, Params, Tape, backward, find, forward
from cnncalc.reference.activation import Relu
from cnncalc.reference.arrays import Array
from cnncalc.reference.kernel import Call

FUZZ = Path(__file__).parent.parent / "fuzz"
MANY = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def row(*values: float) -> Array:
    return np.array(values, dtype="float64").reshape(1, 1, -1)


def run(
    graph: Graph | Net, inputs: Any, params: Any, grads: Any, mode: str = "inference"
) -> tuple[dict[str, Array], Gradients]:
    tape = Tape()
    outputs = forward(graph, inputs, params, mode, tape=tape)
    return outputs, backward(graph, tape, grads)


def test_a_small_network_by_hand():
    graph = graph_of(
        (1, 4), ("conv", {"out": 1, "kernel": 2}), ("relu", {}), ("flatten", {}),
        ("linear", {"out": 2}),
    )  # fmt: skip
    params = {
        "n1.weight": row(2, -1), "n1.bias": [1],
        "n4.weight": [[1, 2, 3], [0, -1, 1]], "n4.bias": [0, 10],
    }  # fmt: skip
    # 2·1 - 3 + 1 = 0, 2·3 - 2 + 1 = 5, 2·2 - 9 + 1 = -4: relu leaves 0, 5, 0
    outputs, found = run(graph, row(1, 3, 2, 9), params, np.array([[1.0, 3.0]]))
    assert_array_equal(outputs["n4"], [[10, 5]])
    # of 0, 5, 0 the gradient is 1 + 0, 2 - 3, 3 + 3; relu lets the middle one through
    assert_array_equal(found.inputs["image"], row(0, -2, 1, 0))
    assert_array_equal(found.params["n1.weight"], row(-3, -2))
    assert_array_equal(found.params["n1.bias"], [-1])
    assert_array_equal(found.params["n4.weight"], [[0, 5, 0], [0, 15, 0]])
    assert_array_equal(found.params["n4.bias"], [1, 3])
    assert list(outputs) == ["n4"]
    assert set(found.params) == set(params)


def test_the_readers_of_a_tensor_add_their_gradients():
    """a = 3x is read by a square (twice), by a join, and is an output: y = a² + a."""
    graph = graph_of(
        (1, 2), ("scale", {}), ("mul", {}, 1, 1), ("add", {}, 2, 1), outputs=(1, 3)
    )  # fmt: skip
    grads = {"n1": row(100, 100), "n3": row(1, 10)}
    outputs, found = run(graph, row(1, 2), {"n1.weight": [3]}, grads)
    assert_array_equal(outputs["n1"], row(3, 6))
    assert_array_equal(outputs["n3"], row(12, 42))
    # ∂a = 100 + (2·3 + 1)·1 and 100 + (2·6 + 1)·10; ∂x = 3∂a; ∂w = ∂a·x
    assert_array_equal(found.inputs["image"], row(321, 690))
    assert_array_equal(found.params["n1.weight"], [107 + 460])


SHARED = """
inputs: {left: [1, 2], right: [1, 2]}
layers:
  one: {conv: [1, 1], from: left}
  two: {conv: [1, 1], from: right, share: one}
  three: {conv: [1, 1], share: two}
outputs: [one, three]
"""


def test_layers_that_share_have_one_array_and_add_their_gradients():
    net = cnncalc.loads(SHARED)
    inputs, params = (
        {"left": row(1, 2), "right": row(3, 4)},
        {"one.weight": row(5), "one.bias": [1]},
    )
    outputs, found = run(net, inputs, params, {"one": row(1, 1), "three": row(1, 10)})
    assert_array_equal(outputs["one"], row(6, 11))
    assert_array_equal(outputs["three"], row(5 * 16 + 1, 5 * 21 + 1))
    # three: 16·1 + 21·10 for w and 11 for b, and back 5, 50; two: 3·5 + 4·50 and 55; one: 3 and 2
    assert_array_equal(found.params["one.weight"], row(226 + 215 + 3))
    assert_array_equal(found.params["one.bias"], [11 + 55 + 2])
    assert set(found.params) == {"one.weight", "one.bias"}
    assert_array_equal(found.inputs["left"], row(5, 5))
    assert_array_equal(found.inputs["right"], row(25, 250))
    made = Params(seed=3)
    forward(net, inputs, made)
    assert set(made) == {"one.weight", "one.bias"}


def test_several_inputs_are_taken_by_name_in_any_order():
    net = cnncalc.loads("inputs: {a: [1, 2], b: [1, 2]}\nlayers: [{sub: [a, b], name: d}]")
    inputs = {"b": row(1, 2), "a": row(10, 20)}
    outputs, found = run(net, inputs, None, row(1, 2))
    assert_array_equal(outputs["d"], row(9, 18))
    assert_array_equal(found.inputs["a"], row(1, 2))
    assert_array_equal(found.inputs["b"], row(-1, -2))
    assert list(found.inputs) == ["a", "b"]


TWO_HEADS = """
inputs: {x: [1, 2], unread: [3]}
layers:
  a: {conv: [1, 1], from: x}
  b: {conv: [1, 1], from: x}
outputs: [a, b, x]
"""


def test_outputs_without_a_gradient_send_none_back():
    net = cnncalc.loads(TWO_HEADS)
    params = {"a.weight": row(2), "a.bias": [0], "b.weight": row(3), "b.bias": [0]}
    inputs = {"x": row(1, 2), "unread": np.ones((1, 3))}
    outputs, found = run(net, inputs, params, {"b": row(1, 10)})
    assert list(outputs) == ["a", "b", "x"]
    assert_array_equal(outputs["x"], inputs["x"])
    assert_array_equal(found.inputs["x"], row(3, 30))
    assert_array_equal(found.inputs["unread"], [[0, 0, 0]])
    assert_array_equal(found.params["b.weight"], row(21))
    _, found = run(net, inputs, params, {"a": row(1, 1), "b": row(1, 1), "x": row(7, 7)})
    assert_array_equal(found.inputs["x"], row(12, 12))


def test_a_network_may_be_a_graph_or_a_net_and_its_params_may_be_made():
    net = cnncalc.load("lenet5")
    (image,) = inputs_of(net.graph).values()
    outputs = [
        forward(net, image), forward(net.graph, {"input": image}, Params(seed=0)),
        forward(net, image, {}), forward(net, np.asfortranarray(image)),
        forward(net, image[:, :, ::-1][:, :, ::-1]),
    ]  # fmt: skip
    path = net.layers[-1].path
    for found in outputs:
        assert list(found) == [path]
        assert_array_equal(found[path], outputs[0][path])
    assert forward(net, image.astype("float32"))[path].dtype == np.float32


CONV = ("conv", {"out": 2, "kernel": 3, "padding": 1})
NOISY = [("dropout", {"rate": 0.5}), ("dropout", {"rate": 0.5}, 0), ("drop_path", {"rate": 0.5}, 0)]


def test_dropout_acts_in_training_by_the_seed_and_for_each_layer_anew():
    graph = graph_of((3, 40), *NOISY, outputs=(1, 2, 3))
    x = np.ones((9, 3, 40))
    for y in forward(graph, x).values():
        assert_array_equal(y, x)
    one, two, path = forward(graph, x, mode="training").values()
    again = forward(graph, x, mode="training").values()
    other = forward(graph, x, mode="training", seed=1).values()
    assert set(np.unique(one)) == {0, 2}
    assert 450 < np.count_nonzero(one) < 630  # 540 ± 6 · 16 of 1080
    assert (one != two).any()
    assert set(np.unique(path.mean(axis=(1, 2)))) == {0, 2}, "all of a sample's values, or none"
    assert all(map(np.array_equal, again, (one, two, path)))
    assert not any(map(np.array_equal, other, (one, two, path)))


def test_the_gradient_of_dropout_goes_where_values_went():
    graph = graph_of((3, 40), *NOISY, outputs=(1, 2, 3))
    x, ones = np.ones((9, 3, 40)), np.ones((9, 3, 40))
    outputs, found = run(graph, x, None, dict.fromkeys(("n1", "n2", "n3"), ones), "training")
    assert_array_equal(found.inputs["image"], sum(outputs.values()))


def test_batch_norm_uses_the_batch_in_training_and_leaves_new_running_statistics():
    """1, 3 and 8 have mean 4 and variance 26/3, unbiased 13; momentum 0.1."""
    graph = graph_of((1,), ("batch_norm", {"eps": 0}))
    x, params = np.array([[1.0], [3.0], [8.0]]), Params(seed=0)
    tape = Tape()
    y = forward(graph, x, params, "training", tape=tape)["n1"]
    assert_allclose(y, (x - 4) / (26 / 3) ** 0.5)
    assert set(tape.updates) == {"n1.running_mean", "n1.running_var"}
    assert_allclose(tape.updates["n1.running_mean"], [0.4])
    assert_allclose(tape.updates["n1.running_var"], [0.9 + 1.3])
    assert_array_equal(forward(graph, x, params)["n1"], x)  # nothing is taken over by itself
    later = params.updated(tape.updates)
    assert_allclose(forward(graph, x, later)["n1"], (x - 0.4) / 2.2**0.5)
    assert_array_equal(forward(graph, x, params)["n1"], x)
    assert not Tape().updates


def test_inference_leaves_no_updates():
    graph = graph_of((2, 4), ("batch_norm", {}))
    tape = Tape()
    forward(graph, inputs_of(graph), tape=tape)
    assert not tape.updates


TWICE = """
input: [2, 4]
blocks:
  Unit: [conv: [2, 1], batch_norm]
layers:
  one: Unit
  two: {Unit: , share: one}
"""


def test_a_shared_batch_norm_moves_its_statistics_with_each_use():
    """As in PyTorch, whose module counts both uses, one after the other."""
    net = cnncalc.loads(TWICE)
    (x,), params, tape = inputs_of(net.graph).values(), Params(seed=0), Tape()
    seen = []

    def look(node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
        if node.op.name == "batch_norm":
            seen.append(xs[0].mean(axis=(0, 2)))
        return find(node.op.name).forward(call, *xs)

    forward(net, x, params, "training", tape=tape, around=look)
    wanted = 0.9 * (0.1 * seen[0]) + 0.1 * seen[1]
    (name,) = (name for name in tape.updates if name.endswith("running_mean"))
    assert_allclose(tape.updates[name], wanted)


@pytest.mark.parametrize("name", ["everything", "pyramid", "volumes"])
@pytest.mark.parametrize("threads", [2, 5])
def test_threads_give_the_same_results(name, threads):
    net = cnncalc.load(FUZZ / f"{name}.yaml")
    inputs, params = inputs_of(net.graph, 3), Params(seed=0)
    wanted = forward(net, inputs, params)
    for made in (params, Params(seed=0)):
        for path, y in forward(net, inputs, made, threads=threads).items():
            assert_allclose(y, wanted[path], rtol=0, atol=1e-10 * np.abs(wanted[path]).max())


def test_images_are_spread_over_threads(monkeypatch):
    """Two threads must meet in the first layer that each of them runs."""
    meeting, forth, met = threading.Barrier(2, timeout=30), Relu.forward, set()

    def meet(kernel: Relu, call: Call, *xs: Array) -> Array:
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            meeting.wait()
        return forth(kernel, call, *xs)

    monkeypatch.setattr(Relu, "forward", meet)
    graph = graph_of((2, 4), ("relu", {}), CONV)
    x = inputs_of(graph, 5)["image"]
    found = forward(graph, x, threads=2)["n2"]
    assert len(met) == 2
    monkeypatch.undo()
    assert_allclose(found, forward(graph, x)["n2"], rtol=0, atol=1e-12)


def test_an_error_in_a_thread_reaches_the_caller():
    graph = graph_of((2, 4), CONV)
    with pytest.raises(CnncalcError, match=r"^n1: there is no array n1\.weight$"):
        forward(graph, np.ones((3, 2, 4)), Params(), threads=2)


def test_threads_are_for_batches_at_inference_without_a_tape():
    graph = graph_of((2, 4), CONV, ("batch_norm", {}), ("dropout", {"rate": 0.5}))
    x = inputs_of(graph, 4)["image"]
    for settings_ in ({"mode": "training"}, {"tape": Tape()}):
        with pytest.raises(CnncalcError) as caught:
            forward(graph, x, threads=2, **settings_)
        assert caught.value.text == (
            "threads=2 is for inference without a tape and without `around`"
        )
    assert_array_equal(forward(graph, x[:1], threads=2)["n3"], forward(graph, x[:1])["n3"])


def test_an_empty_batch_is_refused():
    net = cnncalc.load("lenet5")
    with pytest.raises(CnncalcError) as caught:
        forward(net, np.ones((0, 1, 32, 32)))
    assert caught.value.text == (
        "input 'input' is (0, 1, 32, 32), and the network reads (N, 1, 32, 32)"
    )


def test_around_sees_each_layer_and_may_change_it():
    graph = graph_of((1, 2), ("scale", {}), ("relu", {}), ("add", {}, 1, 2))
    paths = []

    def look(node: Node, call: Call, xs: tuple[Array, ...]) -> Array:
        paths.append((node.path, len(xs), sorted(call.params)))
        return find(node.op.name).forward(call, *xs) if node.path != "n2" else xs[0] + 100

    y = forward(graph, row(-1, 2), around=look)["n3"]
    assert paths == [("n1", 1, ["weight"]), ("n2", 1, []), ("n3", 2, [])]
    assert_array_equal(y, row(98, 104))


PAIR = graph_of({"image": (2, 4), "other": (3,)}, ("relu", {}, 0), ("linear", {"out": 5}, 1))
BOTH = graph_of({"image": (2, 4)}, ("relu", {}), ("tanh", {}), outputs=(1, 2))
IMAGE, OTHER = np.ones((6, 2, 4)), np.ones((6, 3))
BATCH_FIRST = "the batch comes first; load the network with input=… for another size"

REFUSED: list[tuple[Graph, Any, dict[str, Any], str, str]] = [
    # network, inputs, options, error, hint
    (BOTH, IMAGE, {"mode": "train"}, "no mode 'train'", "did you mean 'training'?"),
    (BOTH, IMAGE, {"mode": "x"}, "no mode 'x'", "choose one of inference, training"),
    (BOTH, {"imag": IMAGE}, {}, "no input 'imag'", "did you mean 'image'?"),
    (PAIR, {"image": IMAGE}, {}, "input 'other' is missing", "give image, other"),
    (PAIR, {}, {}, "input 'image' is missing", "give image, other"),
    (PAIR, IMAGE, {}, "input 'other' is missing", "give image, other"),
    (BOTH, np.ones((6, 2, 5)), {}, "input 'image' is (6, 2, 5), and the network reads (N, 2, 4)",
     BATCH_FIRST),
    (BOTH, np.ones((2, 4)), {}, "input 'image' is (2, 4), and the network reads (N, 2, 4)",
     BATCH_FIRST),
    (BOTH, np.float64(3), {}, "input 'image' is (), and the network reads (N, 2, 4)", BATCH_FIRST),
    (BOTH, np.ones((6, 2, 4), int), {}, "input 'image' holds int64",
     "give float32 or float64: x.astype('float32')"),
    (BOTH, np.ones((6, 2, 4), "float16"), {}, "input 'image' holds float16",
     "give float32 or float64: x.astype('float32')"),
    (BOTH, np.ones((6, 2, 4), "complex128"), {}, "input 'image' holds complex128",
     "give float32 or float64: x.astype('float32')"),
    (BOTH, np.ones((6, 2, 4), ">f8"), {}, "input 'image' holds >f8",
     "give float32 or float64: x.astype('float32')"),
    (BOTH, [["a"]], {}, "input 'image' holds <U1", "give float32 or float64: x.astype('float32')"),
    pytest.param(
        PAIR, {"image": IMAGE, "other": OTHER[:5]}, {},
        "input 'other' has 5 samples, and input 'image' has 6",
        "the inputs of a run have as many samples each",
    ),
    pytest.param(
        PAIR, {"image": IMAGE, "other": OTHER.astype("float32")}, {},
        "input 'other' holds float32, and input 'image' holds float64",
        "give all inputs of a run in one precision",
    ),
    pytest.param(
        BOTH, IMAGE, {"mode": "training", "seed": -1}, "seed -1 is below 0", "give 0, 1, 2, …",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("graph", "inputs", "options", "text", "hint"), REFUSED)
def test_what_forward_refuses(graph, inputs, options, text, hint):
    with pytest.raises(CnncalcError) as caught:
        forward(graph, inputs, **options)
    assert caught.value.text == text
    assert caught.value.hint == hint


WRONG_GRADIENTS: list[tuple[Any, str, str]] = [
    ({"n1": np.ones((6, 2, 5))}, "the gradient of 'n1' is (6, 2, 5), and the output is (6, 2, 4)",
     ""),
    ({"n1": 1.0}, "the gradient of 'n1' is (), and the output is (6, 2, 4)", ""),
    ({"n22": IMAGE}, "no output 'n22'", "did you mean 'n2'?"),
    ({"image": IMAGE}, "no output 'image'", "choose one of n1, n2"),
    pytest.param(
        IMAGE, "the network has 2 outputs", "give gradients by name: n1, n2",
    ),
    pytest.param(
        {"n1": np.ones((6, 2, 4), complex)}, "the gradient of 'n1' holds complex128",
        "give real numbers",
    ),
    pytest.param(
        {"n1": [["a"]]}, "the gradient of 'n1' holds <U1", "give real numbers",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("grads", "text", "hint"), WRONG_GRADIENTS)
def test_what_backward_refuses(grads, text, hint):
    tape = Tape()
    forward(BOTH, IMAGE, tape=tape)
    with pytest.raises(CnncalcError) as caught:
        backward(BOTH, tape, grads)
    assert caught.value.text == text
    assert caught.value.hint == hint
    assert backward(BOTH, tape, {"n1": IMAGE}).inputs, "the tape is still good"


def test_a_tape_is_used_up():
    tape = Tape()
    for _ in range(2):
        with pytest.raises(CnncalcError) as caught:
            backward(BOTH, tape, {"n1": IMAGE})
        assert caught.value.text == "the tape is empty"
        assert caught.value.hint == "run forward(…, tape=tape) before each backward"
        forward(BOTH, IMAGE, tape=tape)
        backward(BOTH, tape, {"n1": IMAGE})


def test_a_tape_of_another_network_is_refused():
    tape = Tape()
    forward(BOTH, IMAGE, tape=tape)
    with pytest.raises(CnncalcError) as caught:
        backward(PAIR, tape, {"n1": IMAGE})
    assert caught.value.text == "the tape is of another network"


def test_training_on_one_value_a_channel_is_refused():
    graph = graph_of((3, 1), ("batch_norm", {}))
    with pytest.raises(CnncalcError) as caught:
        forward(graph, np.ones((1, 3, 1)), mode="training")
    assert caught.value.text == (
        "batch_norm: training needs 2 values a channel for a variance, (1, 3, 1) has 1"
    )
    assert caught.value.hint == "use a larger batch, or inference mode"


@pytest.fixture
def without_facts(monkeypatch) -> None:
    """Take the facts away from every layer type: what is checked must not check itself."""

    def refuse(self: Op, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"{self.name} was asked for a fact")

    kinds = [find_op(name) for name in OPS]
    for kind in {base for each in kinds if each for base in each.__mro__ if issubclass(base, Op)}:
        for fact in ("windows", "shape", "params", "work"):
            if fact in kind.__dict__:
                monkeypatch.setattr(kind, fact, refuse)
    with pytest.raises(AssertionError, match="conv was asked for a fact"):
        find_op("conv")(out=1, kernel=1).shape((1, 2))


NETS = {
    **{path.stem: path for path in sorted(FUZZ.glob("*.yaml"))},
    "m5": "m5", "lenet5": "lenet5",
}  # fmt: skip


@pytest.fixture(params=NETS)
def net(request) -> Net:
    """Load a network while there are still facts: this fixture comes first."""
    return cnncalc.load(NETS[request.param])


def test_a_run_asks_no_layer_type_for_its_facts(net, without_facts):
    inputs = inputs_of(net.graph)
    forward(net.graph, inputs, threads=2)
    for mode in ("inference", "training"):
        tape = Tape()
        outputs = forward(net.graph, inputs, Params(seed=1), mode, tape=tape)
        found = backward(net.graph, tape, {name: np.ones_like(y) for name, y in outputs.items()})
        assert all(np.isfinite(grad).all() for grad in found.params.values())
    with pytest.raises(AssertionError, match="was asked for a fact"):
        cnncalc.load("lenet5")


def test_these_networks_hold_most_layer_types():
    nets = [cnncalc.load(spec) for spec in NETS.values()]
    held = {node.op.name for each in nets for node in each.graph.nodes}
    assert len(held) >= 35, sorted(set(OPS) - held)


def close_to(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= 1e-6 * (1 + abs(wanted))


@pytest.mark.parametrize("mode", ["inference", "training"])
def test_gradients_of_a_network_are_the_slopes_of_its_outputs(mode):
    """Finite differences, in a network of smooth layers: all of each input and of each array."""
    graph = graph_of(
        {"image": (2, 4, 3), "vector": (3,)},
        ("conv", {"out": 4, "kernel": 3, "padding": 1, "weight_norm": True}, 0),
        ("batch_norm", {}), ("silu", {}), ("linear", {"out": 4}, 1), ("mul", {}, 4, 5),
        ("avg_pool", {"kernel": 2, "padding": 1}), ("conv_transpose", {"out": 2, "kernel": 2}),
        ("add", {}, 8, 8), ("group_norm", {"groups": 1}), ("softmax", {}),
    )  # fmt: skip
    inputs, params = inputs_of(graph, 3), Params(seed=2)
    shape = forward(graph, inputs, params)["n10"].shape
    weights = np.random.default_rng(5).standard_normal(shape)
    params = dict(params)
    _, found = run(graph, inputs, params, weights, mode)

    def loss() -> float:
        return float((forward(graph, inputs, params, mode)["n10"] * weights).sum())

    step = 1e-5
    for arrays, grads in ((inputs, found.inputs), (params, found.params)):
        for name, grad in grads.items():
            for at in list(np.ndindex(grad.shape))[:: max(1, grad.size // 10)]:
                value = arrays[name][at]
                arrays[name][at] = value + step
                above = loss()
                arrays[name][at] = value - step
                below = loss()
                arrays[name][at] = value
                assert close_to((above - below) / (2 * step), grad[at]), (name, at)
    learned = {name for name in params if "running" not in name}
    assert set(found.params) == learned


@settings(MANY, max_examples=60)
@given(graphs())
def test_generated_networks_agree_with_torch(graph: Graph) -> None:
    pytest.importorskip("torch")
    from generated.properties import text_of
    from reference.twin_params import agrees_with_torch

    note(text_of(graph))
    agrees_with_torch(graph)


@settings(MANY, max_examples=30)
@given(graphs())
def test_generated_networks_agree_with_torch_in_training(graph: Graph) -> None:
    pytest.importorskip("torch")
    from generated.properties import text_of
    from reference.twin_params import agrees_with_torch

    note(text_of(graph))
    agrees_with_torch(graph, training=True)


def test_a_wrong_gradient_is_an_error_unless_it_is_not_defined(monkeypatch):
    """A gradient of 1 where a ReLU has 0. The second input lies at the kink, but for 1e-12."""
    pytest.importorskip("torch")
    from reference.twin_params import Arrays, agrees_with_torch

    graph = graph_of((1, 2), ("relu", {}))
    clear, near = (
        Arrays({"image": np.array([[[1.0, low]]] * 2)}, {}, [np.ones((2, 1, 2))])
        for low in (-1, -1e-12)
    )
    assert agrees_with_torch(graph, arrays=clear)
    assert agrees_with_torch(graph, arrays=near)
    monkeypatch.setattr(Relu, "slope", lambda *args: np.ones_like(args[-1]))
    with pytest.raises(AssertionError, match="image"):
        agrees_with_torch(graph, arrays=clear)
    assert not agrees_with_torch(graph, arrays=near)
