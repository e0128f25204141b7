"""Budgets: lines such as `params <= 5M` that a network must keep."""

from cnncalc.budget.evaluate import Base, judge, judge_base
from cnncalc.budget.globs import Allowance, layers_of, type_of
from cnncalc.budget.lines import MOST_PROBLEMS, check_lines, problem_of
from cnncalc.budget.syntax import Assertion, Expression, read
from cnncalc.budget.verdict import Verdict

__all__ = [
    "MOST_PROBLEMS",
    "Allowance",
    "Assertion",
    "Base",
    "Expression",
    "Verdict",
    "check_lines",
    "judge",
    "judge_base",
    "layers_of",
    "problem_of",
    "read",
    "type_of",
]
