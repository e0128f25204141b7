"""Places in TOML: each value of a file is found where it is written."""

from __future__ import annotations

import tomllib

import pytest

from cnncalc.checking.toml_places import Places

TEXT = '''\
# a = "not this"
a = "one"  # a = "nor this"
"b c".'d' = [ 1, "two",  # "two"
  ["three", 'four'],
  {e = "five", f.g = """six"""},
  """
  seven ] }
  """, "eight" ]
n = 1.5
when = 1979-05-27 07:32:00
[t]
a = "nine"
u.v = "ten"
[t.w]
a = 'ele"ven # ['
[[x]]
a = "twelve"
[x.y]
a = "thirteen"
[[x.z]]
a = "fourteen"
[[x.z]]
a = "fifteen"
[[ x ]]
a = "six\\"teen"
rules = ["seventeen",
"eighteen"]
[["q r".s]]
a = ""
'''


def leaves(data, path=()):
    """Yield path and value of all that is no table and no list."""
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in entries:
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n")], ids=["LF", "CRLF"])
def test_each_value_is_found(text):
    """What stands at its place is the value, by the standard library's own reader."""
    places = Places(text)
    lines = text.split("\n")
    found = list(leaves(tomllib.loads(text)))
    assert len(found) == 22
    for path, value in found:
        spot = places.value(path)
        rest = "\n".join([lines[spot.line - 1][spot.column - 1 :], *lines[spot.line :]])
        ends = [at for at in range(1, len(rest) + 1) if _reads(rest[:at]) == value]
        assert ends, (path, spot)


def _reads(text):
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return None


@pytest.mark.parametrize(
    "path, line, column",
    [
        (("a",), 2, 1),
        (("b c", "d"), 3, 7),
        (("b c", "d", 3, "f", "g"), 5, 18),
        (("t",), 11, 2),
        (("t", "w", "a"), 15, 1),
        (("x",), 16, 3),
        (("x", 1), 24, 4),
        (("x", 0, "z", 1, "a"), 23, 1),
        (("nothing",), 0, 0),
    ],
)
def test_each_key_is_found(path, line, column):
    assert tuple(Places(TEXT).key(path)) == (line, column)


@pytest.mark.parametrize("text", ["", "a", "[", "a = [", "= 3", '"', "a = {b", "[[a]", "]]]"])
def test_what_is_no_toml_has_no_places(text):
    """The reader of TOML says what is wrong; this one ends."""
    assert Places(text).key(("b",)) == (0, 0)
