"""Run contenders in turn, round by round, so that all of them meet the same machine."""

from __future__ import annotations

import os
import pty
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Run(NamedTuple):
    """One run: seconds of wall time, and the most memory the process held, in bytes."""

    seconds: float
    peak_bytes: int


def fresh_environment(*packages: str) -> str:
    """Return the Python of a new virtual environment with cnncalc and `packages` installed."""
    folder = tempfile.mkdtemp(prefix="cnncalc-bench-")
    venv.create(folder, with_pip=True)
    python = f"{folder}/bin/python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for package in (str(ROOT), *packages):
        subprocess.run([*pip, *package.split()], check=True)
    subprocess.run([python, "-m", "compileall", "-q", f"{folder}/lib"], check=False)
    return python


def once(command: Sequence[str], *, terminal: bool) -> Run:
    """Run a command to its end, with its output to a terminal of 100 columns or to nowhere."""
    environment = {
        k: v for k, v in os.environ.items() if k not in ("CI", "PYTHONDONTWRITEBYTECODE")
    }
    environment |= {"COLUMNS": "100", "TERM": "xterm-256color"}
    if terminal:
        master, slave = pty.openpty()
        threading.Thread(target=_drain, args=(master,), daemon=True).start()
    else:
        slave = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, slave, 1), (os.POSIX_SPAWN_DUP2, slave, 2)]
    start = time.perf_counter()
    child = os.posix_spawn(command[0], list(command), environment, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    os.close(slave)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return Run(seconds, usage.ru_maxrss * 1024)


def _drain(master: int) -> None:
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        pass
    os.close(master)


def alternate(
    contenders: Mapping[str, Sequence[str]], rounds: int, *, terminal: frozenset[str] = frozenset()
) -> dict[str, list[Run]]:
    """Run all contenders `rounds` times in turn, after one round that is not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, command in contenders.items():
            run = once(command, terminal=name in terminal)
            if number:
                runs[name].append(run)
    return runs


def median_ms(runs: Sequence[Run]) -> float:
    """Return the median wall time in milliseconds."""
    return 1e3 * statistics.median(run.seconds for run in runs)


def ratio(runs: Sequence[Run], base: Sequence[Run]) -> float:
    """Return the median of the ratios of each round."""
    pairs = zip(runs, base, strict=True)
    return statistics.median(one.seconds / other.seconds for one, other in pairs)
