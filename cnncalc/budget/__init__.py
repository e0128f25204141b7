"""Budgets: lines such as `params <= 5M` that a network must keep."""

from cnncalc.budget.evaluate import Base, judge
from cnncalc.budget.lines import check_lines, problem_of
from cnncalc.budget.syntax import Assertion, read
from cnncalc.budget.verdict import Verdict

__all__ = ["Assertion", "Base", "Verdict", "check_lines", "judge", "problem_of", "read"]
