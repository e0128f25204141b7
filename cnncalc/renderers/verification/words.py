"""The values of findings in words."""

from __future__ import annotations

from typing import Any

from cnncalc.findings import Finding


def value_text(finding: Finding, value: Any) -> str:
    """Return a predicted or executed value as people read it."""
    if finding.key == "shape":
        return "×".join(map(str, value))
    if finding.key == "params":
        learned, buffers = value
        return f"{learned:,}" + (f" + {buffers:,}" if buffers else "")
    if finding.key == "macs":
        return f"{value:,}"
    if finding.key == "field" and not isinstance(value, str):
        rows = " × ".join(f"{read[0]}…{read[1]}" if read else "nothing" for _, read in value)
        return f"{rows} at {','.join(str(unit) for unit, _ in value)}"
    if finding.key == "statistics":
        return f"mean {value[0]:.3g}, variance {value[1]:.6g}"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def failure_text(finding: Finding) -> str:
    """Return what was predicted and what was executed instead."""
    predicted = value_text(finding, finding.predicted)
    return f"predicted {predicted}, executed {value_text(finding, finding.executed)}"
