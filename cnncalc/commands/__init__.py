"""The commands that have a module of their own, which is loaded when one of them is asked for."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

MODULES = ("check", "diff", "lock", "specs", "verify")
"""Command -> the module here with a function of the same name."""


def named(only: str = "") -> list[Callable[..., Any]]:
    """Return the commands of this name, or all of them."""
    chosen = [name for name in MODULES if not only or name == only]
    return [getattr(import_module(f"cnncalc.commands.{name}"), name) for name in chosen]
