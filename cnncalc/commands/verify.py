"""`cnncalc verify`: run networks on arrays and compare with what the analysis predicts."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import typer

from cnncalc.commands.loading import LAYERS, Input, MaxLayers, Set, Variant, load
from cnncalc.commands.output import only_ascii, outputs, spare_nets, write_all
from cnncalc.errors import CnncalcError

Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC…",
        help="YAML files, FILE@VARIANT, names of bundled networks, or - for standard input.",
    ),
]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "-o", "--output", metavar="FORMAT[=PATH]", help="table, json or junit; repeatable."
    ),
]
Backward = Annotated[bool, typer.Option("--backward", help="Check gradients too, in float64.")]
AllFields = Annotated[
    bool, typer.Option("--all-fields", help="Measure the field of every layer, not the last.")
]
Seed = Annotated[int, typer.Option(min=0, help="Makes params and inputs.")]
ParamsFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="An .npz file of params, for made ones.")
]
Memory = Annotated[str, typer.Option(metavar="SIZE", help="Refuse a run that needs more memory.")]


def verify(
    specs: Specs,
    variant: Variant = None,
    set_: Set = None,
    input_: Input = None,
    output: Output = None,
    backward: Backward = False,
    all_fields: AllFields = False,
    seed: Seed = 0,
    params: ParamsFile = None,
    memory: Memory = "4GiB",
    max_layers: MaxLayers = LAYERS,
    width: Annotated[int | None, typer.Option(min=20, help="Columns of the page.")] = None,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Use ASCII characters only.")] = False,
) -> None:
    """Run networks in NumPy and compare: shapes, params, multiply-adds, receptive fields.

    Exit code 1 says that a check failed.
    """
    from cnncalc.renderers.verification import FORMATS

    chosen = outputs(output or ["table"], tuple(FORMATS))
    if specs.count("-") > 1:
        raise CnncalcError("- is given twice, and standard input is there once")
    nets = [load(spec, variant, set_, input_, max_layers) for spec in specs]
    spare_nets(chosen, nets, params or "")
    options = {
        "backward": backward,
        "all_fields": all_fields,
        "seed": seed,
        "params": params,
        "memory_limit": _bytes(memory),
    }
    found = _verified(nets, options)
    _print(found, chosen, width=width, ascii=ascii_)
    if not all(each.ok for each in found):
        raise typer.Exit(1)


def _verified(nets: list[Any], options: dict[str, Any]) -> list[Any]:
    import cnncalc
    from cnncalc.renderers.text import clean

    found = []
    with _progress(len(nets)) as tell:
        for number, net in enumerate(nets):
            title = net.origin.variant or net.origin.name or net.origin.spec
            advance = partial(tell, number, clean(title))
            found.append(cnncalc.verify(net, advance=advance, **options))
    return found


def _print(
    found: list[Any],
    chosen: list[tuple[str, str]],
    *,
    width: int | None,
    ascii: bool,  # noqa: A002 the option's name
) -> None:
    from cnncalc.renderers.verification import render

    def rendered(name: str, path: str) -> str:
        only = ascii or (not path and only_ascii())
        return render(found, name, width=width, color=False if path else None, ascii=only)

    write_all(chosen, rendered)


def _bytes(text: str) -> int:
    from cnncalc.units import parse_quantity

    value, dimension = parse_quantity(text)
    if dimension not in ("byte", "") or value != int(value):
        raise CnncalcError(f"--memory {text}: not a size in bytes", hint="write --memory 8GiB")
    return int(value)


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int, str, str], Any]]:
    """Yield a function to be told the number of the network, its name, and what is being done."""
    seen = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    if not seen:
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from cnncalc.renderers.text import clean

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verify", total=count if count > 1 else None, step="")
        yield lambda number, name, step: bar.update(
            task, completed=number, description=name, step=clean(step)
        )
