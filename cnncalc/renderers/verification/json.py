"""All findings for other programs: `cnncalc.verification/1`, a line for each finding."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cnncalc.findings import Verification
from cnncalc.renderers.data import no_command
from cnncalc.renderers.options import Options

SCHEMA = "cnncalc.verification/1"


def render(verifications: Sequence[Verification], _: Options) -> str:
    """Return {"schema", "ok", "networks": [{…, "findings": […]}]} as JSON."""
    encoder = json.JSONEncoder(ensure_ascii=True, allow_nan=False)

    def encode(data: Any) -> str:
        return no_command(encoder.encode(data))

    networks = ",\n".join(_network(each.to_dict(), encode) for each in verifications)
    ok = all(each.ok for each in verifications)
    return f'{{"schema": {encode(SCHEMA)}, "ok": {encode(ok)}, "networks": [\n{networks}\n]}}'


def _network(data: dict[str, Any], encode: Any) -> str:
    findings = ",\n  ".join(map(encode, data.pop("findings")))
    return f'{encode(data)[:-1]}, "findings": [\n  {findings}\n ]}}'
