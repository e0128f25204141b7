"""Budgets: one spec cold, all bundled networks, and a thousand specs against a git base.

    python benchmarks/budgets.py [--python PYTHON] [--rounds 15]

Makes a fresh virtual environment with bytecode compiled, unless told to use a Python.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from contend import ROOT, alternate, fresh_environment, median_ms, ratio

MANY = 1000
CHANGED = 10
"""Every tenth of the many specs differs from the base."""


def repository(folder: Path) -> None:
    """Write a repository with many specs of the size of ResNet-50, some changed since main."""
    text = (ROOT / "specs" / "resnet.yaml").read_text(encoding="utf-8")
    budgets = "budgets: [params <= 60M, params <= baseline + 2%, rf(stage4) >= input]\n"

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True)

    git("init", "-q", "-b", "main")
    for number in range(MANY):
        (folder / f"net{number:04}.yaml").write_text(text + budgets, encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "all")
    wider = text.replace("classes: 1000", "classes: 1010") + budgets
    for number in range(0, MANY, CHANGED):
        (folder / f"net{number:04}.yaml").write_text(wider, encoding="utf-8")


def one_core() -> None:
    """Keep this process and its children to one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def cold(start: list[str], folder: Path, rounds: int) -> None:
    """Print what one spec takes from a cold start, with its budgets and without."""
    spec = folder / "net.yaml"
    text = (ROOT / "specs" / "resnet.yaml").read_text(encoding="utf-8")
    spec.write_text(text + "budgets: [params <= 26M, rf(stage4) >= input]\n", encoding="utf-8")
    runs = alternate(
        {
            "analyze": [*start, "analyze", f"{spec}@resnet50"],
            "check": [*start, "check", f"{spec}@resnet50"],
        },
        rounds,
    )
    for name, each in runs.items():
        print(f"{name} of one spec, cold: {median_ms(each):7.1f} ms")
    print(f"check / analyze: {ratio(runs['check'], runs['analyze']):.2f}")


def bundled(start: list[str]) -> None:
    """Print what all networks that come with cnncalc take."""
    os.chdir(ROOT)
    every = ["check", "specs", "--variant", "all", "--budget", "params <= 1G"]
    (run,) = alternate({"all": [*start, *every]}, 1)["all"]
    print(f"check of all bundled variants, one core: {run.seconds:.2f} s")


def many_specs(start: list[str], folder: Path) -> None:
    """Print what many specs take against a git base."""
    repository(folder)
    os.chdir(folder)
    (run,) = alternate({"many": [*start, "check", ".", "--base", "main"]}, 1)["many"]
    print(f"check of {MANY} specs against a git base, one core: {run.seconds:.2f} s")
    print(f"  peak memory {run.peak_bytes / 2**20:.0f} MiB")
    os.chdir(ROOT)  # a folder that is in use cannot be removed everywhere


def main() -> None:
    """Print times and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    python = chosen.python or fresh_environment()
    one_core()
    start = [python, "-m", "cnncalc"]
    with tempfile.TemporaryDirectory(prefix="cnncalc-bench-") as name:
        folder = Path(name)
        cold(start, folder, chosen.rounds)
        bundled(start)
        many = folder / "many"
        many.mkdir()
        many_specs(start, many)


if __name__ == "__main__":
    main()
