"""Which YAML files are specs: those of a folder lie beside blocks, workflows and other files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from cnncalc.spec.loader import Limits

_WORD = b"layers"
_AT_THE_MARGIN = re.compile(
    rb"""(?:\A(?:\xef\xbb\xbf)?|[\r\n])(?:layers|'layers'|"layers")[ \t]*:""",
)
if yaml.__with_libyaml__:
    _LOADER: type[yaml.Loader | yaml.CLoader] = yaml.CLoader
else:
    _LOADER = yaml.Loader


def looks_like_spec(content: bytes) -> bool:
    """Whether a file is meant to be a spec: a mapping with the key `layers`, however written.

    What mentions layers and cannot be read as YAML is taken for one, so that its error is told and
    it is not passed over; of a file larger than a spec may be, only the start counts. No text is
    held against the language here. YAML is parsed only where the look of a file leaves a doubt.
    """
    if _AT_THE_MARGIN.search(content):
        return True
    if _WORD not in content.replace(b"\0", b""):  # without them, UTF-16 shows its letters
        return False
    try:
        return _WORD.decode() in _top_keys(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, yaml.YAMLError):
        return len(content) <= Limits().file_bytes


def _top_keys(text: str) -> Iterator[str]:
    """Yield the keys of the mapping at the top of each document."""
    depth, mapping, at = 0, False, 0
    for event in yaml.parse(text, _LOADER):
        if depth == 1 and mapping and not isinstance(event, yaml.CollectionEndEvent):
            if at % 2 == 0 and isinstance(event, yaml.ScalarEvent):
                yield event.value
            at += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            if depth == 0:
                mapping, at = isinstance(event, yaml.MappingStartEvent), 0
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
