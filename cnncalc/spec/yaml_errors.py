"""The YAML parser's own errors, in plain words with a hint for what a spec's author meant."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from cnncalc.errors import Problem
from cnncalc.spec.document import Document, Mark, Place
from cnncalc.spec.suggest import ternary_hint

_KEY_BEFORE = re.compile(r"([\w.]+(?:\([\w.*]*\))?)\s*:\s*$")
_COMMENT = re.compile(r"\s+#.*$")
_BRACKETED = re.compile(r"[\w.]+\[[^\]]*\]?")
_TOKEN = re.compile(
    r"""("(?:\\.|[^"\\])*(?:"|\\?$)|'[^']*(?:'|$))|(?:^|\s)\#.*|([\[\]{}])""", re.VERBOSE
)
_PIECE_START = re.compile(r"[\[{,]|:\s|^\s*-\s")
_PIECE_END = re.compile(r"[,\]}]|\s#")
_NEAR = 200
"""Characters looked at on each side of an error: a line may be a million long."""

_LONGEST_KEY = 1024
"""YAML's own limit, for a key that is not marked by `?`."""

_CLOSING = {"[": "]", "{": "}"}


def translate(document: Document, error: yaml.YAMLError) -> Problem:
    """Return a YAML error as a problem: one plain sentence, its place, and a hint where it helps.

    The two parsers (C and Python) differ in wording; the parts looked for are common to both.
    """
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(f"the file is not YAML: {error}", document.file)
    fault = _Fault(document, error)
    for wanted, explain in _RULES:
        if wanted in fault.words:
            return explain(fault)
    return fault.problem(fault.at, f"the file is not YAML: {fault.words}")


class _Fault:
    """An error with its line cut at the place of the error."""

    def __init__(self, document: Document, error: yaml.MarkedYAMLError) -> None:
        self.document = document
        self.words = f"{error.context or ''}, {error.problem or ''}".strip(", ")
        start = Place(0, 0)
        self.at: Mark = error.problem_mark or error.context_mark or start
        self.opened: Mark = error.context_mark or self.at
        line = document.line(self.at.line)
        self.before = line[max(0, self.at.column - _NEAR) : self.at.column]
        self.rest = line[self.at.column : self.at.column + _NEAR]

    @property
    def at_end(self) -> bool:
        return not self.rest.strip() and not any(
            line.strip() for line in self.document.lines[self.at.line + 1 :]
        )

    def problem(self, mark: Mark, text: str, *, label: str = "", hint: str = "") -> Problem:
        return self.document.problem(mark, text, label=label, hint=hint)


def _undefined_alias(fault: _Fault) -> Problem:
    match = re.match(r"\*?([\w-]+)", fault.rest)
    name = match[1] if match else "the name"
    hint = f"`*` starts a YAML alias; write `{name}`"
    return fault.problem(fault.at, f"no anchor is called '{name}'", hint=hint)


def _property(fault: _Fault) -> Problem:
    line = fault.document.line(fault.opened.line)
    mark = line[fault.opened.column : fault.opened.column + 1]
    hint = "write `and`" if line.startswith("&&", fault.opened.column) else "quote the value"
    return fault.problem(fault.opened, f"`{mark}` cannot start a value", hint=hint)


def _block_text(fault: _Fault) -> Problem:
    return _operator_first(fault, fault.opened)


def _operator_first(fault: _Fault, mark: Mark) -> Problem:
    """Explain `rf: >= 224`, which YAML takes for a block of text."""
    line = fault.document.line(mark.line)
    before = line[max(0, mark.column - _NEAR) : mark.column]
    key = _KEY_BEFORE.search(before)
    flow = "[" in before or "{" in before
    rest = _COMMENT.sub("", line[mark.column : mark.column + _NEAR]).rstrip()
    rest = re.split(r"[,}\]]", rest)[0] if flow else rest
    compares = key is not None and rest.startswith(">")
    hint = f"write `- {key[1]} {rest}`" if key and compares else "quote the value"
    text = f"`{line[mark.column : mark.column + 1]}` cannot start a value"
    return fault.problem(mark, text, hint=hint)


def _bad_start(fault: _Fault) -> Problem:
    mark = fault.rest[:1]
    if mark == "\t":
        return _tab(fault)
    if mark in {">", "|"}:
        return _operator_first(fault, fault.at)
    shown = "a backtick" if mark == "`" else f"`{mark}`"
    return fault.problem(fault.at, f"{shown} cannot start a value", hint="quote the value")


def _tab(fault: _Fault) -> Problem:
    return fault.problem(fault.at, "a tab cannot indent a line", hint="use spaces")


def _is_long_key(fault: _Fault, ends: str) -> bool:
    """Whether so much text stands before a colon that YAML no longer takes it for a key."""
    line = fault.document.line(fault.at.line)
    near = line[max(0, fault.at.column - _LONGEST_KEY) : fault.at.column]
    return len(near) == _LONGEST_KEY and not set(near) & set(ends)


def _long_key(fault: _Fault) -> Problem:
    text = f"a key has at most {_LONGEST_KEY:,} characters"
    return fault.problem(fault.at, text, hint="write a shorter one")


def _second_colon(fault: _Fault) -> Problem:
    if _is_long_key(fault, "[]{}:"):
        return _long_key(fault)
    if "?" in fault.before:
        return _ternary(fault)
    if ": " in fault.before:
        hint = "quote the value, or write { } around a mapping"
        return fault.problem(fault.at, "a value holds a second colon", hint=hint)
    hint = "end the line above with a colon, or indent this line like it"
    return fault.problem(fault.at, "a key cannot stand here", hint=hint)


def _ternary(fault: _Fault) -> Problem:
    near = fault.before + fault.rest
    mark = near.rfind("?", 0, len(fault.before) + 1)
    text = _PIECE_START.split(near[:mark])[-1] + _PIECE_END.split(near[mark:])[0]
    place = Place(fault.at.line, fault.at.column - len(fault.before) + mark)
    return fault.problem(place, "`? :` is not part of an expression", hint=ternary_hint(text))


def _open_flow(fault: _Fault) -> Problem:
    if fault.rest.startswith(":") and _is_long_key(fault, "[]{}:,"):
        return _long_key(fault)
    if fault.rest.startswith((":", "?")) and "?" in fault.before + fault.rest[0]:
        return _ternary(fault)
    if fault.rest.startswith("[") and fault.before[-1:].isidentifier():
        found = _BRACKETED.search(fault.before + fault.rest, _word_start(fault.before))
        shown = f': "{found[0]}"' if found else ""
        text = "brackets inside [ ] or { } start a list"
        return fault.problem(fault.at, text, hint=f"quote an expression that has brackets{shown}")
    opening = fault.document.line(fault.opened.line)[fault.opened.column : fault.opened.column + 1]
    closing = _CLOSING.get(opening, "]")
    if fault.at.line > fault.opened.line or not fault.rest.strip():
        last = min(fault.at.line + 1, len(fault.document.lines))
        label = f"no `{closing}` up to line {last}"
        text = f"this `{opening}` is never closed"
        return fault.problem(fault.opened, text, label=label, hint=f"add the `{closing}`")
    label = f"`{opening}` was opened in column {fault.opened.column + 1}"
    return fault.problem(fault.at, f"expected `,` or `{closing}` here", label=label)


def _word_start(text: str) -> int:
    match = re.search(r"[\w.]*$", text)
    return match.start() if match else len(text)


def _no_content(fault: _Fault) -> Problem:
    opened = _last_open(fault.document) if fault.at_end else None
    if opened is None:
        return _nothing(fault)
    line = fault.document.line(opened.line)
    opening = line[opened.column]
    hint = f"add the `{_CLOSING[opening]}`"
    return fault.problem(opened, f"this `{opening}` is never closed", hint=hint)


def _nothing(fault: _Fault) -> Problem:
    if fault.rest.startswith(":"):
        return _missing_key(fault)
    if fault.rest[:1] in _CLOSING.values():
        return fault.problem(fault.at, f"`{fault.rest[0]}` closes nothing", hint="remove it")
    return fault.problem(fault.at, "a value is missing here", hint="write a value")


def _missing_key(fault: _Fault) -> Problem:
    return fault.problem(fault.at, "a key is missing before the colon", hint="write the key")


def _last_open(document: Document) -> Place | None:
    """Return the innermost bracket that is still open at the end of the file."""
    stack: list[Place] = []
    for number, line in enumerate(document.lines):
        for match in _TOKEN.finditer(line):
            if match[2] in _CLOSING:
                stack.append(Place(number, match.start(2)))
            elif match[2] and stack:
                stack.pop()
    return stack[-1] if stack else None


def _open_quote(fault: _Fault) -> Problem:
    if "end of stream" not in fault.words and "end of the stream" not in fault.words:
        hint = "use single quotes, in which a backslash is only itself"
        return fault.problem(fault.at, "this escape does not exist in YAML", hint=hint)
    return fault.problem(fault.opened, "this quote is never closed", hint="add the closing quote")


def _indentation(fault: _Fault) -> Problem:
    if fault.rest.startswith(":"):
        return _missing_key(fault)
    if fault.before.strip():
        return _trailing(fault)
    if fault.at.column == fault.opened.column:
        return _mixed(fault)
    label = (
        f"column {fault.at.column + 1}; line {fault.opened.line + 1} above it "
        f"starts in column {fault.opened.column + 1}"
    )
    hint = "indent it like the lines it belongs to"
    return fault.problem(fault.at, "this line does not fit those above", label=label, hint=hint)


def _mixed(fault: _Fault) -> Problem:
    if fault.rest.startswith("-"):
        text = "a list item stands among the keys of a mapping"
        return fault.problem(fault.at, text, hint="put it below a key of its own")
    text = "a key stands among the items of a list"
    return fault.problem(fault.at, text, hint="start the line with `- `")


def _trailing(fault: _Fault) -> Problem:
    text = "text follows a value that has ended"
    return fault.problem(fault.at, text, hint="quote the whole value")


def _inline_list(fault: _Fault) -> Problem:
    text = "a list cannot start on the line of its key"
    return fault.problem(fault.at, text, hint="start it on a line of its own, or write [ ]")


def _missing_colon(fault: _Fault) -> Problem:
    text = "a colon is missing behind this key"
    return fault.problem(fault.opened, text, hint="write `key: value`")


def _second_document(fault: _Fault) -> Problem:
    return fault.problem(fault.at, "a file holds one document", hint="remove the `---`")


def _after_end(fault: _Fault) -> Problem:
    if fault.before.strip():
        return _trailing(fault)
    if fault.at_end:
        return fault.problem(fault.at, "the file ends behind a directive", hint="remove the line")
    text = "this line stands behind the end of the document"
    return fault.problem(fault.at, text, hint="remove it, or indent it like the lines above")


def _directive(fault: _Fault) -> Problem:
    text = "YAML directives are not part of a spec"
    return fault.problem(fault.at, text, hint="remove the line that starts with %")


def _anchor_twice(fault: _Fault) -> Problem:
    label = f"first on line {fault.opened.line + 1}"
    hint = "give each anchor its own name"
    return fault.problem(fault.at, "this anchor is defined twice", label=label, hint=hint)


def _tag(fault: _Fault) -> Problem:
    hint = "remove the `!`; for a negation write `not`"
    return fault.problem(fault.opened, "YAML tags are not part of a spec", hint=hint)


def _question(fault: _Fault) -> Problem:
    return fault.problem(fault.at, "`?` cannot start a value", hint="quote the value")


_RULES: tuple[tuple[str, Callable[[_Fault], Problem]], ...] = (
    ("found undefined alias", _undefined_alias),
    ("scanning an alias", _property),
    ("scanning an anchor", _property),
    ("scanning a block scalar", _block_text),
    ("cannot start any token", _bad_start),
    ("tab character", _tab),
    ("mapping values are not allowed", _second_colon),
    ("expected ',' or", _open_flow),
    ("quoted scalar", _open_quote),
    ("double-quoted scalar", _open_quote),
    ("expected key", _indentation),
    ("expected <block end>", _indentation),
    ("expected '-' indicator", _indentation),
    ("block sequence entries are not allowed", _inline_list),
    ("sequence entries are not allowed", _inline_list),
    ("expected ':'", _missing_colon),
    ("another document", _second_document),
    ("document start", _after_end),
    ("incompatible YAML", _directive),
    ("directive", _directive),
    ("duplicate anchor", _anchor_twice),
    ("tag", _tag),
    ("expected node content", _no_content),
    ("expected the node content", _no_content),
    ("mapping keys are not allowed", _question),
)
