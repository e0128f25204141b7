"""Broken specs and what a person reads about them, text beside text in tests/broken/*.txt.

REGENERATE=1 writes the present texts into those files, to be read before they are believed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.renderers.errors import render_problems

FOLDER = Path(__file__).parent / "broken"
REGENERATE = bool(os.environ.get("REGENERATE"))
PART = re.compile(r"^--- (file|options|error)\b *(.*)\n", re.MULTILINE)
WIDTH = 100


class Case(NamedTuple):
    """A broken spec, the files beside it, the options of the call, and the text of the error."""

    title: str
    written: str
    spec: str
    files: dict[str, str]
    options: dict[str, object]
    error: str


def read_cases(text):
    """Return the cases of a file: `=== title`, the spec, then `--- file`, `--- error`."""
    return [read_case(written) for written in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]]


def read_case(written):
    title, _, rest = written.partition("\n")
    pieces = PART.split(rest)
    spec, files, options, error = pieces[0], {}, {}, ""
    for kind, argument, body in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        if kind == "options":
            options = yaml.safe_load(argument)
            spec += body
        elif kind == "file":
            files[argument] = body.rstrip("\n") + "\n"
        else:
            error = body.rstrip("\n")
    return Case(title, written, spec.rstrip("\n") + "\n", files, options, error)


def message(case, folder):
    """Return the error that analysing the spec and printing its report raises, as printed."""
    for name, content in {"net.yaml": case.spec, **case.files}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    try:
        report = cnncalc.analyze(cnncalc.load("net.yaml", **case.options))
        cnncalc.render(report, "table", width=WIDTH)
    except CnncalcError as error:
        return render_problems(error.problems, width=WIDTH)
    return "no error"


FILES = sorted(FOLDER.glob("*.txt"))
CASES = [
    pytest.param(path, case, id=f"{path.stem}: {case.title}")
    for path in FILES
    for case in read_cases(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("path, case", CASES)
def test_error_text(path, case, tmp_path, monkeypatch):
    """A broken spec is answered with exactly the text beside it."""
    monkeypatch.chdir(tmp_path)
    found = message(case, tmp_path)
    if REGENERATE and found != case.error:
        fresh = re.split(r"^--- error\b.*\n", case.written, flags=re.MULTILINE)[0].rstrip("\n")
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace(f"=== {case.written}", f"=== {fresh}\n--- error\n{found}\n\n"),
            encoding="utf-8",
        )
    else:
        assert found == case.error
