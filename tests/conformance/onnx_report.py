"""Runs ONNX's backend test cases, and says what passes and what is out of scope.

From the repository's root: PYTHONPATH=tests python -m conformance.onnx_report
"""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple

from conformance import onnx_moves, onnx_sliding, onnx_values  # noqa: F401 they register themselves
from conformance.engines import ENGINES, Engine, Layer, Ran, Unsupported
from conformance.onnx_cases import KINDS, Case, load
from conformance.onnx_nodes import PLUMBING, TRANSLATORS, has_counterpart, run_case
from conformance.onnx_scope import PATTERNS, reason_for
from numpy.testing import assert_allclose

from cnncalc.errors import ShapeError
from cnncalc.ops import all_names
from cnncalc.reference.arrays import Array


class State(Enum):
    PASSES = "passes"
    OUT_OF_SCOPE = "is out of scope"
    FAILS = "fails"
    NO_LAYERS = "is of other operators"


JUDGED = (State.PASSES, State.OUT_OF_SCOPE, State.FAILS)


class Verdict(NamedTuple):
    case: Case
    state: State
    text: str
    layers: frozenset[str]
    """The layer types that ran."""


def judge(case: Case) -> Verdict:
    """Run a case by all engines, and hold the result against the list of what is out of scope.

    A case that is not listed must pass. A listed one must be refused, by its translator or by the
    layer: it fails where it passes, and where it gives wrong numbers.
    """
    if not has_counterpart(case):
        return Verdict(case, State.NO_LAYERS, _others(case), frozenset())
    reason, ran = reason_for(case.name), set[str]()
    state, text = State.FAILS, ""
    try:
        for engine in ENGINES:
            _compare(case, run_case(case, _noting(engine, ran)))
    except (Unsupported, ShapeError) as refusal:
        if reason:
            state, text = State.OUT_OF_SCOPE, reason
        else:
            text = f"is refused and not listed: {refusal}"
    except Exception:  # noqa: BLE001 whatever a case raises is its own failure
        text = traceback.format_exc()
    else:
        if reason:
            text = f"passes, and is listed: {reason}"
        else:
            state = State.PASSES
    return Verdict(case, state, text, frozenset(ran))


def _noting(engine: Engine, names: set[str]) -> Engine:
    """Return an engine that notes the layer types which it runs."""

    def note(x: Array, layers: Sequence[Layer], training: bool) -> Ran:
        names.update(each.op.name for each in layers)
        return engine(x, layers, training)

    return note


RTOL, ATOL = 1e-5, 1e-6
"""What float32 keeps of these cases; ONNX allows a thousandth, which would hide a wrong digit."""
WRITTEN_SHORT = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}
"""Cases whose results are written with four digits."""


def _compare(case: Case, found: dict[str, Any]) -> None:
    """Hold outputs against the case's within its own tolerance, and within the closer one."""
    for name, wanted in case.wanted.items():
        array = found[name]
        assert array.shape == wanted.shape, (name, array.shape, wanted.shape)
        assert array.dtype == wanted.dtype, (name, array.dtype, wanted.dtype)
        assert_allclose(array, wanted, rtol=case.rtol, atol=case.atol, err_msg=name)
        if case.name not in WRITTEN_SHORT:
            assert_allclose(array, wanted, rtol=RTOL, atol=ATOL, err_msg=name)


def judge_all(kinds: Iterable[str] = KINDS) -> list[Verdict]:
    return [judge(case) for case in load(kinds)]


def report(verdicts: list[Verdict]) -> str:
    """Return the counts by operator, what fails, and what is out of scope with its reason."""
    return "\n".join([*_counts(verdicts), "", *_listed(verdicts), "", *_rest(verdicts)])


def _of(verdicts: list[Verdict], state: State) -> list[Verdict]:
    return [each for each in verdicts if each.state is state]


def _counts(verdicts: list[Verdict]) -> list[str]:
    counts = [_by_operator(_of(verdicts, state)) for state in JUDGED]
    totals = [len(_of(verdicts, state)) for state in JUDGED]
    rows: list[tuple[Any, ...]] = [("operator", "pass", "out of scope", "fail")]
    rows += [(name, *(count[name] for count in counts)) for name in sorted(TRANSLATORS)]
    rows.append(("cases", *totals))
    return ["{:26}{:>6}{:>14}{:>6}".format(*row) for row in rows]


def _by_operator(verdicts: list[Verdict]) -> Counter[str]:
    return Counter(name for each in verdicts for name in each.case.operators)


def _listed(verdicts: list[Verdict]) -> list[str]:
    lines = [f"FAILS {each.case.name}: {each.text}" for each in _of(verdicts, State.FAILS)]
    outside = _of(verdicts, State.OUT_OF_SCOPE)
    for reason in dict.fromkeys(PATTERNS.values()):
        names = [each.case.name for each in outside if each.text == reason]
        if names:
            lines += [f"out of scope: {reason}", *(f"    {name}" for name in names)]
    return lines


def _rest(verdicts: list[Verdict]) -> list[str]:
    others = _of(verdicts, State.NO_LAYERS)
    mixed = [each.case for each in others if each.case.operators & TRANSLATORS.keys()]
    spelled = [case for case in mixed if "_expanded" in case.name]
    ran = frozenset[str]().union(*(each.layers for each in _of(verdicts, State.PASSES)))
    return [
        f"{len(others)} more cases have operators that are no layer types, among them",
        f"    {len(spelled)} that spell an operator in smaller ones, some of which are layers",
        "    (the operator's own case has the same numbers), and",
        *(
            f"    {each.name}, with {_others(each)}"
            for each in mixed
            if "_expanded" not in each.name
        ),
        f"{len(ran)} layer types ran in cases that pass; not one has a case of",
        f"    {', '.join(name for name in all_names() if name not in ran)}",
    ]


def _others(case: Case) -> str:
    return ", ".join(sorted(case.operators - TRANSLATORS.keys() - PLUMBING.keys()))


def main() -> int:
    verdicts = judge_all()
    print(report(verdicts))
    return 1 if _of(verdicts, State.FAILS) else 0


if __name__ == "__main__":
    sys.exit(main())
