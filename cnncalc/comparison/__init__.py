"""Two versions of a network: what changed, by how much, and which lines of the spec did it."""

from cnncalc.comparison.compare import compare

__all__ = ["compare"]
