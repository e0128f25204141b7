"""From the syntax tree to a network: blocks called, repeats unrolled, shapes always known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncalc.errors import CnncalcError, Problem, ShapeError, SpecError
from cnncalc.graph import Call, Graph, Node, Source
from cnncalc.net import Inference, Layer, Net, Origin
from cnncalc.ops.base import Op, shape_text
from cnncalc.records import Record
from cnncalc.spec.collector import Collector, TooMuchError, calls_of
from cnncalc.spec.parts import build, slot_value
from cnncalc.spec.scope import (
    AMBIGUOUS,
    FAILED,
    FailedInputError,
    Level,
    Scope,
    Tensors,
    TensorValue,
)
from cnncalc.spec.tree import UNBOUND, Block, Default, Item, NodeError, Reference, Unit

LAYER_LIMIT = 100_000
DEPTH_LIMIT = 64
STEPS_PER_LAYER = 3
SPARE_STEPS = 1000
"""Items that make no layer (when: false, empty repeats) are bounded too."""


class Result(Record):
    """Shapes of the network's inputs, and where its body ends."""

    shapes: Mapping[str, tuple[int, ...]]
    end: int


class Expander:
    """Expands one spec. Problems are collected; what depends on a failed layer is passed over."""

    def __init__(self, layer_limit: int, problems: list[Problem]) -> None:
        self.problems = Collector(problems)
        self.layers: list[Layer] = []
        self.tensors = Tensors()
        self._limit = layer_limit
        self._steps = layer_limit * STEPS_PER_LAYER + SPARE_STEPS
        self._inference = Inference()
        self._by_path: dict[str, Layer] = {}
        self._kinds: dict[str, Callable[[Item, Scope, str], int]] = {
            "op": self._op,
            "join": self._join,
            "block": self._block,
            "group": self._group,
        }

    def root(self, unit: Unit, inputs: Mapping[str, tuple[int, ...]]) -> Scope:
        """Return the scope of the top level, with the network's inputs as its first tensors."""
        for name, shape in inputs.items():
            self.tensors.paths[name] = len(self.tensors.shapes)
            self.tensors.shapes.append(shape)
        self.tensors.inputs = tuple(inputs)
        first = 0 if len(inputs) == 1 else AMBIGUOUS
        return Scope(self.tensors, unit, Level("", 0), first, None)

    def body(self, items: Sequence[Item], scope: Scope) -> None:
        """Expand items one after the other; `scope.prev` flows through."""
        for item in items:
            self._item(item, scope)

    def run(self, items: Sequence[Item], scope: Scope) -> None:
        """Expand the top level, up to the first limit."""
        try:
            self.body(items, scope)
        except TooMuchError:
            scope.prev = FAILED

    def _item(self, item: Item, scope: Scope) -> None:
        self._steps -= 1
        try:
            if item.source is not None:
                scope.prev = scope.tensor(item.source)
            if item.repeat is not None:
                self._repeated(item, scope)
            else:
                self._once(item, scope, item.label)
        except (FailedInputError, NodeError) as error:
            path = scope.level.prefix + (item.label or scope.level.number(item.component))
            if isinstance(error, NodeError):
                self._report(item, scope, path, error)
            scope.prev = FAILED
            self._name(item, path, FAILED)

    def _repeated(self, item: Item, scope: Scope) -> None:
        count = slot_value(item.repeat, scope)
        level, outer = scope.level, scope.repeat
        if item.label is not None:
            scope.level = self._inner(item, scope, f"{level.prefix}{item.label}.")
        try:
            for i in range(count):
                scope.repeat = {"i": i, "n": count, "first": i == 0, "last": i == count - 1}
                self._once(item, scope, None)
                self._steps -= 1
                if scope.prev == FAILED:
                    break
        finally:
            scope.level, scope.repeat = level, outer
        if item.label is not None:
            self._name(item, level.prefix + item.label, scope.prev)

    def _once(self, item: Item, scope: Scope, label: str | None) -> None:
        """Expand an item one time, and give its output its name."""
        if self._steps < 0:
            steps = self._limit * STEPS_PER_LAYER + SPARE_STEPS
            self._too_much(item, scope, f"the spec takes more than {steps:,} steps")
        level = scope.level
        path = level.prefix + (label or level.number(item.component))
        share = scope.share
        try:
            if item.when is not None and not slot_value(item.when, scope):
                pass
            elif item.kind == "failed":
                scope.prev = FAILED
            elif scope.prev == FAILED:
                for slot in item.slots:  # its arguments may have errors of their own
                    slot_value(slot, scope)
            else:
                if scope.prev == AMBIGUOUS:
                    scope.need_input(item)
                if item.share is not None:
                    scope.share = (path, self._path_of(item.share, scope))
                scope.prev = self._kinds[item.kind](item, scope, path)
        except FailedInputError:
            scope.prev = FAILED
        except (NodeError, ShapeError) as error:
            self._report(item, scope, path, error)
            scope.prev = FAILED
        finally:
            scope.level, scope.share = level, share
        self._name(item, path, scope.prev)

    def _name(self, item: Item, path: str, tensor: int) -> None:
        if self.tensors.paths.setdefault(path, tensor) != tensor:
            first = self.tensors.paths[path] - len(self.tensors.inputs)
            other = self.layers[first].node if first >= 0 else None
            problem = item.unit.document.problem(
                item.key,
                f"two layers are called '{path}'",
                label=f"first on line {other.source.line}" if other and other.path == path else "",
                hint="give one of them another name",
            )
            self.problems.add(problem)

    def _op(self, item: Item, scope: Scope, path: str) -> int:
        values = tuple([slot_value(slot, scope) for slot in item.slots])
        parts = item.memo.get(values)
        if parts is None:
            parts, settled = build(item, values, scope)
            if settled:
                item.memo[values] = parts
        tensor = self._add_node(item, scope, path, parts[0], (scope.prev,))
        for part in parts[1:]:
            tensor = self._add_node(item, scope, f"{path}.{part.name}", part, (tensor,), part=True)
        return tensor

    def _add_node(
        self,
        item: Item,
        scope: Scope,
        path: str,
        op: Op,
        inputs: tuple[int, ...],
        *,
        part: bool = False,
        branches: tuple[str, ...] = (),
    ) -> int:
        if len(self.layers) >= self._limit:
            self._too_much(item, scope, f"the spec has more than {self._limit:,} layers")
        shapes = self.tensors.shapes
        ins = tuple([shapes[tensor] for tensor in inputs])
        facts = self._inference.facts(op, ins)
        source = Source(item.place, scope.caller)
        node = Node(path, op, inputs, source, part=part, branches=branches)
        if scope.share is not None and facts.params:
            node.shares = self._shared(item, scope.share, node, facts.params)
        layer = Layer(node, ins, facts)
        self.layers.append(layer)
        self._by_path[path] = layer
        shapes.append(facts.out)
        return len(shapes) - 1

    def _path_of(self, reference: Reference, scope: Scope) -> str:
        """Return the path of the layer, group or block that a `share:` names."""
        scope.tensor(reference)
        prefix = scope.level.prefix
        while prefix + reference.word not in self.tensors.paths and prefix:
            prefix = prefix[: prefix.rfind(".", 0, -1) + 1]
        return prefix + reference.word

    def _shared(self, item: Item, share: tuple[str, str], node: Node, params: object) -> Node:
        own, target = share
        path = target + node.path[len(own) :]
        theirs = self._by_path.get(path)
        key = item.share.node if item.share is not None else item.key
        if theirs is None:
            text = f"share: there is no layer '{path}' to share with"
            raise NodeError(
                key, text, hint="share with an earlier layer, or a block of the same build"
            )
        other = theirs.node.shares or theirs.node
        if type(other.op) is not type(node.op) or theirs.facts.params != params:
            raise NodeError(
                key,
                f"share: {node.path} and {other.path} do not have the same parameters",
                label=f"{_params_text(params)}; {other.path} has "
                f"{_params_text(theirs.facts.params)}",
                hint="a shared layer has the same type, arguments and input channels",
            )
        return other

    def _block(self, item: Item, scope: Scope, path: str) -> int:
        block = item.block
        if block is None:
            raise CnncalcError(f"{item.name} is not a block")
        bound = {a.name: a.default for a in block.parameters}
        for slot in item.slots:
            value = slot_value(slot, scope)
            if isinstance(value, Reference):
                value = TensorValue(scope.tensor(value), value.word)
            bound[slot.argument.name] = value
        level = self._inner(item, scope, path + ".")
        inner = Scope(self.tensors, block.unit, level, scope.prev, scope.caller)
        inner.values = values = {**block.unit.vars, **scope.repeat, **bound}
        self._defaults(block, values, inner)
        shown = {a.name: _shown(values[a.name]) for a in block.parameters}
        inner.caller = Call(block.name, shown, item.place, scope.caller, path)
        inner.share = scope.share
        self.body(block.body, inner)
        return inner.prev

    def _defaults(self, block: Block, values: dict[str, Any], inner: Scope) -> None:
        """Evaluate the defaults that are expressions, each knowing the parameters before it."""
        written = [(each.name, values[each.name]) for each in block.parameters]
        rules = [(name, each) for name, each in written if isinstance(each, Default)]
        for name, _ in rules:
            values[name] = UNBOUND
        for name, rule in rules:
            try:
                values[name] = slot_value(rule.slot, inner)
            except NodeError as error:
                error.document = block.unit.document
                raise

    def _group(self, item: Item, scope: Scope, path: str) -> int:
        scope.level = self._inner(item, scope, path + ".")
        self.body(item.body, scope)
        return scope.prev

    def _inner(self, item: Item, scope: Scope, prefix: str) -> Level:
        depth = scope.level.depth + 1
        if depth > DEPTH_LIMIT:
            self._too_much(item, scope, f"blocks and groups are more than {DEPTH_LIMIT} deep")
        return Level(prefix, depth)

    def _join(self, item: Item, scope: Scope, path: str) -> int:
        start = scope.prev
        tensors: list[int] = []
        names: list[str] = []
        for number, (name, branch) in enumerate(item.branches, 1):
            scope.prev = start
            if isinstance(branch, Reference):
                scope.prev = scope.tensor(branch)
                names.append(name or branch.word)
            else:
                label = name and self._free(scope, name)
                names.append(label or f"branch {number}")
                self._branch(branch, scope, label)
            tensors.append(scope.prev)
        scope.prev = start
        if FAILED in tensors:
            return FAILED
        if item.op is None:
            raise CnncalcError(f"{item.name} is not a join")
        try:
            return self._add_node(
                item, scope, path, item.op(), tuple(tensors), branches=tuple(names)
            )
        except ShapeError as error:
            if error.names_inputs:
                shapes = [shape_text(self.tensors.shape(tensor)) for tensor in tensors]
                pairs = [f"{name} {shape}" for name, shape in zip(names, shapes, strict=True)]
                error.label = " and ".join(pairs)
            raise

    def _branch(self, branch: Item, scope: Scope, label: str | None) -> None:
        written, branch.label = branch.label, label if label is not None else branch.label
        try:
            self._item(branch, scope)
        finally:
            branch.label = written

    def _free(self, scope: Scope, name: str) -> str:
        """Return a branch's name, numbered from 2 where another branch has it already."""
        taken = self.tensors.paths
        if scope.level.prefix + name not in taken:
            return name
        count = scope.level.counts.get(name, 1)
        while f"{scope.level.prefix}{name}" in taken:
            count += 1
            name = f"{name.rstrip('0123456789')}{count}"
        scope.level.counts[name.rstrip("0123456789")] = count
        return name

    def _too_much(self, item: Item, scope: Scope, text: str) -> None:
        hint = "" if "deep" in text else "--max-layers raises the limit"
        problem = item.unit.document.problem(item.key, text, hint=hint)
        self.problems.add(
            problem._replace(path=scope.level.prefix.rstrip("."), calls=calls_of(scope.caller))
        )
        raise TooMuchError(text)

    def _report(self, item: Item, scope: Scope, path: str, error: CnncalcError) -> None:
        document = item.unit.document
        if isinstance(error, NodeError):
            problem = error.problem(document)
        else:
            label = error.label if isinstance(error, ShapeError) else ""
            problem = document.problem(item.key, error.text, label=label, hint=error.hint)
        self.problems.add(problem._replace(path=path, calls=calls_of(scope.caller)))

    def net(self, inputs: Mapping[str, tuple[int, ...]], outputs: list[int], origin: Origin) -> Net:
        """Return the finished network; raises SpecError with all problems."""
        problems = self.problems.problems
        if problems:
            raise SpecError(*sorted(problems, key=lambda p: (p.file, p.line, p.column)))
        graph = Graph(inputs, [layer.node for layer in self.layers], outputs)
        return Net(graph, tuple(self.layers), origin)


def _shown(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _params_text(params: Any) -> str:
    return ", ".join(f"{param.name} {shape_text(param.shape)}" for param in params)
