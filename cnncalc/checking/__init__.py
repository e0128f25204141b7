"""Networks held against their budgets: whole projects, or one network in Python."""

from cnncalc.checking.options import Options
from cnncalc.checking.run import check_cases, check_net

__all__ = ["Options", "check_cases", "check_net"]
