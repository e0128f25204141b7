"""What `verify` found out, as plain data: all that its renderers see."""

from __future__ import annotations

from math import isfinite
from typing import Any

from cnncalc.records import Record

TITLES = {
    "runs": "runs",
    "shape": "shape",
    "params": "params",
    "macs": "MACs",
    "field": "field",
    "gradient": "gradient",
    "gradient sum": "gradient sum",
    "statistics": "statistics",
}
"""Key of a finding -> its title, in the order in which they are shown."""


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


class Finding(Record):
    """One comparison at one layer: what the analysis predicts, and what running it showed.

    Both are plain data: a shape, a number of multiply-adds, [learned values, buffers], for a field
    the rows that a unit reads on each axis, as [unit, [first, last]], null for none; a number or
    words for the others. `ok` is None where nothing could be compared; `detail` says why. `file`
    and `line` are the place in the spec that the layer comes from; "" and 0 where there is none.
    `of` is the input that a field is of, in a network with several.
    """

    key: str
    path: str
    ok: bool | None
    predicted: Any
    executed: Any
    detail: str = ""
    file: str = ""
    line: int = 0
    of: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON data; JSON has no word for infinity and NaN."""
        return {key: _plain(value) for key, value in self._asdict().items()}


class Verification(Record):
    """All findings about one network, in the order of its layers.

    `layers` are (path, layer type) for every layer, each part of a fused one for itself; a finding
    about the whole network has the path "".
    """

    spec: str
    variant: str | None
    name: str
    inputs: dict[str, tuple[int, ...]]
    seed: int
    layers: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that say no."""
        return tuple(finding for finding in self.findings if finding.ok is False)

    @property
    def title(self) -> str:
        """Return the spec and its variant, as people type them."""
        return f"{self.spec}@{self.variant}" if self.variant else self.spec or self.name

    def to_dict(self) -> dict[str, Any]:
        """Return the verification as the JSON data of `cnncalc.verification/1`."""
        counts = [finding.ok for finding in self.findings]
        return {
            "spec": self.spec,
            "variant": self.variant,
            "name": self.name,
            "inputs": self.inputs,
            "seed": self.seed,
            "ok": self.ok,
            "checks": {
                "passed": counts.count(True),
                "failed": counts.count(False),
                "skipped": counts.count(None),
            },
            "layers": len(self.layers),
            "findings": [finding.to_dict() for finding in self.findings],
        }
