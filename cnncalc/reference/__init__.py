"""The layer types on NumPy arrays, forward and backward, and a run of a whole network.

A file for each family, named as in `cnncalc.ops`, and in it a class for each layer type by the same
name. Nothing here asks an op for its windows, shape or work: what is checked must not check itself.
"""

from __future__ import annotations

from cnncalc.reference.kernel import find
from cnncalc.reference.params import Params
from cnncalc.reference.run import Gradients, Tape, backward, forward

__all__ = ["Gradients", "Params", "Tape", "backward", "find", "forward"]
