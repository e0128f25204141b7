"""The backend test cases of the `onnx` package: models, inputs, and what they must give."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import onnx
from onnx import helper, numpy_helper
from onnx.backend.test.loader import load_model_tests

from cnncalc.reference.arrays import Array

FILED = ("pytorch-converted", "pytorch-operator", "simple")
"""Kinds of cases that lie in the package as files: most are exports of PyTorch's own tests."""
KINDS = ("node", *FILED)
"""`node` has the cases of each operator; reading the package's code makes them."""


class Step(NamedTuple):
    """One node of a model: what it reads and makes by name; "" is left out."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


class Case(NamedTuple):
    name: str
    opset: int
    steps: tuple[Step, ...]
    arrays: dict[str, Any]
    """Inputs and constants by name: arrays, or lists where the case has sequences."""
    wanted: dict[str, Any]
    """Outputs by name."""
    rtol: float
    atol: float

    @property
    def operators(self) -> frozenset[str]:
        return frozenset(step.operator for step in self.steps)


def load(kinds: Iterable[str] = KINDS) -> Iterator[Case]:
    """Yield all cases of these kinds, in the order of their names."""
    for kind in kinds:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some cases overflow on purpose
            found = load_model_tests(kind=kind)
        for test in sorted(found, key=lambda test: test.name):
            yield from _cases(test)


def _cases(test: Any) -> Iterator[Case]:
    """Yield a case for each set of inputs and outputs."""
    if test.model_dir is None:
        model, sets = test.model, test.data_sets
    else:
        folder = Path(test.model_dir)
        model = onnx.load(folder / "model.onnx")
        sets = [_read(path) for path in sorted(folder.glob("test_data_set_*"))]
    graph = model.graph
    steps = tuple(map(_step, graph.node))
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    inputs = [each.name for each in graph.input if each.name not in constants]
    outputs = [each.name for each in graph.output]
    (opset,) = [each.version for each in model.opset_import if not each.domain] or [0]
    for given, wanted in sets:
        yield Case(
            test.name,
            opset,
            steps,
            constants | dict(zip(inputs, given, strict=False)),
            dict(zip(outputs, wanted, strict=True)),
            test.rtol,
            test.atol,
        )


def _step(node: Any) -> Step:
    attributes = {each.name: _value(each) for each in node.attribute}
    return Step(node.op_type, tuple(node.input), tuple(node.output), attributes)


def _value(attribute: Any) -> Any:
    if attribute.ref_attr_name:
        return None
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _read(folder: Path) -> tuple[list[Any], list[Any]]:
    """Return the inputs and outputs of a folder."""
    return _arrays(folder, "input"), _arrays(folder, "output")


def _arrays(folder: Path, what: str) -> list[Array]:
    files = sorted(folder.glob(f"{what}_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    return [_array(path.read_bytes()) for path in files]


def _array(content: bytes) -> Array:
    tensor = onnx.TensorProto()
    tensor.ParseFromString(content)
    return numpy_helper.to_array(tensor)
