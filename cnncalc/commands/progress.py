"""A progress bar for many networks: on standard error, and only where a person sees it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FEW = 20
"""So many networks are done before a bar could be read."""


@contextmanager
def progress(count: int) -> Iterator[Callable[[int, int, str], None]]:
    """Yield a function to be told how many of how many networks are done, and the next one."""
    seen = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    if count <= FEW or not seen:
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from cnncalc.renderers.text import clean

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=count)
        yield lambda done, total, name: bar.update(
            task, completed=done, total=total, description=clean(name)
        )
