"""Every fault that is planted in the facts is found, at the layer where it is."""

from __future__ import annotations

import pytest
from verification.faults import FAULTS, UP, Fault

import cnncalc
from cnncalc.analyses import receptive


def names(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", FAULTS, ids=names)
def test_a_fault_is_found(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name, faulty in fault.changes:
        monkeypatch.setattr(owner, name, faulty)
    found = cnncalc.verify(cnncalc.loads(fault.spec, name="net.yaml"))
    assert not found.ok
    assert {finding.ok for finding in found.failed} == {False}
    first = found.failed[0]
    assert (first.path, first.key) == (fault.layer, fault.key)
    if fault.layer:
        assert (first.file, first.line) == ("net.yaml", line_of(fault.spec, fault.layer))


def line_of(spec: str, layer: str) -> int:
    lines = spec.splitlines()
    return 1 + next(n for n, line in enumerate(lines) if f"{layer}: {{" in line)


def test_a_field_that_is_given_up_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The analysis says nothing of periods beyond its limit, and so must this."""
    monkeypatch.setattr(receptive, "PHASE_LIMIT", 1)
    found = cnncalc.verify(cnncalc.loads(UP, name="net.yaml"))
    skipped = [(finding.path, finding.key) for finding in found.findings if finding.ok is None]
    assert ("c", "field") in skipped


@pytest.mark.parametrize("spec", dict.fromkeys(fault.spec for fault in FAULTS))
def test_without_a_fault_all_is_well(spec: str) -> None:
    net = cnncalc.loads(spec, name="net.yaml")
    for found in (cnncalc.verify(net), cnncalc.verify(net, all_fields=True)):
        assert not found.failed
        assert [finding for finding in found.findings if finding.ok is None] == []
