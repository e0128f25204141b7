"""A cold process: `cnncalc analyze resnet50` against processes that only import.

    python benchmarks/cold.py [--python PYTHON] [--rounds 25]

Makes a fresh virtual environment with bytecode compiled, unless told to use a Python.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from contend import alternate, fresh_environment, median_ms, ratio

IMPORTS = "import typer, rich.console, rich.table, yaml"


def main() -> None:
    """Print times and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--rounds", type=int, default=25)
    chosen = parser.parse_args()
    python = chosen.python or fresh_environment()
    cnncalc = str(Path(python).parent / "cnncalc")
    contenders = {
        "pass": [python, "-c", "pass"],
        "imports": [python, "-c", IMPORTS],
        "table": [cnncalc, "analyze", "resnet50"],
        "piped": [cnncalc, "analyze", "resnet50"],
        "json": [cnncalc, "analyze", "resnet50", "-o", "json"],
    }
    runs = alternate(contenders, chosen.rounds, terminal=frozenset({"table"}))
    for name, each in runs.items():
        print(f"{name:8} {median_ms(each):7.1f} ms")
    print(f"table on a terminal / {IMPORTS}: {ratio(runs['table'], runs['imports']):.2f}")
    print(f"piped / pass: {ratio(runs['piped'], runs['pass']):.2f}")
    print(f"json / pass: {ratio(runs['json'], runs['pass']):.2f}")


if __name__ == "__main__":
    main()
