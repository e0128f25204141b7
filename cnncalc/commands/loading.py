"""The options that choose a network, and the network that they choose."""

# No `from __future__ import annotations` here: typer would have to evaluate each annotation again.
import sys
from typing import Annotated, Any

import typer

from cnncalc.errors import CnncalcError

Variant = Annotated[str | None, typer.Option("--variant", help="A variant of the spec.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a variable.")
]
Input = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="[NAME=]SHAPE", help="Another input shape: 3x256x256."),
]
MaxLayers = Annotated[
    int, typer.Option("--max-layers", min=1, help="How many layers a spec may expand to.")
]
LAYERS = 100_000
STDIN_BYTES = (1 << 20) + 1


def load(
    spec: str,
    variant: str | None,
    overrides: list[str] | None,
    shapes: list[str] | None,
    max_layers: int,
) -> Any:
    """Return the network of a spec, given as on the command line."""
    import cnncalc

    options: dict[str, Any] = {
        "variant": variant,
        "set": dict(_pair("--set", text) for text in overrides or ()),
        "input": dict(_input(text) for text in shapes or ()),
        "max_layers": max_layers,
    }
    if spec == "-":
        text = sys.stdin.buffer.read(STDIN_BYTES)  # a little more than a spec may have
        return cnncalc.loads(text, name="<stdin>", **options)
    return cnncalc.load(spec, **options)


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise CnncalcError(f"{option} {text}: not NAME=VALUE", hint=f"write {option} width=0.5")
    return name, value


def _input(text: str) -> tuple[str, tuple[int, ...]]:
    name, _, shape = text.rpartition("=")
    sizes = shape.replace("×", "x").replace(",", "x").split("x")
    if not all(size.strip().isdecimal() and len(size) < 12 for size in sizes):
        raise CnncalcError(f"--input {text}: not a shape", hint="write --input 3x224x224")
    return name, tuple(int(size) for size in sizes)
