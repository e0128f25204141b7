"""docs/reference.md is what the code says today."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_reference_is_fresh():
    """`python docs/generate_reference.py` would change nothing."""
    generate = runpy.run_path(str(DOCS / "generate_reference.py"))["reference"]
    assert (DOCS / "reference.md").read_text(encoding="utf-8") == generate()
