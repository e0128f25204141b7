"""Numbers and axes as the formulas write them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from textwrap import wrap
from typing import TypeVar

from cnncalc.geometry import Interval

OUTPUT_LETTERS = ((), ("L",), ("H", "W"), ("D", "H", "W"))
"""Letters of the output's axes by rank; the course notes use H and W."""
KERNEL_LETTERS = ((), ("k",), ("h", "w"), ("k_d", "h", "w"))

_ASCII = str.maketrans(
    {
        "×": "x",
        "·": "*",
        "−": "-",
        "⌊": "floor(",
        "⌋": ")",
        "⌈": "ceil(",
        "⌉": ")",
        "…": "...",
        "→": "->",
        "√": "sqrt",
        "γ": "gamma",
        "β": "beta",
        "μ": "mean",
        "σ": "sigma",
        "²": "^2",
        "ε": "eps",
        "–": "-",
        "α": "alpha",
        "Σ": "sum",
    }
)

Key = TypeVar("Key", bound=Hashable)


def number(value: int) -> str:
    """Return a whole number with separators and a true minus sign: −1,024."""
    return f"{value:,}".replace("-", "−")


def product(factors: Iterable[int]) -> str:
    """Return 3·3·64; 1 where there are no factors."""
    return "·".join(map(number, factors)) or "1"


def letters(names: Iterable[str]) -> str:
    """Return h·w·c; 1 where there are none."""
    return "·".join(names) or "1"


def less(value: int) -> str:
    """Return a value as it is taken away: − 3, or + 3 for −3."""
    return f"{'+' if value < 0 else '−'} {number(abs(value))}"


def interval(found: Interval) -> str:
    """Return an interval with both ends: [−1, 1]."""
    return f"[{number(found[0])}, {number(found[1])}]"


def listed(names: Sequence[str]) -> str:
    """Return names as people list them: D, H and W."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def by_axis(keys: Sequence[Key]) -> list[tuple[str, int]]:
    """Return (names of the axes, index of the first of them) for each different key."""
    names: dict[Key, list[str]] = {}
    for name, key in zip(OUTPUT_LETTERS[len(keys)], keys, strict=True):
        names.setdefault(key, []).append(name)
    return [(listed(each), keys.index(key)) for key, each in names.items()]


def written(value: object) -> str:
    """Return an argument as a spec writes it: true, [1, 2], half."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def zeros(count: int) -> str:
    """Return 1 zero, 2 zeros."""
    return "1 zero" if count == 1 else f"{count} zeros"


def prose(text: str) -> list[str]:
    """Return a text as lines of at most 92 characters, with true minus signs."""
    return wrap(text.replace(" - ", " − "), 92)


def printable(text: str) -> str:
    """Return a text on one line: a file's name may hold characters that move the cursor."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def to_ascii(text: str) -> str:
    """Return a text in ASCII alone: floor(…) for ⌊…⌋, x for ×."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
