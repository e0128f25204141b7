"""One line for a network, for logs and `grep`."""

from __future__ import annotations

from cnncalc.renderers.options import Options
from cnncalc.renderers.text import clean
from cnncalc.report import Report


def render(report: Report, options: Options) -> str:
    """Return `spec@variant: params …, macs …, flops …, rf …` with exact integers."""
    head, totals = report.head, report.totals
    spec = f"{head.spec}@{head.variant}" if head.variant else head.spec
    field = "none" if report.rf is None else "x".join(map(str, report.rf[1].size))
    failed = sum(check.ok is False for check in report.checks)
    line = (
        f"{spec}: params {totals.params}, macs {totals.macs}, "
        f"flops {totals.flops} ({head.convention}), rf {field}, "
        f"peak memory {totals.peak_memory_bytes} bytes"
        + (f", {failed} checks failed" if failed else "")
    )
    return clean(line, ascii_only=options.ascii)
