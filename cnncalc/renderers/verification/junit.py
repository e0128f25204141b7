"""Findings as JUnit XML, which CI services show: a suite a network, a case a check."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from cnncalc.findings import Finding, Verification
from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean
from cnncalc.renderers.verification.words import failure_text


def render(verifications: Sequence[Verification], _: Options) -> str:
    """Return the document; a failed case holds both values and the place in the spec."""
    root = ET.Element("testsuites", name="cnncalc verify")
    for each in verifications:
        suite = ET.SubElement(root, "testsuite", name=clean(each.title))
        suite.set("tests", str(len(each.findings)))
        suite.set("failures", str(len(each.failed)))
        suite.set("errors", "0")
        suite.set("skipped", str(sum(finding.ok is None for finding in each.findings)))
        for finding in each.findings:
            _case(suite, each, finding)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _case(suite: ET.Element, verification: Verification, finding: Finding) -> None:
    name = " ".join(filter(None, (f"{finding.path or 'network'}: {finding.key}", finding.of)))
    case = ET.SubElement(suite, "testcase", classname=clean(verification.title), name=clean(name))
    if finding.line:
        case.set("file", clean(finding.file))
        case.set("line", str(finding.line))
    if finding.ok is None:
        ET.SubElement(case, "skipped", message=clean(finding.detail))
    elif not finding.ok:
        text = clean(failure_text(finding))
        failure = ET.SubElement(case, "failure", message=text, type=finding.key)
        place = f"{finding.file}:{finding.line}" if finding.line else ""
        failure.text = clean(" ".join(filter(None, (finding.detail, place))))
