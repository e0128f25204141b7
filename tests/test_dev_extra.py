"""What the tests import comes with the extra `dev`, or they are skipped where it is missing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

TESTS = Path(__file__).parent
SKIPPED = re.compile(r"^(?:\w+ = )?pytest\.importorskip\(", re.MULTILINE)
"""A whole file that is skipped may import what comes with what it needs."""


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports at its top, by their first names."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_what_tests_import_is_in_the_dev_extra():
    project = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    stated = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    known = {re.split(r"[<>=~!\[; ]", text)[0].lower().replace("_", "-") for text in stated}
    ours = {path.stem for path in TESTS.rglob("*") if path.suffix == ".py" or path.is_dir()}
    distributions = packages_distributions()
    texts = {path: path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")}
    files = [path for path, text in texts.items() if not SKIPPED.search(text)]
    assert len(files) > len(texts) / 2
    missing = {
        module
        for path in (*files, *TESTS.rglob("conftest.py"))
        for module in imported(path) - ours - sys.stdlib_module_names - {"cnncalc"}
        if not known & {name.lower().replace("_", "-") for name in distributions.get(module, ())}
    }
    assert missing == set()
