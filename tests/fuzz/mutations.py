"""Broken specs in great number: seeds, and what accidents and hostility make of them."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).resolve().parent.parent
NUMBERS = (
    "0", "1", "-1", "2", "3", "7", "8", "64", "1000", "10000", "100000", "65537", "2147483647",
    "2147483648", "2 ** 31", "2 ** 53", "9007199254740993", "1e308", "1e-320", "0.5", "1.5", "-0.0",
    ".inf", ".nan", "0x7f", "0o17", "1_000", "10 ** 9", "9**9**9**9", "1 / 3", "1 // 0",
    "1023 / 1024", "1.0009765625", "0.333333", "999999937", "in.c", "in.h", "prev.w",
    "prev.c * 2", "i", "n - i",
)  # fmt: skip
WORDS = (
    "prev", "in", "input", "name", "from", "when", "repeat", "share", "add", "sub", "mul", "max",
    "mean", "concat", "conv", "depthwise", "deconv", "conv_transpose", "fc", "linear", "max_pool",
    "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "gap", "gmp", "bn", "ln", "instance_norm",
    "gn", "lrn", "relu", "leaky_relu", "prelu", "softmax", "dropout", "drop_path", "flatten",
    "reshape", "upsample", "pad", "crop", "channel_shuffle", "chunk", "pixel_shuffle",
    "pixel_unshuffle", "scale", "identity", "out", "kernel", "stride", "padding", "dilation",
    "groups", "bias", "norm", "act", "weight_norm", "output_padding", "multiplier", "ceil", "size",
    "mode", "align_corners", "bilinear", "nearest", "half", "same", "valid", "true", "false",
    "null", "none", "if", "else", "and", "or", "not", "first", "last", "vars", "blocks", "layers",
    "defaults", "variants", "outputs", "budgets", "inputs", "include", "meta", "min", "div8",
    "make_divisible", "Res", "Unit", "a", "b", "c", "reflect", "over", "index", "params <= 1M",
)  # fmt: skip
MARKS = (
    "[", "]", "{", "}", ":", ": ", ",", ", ", "-", "- ", "\n", "\n  ", "  ", "\t", "#", " # ",
    "&a ",
    "*a", "!", "!!int ", "|", ">", ">=", "?", "? ", "'", '"', "\\", "%", "@", "`", "<<: ",
    "---", "...", "(", ")", "=", "==", "**", "//", "\x00", "\ufeff", "é", "\u2028",
    "\U0001f600", "\r",
)  # fmt: skip
TOKEN = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
LARGEST = 20_000


def seeds() -> list[str]:
    """Return the specs to start from: this folder's, the bundled ones, those of the tests."""
    found = [
        path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.yaml"))
    ]
    found += [
        path.read_text(encoding="utf-8") for path in sorted(TESTS.parent.glob("specs/*.yaml"))
    ]
    for path in sorted((TESTS / "broken").glob("*.txt")):
        for case in re.split(r"^=== .*\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[
            1:
        ]:
            found.append(re.split(r"^--- (?:error|file)", case, flags=re.MULTILINE)[0])
    return [text for text in found if len(text) < LARGEST]


class Mutator:
    """Makes the spec of a number: the same seed and number give the same bytes."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.texts = seeds()
        whole = len(list(Path(__file__).parent.glob("*.yaml")))
        whole += len(list(TESTS.parent.glob("specs/*.yaml")))
        self.whole = self.texts[:whole]
        self.trees = [tree for text in self.whole if (tree := _tree(text)) is not None]
        self.subtrees = [each for tree in self.trees for each in _subtrees(tree)]
        self.random = random.Random()  # noqa: S311 nothing secret

    def spec(self, number: int) -> bytes:
        """Return the bytes of one mutated spec."""
        self.random.seed(f"{self.seed}:{number}")
        kind = self.random.choice(
            (self._bytes, self._tokens, self._tokens, self._lines, self._nodes)
        )
        return kind()

    def _text(self) -> str:
        return self.random.choice(self.whole if self.random.random() < 0.8 else self.texts)

    def _times(self) -> range:
        return range(self.random.choice((1, 1, 1, 1, 2, 3, 8)))

    def _bytes(self) -> bytes:
        data = bytearray(self._text().encode())
        for _ in self._times():
            at = self.random.randrange(len(data) + 1)
            end = min(len(data), at + self.random.choice((1, 1, 2, 10, 100)))
            choice = self.random.randrange(5)
            if choice == 0:
                data[at:at] = self.random.randbytes(self.random.choice((1, 1, 4)))
            elif choice == 1:
                del data[at:end]
            elif choice == 2:
                data[at:at] = data[at:end] * self.random.choice((1, 2, 20))
            elif choice == 3:
                data[at:at] = self.random.choice(MARKS).encode()
            else:
                del data[at:]
        return bytes(data)

    def _tokens(self) -> bytes:
        tokens = TOKEN.findall(self._text())
        for _ in self._times():
            at = self.random.randrange(len(tokens))
            choice = self.random.choice((0, 1, 2, 3, 3, 4, 4, 4))
            old = tokens[at]
            if choice == 0:
                tokens[at] = self.random.choice(MARKS)
            elif choice == 1:
                tokens[at] = tokens[self.random.randrange(len(tokens))]
            elif choice == 2:
                del tokens[at : at + self.random.choice((1, 1, 3))]
                tokens = tokens or [" "]
            else:
                numbers = [i for i, each in enumerate(tokens) if each[0].isdigit()]
                words = [i for i, each in enumerate(tokens) if each[0].isalpha()]
                if (choice == 3 or not words) and numbers:
                    tokens[self.random.choice(numbers)] = self._number()
                elif words:
                    pool = WORDS if self.random.random() < 0.8 else NUMBERS
                    tokens[self.random.choice(words)] = self.random.choice(pool)
                else:
                    tokens[at] = old * 2
        return "".join(tokens).encode()

    def _number(self) -> str:
        small = self.random.random() < 0.6
        return str(self.random.randint(1, 9)) if small else self.random.choice(NUMBERS)

    def _numbers(self) -> bytes:
        """Return a spec with other numbers: mostly a network, and often a strange one."""
        tokens = TOKEN.findall(self.random.choice(self.whole))
        numbers = [i for i, each in enumerate(tokens) if each[0].isdigit()]
        for _ in self._times():
            tokens[self.random.choice(numbers)] = self._number()
        return "".join(tokens).encode()

    def _lines(self) -> bytes:
        lines = self._text().split("\n")
        for _ in self._times():
            at = self.random.randrange(len(lines))
            other = self._like(lines, at)
            choice = self.random.randrange(6)
            if choice == 0:
                lines.insert(at, lines[other])
            elif choice == 1 and len(lines) > 1:
                del lines[at]
            elif choice == 2:
                lines[at], lines[other] = lines[other], lines[at]
            elif choice == 3:
                lines[at] = "  " + lines[at]
            elif choice == 4:
                lines[at] = lines[at][2:]
            else:
                donor = self._text().split("\n")
                start = self.random.randrange(len(donor))
                lines[at:at] = donor[start : start + self.random.choice((1, 3, 10))]
        return "\n".join(lines).encode()

    def _like(self, lines: list[str], at: int) -> int:
        """Return the number of another line, mostly of one with the same indentation."""
        depth = len(lines[at]) - len(lines[at].lstrip())
        alike = [i for i, each in enumerate(lines) if len(each) - len(each.lstrip()) == depth]
        return self.random.choice(alike if self.random.random() < 0.9 else range(len(lines)))

    def _nodes(self) -> bytes:
        tree = self.random.choice(self.trees)
        for _ in self._times():
            tree = self._changed(tree, self.random.choice((1, 3, 4, 4, 5, 5, 6, 8)))
        return yaml.safe_dump(
            tree, sort_keys=False, default_flow_style=self.random.choice((None, True, False))
        ).encode()

    def _changed(self, node: Any, depth: int) -> Any:
        """Return a tree in which one node, at most so deep, is another."""
        if depth == 0 or not isinstance(node, dict | list) or not node:
            return self._another(node)
        if isinstance(node, list):
            at = self.random.randrange(len(node))
            if self.random.random() < 0.05:
                return node[:at] + node[at + 1 :]
            return [*node[:at], self._changed(node[at], depth - 1), *node[at + 1 :]]
        at = self.random.choice(list(node))
        if self.random.random() < 0.03:
            name = self.random.choice(WORDS)
            return {name if key == at else key: value for key, value in node.items()}
        return {**node, at: self._changed(node[at], depth - 1)}

    def _another(self, node: Any) -> Any:
        choice = self.random.choice((0, 1, 2, 3, 3, 3, 4, 4, 5, 5))
        if choice == 0:
            return [node]
        if choice == 1:
            return {self.random.choice(WORDS): node}
        if choice == 2:
            return [node] * self.random.choice((0, 2, 5))
        if choice == 3:
            return self._number()
        if choice == 4:
            return self.random.choice(WORDS)
        return self.random.choice(self.subtrees)


def _tree(text: str) -> Any:
    """Return a spec as plain data with text for scalars; None where it is not YAML."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 scalars stay text
    except yaml.YAMLError:
        return None


def _subtrees(node: Any) -> list[Any]:
    found = [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in children:
        found += _subtrees(each)
    return found
