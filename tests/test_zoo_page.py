"""docs/zoo.md is what the code says today, and docs/zoo.svg shows every network."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from cnncalc import zoo

DOCS = Path(__file__).parent.parent / "docs"
TOO_SMALL_TO_DRAW = {"lenet5", "m5"}


def test_the_page_is_fresh():
    """`python docs/generate_zoo.py` would change nothing."""
    generate = runpy.run_path(str(DOCS / "generate_zoo.py"))["page"]
    assert (DOCS / "zoo.md").read_text(encoding="utf-8") == generate()


def test_the_page_has_a_row_for_every_network():
    """Each name once, and the numbers that torchvision publishes for ResNet-50."""
    text = (DOCS / "zoo.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(names) == sorted(entry.name for entry in zoo.entries())
    assert f"{len(names)} networks" in text
    assert "| `resnet50` | 3×224×224 | 25,557,032 | 4,089,184,256 | 427 | 9.19 MiB |" in text


def test_the_picture_names_every_network():
    """`python docs/draw_zoo.py` draws it; its points carry the names."""
    text = (DOCS / "zoo.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<g id="(\w+)"', text))
    assert {entry.name for entry in zoo.entries()} - TOO_SMALL_TO_DRAW <= drawn
