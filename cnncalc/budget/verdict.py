"""What came of a budget line: the numbers that were compared, and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnncalc.budget.pairs import Pair, Side, deciding, pairs_of, value_and_limit
from cnncalc.budget.words import told
from cnncalc.records import Record

if TYPE_CHECKING:
    from fractions import Fraction

_MOST_PARTS = 3

Values = tuple["int | Fraction", ...]


class Verdict(Record):
    """Whether a line holds, and why.

    `values` and `limits` are the exact numbers of the comparison that decided it, one or one an
    axis. `excess` tells how far the value is beyond the limit, as a share of the limit, and is
    negative where there is room: of all that a chain compares, on all axes, it is that of the worst
    that is broken, else of the one with the least room. With ≈ and ± it is counted from the edge of
    what they allow, and for an == that holds it is 0. There is no share of a limit of 0: it is the
    number itself then.
    """

    ok: bool | None
    """None: skipped, `detail` says why."""
    detail: str
    values: Values = ()
    limits: Values = ()
    dimension: str = ""
    excess: float = 0.0
    parts: tuple[tuple[str, Verdict], ...] = ()
    """Of a `for each`: what came of each group or layer."""
    pairs: tuple[Pair, ...] = ()
    """All that was compared; of a `for each`, in the part that decided it."""

    def no_better(self, other: Verdict) -> bool:
        """Whether all that another breaks is broken here, in its direction and at least as far."""
        here = {(pair.at, pair.axis): pair for pair in self.pairs}
        broken = [(here.get((pair.at, pair.axis)), pair) for pair in other.pairs if not pair.ok]
        return all(mine is not None and mine.no_better(pair) for mine, pair in broken)


def of_comparison(
    sides: Sequence[Side], relations: Sequence[str], share: int | Fraction | None
) -> Verdict:
    """Return the verdict on a chain, told by what decides it; `share` is what ± allows.

    Raises BudgetError for sizes on different axes.
    """
    pairs = pairs_of(sides, relations, share)
    worst = deciding(pairs)
    value, limit = value_and_limit(sides[worst.at], sides[worst.at + 1])
    shown = relations if share is None else ("≈",) * len(relations)
    return Verdict(
        worst.ok,
        told(sides, shown, pairs),
        value.amount.values,
        limit.amount.values,
        value.amount.dimension,
        worst.excess,
        (),
        pairs,
    )


def joined(verdicts: Mapping[str, Verdict]) -> Verdict:
    """Return the verdict on `for each`: it holds where it holds for each that was not skipped."""
    told = {path: verdict for path, verdict in verdicts.items() if verdict.ok is not None}
    parts = tuple(verdicts.items())
    if not told:
        return next(iter(verdicts.values()))._replace(parts=parts)
    broken = {path: verdict for path, verdict in told.items() if not verdict.ok}
    worst = sorted((broken or told).items(), key=lambda each: -each[1].excess)
    shown = "; ".join(f"{path}: {verdict.detail}" for path, verdict in worst[:_MOST_PARTS])
    if broken:
        more = len(worst) - _MOST_PARTS
        rest = f"; and {more} more" if more > 0 else ""
        detail = f"{len(broken)} of {len(told)}: {shown}{rest}"
    else:
        path, closest = worst[0]
        detail = f"all {len(told)}, closest {path}: {closest.detail}"
    detail += _passed_over({path: each for path, each in verdicts.items() if each.ok is None})
    return worst[0][1]._replace(ok=not broken, detail=detail, parts=parts)


def _passed_over(skipped: Mapping[str, Verdict]) -> str:
    """Return how many parts were not checked, which, and why the first was not."""
    if not skipped:
        return ""
    path, first = next(iter(skipped.items()))
    rest = ", …" if len(skipped) > 1 else ""
    why = first.detail.removeprefix("skipped: ")
    return f"; {len(skipped)} skipped: {path}{rest} ({why})"
