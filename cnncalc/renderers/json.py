"""The whole report for other programs: the data of `cnncalc.analysis/1`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cnncalc.renderers.options import Options
from cnncalc.report import Report


def render(report: Report, options: Options) -> str:
    """Return the report as JSON, one line for each layer, group and check.

    The standard library indents in Python and packs in C: a line an object is as easy to read, and
    about ten times as fast.
    """
    data = report.to_dict(parts=options.parts)
    text = "{\n" + ",\n".join(_members(data, ascii_only=options.ascii)) + "\n}"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, from an escape in a YAML string
        return render(report, options._replace(ascii=True))
    return text


def _members(data: dict[str, Any], *, ascii_only: bool) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=ascii_only, default=str).encode
    for key, value in data.items():
        if isinstance(value, list) and value:
            lines = ",\n  ".join(map(encode, value))
            yield f' "{key}": [\n  {lines}\n ]'
        else:
            yield f' "{key}": {encode(value)}'
