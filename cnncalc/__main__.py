"""The process: `cnncalc` and `python -m cnncalc` start and end here."""

import gc
import os
import sys


def main() -> None:
    """Run the command line and end the process; exit 0, 2 for bad input, 70 for an internal error.

    A command lives for a fraction of a second and keeps what it makes, so the garbage collector
    would only look on; and the process ends without taking its objects apart one by one.
    """
    gc.disable()
    from cnncalc.cli import run

    code = run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or 1
    os._exit(code)


if __name__ == "__main__":
    main()
