"""Budgets: lines such as `params <= 5M` that a network must keep."""

from cnncalc.budget.evaluate import check, check_lines
from cnncalc.budget.syntax import Assertion, read

__all__ = ["Assertion", "check", "check_lines", "read"]
