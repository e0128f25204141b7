"""What names mean while a body is expanded: variables, parameters, layers and their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.geometry import Shape
from cnncalc.graph import Call
from cnncalc.ops.base import shape_text
from cnncalc.spec.suggest import suggest
from cnncalc.spec.tree import UNBOUND, Item, LookUpError, NodeError, Reference, Unit

AXES: dict[int, dict[str, int]] = {
    1: {"c": 0},
    2: {"c": 0, "l": 1, "w": 1},
    3: {"c": 0, "h": 1, "w": 2},
    4: {"c": 0, "d": 1, "h": 2, "w": 3},
}
MOST_LISTED = 12
FAILED = -1
"""The number of a tensor that an error kept from being made."""
AMBIGUOUS = -2
"""The number of `prev` and `in` at the top of a network with several inputs."""
REPEAT_WORDS = ("i", "n", "first", "last")


class FailedInputError(CnncalcError):
    """Something depends on a layer that has an error already: there is nothing more to say."""


class Tensors:
    """All tensors by number and by path, with their shapes."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.paths: dict[str, int] = {}
        self.inputs: tuple[str, ...] = ()

    def which_input(self, word: str) -> str:
        """Return the error text for `prev` or `in` where there are several inputs."""
        return f"the network has {len(self.inputs)} inputs, and '{word}' means none of them"

    def shape(self, tensor: int) -> Shape:
        """Return a tensor's shape; raises FailedInputError where it could not be made."""
        if tensor == FAILED:
            raise FailedInputError("")
        return self.shapes[tensor]


class TensorValue:
    """The value of a parameter of type ref."""

    __slots__ = ("tensor", "word")

    def __init__(self, tensor: int, word: str) -> None:
        self.tensor = tensor
        self.word = word

    def __str__(self) -> str:
        return self.word


class Level:
    """Where layers are being named: the prefix of their paths, and how many of a kind there are."""

    __slots__ = ("counts", "depth", "prefix")

    def __init__(self, prefix: str, depth: int) -> None:
        self.prefix = prefix
        self.depth = depth
        self.counts: dict[str, int] = {}

    def number(self, kind: str) -> str:
        """Return the next name of a kind: conv1, conv2 and so on."""
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}{count}"


class Scope:
    """One call of a block's body (or the root): its parameters, tensors and names.

    A body sees its parameters, `in`, `prev`, the repeat variables of its call and the file's vars;
    never its caller's layers.
    """

    __slots__ = ("caller", "input", "level", "prev", "repeat", "root", "share", "tensors", "values")

    def __init__(
        self, tensors: Tensors, unit: Unit, root: Level, tensor: int, caller: Call | None
    ) -> None:
        self.tensors = tensors
        self.root = root.prefix
        self.level = root
        self.input = tensor
        self.prev = tensor
        self.values: Mapping[str, Any] = unit.vars
        self.repeat: Mapping[str, Any] = {}
        self.caller = caller
        self.share: tuple[str, str] | None = None

    def find(self, name: str) -> Any:
        """Return what a name means, or UNBOUND."""
        value = self.repeat.get(name, UNBOUND)
        if value is UNBOUND:
            value = self.values.get(name, UNBOUND)
        if value is UNBOUND and "." in name:
            return self._axis(name)
        return value

    def resolve(self, name: str) -> Any:
        """Return what a name means; raises LookUpError with a suggestion."""
        value = self.find(name)
        if value is not UNBOUND:
            return value
        raise LookUpError(name, f"unknown name '{name}'", self._name_hint(name))

    def _name_hint(self, name: str) -> str:
        if name in self.values:  # and yet UNBOUND
            return f"'{name}' stands behind it: write parameters in the order of their use"
        known = [*self.repeat, *self.values]
        if name in REPEAT_WORDS:
            return f"{', '.join(REPEAT_WORDS)} are known in an item with repeat:"
        tensor = self.look_up(name)
        if tensor is not None:
            axes = AXES[len(self.tensors.shapes[tensor])] if tensor >= 0 else ("c",)
            return f"'{name}' is a tensor; its sizes are {', '.join(f'{name}.{a}' for a in axes)}"
        few = f"known here: {', '.join(known)}" if known and len(known) <= MOST_LISTED else ""
        return suggest(name, known) or few or "declare it under vars:"

    def _axis(self, name: str) -> Any:
        word, _, axis = name.rpartition(".")
        tensor = self.look_up(word)
        if tensor is None:
            if self._under_failed(word):
                raise FailedInputError("")
            hint = suggest(word, self.names())
            raise LookUpError(name, f"unknown layer '{word}'", hint)
        if tensor == AMBIGUOUS:
            raise LookUpError(name, self.tensors.which_input(word), self.input_hint(f"{{}}.{axis}"))
        shape = self.tensors.shape(tensor)
        axes = AXES[len(shape)]
        if axis not in axes:
            raise LookUpError(
                name,
                f"'{word}' is {shape_text(shape)} and has no axis '{axis}'",
                f"its axes are {', '.join(axes)}",
            )
        return shape[axes[axis]]

    def look_up(self, word: str) -> int | None:
        """Return the tensor that a reference names, or None."""
        if word == "prev":
            return self.prev
        if word == "in":
            return self.input
        value = self.values.get(word)
        if isinstance(value, TensorValue):
            return value.tensor
        prefix = self.level.prefix
        while True:
            tensor = self.tensors.paths.get(prefix + word)
            if tensor is not None:
                return tensor
            if len(prefix) <= len(self.root):
                break
            prefix = prefix[: prefix.rfind(".", 0, -1) + 1]
        return self.tensors.paths.get("input") if word == "input" else None

    def tensor(self, reference: Reference) -> int:
        """Return the tensor that a reference names; raises NodeError with a suggestion."""
        tensor = self.look_up(reference.word)
        if tensor is None:
            if self._under_failed(reference.word):
                return FAILED
            raise NodeError(
                reference.node,
                f"there is no earlier layer '{reference.word}' here",
                hint=suggest(reference.word, self.names())
                or "a reference is prev, in, or the name of an earlier layer of the same body",
            )
        if tensor == AMBIGUOUS:
            text, hint = self.tensors.which_input(reference.word), self.input_hint("{}")
            raise NodeError(reference.node, text, hint=hint)
        return tensor

    def need_input(self, item: Item) -> None:
        """Raise NodeError where an item would read an ambiguous `prev`."""
        if item.kind in ("op", "block"):
            text = f"{item.name}: which of the {len(self.tensors.inputs)} inputs does it read?"
            raise NodeError(item.key, text, hint=self.input_hint("from: {}"))

    def input_hint(self, written: str) -> str:
        """Return what to write instead of an ambiguous `prev` or `in`."""
        return "write " + " or ".join(written.format(name) for name in self.tensors.inputs[:3])

    def names(self) -> Iterable[str]:
        """Return the names that a reference could mean here."""
        start = len(self.root)
        layers = [path[start:] for path in self.tensors.paths if path.startswith(self.root)]
        refs = [name for name, value in self.values.items() if isinstance(value, TensorValue)]
        return ["prev", "in", *refs, *layers[-2000:]]

    def _under_failed(self, word: str) -> bool:
        """Whether the word names something inside a group or block that failed."""
        while "." in word:
            word = word.rpartition(".")[0]
            if self.look_up(word) == FAILED:
                return True
        return False
