"""A network to check, and what a command leaves behind."""

from __future__ import annotations

from typing import NamedTuple

NET = """\
input: [3, 8, 8]
layers:
  stem: {conv: [16, 3]}
  body: [conv: [16, 3], relu]
  head: [gap, fc: 10]
"""
"""2,938 params: 16·(27 + 1) = 448, 16·(144 + 1) = 2,320, and 10·(16 + 1) = 170."""

PARAMS = 2938


class Done(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str
