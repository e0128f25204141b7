"""The YAML loader: meanings of scalars, the traps of YAML with their exact texts, and limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import SpecError
from cnncalc.spec import loader
from cnncalc.spec.loader import Limits, entries, is_plain, parse, scalar

ROWS = [
    # YAML 1.2.2, chapter 10.3.2 (the core schema)
    ("1", 1),
    ("-12", -12),
    ("+7", 7),
    ("0755", 755),
    ("0o14", 12),
    ("0xC", 12),
    ("1e3", 1000.0),
    ("-.5", -0.5),
    ("3.", 3.0),
    ("true", True),
    ("FALSE", False),
    ("null", None),
    ("~", None),
    ("", None),
    # text in YAML 1.2, and something else in PyYAML
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("3:30", "3:30"),
    ("1_000", "1_000"),
    ("2001-12-14", "2001-12-14"),
    ("0b1", "0b1"),
    # not numbers that a network can hold
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("9007199254740992", 2**53),
    ("9007199254740993", "9007199254740993"),
    ("1e999", "1e999"),
    # quoted text stays text
    ("'1'", "1"),
    ('"true"', "true"),
    ("''", ""),
    ("in.c // 2", "in.c // 2"),
]


def value_of(text):
    """Return the node of the first value of a mapping."""
    return parse(text, "f.yaml").root.value[0][1]


@pytest.mark.parametrize("text, expected", ROWS)
def test_scalar(text, expected):
    """A scalar means what YAML 1.2 says, with the right type."""
    value = scalar(value_of(f"a: {text}"))
    assert value == expected
    assert type(value) is type(expected)


def test_plain():
    """Only a scalar without quotes is plain; a collection has no scalar value."""
    nodes = parse("[a, 'a', [a]]", "f.yaml").root.value
    assert [is_plain(node) for node in nodes] == [True, False, False]
    assert scalar(nodes[2]) is None


def test_keys_are_text():
    """Keys that PyYAML turns into bools and numbers are text, as written."""
    document = parse("no: 1\non: 2\ny: 3\n1: 4\n~: 5\n'<<': 6", "f.yaml")
    assert [key for key, _, _ in entries(document, document.root)] == [
        *("no", "on", "y"),
        *("1", "~", "<<"),
    ]


BLOCK = "`>` cannot start a value"
TAGS = "YAML tags are not part of a spec"
TERNARY = "`? :` is not part of an expression; write `2 if i == 0 else 1`"
TAB = "a tab cannot indent a line; use spaces"
SPLIT = "a comma splits this expression"
COLON = "a value holds a second colon; quote the value, or write { } around a mapping"
TRAPS = [
    ("rf: >= 224", f"1:5: {BLOCK}; write `- rf >= 224`"),
    ("b:\n  - rf(stage2): > 3 # why", f"2:17: {BLOCK}; write `- rf(stage2) > 3`"),
    ("{rf: >= 224}", f"1:6: {BLOCK}; write `- rf >= 224`"),
    ("- >= 224", f"1:3: {BLOCK}; quote the value"),
    ("a: |x", "1:4: `|` cannot start a value; quote the value"),
    ("out: *c", "1:6: no anchor is called 'c'; `*` starts a YAML alias; write `c`"),
    ("out: * c", "1:6: `*` cannot start a value; quote the value"),
    ("when: && b", "1:7: `&` cannot start a value; write `and`"),
    ("a: [max(a, b), 3]",
     f"1:5: {SPLIT} ('max(a' and 'b)'); quote an expression that has commas: \"max(a, b)\""),
    ("a: {out: max(a, b)}",
     f"1:10: {SPLIT} ('max(a' and 'b)'); quote an expression that has commas: \"max(a, b)\""),
    ("a: [depths[i], 3]", ("1:11: brackets inside [ ] or { } start a list; "
     'quote an expression that has brackets: "depths[i]"')),
    ("s: i==0 ? 2 : 1", f"1:9: {TERNARY}"),
    ("{s: i==0 ? 2 : 1}", f"1:10: {TERNARY}"),
    ("a: [c, i==0 ? 2 : 1]", f"1:8: {TERNARY}"),
    ("a:\n\t- b", f"2:1: {TAB}"),
    ("a:\n  b: 1\n  \tc: 2", f"3:3: {TAB}"),
    ("a: !!int 3", f"1:4: {TAGS} (!!int); remove `!!int`"),
    ("a: !first and last", f"1:4: {TAGS} (!first); write `not first and last`"),
    ("a: ! x", f"1:4: {TAGS} (!); write `not x`"),
    ("a: &b !!seq [1]", f"1:7: {TAGS} (!!seq); remove `!!seq`"),
    ("a: !<", f"1:4: {TAGS}; remove the `!`; for a negation write `not`"),
    ("a: &b {c: 1}\nd: {<<: *b}",
     "2:5: merge keys are not part of a spec; write the keys out, or use defaults:"),
    ("a: 1\nb: 2\na: 3", "3:1: key 'a' is written twice (first on line 1); keep one of them"),
    ("a: 1\r\nb: 2\r\na: 3\r\n",
     "3:1: key 'a' is written twice (first on line 1); keep one of them"),
    ("\ufeffa: 1\na: 2", "2:1: key 'a' is written twice (first on line 1); keep one of them"),
    ("? [a]\n: b", "1:3: a key is a word, not a list; write a word before the colon"),
    ("a: [{b: 1}: 2]", "1:5: a key is a word, not a mapping; write a name alone, without { }"),
    (": 3", "1:1: a key is missing before the colon; write the key"),
    ("{: 3}", "1:2: a key is missing before the colon; write the key"),
    ("?", "1:2: a key is missing before the colon; write the key"),
    ("a: ? b", "1:4: `?` cannot start a value; quote the value"),
    ("", "1:1: the file is empty; a spec has at least `input:` and `layers:`"),
    ("# only a comment", "1:1: the file is empty; a spec has at least `input:` and `layers:`"),
    ("a: 1\n---\nb: 2", "2:1: a file holds one document; remove the `---`"),
    ("%YAML 2.0\n---\na: 1",
     "1:1: YAML directives are not part of a spec; remove the line that starts with %"),
    ("a: [1, 2\n", "1:4: this `[` is never closed (no `]` up to line 2); add the `]`"),
    ("a: {b: 1\nc: 2\n", "1:4: this `{` is never closed (no `}` up to line 2); add the `}`"),
    ("a: [\n1,\n  b: [\n", "3:6: this `[` is never closed; add the `]`"),
    ("a: [1}", "1:6: expected `,` or `]` here (`[` was opened in column 4)"),
    ("a: ]", "1:4: `]` closes nothing; remove it"),
    ("[a, , b]", "1:5: a value is missing here; write a value"),
    ("a: 'x\nb: 2", "1:4: this quote is never closed; add the closing quote"),
    ("a: 'it's'", "1:8: text follows a value that has ended; quote the whole value"),
    ('"a" b', "1:5: text follows a value that has ended; quote the whole value"),
    ('a: "\\q"', ("1:5: this escape does not exist in YAML; "
     "use single quotes, in which a backslash is only itself")),
    ("a:\n  b: 1\n c: 2", ("3:2: this line does not fit those above (column 2; line 1 above it "
     "starts in column 1); indent it like the lines it belongs to")),
    ("- a\nb: c", "2:1: a key stands among the items of a list; start the line with `- `"),
    ("a: 1\n- b", ("2:1: a list item stands among the keys of a mapping; "
     "put it below a key of its own")),
    ("a: b\n  c: d", ("2:4: a key cannot stand here; "
     "end the line above with a colon, or indent this line like it")),
    ("a: b: c", f"1:5: {COLON}"),
    ("a: - b", ("1:4: a list cannot start on the line of its key; "
     "start it on a line of its own, or write [ ]")),
    ("- - a\n  b", "2:3: a colon is missing behind this key; write `key: value`"),
    ("--- a\n...\nb", ("3:1: this line stands behind the end of the document; "
     "remove it, or indent it like the lines above")),
    ("%TAG ! x\n\n", "3:1: the file ends behind a directive; remove the line"),
    ("a: @b", "1:4: `@` cannot start a value; quote the value"),
    ("a: `b`", "1:4: a backtick cannot start a value; quote the value"),
    ("a: &b 1\nc: &b 2",
     "2:4: this anchor is defined twice (first on line 1); give each anchor its own name"),
    ("a: &b [*b]", "1:7: an alias stands inside its own anchor; remove the alias"),
    ("a: \x07", "1:4: this character is not allowed (U+0007); remove it"),
    ("a: \ud800", "1:4: this character is not allowed (U+D800); remove it"),
    ("a: b\ufeff", "1:5: this character is not allowed (U+FEFF); remove it"),
    ('a: "\\e[31m"', "1:4: this character is not allowed (U+001B); remove it"),
    (b"a: 1\nb: \xc3\xa4\xe4\n", ("2:5: the file is not UTF-8 (byte 0xe4); "
     "save the file as UTF-8")),
]  # fmt: skip


def problems_of(text, limits=loader.DEFAULT_LIMITS):
    with pytest.raises(SpecError) as caught:
        parse(text, "f.yaml", limits)
    return caught.value.problems


@pytest.mark.parametrize("text, expected", TRAPS)
def test_trap(text, expected):
    """Each trap of YAML is one problem, in plain words, at its place, with what to write."""
    (problem,) = problems_of(text)
    assert problem.concise() == "f.yaml:" + expected.replace(": ", ": error: ", 1)


# The two parsers read these differently; both refuse the first two and need not agree on the rest.
DIFFERENT = (
    "a: [c, i==0 ? 2 : 1]",
    'a: "\\q"',
)


@pytest.mark.parametrize("text, expected", [row for row in TRAPS if row[0] not in DIFFERENT])
def test_trap_without_the_c_parser(monkeypatch, text, expected):
    """Where PyYAML was built without its C parser, the problems read the same."""
    monkeypatch.setattr(loader, "_Composer", loader._PureComposer)
    test_trap(text, expected)


def test_utf16():
    """UTF-16 is refused with the way to mend it."""
    (problem,) = problems_of("a: é".encode("utf-16"))
    expected = "f.yaml: error: the file is UTF-16 or binary; save the file as UTF-8"
    assert problem.concise() == expected


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\u2028"])
def test_line_breaks(breaks):
    """The excerpt is the line that YAML counted, whatever ends the lines."""
    (problem,) = problems_of(breaks.join(["a: 1", "b: 2", "a: 3 # x"]))
    assert (problem.line, problem.excerpt) == (3, "a: 3 # x")


def test_all_problems_at_once():
    """Independent problems are reported together, in the order of the file."""
    found = problems_of("a: 1\na: !x 2\nb: [max(1, 2), {<<: 1}]\n")
    assert [(problem.line, problem.column) for problem in found] == [
        (2, 1),
        (2, 4),
        (3, 5),
        (3, 17),
    ]


def test_at_most_twenty_problems():
    """A file full of problems shows the first twenty."""
    found = problems_of("a: 1\n" * 30)
    assert [problem.line for problem in found] == list(range(2, 22))


def test_unclosed_call_is_left_to_the_expression():
    """A parenthesis that no later piece closes is no split expression."""
    assert parse("a: [max(1, 2]", "f.yaml").root is not None


def test_plain_reuse():
    """Anchors may be used to write a value once: an alias is the same node."""
    root = parse("a: &x [1, 2]\nb: *x", "f.yaml").root
    assert root.value[0][1] is root.value[1][1]


LAUGHS = "a: &a [1]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
CHAIN = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000))
DEEP = "lists and mappings nest at most 64 deep; use blocks"
MANY = "a spec has at most 50,000 values; use blocks and repeat, or raise the limit"
HUGE = [
    ("[" * 1_000_000, f"1:65: error: {DEEP}"),
    ("{" * 1_000_000, f"1:65: error: {DEEP}"),
    ("- " * 500_000, f"1:129: error: {DEEP}"),
    ("? " * 500_000, f"1:129: error: {DEEP}"),
    ("[" * 65 + "1" + "]" * 65, f"1:65: error: {DEEP}"),
    ("[" * 65 + "]" * 65, f"1:1: error: {DEEP} and repeat"),
    ("-\n" * 50_000, f"1:1: error: {MANY}"),
    (LAUGHS, "6:7: error: aliases expand to more than 50,000 values; use blocks and repeat"),
    (CHAIN, f"65:11: error: {DEEP} and repeat"),
    ("#" * (2**20 + 1), ("error: a spec has at most 1,048,576 bytes (1,048,577 bytes); "
     "use blocks and repeat, or raise the limit")),
    ("é" * 2**19 + "a", ("error: a spec has at most 1,048,576 bytes (1,048,577 bytes); "
     "use blocks and repeat, or raise the limit")),
]  # fmt: skip


@pytest.mark.parametrize("text, expected", HUGE, ids=[text[:8] for text, _ in HUGE])
def test_limit(text, expected):
    """What is too large or too deep is one problem, and never a crash."""
    (problem,) = problems_of(text)
    assert problem.concise().removeprefix("f.yaml:").strip() == expected


def test_at_the_limits():
    """What is just inside the limits is read."""
    assert parse("[" * 64 + "1" + "]" * 64, "f.yaml").root is not None
    assert parse("-\n" * 49_999, "f.yaml").root is not None
    assert len(problems_of("-\n" * 5, Limits(nodes=5))) == 1


@pytest.mark.parametrize(
    "text, offset, width, expected",
    [
        ("out: c + x", 4, 1, (10, 1)),
        ("out: 'c + x'", 4, 1, (11, 1)),
        ("out: 'c + x'", 0, 1, (7, 1)),
        ("out: &a c + x", 4, 1, (13, 1)),
        ("out: c + x", 4, 0, (10, 1)),
        ("out: c + x", 0, 0, (6, 5)),
        ("out: 'it''s + x'", 7, 1, (6, 11)),
        ("out: c +\n  x", 4, 1, (6, 3)),
    ],
)
def test_place_in_a_scalar(text, offset, width, expected):
    """An error in an expression is marked in the scalar, unless its text is not there as it is."""
    document = parse(text, "f.yaml")
    problem = document.problem(document.root.value[0][1], "wrong", offset=offset, width=width)
    assert (problem.column, problem.width) == expected


def test_excerpt():
    """An excerpt begins with its line and is cut behind the place; far out there is none."""
    document = parse(f"a: [b,\tc, {'d' * 3000}, e]", "f.yaml")
    *_, long, last = document.root.value[0][1].value
    excerpt = document.problem(long, "wrong").excerpt
    assert excerpt.startswith("a: [b, c, ddd")
    assert len(excerpt) < 300
    assert excerpt.endswith("…")
    assert document.problem(last, "wrong").excerpt == ""


def test_texts_are_cut():
    """A hostile name does not fill the screen."""
    (problem,) = problems_of("a: *" + "b" * 100_000)
    assert len(problem.text) < 210
    assert len(problem.hint) < 210


MARKS = st.sampled_from([*"[]{},:-?&*!|>'\"%@`#()ab1 \n\t\\", "- ", ": ", "? ", "\n  ", "<<", "é"])


@given(st.lists(MARKS, max_size=60).map("".join))
def test_any_marks(text):
    """Whatever marks of YAML are put together: a document or a SpecError with a place."""
    try:
        document = parse(text, "f.yaml")
    except SpecError as error:
        lines = [problem.line for problem in error.problems]
        size = len(text.split("\n"))
    else:
        lines, size = [1], len(document.lines)
    assert all(1 <= line <= size for line in lines)


@given(st.one_of(st.binary(max_size=80), st.text(max_size=80)))
def test_anything(source):
    """Whatever the bytes: a document or a SpecError."""
    try:
        found = [parse(source, "f.yaml").root]
    except SpecError as error:
        found = list(error.problems)
    assert 1 <= len(found) <= 20
