"""Which change a failed budget is explained by, and on which line to say so."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from cnncalc.outcome import Cause, Comparison, Finding

_AT_THE_PEAK = 10**18
"""More than any number of activations: what changes the layer of the peak comes first."""

_FIELDS = frozenset(("rf", "rf.d", "rf.h", "rf.w", "local_rf", "jump"))
_WEIGHTS: dict[str, Callable[[Cause], int]] = {
    "params": lambda cause: abs(cause.params),
    "params.trainable": lambda cause: abs(cause.params),
    "weights": lambda cause: abs(cause.params),
    "macs": lambda cause: abs(cause.macs),
    "flops": lambda cause: abs(cause.macs),
    "peak_memory": lambda cause: abs(cause.activations) + _AT_THE_PEAK * cause.peak,
    "layers": lambda cause: cause.layers,
    "depth": lambda cause: cause.layers,
    **dict.fromkeys(_FIELDS, lambda cause: int(cause.field)),
}
"""How much a cause has to do with a metric; with others, as far as it changes feature maps."""


def main_cause(comparison: Comparison | None, finding: Finding) -> Cause | None:
    """Return the cause with a line that did most to what a finding is about; None: none did.

    A line about params is explained by what changed params, of the layers that it is about; one
    about a field by what changed a window, in them or anywhere before.
    """
    if comparison is None:
        return None
    causes = [cause for cause in comparison.causes if cause.line and cause.file]
    near = [cause for cause in causes if _about(cause, finding)]
    for metric in finding.metrics:
        weight = _WEIGHTS.get(metric, _maps)
        most = max(near, key=weight, default=None)
        if metric in _FIELDS and not (most and weight(most)):
            most = max(causes, key=weight, default=None)
        if most and weight(most):
            return most
    return None


def line_of(cause: Cause, comparison: Comparison) -> int:
    """Return the line to annotate: the cause's, or that of a variable where only that changed."""
    if comparison.touched is None or cause.file != comparison.spec:
        return cause.line
    if cause.line in comparison.touched:
        return cause.line
    variables = (each.line for each in comparison.causes if each.path == "vars")
    return next((line for line in variables if line in comparison.touched), cause.line)


def _maps(cause: Cause) -> int:
    return abs(cause.activations)


def _about(cause: Cause, finding: Finding) -> bool:
    """Whether a cause is in one of the groups of a finding, or one of them in it; of its types."""
    patterns = finding.types
    if patterns and not any(fnmatchcase(type_, each) for type_ in cause.types for each in patterns):
        return False
    if not cause.path or not finding.paths or "" in finding.paths:
        return True
    return any(
        f"{cause.path}.".startswith(f"{path}.") or f"{path}.".startswith(f"{cause.path}.")
        for path in finding.paths
    )
