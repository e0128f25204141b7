"""Numbers as people write them, and back: 25.6 M, 97.5 MiB, 25,557,032. Exact integers inside."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cnncalc.errors import BudgetError
from cnncalc.records import Record

if TYPE_CHECKING:
    from fractions import Fraction

_SI = "kMGTPE"
_IEC = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_WORDS = {
    "": "",
    "params": "params",
    "param": "params",
    "MACs": "MAC",
    "MAC": "MAC",
    "FLOPs": "FLOP",
    "FLOP": "FLOP",
    "px": "px",
    "B": "byte",
}
_UNITS = {
    prefix + word: (1000**power, dimension)
    for power, prefix in enumerate(("", *_SI))
    for word, dimension in _WORDS.items()
} | {unit: (1024**power, "byte") for power, unit in enumerate(_IEC, start=1)}
_QUANTITY = (
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.(?P<part>\d[\d_]*))?(?:[eE](?P<power>[+-]?\d+))?"
    r"\s*(?P<prefix>(?:[^\W\d_][\w.]*)?)(?:\s+(?P<word>[^\W\d_][\w.]*))?"
)
"""Compiled when the first quantity is read: most reports have none to read."""
DTYPE_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
"""What a value takes in memory, in bytes."""

_MOST_DIGITS = 64
"""More digits than any network has parameters; a limit so that 1e999999999 is not computed."""


class Quantity(Record):
    """An exact amount and what it counts: params, MAC, FLOP, byte, px; "" where not said."""

    value: int | Fraction
    dimension: str


def exact(value: int) -> str:
    """Return a count with all its digits: 25,557,032."""
    return f"{value:,}"


@lru_cache(maxsize=4096)
def si(value: int | Fraction) -> str:
    """Return a count with three significant digits: 25.6 M; below 1000 it is exact."""
    if -1000 < value < 1000:
        return str(value)
    sign = "-" if value < 0 else ""
    size = -value if value < 0 else value
    for power, prefix in enumerate(_SI, start=1):
        digits = _three_digits(size, 1000**power, 1000)
        if digits:
            return f"{sign}{digits} {prefix}"
    return f"{sign}{_scientific(size)}"


def iec(size: int | Fraction) -> str:
    """Return a number of bytes with three significant digits: 97.5 MiB; below 1024 it is exact."""
    if size < 1024:
        return f"{size} B"
    for power, unit in enumerate(_IEC, start=1):
        digits = _three_digits(size, 1024**power, 1024)
        if digits:
            return f"{digits} {unit}"
    return f"{exact(size // 1024**6)} EiB"


def percent(part: int | Fraction, whole: int | Fraction) -> str:
    """Return a share to the nearest percent, halves up: 98%; nothing where there is no whole."""
    return f"{(200 * part + whole) // (2 * whole)}%" if whole else ""


def parse_quantity(text: str) -> Quantity:
    """Return what a person wrote as an exact amount: 5M, 512 KiB, 25_557_032, 4.1 GFLOPs, 224 px.

    k M G T P E are powers of 1000, Ki Mi Gi … of 1024 (bytes only). Raises BudgetError for
    anything that is not a number with a known unit.
    """
    match = re.fullmatch(_QUANTITY, text.strip(), re.ASCII)
    if match is None:
        raise BudgetError(
            f"{text.strip()!r} is not a quantity",
            hint="write a number and a unit, such as 5M, 512 KiB, 4.1 GFLOPs or 224 px",
        )
    unit = f"{match['prefix']} {match['word'] or ''}".strip()
    whole = unit.replace(" ", "")
    apart = not match["word"] or (match["prefix"] in {*_SI} and match["word"] in _WORDS)
    if whole not in _UNITS or not apart:
        raise BudgetError(f"{unit!r} in {text.strip()!r} is not a unit", hint=_unit_hint(whole))
    factor, dimension = _UNITS[whole]
    value = _number(match, text) * factor
    return Quantity(int(value) if value == int(value) else value, dimension)


def _number(match: re.Match[str], text: str) -> int | Fraction:
    whole = match["whole"].replace(",", "").replace("_", "")
    part = (match["part"] or "").replace("_", "")
    power = int((match["power"] or "0")[:6]) - len(part)
    if len(whole) + len(part) > _MOST_DIGITS or abs(power) > _MOST_DIGITS:
        raise BudgetError(
            f"{text.strip()[:24]!r} has more than {_MOST_DIGITS} digits", hint="write fewer digits"
        )
    if power >= 0:
        return int(whole + part) * int(10**power)
    from fractions import Fraction

    return Fraction(int(whole + part), int(10**-power))


def _unit_hint(unit: str) -> str:
    if unit in {"KB", "kb", "Kb"}:
        return "write kB for 1000 bytes or KiB for 1024"
    for known in _UNITS:
        if known.lower() == unit.lower():
            return f"did you mean {known!r}?"
    return "units are params, MACs, FLOPs, px and B after k M G T, or KiB MiB GiB"


def _three_digits(size: int | Fraction, scale: int, step: int) -> str:
    """Return size/scale, halves rounded up, or "" where rounding reaches the next unit."""
    for decimals in (2, 1, 0):
        rounded = (2 * size * 10**decimals + scale) // (2 * scale)
        if rounded < (1000 if decimals else step):
            whole, part = divmod(rounded, 10**decimals)
            return f"{whole}.{part:0{decimals}}" if decimals else str(whole)
    return ""


def _scientific(size: int | Fraction) -> str:
    power = len(str(int(size))) - 1
    rounded = (2 * size + 10 ** (power - 2)) // (2 * 10 ** (power - 2))
    if rounded == 1000:
        rounded, power = 100, power + 1
    return f"{rounded // 100}.{rounded % 100:02}e{power}"
