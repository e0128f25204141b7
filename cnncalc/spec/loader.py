"""YAML text to nodes that know their places. Whatever the bytes: a Document or a SpecError.

Nodes are composed by the C parser, without resolving tags: a scalar's meaning is settled where it
is used. The limits hold while composing, so that nothing large is ever built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from cnncalc.errors import SpecError
from cnncalc.records import Record
from cnncalc.spec.document import Document, Mark, Place, entries, is_plain, scalar
from cnncalc.spec.encoding import read_text
from cnncalc.spec.traps import IMPLICIT, trapped

__all__ = ["DEFAULT_LIMITS", "Document", "Limits", "entries", "is_plain", "parse", "scalar"]


class Limits(Record):
    """How large a file may be; `nodes` counts aliases expanded, `depth` nested collections."""

    file_bytes: int = 1 << 20
    nodes: int = 50_000
    depth: int = 64


DEFAULT_LIMITS = Limits()


class _LimitError(Exception):
    def __init__(self, text: str, hint: str, parent: yaml.Node) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint
        self.mark: Mark = parent.start_mark


class _Unresolved:
    """What both composers call for each node. It counts, and it resolves nothing."""

    def start(self, limits: Limits) -> None:
        self.limits = limits
        self.depth_left = limits.depth + 1  # one more for the scalar inside
        self.nodes_left = limits.nodes

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return IMPLICIT

    def descend_resolver(self, parent: yaml.Node, index: Any) -> None:
        self.depth_left -= 1
        self.nodes_left -= 1
        if self.depth_left < 0:
            text = f"lists and mappings nest at most {self.limits.depth} deep"
            raise _LimitError(text, "use blocks", parent)
        if self.nodes_left < 0:
            text = f"a spec has at most {self.limits.nodes:,} values"
            raise _LimitError(text, "use blocks and repeat, or raise the limit", parent)

    def ascend_resolver(self) -> None:
        self.depth_left += 1


class _PureComposer(_Unresolved, Reader, Scanner, Parser, Composer):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


if TYPE_CHECKING or not yaml.__with_libyaml__:
    _Composer = _PureComposer
else:

    class _Composer(_Unresolved, yaml.cyaml.CParser):
        pass


def parse(text: bytes | str, file: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Return the document in `text`, with `file` as the name to show in errors.

    Raises SpecError: with one problem for text that is not YAML (reading ends there), with up to 20
    for duplicate keys, tags, merge keys and the other traps of YAML.
    """
    source = read_text(text, file, limits.file_bytes)
    document = Document(file, source)
    root = _compose(document, source, limits)
    if root is None:
        raise SpecError(
            document.problem(
                Place(0, 0),
                "the file is empty",
                hint="a spec has at least `input:` and `layers:`",
            )
        )
    document.root = root
    problems = trapped(document, limits.nodes, limits.depth)
    if problems:
        raise SpecError(*problems)
    return document


def _compose(
    document: Document, source: str, limits: Limits, kind: type[_PureComposer] = _Composer
) -> yaml.Node | None:
    composer = kind(source)
    composer.start(limits)
    try:
        return composer.get_single_node()
    except _LimitError as error:
        raise SpecError(document.problem(error.mark, error.text, hint=error.hint)) from None
    except yaml.YAMLError as error:
        if "nesting depth" in str(error) and kind is not _PureComposer:
            # Newer libyaml stops reading a thousand brackets ahead, before ours are counted.
            return _compose(document, source, limits, _PureComposer)
        from cnncalc.spec.yaml_errors import translate

        raise SpecError(translate(document, error)) from None
