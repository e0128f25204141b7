"""What came of checks and comparisons, as plain data: all that their renderers see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.errors import Problem
from cnncalc.records import Record

if TYPE_CHECKING:
    from fractions import Fraction

Numbers = tuple["int | Fraction", ...]

LEVELS = ("error", "warn", "info")
CHECK_LEVELS = LEVELS[:2]
"""What a check may be told to fail for: of level info, nothing fails."""
PASS, FAIL, KNOWN, SKIP = "pass", "fail", "known", "skip"
"""The states of a finding. `known`: it fails, and did at the base, at least as badly."""

_LONGEST_REPR = 2000


class Part(Record):
    """A group or layer of a `for each`, with what came of it."""

    path: str
    ok: bool | None
    detail: str
    values: Numbers
    limits: Numbers


class Finding(Record):
    """A budget line held against a network."""

    rule: str
    id: str
    level: str
    why: str
    origin: str
    """Who says so: spec, project, target NAME, or command line."""
    file: str
    line: int
    column: int
    status: str
    detail: str
    values: Numbers = ()
    limits: Numbers = ()
    dimension: str = ""
    excess: float = 0.0
    """How far it is beyond the limit, as a share of it."""
    parts: tuple[Part, ...] = ()
    paths: tuple[str, ...] = ()
    """Where the layers are that it is about; none: the whole network."""
    metrics: tuple[str, ...] = ()
    """What it limits."""
    types: tuple[str, ...] = ()
    """The types of layers that it is about; none: all."""

    @property
    def title(self) -> str:
        """Its text, and whose it is of several devices: `weights <= 1 MiB [mcu]`."""
        return self.rule + self._target

    @property
    def name(self) -> str:
        """What it is called: its id, else its text; of a device, with that."""
        return (self.id or self.rule) + self._target

    @property
    def _target(self) -> str:
        word, _, name = self.origin.partition(" ")
        return f" [{name}]" if word == "target" else ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data: raw integers; what is no integer, as a float."""
        return {
            "rule": self.rule,
            "id": self.id or None,
            "level": self.level,
            "why": self.why or None,
            "origin": self.origin,
            "file": self.file or None,
            "line": self.line or None,
            "status": self.status,
            "detail": self.detail,
            "value": _json(self.values),
            "limit": _json(self.limits),
            "unit": self.dimension or None,
            "parts": [
                {
                    "path": part.path,
                    "ok": part.ok,
                    "detail": part.detail,
                    "value": _json(part.values),
                    "limit": _json(part.limits),
                }
                for part in self.parts
            ],
        }


class Change(Record):
    """A layer that is in one version only, or that both have with a difference."""

    kind: str
    """added, removed, changed, or renamed."""
    path: str
    before: str
    """Its path at the base; "" where it was not there."""
    what: str
    """What differs, in words: kernel 3 → 5; output 64×28×28 → 64×14×14."""
    params: int
    macs: int
    line: int
    """In the present spec; 0 for a layer that is gone."""
    file: str = ""
    """The file of the line: the spec, or one that it includes."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        empty = {name: getattr(self, name) or None for name in ("before", "line", "file")}
        return self._asdict() | empty


class Cause(Record):
    """A line of the spec that explains a change of the totals."""

    path: str
    file: str
    line: int
    what: str
    """Such as: Stage n 6 → 8; repeat 2 → 3; conv added."""
    params: int
    macs: int
    layers: int
    activations: int = 0
    field: bool = False
    """Whether it changes windows, and so receptive fields."""
    peak: bool = False
    """Whether it changes the layer at which most memory is in use."""
    types: tuple[str, ...] = ()
    """The types of its layers."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        names = ("path", "file", "line", "what", "params", "macs", "layers")
        place = {"file": self.file or None, "line": self.line or None}
        return {name: getattr(self, name) for name in names} | place


class Comparison(Record):
    """Two versions of a network: figures of both, causes, and changes layer by layer."""

    before: str
    after: str
    figures: tuple[tuple[str, Any, Any], ...]
    """(metric, before, after), integers, or tuples of integers for fields."""
    causes: tuple[Cause, ...]
    changes: tuple[Change, ...]
    same: int
    """How many layers are as they were."""
    fields: int = 0
    """How many layers have a field of another size."""
    names: Mapping[str, str] = {}
    """Path now -> path before, of groups and layers that go by another name."""
    spec: str = ""
    """The file of the present version: its lines need no name of a file."""
    touched: frozenset[int] | None = None
    """The lines of that file that are new or changed; None where that is not known."""

    @property
    def unchanged(self) -> bool:
        """Whether both have the same layers and figures."""
        return not self.changes and all(one == other for _, one, other in self.figures)

    def to_dict(self) -> dict[str, Any]:
        """Return it as the JSON data of `cnncalc.diff/1`."""
        return {
            "schema": "cnncalc.diff/1",
            "before": self.before,
            "after": self.after,
            "figures": {
                name: {"before": one, "after": other, "delta": _delta(one, other)}
                for name, one, other in self.figures
            },
            "causes": [cause.to_dict() for cause in self.causes],
            "changes": [change.to_dict() for change in self.changes],
            "unchanged_layers": self.same,
            "layers_with_another_field": self.fields,
        }


class Checked(Record):
    """One network held against its budgets. In a condition it says whether all of them hold."""

    spec: str
    variant: str | None
    name: str
    figures: Mapping[str, Any]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()
    """What is wrong with the spec or its budgets: it could not be checked."""
    notices: tuple[str, ...] = ()
    comparison: Comparison | None = None
    level: str = "error"
    """The lowest level that counts as a failure."""

    @property
    def title(self) -> str:
        """The spec with its variant."""
        return f"{self.spec}@{self.variant}" if self.variant else self.spec

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The lines that fail at a level that counts, the worst first."""
        found = filter(self.counts, self.findings)
        return tuple(sorted(found, key=lambda finding: -finding.excess))

    def counts(self, finding: Finding) -> bool:
        """Whether a line of this network fails at a level that counts."""
        known = LEVELS.index(finding.level) <= LEVELS.index(self.level)
        return known and finding.status == FAIL

    @property
    def ok(self) -> bool:
        """Whether the network could be checked, and no line fails at a level that counts."""
        return not self.problems and not any(map(self.counts, self.findings))

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        """Return one line that says what failed, as pytest shows it under an assertion."""
        if self.problems:
            said = "; ".join(problem.text for problem in self.problems)
        elif self.failures:
            said = "; ".join(f"{f.title}: {f.detail}" for f in self.failures)
        else:
            number = len(self.findings)
            return f"<{self.title}: {number} budget{'s hold' if number != 1 else ' holds'}>"
        text = f"{self.title}: {len(self.failures)} of {len(self.findings)} budgets failed: {said}"
        return f"<{text if len(text) < _LONGEST_REPR else text[:_LONGEST_REPR] + '…'}>"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "spec": self.spec,
            "variant": self.variant,
            "name": self.name,
            "ok": self.ok,
            "figures": dict(self.figures),
            "budgets": [finding.to_dict() for finding in self.findings],
            "problems": [problem._asdict() for problem in self.problems],
            "notices": list(self.notices),
            "diff": self.comparison.to_dict() if self.comparison else None,
        }


class Outcome(Record):
    """All networks of one run."""

    checked: tuple[Checked, ...]
    base: str = ""
    """What baselines are, in words: origin/main (3f2c1a9)."""
    commit: str = ""
    notices: tuple[str, ...] = ()
    level: str = "error"
    convention: str = "notes"
    folder: str = ""
    """The way from the repository's folder to the present one: what a CI system's paths need."""
    files: tuple[str, ...] = ()
    """What was read as a spec, or to include: none of it is to be written over."""

    @property
    def ok(self) -> bool:
        """Whether everything could be checked, and nothing failed at a level that counts."""
        return all(self.checked)

    @property
    def broken(self) -> bool:
        """Whether a spec or a budget is wrong, so that it could not be checked."""
        return any(checked.problems for checked in self.checked)

    def findings(self) -> Iterator[tuple[Checked, Finding]]:
        """Yield all findings with their networks."""
        for checked in self.checked:
            for finding in checked.findings:
                yield checked, finding

    def to_dict(self) -> dict[str, Any]:
        """Return the data of `cnncalc.check/1`."""
        return {
            "schema": "cnncalc.check/1",
            "ok": self.ok,
            "level": self.level,
            "convention": self.convention,
            "base": {"name": self.base, "commit": self.commit or None} if self.base else None,
            "specs": [checked.to_dict() for checked in self.checked],
            "notices": list(self.notices),
        }


def _json(values: Numbers) -> Any:
    """Return one number where all axes agree, else a list; a fraction as the nearest float."""
    plain = [value if isinstance(value, int) else float(value) for value in values]
    if not plain:
        return None
    return plain[0] if len(set(plain)) == 1 else plain


def _delta(one: Any, other: Any) -> Any:
    if isinstance(one, int) and isinstance(other, int):
        return other - one
    return None
