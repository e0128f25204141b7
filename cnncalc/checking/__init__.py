"""Networks held against their budgets: whole projects, or one network in Python."""

from cnncalc.checking.run import Options, check_cases, check_net

__all__ = ["Options", "check_cases", "check_net"]
