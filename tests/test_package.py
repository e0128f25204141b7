"""What people install: the wheel that the project builds, and the command it brings."""

from __future__ import annotations

import sys
import tomllib
from email.parser import HeaderParser
from importlib import import_module
from pathlib import Path
from subprocess import run
from zipfile import ZipFile

import pytest

import cnncalc

ROOT = Path(__file__).parent.parent
SPECS = sorted(path.name for path in (ROOT / "specs").glob("*.yaml"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> ZipFile:
    """The wheel, built from the checkout without leaving anything in it."""
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with ZipFile(folder / built.stdout.split()[-1]) as archive:
        yield archive


def information(wheel: ZipFile, name: str) -> str:
    return wheel.read(f"cnncalc-{cnncalc.__version__}.dist-info/{name}").decode()


def test_bundled_specs_are_in_the_wheel(wheel):
    """Each network that comes with cnncalc is inside the package, as in the checkout."""
    assert SPECS
    for name in SPECS:
        assert wheel.read(f"cnncalc/specs/{name}") == (ROOT / "specs" / name).read_bytes()


def test_code_is_in_the_wheel(wheel):
    """Each file of the package is in the wheel, among them the mark that it is typed."""
    files = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "cnncalc").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "cnncalc/py.typed" in files
    assert files <= set(wheel.namelist())


def test_nothing_else_is_in_the_wheel(wheel):
    """The wheel holds one package: no tests, no docs."""
    top = {name.split("/")[0] for name in wheel.namelist()}
    assert top == {"cnncalc", f"cnncalc-{cnncalc.__version__}.dist-info"}


def test_metadata(wheel):
    """The wheel says what it is, what it needs, and shows the README."""
    metadata = HeaderParser().parsestr(information(wheel, "METADATA"))
    assert metadata["Name"] == "cnncalc"
    assert metadata["Version"] == cnncalc.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_payload().strip() == (ROOT / "README.md").read_text("utf-8").strip()
    needed = {line.split(">")[0] for line in metadata.get_all("Requires-Dist") if ";" not in line}
    assert {name.split("<")[0] for name in needed} == {"typer", "rich", "pyyaml", "numpy"}


def test_entry_point(wheel):
    """The command `cnncalc` is a function that exists."""
    command = information(wheel, "entry_points.txt").split("cnncalc = ")[1].split()[0]
    module, _, function = command.partition(":")
    assert callable(getattr(import_module(module), function))


def test_versions_agree():
    """The version in the package is the one in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == cnncalc.__version__


def test_wheel_works_where_it_is_installed(wheel, tmp_path):
    """Unpacked elsewhere, the package finds its own networks."""
    wheel.extractall(tmp_path)
    code = "import cnncalc; print(cnncalc.__file__, len(cnncalc.load('lenet5').layers))"
    found = run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(tmp_path))
