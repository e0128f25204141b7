"""A progress bar for people alone: on a terminal, on standard error, for many networks."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from checking.kit import NET

ROOT = Path(__file__).parent.parent.parent


def shown(folder, *arguments, term="xterm"):
    """Return (standard output, what a terminal at standard error got)."""
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", "check", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=slave, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": term},
    )  # fmt: skip
    os.close(slave)
    said = b""
    try:
        while piece := os.read(master, 65536):
            said += piece
    except OSError:
        pass
    os.close(master)
    return done.stdout.decode(), said.decode()


@pytest.fixture
def many(folder, write):
    for number in range(25):
        write(f"n{number}.yaml", NET + "budgets: [params <= 5k]\n")
    return folder


def test_a_bar_for_many_networks(many):
    out, bar = shown(many, ".")
    assert "25/25" in bar
    assert "25/25" not in out
    assert out.endswith("✓ 25 of 25 budgets hold in 25 specs\n")


@pytest.mark.parametrize("arguments, term", [(["n1.yaml"], "xterm"), (["."], "dumb")])
def test_no_bar_for_few_or_where_it_cannot_be_drawn(many, arguments, term):
    _, bar = shown(many, *arguments, term=term)
    assert bar == ""
