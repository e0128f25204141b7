"""Reading spec files: sizes, includes inside the project, blocks that several files share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import yaml

from cnncalc.errors import Problem, SpecError
from cnncalc.records import Record
from cnncalc.spec import header
from cnncalc.spec.collector import PROBLEM_LIMIT
from cnncalc.spec.loader import Document, Limits, parse, scalar
from cnncalc.spec.signatures import block_of
from cnncalc.spec.syntax import Reader
from cnncalc.spec.tree import Block, NodeError, Unit

INCLUDE_DEPTH = 8
BLOCK_DEPTH = 64
PROJECT_MARKERS = (".git", "pyproject.toml", "cnncalc.toml")


class Tree(Protocol):
    """Where files are read: the disk, or a commit."""

    def resolve(self, path: Path) -> Path:
        """Return a path without links and dots; raises OSError or RuntimeError."""

    def kind(self, path: Path) -> str:
        """Return what lies there: file, folder, other (a device or a pipe), or nothing."""

    def read(self, path: Path, most: int) -> bytes:
        """Return at most `most` bytes of a file; raises OSError or ValueError."""


class Disk:
    """The files of the disk."""

    def resolve(self, path: Path) -> Path:
        """Return a path without links and dots; raises OSError or RuntimeError."""
        return path.resolve()

    def kind(self, path: Path) -> str:
        """Return what lies there: file, folder, other (a device or a pipe), or nothing."""
        if path.is_file():
            return "file"
        return "folder" if path.is_dir() else "other" if path.exists() else ""

    def read(self, path: Path, most: int) -> bytes:
        """Return at most `most` bytes of a file; raises OSError or ValueError."""
        with path.open("rb") as file:
            return file.read(most)


DISK = Disk()


class Text(Record):
    """A spec's text, the name to show for it, and where it lies (None: nowhere)."""

    content: bytes | str
    shown: str
    path: Path | None
    tree: Tree = DISK
    """Where its includes are read."""


def read_text(path: Path, shown: str, limits: Limits, tree: Tree = DISK) -> Text:
    """Return a file's text; raises SpecError where it cannot be read."""
    try:
        kind = tree.kind(path)
        if kind in {"", "folder"}:
            what = "is a folder" if kind else "does not exist"
            raise SpecError(Problem(f"the file {what}", file=shown))
        content = tree.read(path, limits.file_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(Problem(f"the file cannot be read: {reason}", file=shown)) from None
    return Text(content, shown, path, tree)


def project_root(path: Path, tree: Tree = DISK) -> Path:
    """Return the folder that includes must stay inside: the project's, else the spec's own."""
    folder = tree.resolve(path).parent
    for parent in (folder, *folder.parents):
        if any(tree.kind(parent / marker) for marker in PROJECT_MARKERS):
            return parent
    return folder


class Files:
    """Reads a spec and the files it includes, each once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.problems: list[Problem] = []
        self.body_problems: list[Problem] = []
        """Problems of single items: the rest of the network can still be checked."""
        self._blocks: dict[Path, dict[str, Block]] = {}
        self._open: list[Path] = []

    def unit(self, text: Text) -> Unit:
        """Return a file with its top level sorted into sections; raises SpecError."""
        unit = Unit(parse(text.content, text.shown, self.limits))
        try:
            header.sections(unit)
        except NodeError as error:
            raise SpecError(error.problem(unit.document)) from None
        return unit

    def prepare(
        self, unit: Unit, text: Text, root: Path | None, overrides: Mapping[str, header.Override]
    ) -> None:
        """Evaluate variables, read defaults, includes and blocks, collecting problems."""
        with self.guard(unit.document):
            header.variables(unit, overrides)
        with self.guard(unit.document):
            header.defaults(unit)
        with self.guard(unit.document):
            self._includes(unit, text, root)
        own = self._signatures(unit)
        reader = Reader(unit, self.body_problems)
        for block in own:
            reader.block(block)

    def read_from(self, text: Text) -> tuple[str, ...]:
        """Return the spec's file and those that it includes."""
        own = () if text.path is None else (str(text.path),)
        return (*own, *map(str, self._blocks))

    @contextmanager
    def guard(self, document: Document) -> Iterator[None]:
        """Keep the error of a step with the others, so that a file's errors come at once."""
        try:
            yield
        except NodeError as error:
            problem = error.problem(document)
            if len(self.problems) < PROBLEM_LIMIT and problem not in self.problems:
                self.problems.append(problem)

    def _signatures(self, unit: Unit) -> list[Block]:
        own: list[Block] = []
        with self.guard(unit.document):
            for name, key, node in header.mapping(unit, "blocks"):
                with self.guard(unit.document):
                    block = block_of(unit, name, key, node)
                    _define(unit, block, key)
                    own.append(block)
        return own

    def _includes(self, unit: Unit, text: Text, root: Path | None) -> None:
        for node in header.listed(unit, "include"):
            name = scalar(node) if isinstance(node, yaml.ScalarNode) else None
            if not isinstance(name, str):
                raise NodeError(node, "include: must be a list of paths")
            if text.path is None or root is None:
                raise NodeError(
                    node,
                    "include: this spec is not a file, so a path leads nowhere",
                    hint="load it from a file",
                )
            path = self._inside(node, name, text, root)
            for block in self._blocks_of(node, path, root, name, text).values():
                _define(unit, block, node)

    def _inside(self, node: yaml.Node, name: str, text: Text, root: Path) -> Path:
        path, tree = text.path or root, text.tree
        try:
            found = tree.resolve(path.parent / name)
            kind = tree.kind(found)
            inside = not Path(name).is_absolute() and found.is_relative_to(root)
        except (OSError, ValueError, RuntimeError):
            raise NodeError(node, f"include: '{name}' is not a usable path") from None
        if not inside:
            raise NodeError(
                node,
                f"include: '{name}' leads outside the project",
                hint="include files by a relative path inside the project's folder",
            )
        if kind == "other":
            raise NodeError(node, f"include: '{name}' is a device or a pipe, not a file")
        if found in self._open or found == tree.resolve(path):
            raise NodeError(node, f"include: '{name}' includes itself, directly or by others")
        if len(self._open) >= INCLUDE_DEPTH:
            raise NodeError(node, f"include: more than {INCLUDE_DEPTH} files deep")
        return found

    def _blocks_of(
        self, node: yaml.Node, path: Path, root: Path, name: str, including: Text
    ) -> dict[str, Block]:
        """Return the blocks that a file itself defines."""
        if path not in self._blocks:
            shown = str(Path(including.shown).parent / name)
            self._open.append(path)
            try:
                text = read_text(path, shown, self.limits, including.tree)
            except SpecError as error:
                raise NodeError(node, f"include: '{name}': {error.problems[0].text}") from None
            unit = self.unit(text)
            self.prepare(unit, text, root, {})
            self._open.pop()
            self._blocks[path] = {b.name: b for b in unit.blocks.values() if b.unit is unit}
        return self._blocks[path]


def _define(unit: Unit, block: Block, node: yaml.Node) -> None:
    other = unit.blocks.setdefault(block.name, block)
    if other is not block:
        first, second = (
            f"{b.unit.document.file}:{b.key.start_mark.line + 1}" for b in (other, block)
        )
        raise NodeError(
            node,
            f"block '{block.name}' is defined twice",
            label=f"in {first} and in {second}",
            hint="rename one of them",
        )


def cycle(blocks: Mapping[str, Block]) -> list[Block]:
    """Return blocks that call each other in a circle, in order; empty where there is none."""
    done: set[int] = set()

    def walk(block: Block, trail: list[Block]) -> list[Block]:
        if block in trail:
            return trail[trail.index(block) :]
        if id(block) in done or len(trail) > BLOCK_DEPTH:
            return []
        for item in block.calls.values():
            found = walk(item.block, [*trail, block]) if item.block is not None else []
            if found:
                return found
        done.add(id(block))
        return []

    for block in blocks.values():
        found = walk(block, [])
        if found:
            return found
    return []
