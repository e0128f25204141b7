"""The process: `cnncalc` and `python -m cnncalc` start and end here."""

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line and end the process; 70 is a fault, and never 1: a budget that failed.

    A command lives for a fraction of a second and keeps what it makes, so the garbage collector
    would only look on; and the process ends without taking its objects apart one by one.
    """
    gc.disable()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed by who called
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 until the end
    try:
        from cnncalc.cli import run

        code = run()
    except Exception as error:  # noqa: BLE001 as of an installation that is not whole: exit 1 would be wrong
        with suppress(OSError, ValueError):
            sys.stderr.write(f"internal error: {type(error).__name__}: {error}\n")
            sys.stderr.flush()
        os._exit(70)
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        code = code or 70
    with suppress(OSError, ValueError):  # what could not be said there is in the exit code
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
