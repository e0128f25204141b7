"""Budgets are judged on the reports that the renderers print."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "render"))
