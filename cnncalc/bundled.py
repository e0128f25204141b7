"""The networks that come with cnncalc, found by the name of a variant or of a file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cnncalc.spec import read_text, variant_names
from cnncalc.spec.loader import Limits

HERE = Path(__file__).resolve().parent


@lru_cache(maxsize=1)
def folder() -> Path:
    """Return the folder of bundled specs: inside the package, or beside it in a checkout."""
    inside = HERE / "specs"
    return inside if inside.is_dir() else HERE.parent / "specs"


def files() -> list[Path]:
    """Return the bundled spec files in order of their names."""
    return sorted(folder().glob("*.yaml"))


def find_bundled(name: str) -> tuple[Path, str, str | None] | None:
    """Return (path, name to show, variant) of a bundled network, or None.

    A variant's name is unique among all files; a file without variants goes by its own name. The
    variants are found by the look of the bundled files, which a test holds to it: reading YAML
    twice would take a tenth of a cold start.
    """
    if not name.isidentifier():
        return None
    for path in files():
        _, _, behind = path.read_text(encoding="utf-8").partition("\nvariants:\n")
        for line in behind.splitlines():
            if not line.startswith(" "):
                break
            if line.startswith(f"  {name}:"):
                return path, f"specs/{path.name}", name
    direct = next((path for path in files() if path.stem == name), None)
    return (direct, f"specs/{direct.name}", None) if direct else None


def bundled() -> Iterator[tuple[Path, str | None]]:
    """Yield (path, variant) for every bundled network."""
    for path in files():
        names = _variants(path)
        yield from ((path, name) for name in names) if names else ((path, None),)


def _variants(path: Path) -> list[str]:
    return list(variant_names(read_text(path, f"specs/{path.name}", Limits())))
