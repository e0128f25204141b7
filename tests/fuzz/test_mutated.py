"""A share of the mutated specs of run.py: a report or an error, soon and in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "run.py"


@pytest.mark.parametrize(
    "count",
    [300, pytest.param(int(os.environ.get("FUZZ_COUNT", "100000")), marks=pytest.mark.slow)],
)
def test_mutated(count):
    """Every mutated spec gives a report or an error for people within 2 s and 300 MB."""
    done = subprocess.run(
        [sys.executable, RUN, "--count", str(count), "--seed", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout[-4000:])
    assert done.returncode == 0, done.stdout[-4000:]


def worker(code):
    """Run code with the runner's names in a process of its own."""
    start = f"import sys; sys.path.insert(0, {str(RUN.parent)!r}); import run; "
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    "fault, name",
    [("1 / 0", "ZeroDivisionError"), ("[0 for _ in iter(int, 1) if _]", "TooSlowError")],
)
def test_runner_notices(fault, name):
    """The runner itself counts other exceptions and slow specs as failures."""
    code = (
        f"run.outcome = lambda spec: {fault}; run.SECONDS = 0.2; import json; "
        "print(json.dumps(run.work(1, range(2))))"
    )
    result = json.loads(worker(code))
    assert result["counts"] == {name: 2}
    assert len(result["failures"]) == 2


def test_same_seed():
    """The same seed and number give the same spec, so that a failure can be run again."""
    code = "import hashlib; m = run.Mutator(5); a = [m.spec(i) for i in range(50)]; "
    code += "print(a == [run.Mutator(5).spec(i) for i in range(50)], len(set(a)))"
    assert worker(code).split() == ["True", "50"]
