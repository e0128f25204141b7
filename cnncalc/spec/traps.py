"""What YAML allows and a spec does not: found on the composed nodes, all at once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import yaml

from cnncalc.errors import Problem
from cnncalc.spec.document import MOST_PROBLEMS, Document, Mark, Place, is_plain
from cnncalc.spec.suggest import ternary_hint

IMPLICIT = ""
"""The tag of a node that has none written."""

_TAG = r"(?:&\S*\s+)?(!\S*)"
_CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]"

Extent = tuple[int, int]
"""Number of nodes and depth of nesting, with aliases expanded."""


def trapped(document: Document, most_nodes: int, deepest: int) -> list[Problem]:
    """Return what is wrong with the nodes of a document, in the order of the file, 20 at most."""
    walk = _Walk(document, most_nodes, deepest)
    with contextlib.suppress(_TooManyError):
        walk.extent(document.root)
    found = sorted(walk.problems, key=lambda problem: (problem.line, problem.column))
    return found[:MOST_PROBLEMS]


class _TooManyError(Exception):
    pass


class _Walk:
    def __init__(self, document: Document, most_nodes: int, deepest: int) -> None:
        self.document = document
        self.most_nodes = most_nodes
        self.deepest = deepest
        self.problems: list[Problem] = []
        self.known: dict[int, Extent | None] = {}
        lines = document.lines
        self.escapes = any("\\" in line for line in lines)
        self.marks = any("!" in line for line in lines)
        self.simple = not (self.escapes or self.marks)  # no scalar needs a look
        self.parentheses = any("(" in line for line in lines)
        self.questions = any("?" in line for line in lines)

    def report(
        self,
        where: yaml.Node | Mark,
        text: str,
        *,
        label: str = "",
        hint: str = "",
        width: int = 0,
    ) -> None:
        found = self.document.problem(where, text, label=label, hint=hint, width=width)
        self.problems.append(found)
        if len(self.problems) >= MOST_PROBLEMS:
            raise _TooManyError

    def extent(self, node: yaml.Node) -> Extent:
        """Check a node and all below it once; return its extent."""
        if isinstance(node, yaml.ScalarNode):
            self.scalar(node)
            return 1, 0
        if id(node) in self.known:
            return self.seen(node)
        self.known[id(node)] = None
        self.tag(node)
        children = node.value
        if isinstance(node, yaml.MappingNode):
            self.keys(node)
            children = [each for pair in node.value for each in pair]
        if isinstance(node, yaml.CollectionNode) and node.flow_style:
            self.flow(node, children)
        found = self.total(node, children)
        self.known[id(node)] = found
        return found

    def total(self, node: yaml.Node, children: list[yaml.Node]) -> Extent:
        """Check the nodes below; return the extent of all."""
        count, depth = 1, 0
        for child in children:
            if isinstance(child, yaml.ScalarNode):
                if not self.simple:
                    self.scalar(child)
                count += 1
                continue
            size, height = self.extent(child)
            count += size
            depth = max(depth, height)
        if count > self.most_nodes or depth >= self.deepest:
            self.report(
                node,
                f"aliases expand to more than {self.most_nodes:,} values"
                if count > self.most_nodes
                else f"lists and mappings nest at most {self.deepest} deep",
                hint="use blocks and repeat",
            )
            raise _TooManyError
        return count, depth + 1

    def seen(self, node: yaml.Node) -> Extent:
        extent = self.known[id(node)]
        if extent is None:
            self.report(node, "an alias stands inside its own anchor", hint="remove the alias")
            raise _TooManyError
        return extent

    def scalar(self, node: yaml.ScalarNode) -> None:
        if self.marks:
            self.tag(node)
        if self.escapes and node.style == '"' and (control := re.search(_CONTROL, node.value)):
            code = f"U+{ord(control[0]):04X}"
            self.report(node, "this character is not allowed", label=code, hint="remove it")

    def tag(self, node: yaml.Node) -> None:
        if not self.marks:
            return
        mark = node.start_mark
        line = self.document.line(mark.line)
        if node.tag == IMPLICIT and line[mark.column : mark.column + 1] not in ("!", "&"):
            return
        match = re.compile(_TAG).match(line, mark.column)
        if node.tag == IMPLICIT and (match is None or match[1] != "!"):
            return
        written = match[1] if match else "!"
        column = match.start(1) if match else node.start_mark.column
        rest = f"{written[1:]} {node.value}".strip() if is_plain(node) else ""
        negates = rest and not written.startswith("!!")
        hint = f"write `not {rest}`" if negates else f"remove `{written}`"
        place = Place(node.start_mark.line, column)
        text = "YAML tags are not part of a spec"
        self.report(place, text, label=written, hint=hint, width=len(written))

    def keys(self, node: yaml.MappingNode) -> None:
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.collection_key(key)
            elif not key.value and is_plain(key):
                self.report(key, "a key is missing before the colon", hint="write the key")
            elif key.value == "<<" and is_plain(key):
                hint = "write the keys out, or use defaults:"
                self.report(key, "merge keys are not part of a spec", hint=hint)
            elif key.value in first:
                line = first[key.value].start_mark.line + 1
                shown = key.value if len(key.value) <= 60 else key.value[:60] + "…"
                label = f"first on line {line}"
                hint = "keep one of them"
                self.report(key, f"key '{shown}' is written twice", label=label, hint=hint)
            else:
                first[key.value] = key

    def collection_key(self, key: yaml.Node) -> None:
        mapping = isinstance(key, yaml.MappingNode)
        hint = "write a name alone, without { }" if mapping else "write a word before the colon"
        self.report(key, f"a key is a word, not a {'mapping' if mapping else 'list'}", hint=hint)

    def flow(self, node: yaml.Node, children: list[yaml.Node]) -> None:
        if self.parentheses:
            self.split_call(children)
        if self.questions and isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if is_plain(key) and "?" in key.value and isinstance(value, yaml.ScalarNode):
                    hint = ternary_hint(f"{key.value}:{value.value}")
                    self.report(key, "`? :` is not part of an expression", hint=hint)

    def split_call(self, children: list[yaml.Node]) -> None:
        """Report the first expression that the commas of a flow collection cut into pieces."""
        pieces = [each for each in children if is_plain(each) and each.value]
        whole = _joined(iter(pieces))
        if whole:
            self.report(
                whole[0],
                "a comma splits this expression",
                label=" and ".join(f"'{piece.value}'" for piece in whole[:4]),
                hint=f'quote an expression that has commas: "{_text(whole)}"',
            )


def _joined(pieces: Iterator[yaml.Node]) -> list[yaml.Node]:
    """Return the pieces from an open parenthesis to where it is closed; none where there is none.

    >>> [piece.value for piece in _joined(...)]  # of [c, max(a, b), 3]
    ['max(a', 'b)']
    """
    found: list[yaml.Node] = []
    depth = 0
    for piece in pieces:
        depth += piece.value.count("(") - piece.value.count(")")
        if depth > 0 or found:
            found.append(piece)
        if depth <= 0 and found:
            return found
        depth = max(depth, 0)
    return []


def _text(pieces: list[yaml.Node]) -> str:
    return ", ".join(piece.value for piece in pieces)[:80]
