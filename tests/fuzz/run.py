"""Mutated specs by the thousand: each must give a report or an error for people, and soon.

python tests/fuzz/run.py --count 100000 --seed 1 --jobs 2

Every spec is read, analysed, and rendered as table and JSON, or its problems are rendered. Any
other exception, more than 2 s of processor time, or more than 300 MB of memory is a failure; the
spec is printed with its number, and --case NUMBER runs it again.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from mutations import Mutator  # noqa: E402 this script is run by its path

import cnncalc  # noqa: E402
from cnncalc.errors import CnncalcError  # noqa: E402
from cnncalc.renderers.errors import render_problems  # noqa: E402

SECONDS = 2.0
MEMORY_BYTES = 300 << 20
FORMATS = ("table", "json")
LAYERS = 20_000
"""Enough for a mutation to pass it; tests/test_limits.py has the networks of 100,000 layers."""


class TooSlowError(BaseException):
    """The time is up. No Exception, so that nothing on the way catches it."""


def outcome(spec: bytes) -> str:
    """Return "report" or "error"; any other exception passes through.

    A person asks for one report: of every two specs one is printed as a table, one as JSON.
    """
    try:
        report = cnncalc.analyze(cnncalc.loads(spec, name="net.yaml", max_layers=LAYERS))
        cnncalc.render(report, FORMATS[len(spec) % len(FORMATS)], width=100)
    except CnncalcError as error:
        if not error.problems or not render_problems(error.problems, width=100):
            raise AssertionError("an error that says nothing") from error
        return "error"
    return "report"


def timed_outcome(spec: bytes) -> tuple[str, float, str]:
    """Return the outcome, the processor time, and the traceback of a failure."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    start = time.process_time()
    trace = ""
    try:
        found = outcome(spec)
    except (Exception, TooSlowError) as error:  # noqa: BLE001 that is what is looked for
        found, trace = type(error).__name__, traceback.format_exc(limit=-8)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return found, time.process_time() - start, trace


def too_slow(*_: object) -> NoReturn:
    """Stop a spec that takes too long."""
    raise TooSlowError


def _peak_bytes():
    """Return the most memory that this process held; ru_maxrss would be at least the parent's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    line = next(line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def work(seed: int, numbers: range) -> dict[str, Any]:
    """Run specs in this process and return counts, the slowest, the failures and the memory."""
    signal.signal(signal.SIGPROF, too_slow)
    mutator = Mutator(seed)
    counts: Counter[str] = Counter()
    failures: list[dict[str, Any]] = []
    slowest = (0.0, -1)
    for number in numbers:
        spec = mutator.spec(number)
        found, seconds, trace = timed_outcome(spec)
        counts[found] += 1
        slowest = max(slowest, (seconds, number))
        if found not in ("report", "error") and len(failures) < 20:
            failures.append({"number": number, "spec": spec.decode("latin-1"), "trace": trace})
    peak_bytes = _peak_bytes()
    return {
        "counts": counts, "failures": failures, "slowest": slowest, "peak_bytes": peak_bytes
    }  # fmt: skip


def run(count: int, seed: int, jobs: int, first: int = 0) -> list[dict[str, Any]]:
    """Share the numbers among worker processes; a worker that dies counts as a failure."""
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, "--seed", str(seed), "--worker",
             str(first + job), str(first + count), str(jobs)],
            stdout=subprocess.PIPE, text=True,
        )
        for job in range(jobs)
    ]  # fmt: skip
    results = []
    for worker in workers:
        output, _ = worker.communicate()
        died = {"number": -1, "spec": "", "trace": f"the worker ended with {worker.returncode}"}
        nothing = {"counts": {}, "failures": [died], "slowest": (0, -1), "peak_bytes": 0}
        results.append(json.loads(output) if worker.returncode == 0 else nothing)
    return results


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--case", type=int, help="run one spec, and print it")
    parser.add_argument("--worker", type=int, nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Run, print the counts and the failures; 1 where there are any."""
    options = arguments()
    if options.case is not None:
        spec = Mutator(options.seed).spec(options.case)
        print(spec.decode("utf-8", "backslashreplace"))
        print(outcome(spec))
        return 0
    if options.worker:
        limit = 4 * MEMORY_BYTES  # address space: an allocation beyond it is a MemoryError
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        print(json.dumps(work(options.seed, range(*options.worker))))
        return 0
    start = time.monotonic()
    results = run(options.count, options.seed, options.jobs, options.first)
    return report(results, time.monotonic() - start)


def report(results: list[dict[str, Any]], seconds: float) -> int:
    """Print what came out of all workers; return the exit code."""
    counts = sum((Counter(result["counts"]) for result in results), Counter())
    failures = [failure for result in results for failure in result["failures"]]
    for failure in failures:
        print(f"--- spec {failure['number']}\n{failure['spec'][:2000]}\n{failure['trace']}")
    slowest = max(tuple(result["slowest"]) for result in results)
    peak_bytes = max(result["peak_bytes"] for result in results)
    print(f"{sum(counts.values())} specs in {seconds:.0f} s: {dict(counts)}")
    print(f"slowest: {slowest[0]:.2f} s (spec {slowest[1]}); peak memory {peak_bytes >> 20} MiB")
    return 1 if failures or peak_bytes > MEMORY_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
