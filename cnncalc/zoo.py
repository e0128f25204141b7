"""The bundled networks: the numbers that others have published for them, recomputed.

A spec states them in its meta, or a variant in its own:

- `params`, `macs`: whole numbers, or rounded as published: `9.04M`, `32.93G`;
- `params_without`, `macs_without`: the layers that they leave out, by a path or `type:batch_norm`;
- `rf`: the receptive field of the last layer that has a local one, in pixels;
- `source`: who has published them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from pathlib import Path

from cnncalc.analyses import METRICS, Settings
from cnncalc.analyses.summary import analyze
from cnncalc.analyses.work import CONVENTIONS
from cnncalc.bundled import files
from cnncalc.errors import CnncalcError
from cnncalc.net import Layer, Net
from cnncalc.records import Record
from cnncalc.spec import About, Choice, describe, read, read_text
from cnncalc.spec.loader import Limits

ROUNDED = re.compile(r"(\d+)(?:\.(\d+))?([kMG])")
SCALE = {"k": 10**3, "M": 10**6, "G": 10**9}
TITLES = {"params": "params", "macs": "MACs", "rf": "RF"}
MARKS = {True: "✓", False: "✗"}
ASCII_MARKS = {True: "ok", False: "differs"}


class Entry(Record):
    """A bundled network: where it stands, and what its spec says about it."""

    path: Path
    about: About

    @property
    def name(self) -> str:
        """The name it goes by: the variant's, or the file's."""
        return self.about.variant or self.path.stem

    @property
    def published(self) -> dict[str, int | str]:
        """What has been published, by key: params, macs, rf."""
        return {key: self.about.meta[key] for key in TITLES if key in self.about.meta}


class Outcome(Record):
    """A network's numbers recomputed, by the keys of what has been published."""

    entry: Entry
    computed: Mapping[str, int]

    @property
    def differing(self) -> list[str]:
        """The keys whose published number is another one."""
        published = self.entry.published
        return [key for key, value in self.computed.items() if not agrees(published[key], value)]


def entries() -> list[Entry]:
    """Return every bundled network, by file and then in the order of the file's variants."""
    found = []
    for path in files():
        text = read_text(path, f"specs/{path.name}", Limits())
        found += [Entry(path, about) for about in describe(text)]
    return found


def recompute(entry: Entry) -> Outcome:
    """Return what the network's published numbers are by our count."""
    text = read_text(entry.path, f"specs/{entry.path.name}", Limits())
    net = read(text, Choice(entry.about.variant))
    meta = entry.about.meta
    return Outcome(
        entry,
        {
            key: _field(net) if key == "rf" else _total(net, key, meta.get(f"{key}_without"))
            for key in entry.published
        },
    )


def _total(net: Net, key: str, without: str | None) -> int:
    """Return the sum of a metric over all layers but those that are left out."""
    single = [(layer,) for layer in net.layers]
    values = METRICS[key].values(net, single, Settings(CONVENTIONS["macs"], 1, 4))
    kept = [not _is_of(layer, without) for layer in net.layers]
    if without is not None and all(kept):
        raise CnncalcError(f"{key}_without: there is no layer '{without}'")
    return sum(compress(values, kept))


def _is_of(layer: Layer, words: str | None) -> bool:
    """Whether a layer stands under a path, or is of a `type:`."""
    if words is None:
        return False
    if words.startswith("type:"):
        return layer.node.op.name == words.removeprefix("type:")
    return f"{layer.path}.".startswith(f"{words}.")


def _field(net: Net) -> int:
    last = analyze(net).rf
    if last is None:
        raise CnncalcError("rf: no layer has a local receptive field")
    return max(last[1].size)


def agrees(published: int | str, computed: int) -> bool:
    """Whether a number is the published one, to the digits in which it is published."""
    if isinstance(published, int):
        return published == computed
    match = ROUNDED.fullmatch(published)
    if match is None:
        raise CnncalcError(
            f"'{published}' is not a published number", hint="write 9041601, or rounded 9.04M"
        )
    whole, part, prefix = match[1], match[2] or "", SCALE[match[3]]
    step = prefix // int(10 ** len(part))
    return 2 * abs(int(whole + part) * step - computed) <= step


def table(
    entries: Iterable[Entry],
    outcomes: Iterable[Outcome] = (),
    *,
    ascii: bool = False,  # noqa: A002 as in render
) -> str:
    """Return the networks with their published numbers; a mark each where they are recomputed."""
    of = {outcome.entry.name: outcome for outcome in outcomes}
    marks = ASCII_MARKS if ascii else MARKS
    none = "-" if ascii else "–"
    rows = [["", "name", "input", *TITLES.values(), "source"]]
    for entry in entries:
        outcome = of.get(entry.name)
        mark = marks[not outcome.differing] if outcome and outcome.computed else ""
        shape = " ".join("x".join(map(str, each)) for each in entry.about.inputs.values())
        numbers = [_text(entry.published.get(key), none) for key in TITLES]
        rows.append([mark, entry.name, shape, *numbers, str(entry.about.meta.get("source", ""))])
    first = 0 if of else 1
    return "\n".join(_lines([row[first:] for row in rows], numbers=range(3 - first, 6 - first)))


def _text(number: int | str | None, none: str) -> str:
    return none if number is None else f"{number:,}" if isinstance(number, int) else number


def _lines(rows: list[list[str]], numbers: range) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(range(len(row)), row, widths, strict=True)
        aligned = (text.rjust(w) if i in numbers else text.ljust(w) for i, text, w in cells)
        yield "  ".join(aligned).rstrip()


def verdict(outcomes: list[Outcome]) -> str:
    """Return what came out: each number that differs, and how many networks agree."""
    lines = []
    for outcome in outcomes:
        for key in outcome.differing:
            published = _text(outcome.entry.published[key], "")
            found = f"{published} published, {outcome.computed[key]:,} computed"
            lines.append(f"{outcome.entry.name}: {TITLES[key]}: {found}")
    checked = [outcome for outcome in outcomes if outcome.computed]
    wrong = sum(bool(outcome.differing) for outcome in checked)
    if wrong:
        differ = "differs" if wrong == 1 else "differ"
        lines.append(f"{wrong} of {len(checked)} networks {differ} from what is published")
    else:
        lines.append(f"all {len(checked)} networks have the published numbers")
    return "\n".join(lines)
