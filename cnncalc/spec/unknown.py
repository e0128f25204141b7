"""Hints for names that are not known: the nearest of ours, or ours for another framework's."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc import ops
from cnncalc.spec.suggest import suggest

LONGEST_NAME = 100
LONGEST_TEXT = 1000
NAME_HINT = "names are lower-case letters, digits and _, and start with a letter"


def layer_type_hint(name: str) -> str:
    """Return what to write for an unknown layer type."""
    foreign = ops.FOREIGN.get(name.lower(), "")
    if foreign:
        return f"here it is called '{foreign}'"
    return suggest(name, [*ops.OPS, *ops.ALIASES]) or "`cnncalc layers` lists the layer types"


def argument_hint(name: str, names: Mapping[str, str]) -> str:
    """Return what to write for an unknown argument; `names` maps each spelling to its argument."""
    foreign = ops.FOREIGN_ARGUMENTS.get(name, "")
    if foreign in names:
        return f"here it is called '{foreign}'"
    if ops.canonical(name):
        return f"'{name}' is a layer type; a layer cannot bear the name of one"
    listed = ", ".join(dict.fromkeys(names.values()))
    return suggest(name, names) or (f"it takes {listed}" if listed else "it takes no arguments")


def counted(count: int, noun: str) -> str:
    """Return `1 argument`, `2 arguments`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
