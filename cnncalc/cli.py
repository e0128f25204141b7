"""The command line: options to one call of the API, to a renderer, to an exit code."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from cnncalc import commands
from cnncalc.commands.loading import LAYERS, Input, MaxLayers, Set, Variant, load
from cnncalc.commands.output import only_ascii as _only_ascii
from cnncalc.commands.output import outputs, spare_nets, write_all
from cnncalc.commands.output import print_text as _print
from cnncalc.errors import CnncalcError

BAD_INPUT = 2
INTERNAL_ERROR = 70
INTERRUPTED = 130

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A YAML file, FILE@VARIANT, the name of a bundled network, or - for standard input.",
    ),
]
Convention = Annotated[
    str, typer.Option("--convention", help="How FLOPs are counted: notes, macs, ops, thop, …")
]
Ascii = Annotated[bool, typer.Option("--ascii", help="Use ASCII characters only.")]


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from cnncalc import __version__

        _print(f"cnncalc {__version__}")
        raise typer.Exit


def analyze(
    spec: Spec,
    variant: Variant = None,
    set_: Set = None,
    input_: Input = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FORMAT[=PATH]",
            help="table, json, csv, markdown or concise; repeatable.",
        ),
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=1, help="Sum up groups below this depth.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only the most expensive rows.")] = None,
    by: Annotated[str | None, typer.Option(help="Sum up by: type.")] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="KEY,KEY…", help="The columns to show.")
    ] = None,
    sort: Annotated[str | None, typer.Option(metavar="KEY", help="Sort rows by a column.")] = None,
    parts: Annotated[
        bool, typer.Option("--parts", help="Show a conv, its norm and its activation apart.")
    ] = False,
    convention: Convention = "notes",
    batch: Annotated[int, typer.Option(min=1, help="Images at once.")] = 1,
    dtype: Annotated[
        str, typer.Option(help="float64, float32, float16, bfloat16, int8.")
    ] = "float32",
    max_layers: MaxLayers = LAYERS,
    width: Annotated[int | None, typer.Option(min=20, help="Columns of the page.")] = None,
    ascii_: Ascii = False,
) -> None:
    """Report params, MACs, FLOPs, feature maps and receptive fields of every layer."""
    import cnncalc

    outputs = _outputs(output or ["table"])
    net = load(spec, variant, set_, input_, max_layers)
    spare_nets(outputs, [net])
    report = cnncalc.analyze(net, convention=convention, batch=batch, dtype=dtype)
    _report(
        report,
        outputs,
        width=width,
        ascii=ascii_,
        depth=depth,
        top=top,
        by=by,
        columns=columns.split(",") if columns else None,
        sort=sort,
        parts=parts,
    )


def explain(
    spec: Spec,
    layer: Annotated[str | None, typer.Argument(metavar="[LAYER]", help="A layer's path.")] = None,
    variant: Variant = None,
    set_: Set = None,
    input_: Input = None,
    convention: Convention = "notes",
    vs: Annotated[str | None, typer.Option(metavar="NAME", help="Itemise against this.")] = None,
    max_layers: MaxLayers = LAYERS,
    ascii_: Ascii = False,
) -> None:
    """Show how each number of a layer comes about: the formula, then the numbers in it."""
    import cnncalc

    net = load(spec, variant, set_, input_, max_layers)
    ascii_ = ascii_ or _only_ascii()
    _print(cnncalc.explain(net, layer, convention=convention, vs=vs, ascii=ascii_))


def expand(
    spec: Spec,
    variant: Variant = None,
    set_: Set = None,
    input_: Input = None,
    max_layers: MaxLayers = LAYERS,
) -> None:
    """Print the flat network: every layer with its shapes and the line it comes from."""
    from cnncalc.listing import expand_text

    _print(expand_text(load(spec, variant, set_, input_, max_layers)))


def layers(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A layer type.")] = None,
) -> None:
    """List the layer types, or document one with its arguments and how its work is counted."""
    from cnncalc.listing import layers_text

    _print(layers_text(name))


def schema() -> None:
    """Print the JSON Schema of the spec language, for editors."""
    import json

    from cnncalc.spec.json_schema import json_schema

    _print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def _outputs(texts: list[str]) -> list[tuple[str, str]]:
    """Return (format, path) pairs; an empty path is standard output."""
    from cnncalc.renderers import FORMATS

    return outputs(texts, tuple(FORMATS))


def _report(report: Any, outputs: list[tuple[str, str]], *, ascii: bool, **options: Any) -> None:  # noqa: A002
    import cnncalc

    def rendered(name: str, path: str) -> str:
        only_ascii = ascii or (not path and _only_ascii())
        color = False if path else None
        return cnncalc.render(report, name, color=color, ascii=only_ascii, **options)

    write_all(outputs, rendered)


def _fail(error: CnncalcError) -> int:
    from cnncalc.renderers.errors import render_problems

    concise = any(
        argument in {"concise", "--output=concise", "-oconcise"} for argument in sys.argv[1:]
    )
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    _complain(render_problems(error.problems, concise=concise, color=color))
    return error.exit_code


def _complain(text: str) -> None:
    """Print an error; where that cannot be, the exit code still says which kind it was."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


COMMANDS = (analyze, explain, expand, layers, schema)


def application(only: str = "") -> typer.Typer:
    """Return the command line, with all commands or `only` one, which is quicker to build."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="CNN architecture calculator: params, MACs, FLOPs, feature maps, receptive fields.",
    )
    app.callback(invoke_without_command=True)(_root)
    chosen: list[Any] = [command for command in COMMANDS if command.__name__ == only]
    if only and not chosen:
        chosen = commands.named(only)
    chosen = chosen or [*COMMANDS, *commands.named()]
    for command in chosen:
        app.command()(command)
    return app


def run() -> int:
    """Run the command line; return 0, 1 where a check fails, 2 for bad input, 70 for a fault."""
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else "")()
        sys.stdout.flush()
    except SystemExit as stop:
        return _flushed(stop.code)
    except CnncalcError as error:
        return _fail(error)
    except BrokenPipeError:
        return _closed_pipe()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 the last resort: exit 1 would read as "budget failed"
        return _internal(error)
    return 0


def _flushed(code: object) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _closed_pipe()
    return code if isinstance(code, int) else 0 if code is None else BAD_INPUT


def _closed_pipe() -> int:
    """Let the reader of a pipe stop early, as `head` does, without a word."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _internal(error: Exception) -> int:
    import traceback

    if os.environ.get("CNNCALC_DEBUG"):
        traceback.print_exc()
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119 text alone
    _complain(
        f"internal error: {type(error).__name__}: {error} ({where})\n"
        "This is a fault in cnncalc, not in the spec. CNNCALC_DEBUG=1 prints where it happened."
    )
    return INTERNAL_ERROR
