"""cnncalc: exact parameters, FLOPs, feature maps and receptive fields of CNNs, from YAML specs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.api import analyze, check, diff, explain, load, loads, render, verify
    from cnncalc.errors import CnncalcError, ShapeError, SpecError
    from cnncalc.net import Net
    from cnncalc.report import Report

__all__ = [
    "CnncalcError",
    "Net",
    "Report",
    "ShapeError",
    "SpecError",
    "analyze",
    "check",
    "diff",
    "explain",
    "load",
    "loads",
    "render",
    "verify",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the public names when one of them is first used: `cnncalc --help` needs none."""
    if name not in __all__:
        raise AttributeError(f"module 'cnncalc' has no attribute {name!r}")
    from cnncalc import api

    for each in __all__:
        globals()[each] = getattr(api, each)
    return globals()[name]


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
