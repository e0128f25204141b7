"""Every example in the README and the documentation does what the page says.

A page is a session in a folder of its own, from its top to its end:

- a yaml block whose first line says ```yaml FILE is written to that file and must analyse, or must
  be refused where it says ```yaml FILE broken;
- in a console block, each `$ cnncalc …` runs, and what follows is its output; a line that holds
  nothing but … stands for any number of lines, and `$ echo $?` prints the last exit code; `$ git …`
  and `$ cp …` run, too, and print nothing;
- a python block runs, as a doctest where it has prompts.

REGENERATE=1 writes the present output into the pages' console blocks, to be read before it is
believed.
"""

from __future__ import annotations

import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cnncalc
from cnncalc import cli

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GENERATED = {"reference.md"}
"""Pages with examples that are parts of specs; they are tested where they are generated."""

REGENERATE = bool(os.environ.get("REGENERATE"))
FENCE = re.compile(r"^```(\w*) *(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block of a page; `info` is what stands behind the language."""

    language: str
    info: list[str]
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(match[1], match[2].split(), match[3], line)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the output that follows it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run a cnncalc command in this process; return its exit code and all that it printed."""
    name, *arguments = shlex.split(command)
    assert name == "cnncalc", f"cannot run {command!r}"
    monkeypatch.setattr(sys, "argv", ["cnncalc", *arguments])
    printed = io.BytesIO()
    stream = io.TextIOWrapper(printed, encoding="utf-8", newline="\n", write_through=True)
    with redirect_stdout(stream), redirect_stderr(stream):
        code = cli.run()
    return code, printed.getvalue().decode()


def matches(expected: str, output: str) -> bool:
    lines = stripped(expected).splitlines(keepends=True)
    pattern = "".join(r"(?:.*\n)*?" if line == "…\n" else re.escape(line) for line in lines)
    return re.fullmatch(pattern, stripped(output)) is not None


def stripped(text: str) -> str:
    """Return lines without space at their ends, and without empty lines at the end."""
    return "".join(line.rstrip() + "\n" for line in text.rstrip().split("\n"))


class Session:
    """Runs the blocks of one page, in a folder that holds the files the page shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.names: dict[str, Any] = {"__name__": "__page__"}
        self.code = 0

    def yaml(self, block: Block) -> None:
        assert block.info, "a yaml example needs a file name behind its fence, so that it is tested"
        name, *rest = block.info
        Path(name).write_text(block.text, encoding="utf-8")
        if rest == ["broken"]:
            with pytest.raises(cnncalc.CnncalcError):
                cnncalc.analyze(name)
        else:
            assert not rest, f"what is {rest}?"
            assert all(check.ok for check in cnncalc.analyze(name).checks)

    def console(self, block: Block) -> str:
        """Run each command; return the block with the present output, elided where it was."""
        assert block.text.startswith("$ "), "a console example starts with $"
        present = ""
        for command, expected in commands(block.text):
            if command == "echo $?":
                output = f"{self.code}\n"
            elif shlex.split(command)[0] in {"git", "cp"}:
                subprocess.run(shlex.split(command), check=True)
                output = ""
            else:
                self.code, output = run(command, self.monkeypatch)
                assert self.code != cli.INTERNAL_ERROR, output
            same = matches(expected, output)
            assert same or REGENERATE, f"the page differs from\n$ {command}\n{output}"
            present += f"$ {command}\n{expected if same else stripped(output)}"
        return present

    def python(self, block: Block) -> None:
        if ">>>" not in block.text:
            exec(compile(block.text, "<page>", "exec"), self.names)  # noqa: S102 our own page
            return
        test = doctest.DocTestParser().get_doctest(block.text, self.names, "page", None, 0)
        said: list[str] = []
        runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
        runner.run(test, out=said.append, clear_globs=False)
        self.names = test.globs
        assert not said, "".join(said)


@pytest.fixture
def session(tmp_path, monkeypatch) -> Session:
    """A session in an empty folder, on a page of 100 columns, wherever the tests run."""
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "NO_COLOR", "CNNCALC_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):  # and so the commits of a page are always the same
        monkeypatch.setenv(f"GIT_{who}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "somebody@example.org")
        monkeypatch.setenv(f"GIT_{who}_DATE", "2024-01-01T12:00:00Z")
    monkeypatch.setattr(os, "get_terminal_size", _no_terminal)
    return Session(monkeypatch)


def _no_terminal(*_: object) -> os.terminal_size:
    raise OSError


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples(page, session):
    """Each example of a page runs, and prints what the page shows."""
    for block in list(blocks(page)):
        step = getattr(session, block.language, None)
        if step is None or (page.name in GENERATED and not block.info):
            continue
        try:
            present = step(block) or block.text
        except (AssertionError, cnncalc.CnncalcError) as error:
            pytest.fail(f"{page.name}:{block.line}: {error}", pytrace=False)
        if present != block.text:
            text = page.read_text(encoding="utf-8").replace(block.text, present)
            page.write_text(text, encoding="utf-8")


def slug(heading: str) -> str:
    """Return a heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page):
    """Each link to a file of the project leads to that file, and to a heading in it."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            headings = HEADING.findall(FENCE.sub("", target.read_text(encoding="utf-8")))
            assert anchor in map(slug, headings), f"{page.name}: {link}"


def test_readme_opens_with_two_commands():
    """The README's first two blocks set up and run the main job, then set up and run the tests."""
    first, second = list(blocks(ROOT / "README.md"))[:2]
    assert first.text.split(" && ")[0] == second.text.split(" && ")[0] == "python3 -m venv .venv"
    assert "cnncalc analyze resnet50" in first.text
    assert second.text.rstrip().endswith(".venv/bin/pytest")
