"""The rules of the architecture: imports go downwards, functions and modules stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnncalc.ops import OPS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cnncalc"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FUNCTION = 60
LONGEST_MODULE = 350

_OPS = {"geometry", "errors", "records"}
_GRAPH = _OPS | {"ops"}
_NET = _GRAPH | {"graph"}
_ANALYSES = _NET | {"net", "report", "units"}
_SHOWN = {"report", "outcome", "findings", "units", "errors", "records"}
_ABOVE = _ANALYSES | {"analyses", "work"}
_API = _ABOVE | {
    "outcome",
    "bundled",
    "spec",
    "renderers",
    "budget",
    "comparison",
    "history",
    "checking",
    "explanation",
    "findings",
    "listing",
    "reference",
    "verification",
    "zoo",
}
BELOW: dict[str, set[str]] = {
    "records": set(),
    "errors": {"records"},
    "geometry": set(),
    "findings": {"records"},
    "report": {"records"},
    "outcome": {"errors", "records"},  # what checks and comparisons find, for their renderers
    "units": {"errors", "records"},
    "ops": _OPS,
    "graph": _GRAPH,
    "net": _NET,
    "spec": _NET | {"net"},
    "bundled": {"spec", "errors"},
    "analyses": _ANALYSES,
    "reference": _NET - {"geometry"} | {"net"},
    "verification": _ABOVE | {"findings", "reference"},
    "renderers": _SHOWN,
    "budget": _SHOWN | {"ops"},  # the short names of layer types
    "comparison": _SHOWN,
    "history": {"errors", "records"},  # it knows git, and nothing of networks
    # It reads specs, of the disk and of a commit, and holds the reports against their budgets.
    "checking": _ABOVE | {"spec", "bundled", "budget", "comparison", "history", "outcome"},
    "explanation": _ABOVE,
    "listing": _ABOVE | {"spec"},  # it shows calls as the reader of specs binds them
    "zoo": _ABOVE | {"bundled", "spec"},
    "api": _API,
    "__init__": _API | {"api"},
    "commands": _API | {"api", "__init__"},
    "cli": _API | {"api", "__init__", "commands"},
    "__main__": {"cli"},
}
"""Part of the package -> the parts that it may import. Parts that are not listed are siblings."""

HOME: dict[str, tuple[str, ...]] = {
    "typer": ("cli", "commands/"),
    "rich": ("renderers/table", "renderers/verification/table", "cli", "commands/"),
    "yaml": ("spec/",),
    "numpy": ("reference/", "verification/"),
    "torch": (),
    "pydantic": (),
}
"""Third-party package -> the modules that may import it, at the top or inside a function."""

SLOW = {
    "dataclasses",
    "inspect",
    "rich",
    "numpy",
    "pydantic",
    "importlib.metadata",
    "typing_extensions",
}
"""Modules that no module may import at its top: a command would wait for them."""

COLD = ("listing", "zoo", "reference/", "verification/")
"""Modules that `analyze` never loads."""


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE).with_suffix(""))


def part_of(path: Path) -> str:
    return name_of(path).split("/")[0]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Yield the dotted names that are imported; `from cnncalc import ops` gives cnncalc.ops."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module in ("cnncalc", "importlib"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


def parts_imported(path: Path) -> set[str]:
    parts = {path.stem for path in PACKAGE.iterdir()} | set(BELOW)
    names = (name.split(".") for name in imported(ast.walk(tree_of(path))))
    own = (name[1] if len(name) > 1 else "__init__" for name in names if name[0] == "cnncalc")
    return {name if name in parts else "__init__" for name in own}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_downwards(path: Path) -> None:
    part = part_of(path)
    assert part in BELOW, f"say in the table what cnncalc/{part} may import"
    assert parts_imported(path) <= BELOW[part] | {part}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_packages_stay_where_they_belong(path: Path) -> None:
    packages = {name.split(".")[0] for name in imported(ast.walk(tree_of(path)))}
    for package in packages & set(HOME):
        assert name_of(path).startswith(HOME[package]), f"{package} in {name_of(path)}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_slow_is_imported_at_the_top(path: Path) -> None:
    if name_of(path).startswith(COLD):
        return
    top = {name for node in tree_of(path).body for name in imported(iter([node]))}
    assert not top & SLOW


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", sorted((PACKAGE / "reference").glob("*.py")), ids=name_of)
def test_the_reference_never_asks_an_op_for_its_facts(path: Path) -> None:
    """What is checked must not check itself: arguments of an op may be read, facts may not."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("windows", "work", "facts", "layers"), node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = ast.unparse(node.func)
            assert not asked.endswith(("op.shape", "op.params")), f"{asked} at line {node.lineno}"


def test_the_table_allows_no_circle() -> None:
    for part, below in BELOW.items():
        assert part not in below
        assert not any(part in BELOW.get(lower, set()) for lower in below), part


SPEC = """
input: [3, 8, 8]
layers:
  - conv: {out: 2, kernel: 3, norm: bn, act: relu}
  - gap
budgets: [params <= 1k]
"""
PROGRAM = """
import os, runpy, sys
os._exit = lambda code: None
sys.argv = ["cnncalc", "analyze", *sys.argv[1:]]
try:
    runpy.run_module("cnncalc", run_name="__main__")
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("options", [(), ("-o", "json"), ("-o", "markdown")])
def test_analyze_without_a_terminal_imports_nothing_heavy(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "net.yaml").write_text(SPEC, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "net.yaml", *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    loaded = set(done.stderr.split())
    assert "cnncalc.api" in loaded
    assert not loaded & {"numpy", "torch", "rich", "pydantic", "importlib.metadata"}
    assert "cnncalc.analyses.presets" not in loaded


def test_every_layer_type_has_a_case() -> None:
    named = {
        node.args[0].value
        for path in (ROOT / "tests" / "ops").glob("cases*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "case"
        if isinstance(node.args[0], ast.Constant)
    }
    assert set(OPS) == named
