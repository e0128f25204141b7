"""The limits of the language: what is too large is refused, and soon, in little memory."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys

import pytest

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.spec.loader import Limits

SECONDS = 4.0
"""Twice what a spec may take: these tests run on busy machines."""
HEAD = "input: [3, 32, 32]\nlayers:\n"
NEVER = "  - {A1: , repeat: 10000}\nblocks:\n"


def chain(levels, end):
    """Return blocks A1 … of which each calls the next, and the last is `end`."""
    calls = (f"  A{i}: {{A{i + 1}: , repeat: 10000}}\n" for i in range(1, levels))
    return "".join(calls) + f"  A{levels}: {end}\n"


def lines(count, line):
    """Return `count` lines made from a pattern with one number."""
    return "".join(line.format(i) + "\n" for i in range(count))


REFUSED = {
    "exponent": (HEAD + "  - conv: [2 ** 65, 1]", "an exponent is at most 64"),
    "tower of powers": (HEAD + "  - conv: [9**9**9**9, 1]", "an exponent is at most 64"),
    "power of a fraction": (HEAD + "  - conv: [1e300 ** 64, 1]", "a number is at most 2^53"),
    "product": (HEAD + "  - conv: [10 ** 15 * 100, 1]", "the result is beyond ±2^53"),
    "number": (HEAD + "  - conv: [9007199254740993, 1]", "a number is at most 2^53"),
    "digits": (HEAD + f"  - conv: [{'9' * 10_000}, 1]", "an expression has at most 1,000"),
    "size": (HEAD + "  - conv: [2147483649, 1]", "out must be at most 2,147,483,648"),
    "kernel": (HEAD + "  - conv: [1, 2147483648]", "kernel 2147483648 is larger than the padded"),
    "input": ("input: [3, 2147483649]\nlayers: [relu]", "input must be at most 2,147,483,648"),
    "repeat": (HEAD + "  - {relu: , repeat: 10001}", "repeat must be at most 10000"),
    "layers": (HEAD + lines(11, "  - {{relu: , repeat: 10000}}"), "more than 100,000 layers"),
    "repeats in repeats": (HEAD + NEVER + chain(3, "{relu: , repeat: 10000}"), "100,000 layers"),
    "repeats of nothing": (
        HEAD + NEVER + chain(9, "{relu: , repeat: 10000, when: false}"), "301,000 steps"
    ),
    "repeats of no turns": (HEAD + NEVER + chain(9, "{relu: , repeat: 0}"), "301,000 steps"),
    "brackets": (HEAD + "  - " + "[" * 3000, "nest at most 64 deep"),
    "closed brackets": (HEAD + "  - " + "[" * 3000 + "]" * 3000, "nest at most 64 deep"),
    "braces": (HEAD + "  - " + "{a: " * 3000, "nest at most 64 deep"),
    "indentation": (HEAD + "".join("  " * i + "- a:\n" for i in range(1, 400)), "64 deep"),
    "key": (HEAD + f"  {'x' * 500_000}: relu", "a key has at most 1,024 characters"),
    "key in braces": (HEAD + f"  - {{{'x' * 9000}: relu}}", "a key has at most 1,024 characters"),
    "name": (HEAD + f"  {'x' * 101}: relu", "a name has at most 100 characters"),
    "name with a mark": (
        HEAD + f"  ? {'x' * 500_000}\n  : relu\n", "a name has at most 100 characters"
    ),
    "title": ("name: " + "x" * 500_000 + "\n" + HEAD + "  - relu", "name: at most 1,000 char"),
    "variable": (f"vars: {{? {'x' * 2000} : 1}}\n" + HEAD + "  - relu", "at most 100 characters"),
    "block": (HEAD + f"  - relu\nblocks:\n  R{'x' * 900}: relu", "name has at most 100"),
    "parameter": (HEAD + f"  - relu\nblocks:\n  R({'x' * 900}): relu", "has at most 100"),
    "budget": (
        HEAD + "  - relu\nbudgets:\n  - " + "params <= " * 9000, "budget: at most 1,000 char"
    ),
    "signature": (
        HEAD + "  - relu\nblocks:\n  Big(" + ", ".join(f"a{i}=1" for i in range(300)) + "): relu\n",
        "a key has at most 1,024 characters",
    ),
    "parentheses": (HEAD + f"  - conv: ['{'(' * 400}3{')' * 400}', 1]", "nests at most 64 deep"),
    "signs": (HEAD + f"  - conv: ['{'-' * 900}3', 1]", "nests at most 64 deep"),
    "negations": (HEAD + f"  - {{relu: , when: '{'not ' * 240}3'}}", "nests at most 64 deep"),
    "powers": (HEAD + f"  - conv: ['{'1 ** ' * 190}1', 1]", "nests at most 64 deep"),
    "bytes": (HEAD + "# " + "x" * (1 << 20), "a spec has at most 1,048,576 bytes"),
    "nodes": (HEAD + f"  - [{'a, ' * 50_000}]", "a spec has at most 50,000 values"),
    "billion laughs": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(9)),
        "aliases expand to more than 50,000 values",
    ),
    "inputs": (
        "inputs: {" + ", ".join(f"x{i}: [3]" for i in range(17)) + "}\nlayers: [relu]",
        "1 to 16 inputs, got 17",
    ),
    "list": (
        "input: [3]\nvars: {x: [" + "1, " * 2000 + "1]}\nlayers:\n  - fc: [max(x)]",
        "a list has at most 1,000 values",
    ),
}  # fmt: skip


def blocks_in_blocks(count):
    """Return a spec whose blocks call each other in a row, `count` deep."""
    calls = "".join(f"  B{i}: B{i + 1}\n" for i in range(count - 1))
    return HEAD + "  - B0\nblocks:\n" + calls + f"  B{count - 1}: relu\n"


def groups_in_groups(count):
    """Return a spec with groups in groups."""
    return HEAD + "  g: " + "[{g: " * count + "relu" + "}]" * count


REFUSED["blocks in blocks"] = (blocks_in_blocks(66), "blocks and groups are more than 64 deep")
REFUSED["many blocks in blocks"] = (blocks_in_blocks(5000), "more than 64 deep")


@pytest.fixture(autouse=True)
def in_time():
    """Stop a spec that does not end in time."""

    def stop(*_):
        pytest.fail(f"not done in {SECONDS} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    """What is beyond a limit is an error that says so."""
    spec, text = REFUSED[name]
    with pytest.raises(SpecError) as raised:
        cnncalc.analyze(cnncalc.loads(spec))
    assert text in str(raised.value)


ACCEPTED = {
    "exponent": HEAD + "  - conv: [1 ** 64 * 2 ** 20, 1]",
    "repeat": HEAD + "  - {relu: , repeat: 10000}",
    "depth": blocks_in_blocks(64),
    "long name": HEAD + f"  {'x' * 100}: {{relu: , repeat: 10000}}",
    "long names": HEAD + "".join(f"  {'x' * 90}{i}: relu\n" for i in range(5000)),
    "long path": HEAD + f"  - {{{'x' * 100}: {{relu: , repeat: 500}}}}",
    "large kernel": "input: [1, 2147483648]\nlayers:\n  - conv: [1, 2147483648]",
    "large stride": "input: [1, 2147483648, 2147483648]\nlayers:\n  - conv: [1, 1, 2147483648]",
    "large padding": HEAD + "  - conv: [1, 3, 1, 2147483648]",
    "large dilation": HEAD + "  - conv: {out: 1, kernel: 3, dilation: 2147483648, padding: half}",
    "large shapes": "input: [2147483648, 2147483648, 2147483648, 2147483648]\nlayers: [relu, gap]",
    "large upsampling": HEAD + "  - {upsample: 2147483648, repeat: 1}\n  - conv: [1, 3]",
    "upsampling again and again": HEAD + "  - {upsample: 1000, repeat: 8}\n  - conv: [1, 3, 7]",
    "odd scales": "input: [1, 4096, 4096]\nlayers:\n  - {upsample: 1021 / 1024, repeat: 40}\n"
    "  - conv: [1, 3]",
    "odd sizes": HEAD + "  - {upsample: {size: 65537 + 2 * i}, repeat: 30}\n  - conv: [1, 3]",
    "bilinear": HEAD
    + "  - {upsample: {size: 997 + 2 * i, mode: bilinear, align_corners: true}, repeat: 30}",
    "transposed": HEAD + "  - {deconv: {out: 1, kernel: 1, stride: 1009}, repeat: 6}",
    "transposed with gaps": HEAD
    + "  - {deconv: {out: 1, kernel: 5, stride: 7 + i, dilation: 3}, repeat: 8}",
    "large transposed stride": HEAD + "  - deconv: {out: 1, kernel: 3, stride: 2147483648}",
    "large output padding": HEAD
    + "  - deconv: {out: 1, kernel: 3, stride: 2147483648, output_padding: 2147483647}",
    "awkward adaptive pools": "input: [1, 9973, 9967]\nlayers:\n"
    "  - {adaptive_avg_pool: '[9941 - 2 * i, 9949 - 3 * i]', repeat: 20}\n",
    "large adaptive pool": HEAD + "  - adaptive_avg_pool: 2147483648",
    "large adaptive input": "input: [1, 2147483647]\nlayers:\n  - adaptive_max_pool: 2147483646",
    "large pixel shuffle": "input: [2147483648, 8]\nlayers:\n  - pixel_shuffle: 65536",
    "groups that hardly divide": "input: [2147483647, 8]\nlayers:\n  - group_norm: 2147483647",
    "misaligned joins": "input: [1, 4096]\nlayers:\n"
    "  - repeat: 500\n    add: [{conv: [1, 3, 1, 1]}, {conv: {out: 1, kernel: 2, p: [[1, 0]]}}]",
    "joins of different rates": "input: [1, 4096]\nlayers:\n"
    "  - {concat: [[avg_pool: [2, 2], {upsample: 2}], prev], repeat: 40}\n",
    "branches that nothing reads": HEAD
    + "  - {conv: [4, 3, p: 1], name: b, repeat: 5000}\n  - {relu: , from: in}\n"
    + lines(3000, "  - {{conv: [4, 3], from: in, name: b{}}}"),
    "many branches": HEAD + "  - add: [" + "prev, " * 4000 + "prev]",
    "sixteen inputs": "inputs: {" + ", ".join(f"x{i}: [3, 8, 8]" for i in range(16)) + "}\n"
    "layers:\n  - concat: [" + ", ".join(f"x{i}" for i in range(16)) + "]\n  - conv: [4, 3]",
    "thousands of outputs": HEAD + "  stage: {relu: , repeat: 5000}\noutputs: ["
    + ", ".join(f"stage.relu{i}" for i in range(1, 5001)) + "]",
    "shares in a row": HEAD + "  first: {conv: [3, 1]}\n"
    "  rest: {conv: [3, 1], share: first, repeat: 5000}",
    "a thousand parameters": HEAD + "  - Big\nblocks:\n  ? Big("
    + ", ".join(f"a{i}=1" for i in range(1000)) + ")\n  : relu\n",
    "comments": HEAD + "  - relu\n" + "# x\n" * 200_000,
    "escapes": HEAD + '  - relu\nmeta: {x: "' + "\\u0041" * 50_000 + '"}\n',
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    """What is large and within the limits is reported, as a table and as JSON, in time."""
    report = cnncalc.analyze(cnncalc.loads(ACCEPTED[name]))
    assert cnncalc.render(report, "table", width=100)
    assert cnncalc.render(report, "json")


def test_groups():
    """Groups in groups end where YAML's nesting does."""
    cnncalc.loads(groups_in_groups(20))
    with pytest.raises(SpecError, match="nest at most 64 deep"):
        cnncalc.loads(groups_in_groups(40))


def test_max_layers():
    """The limit of layers can be raised and lowered."""
    spec = HEAD + "  - {relu: , repeat: 300}\n"
    assert len(cnncalc.loads(spec, max_layers=300).layers) == 300
    with pytest.raises(SpecError, match="more than 299 layers"):
        cnncalc.loads(spec, max_layers=299)


def test_limits_can_be_raised():
    """Limits of a file's size can be raised by a caller."""
    spec = HEAD + "  - relu\n" + "# x\n" * 300_000
    with pytest.raises(SpecError, match="at most 1,048,576 bytes"):
        cnncalc.loads(spec)
    assert cnncalc.loads(spec, limits=Limits(file_bytes=1 << 22)).layers


def include_row(folder, count):
    """Write f0.yaml … of which each includes the next; the last has a block."""
    for i in range(count):
        (folder / f"f{i}.yaml").write_text(f"include: [f{i + 1}.yaml]\n")
    (folder / f"f{count}.yaml").write_text("blocks: {Res: relu}\n")
    path = folder / "net.yaml"
    path.write_text("include: [f0.yaml]\n" + HEAD + "  - relu\n")
    return path


def test_include_depth(tmp_path):
    """Files include each other at most 8 deep."""
    assert cnncalc.load(include_row(tmp_path, 7)).layers
    with pytest.raises(SpecError, match="more than 8 files deep"):
        cnncalc.load(include_row(tmp_path, 8))


def test_link_out_of_the_project(tmp_path):
    """A link inside the project that leads out of it is refused, whatever lies there."""
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.yaml").write_text("blocks: {Res: relu}\n")
    (project / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (project / "net.yaml").write_text("include: [link.yaml]\n" + HEAD + "  - relu\n")
    with pytest.raises(SpecError, match=r"'link\.yaml' leads outside the project"):
        cnncalc.load(project / "net.yaml")


def test_link_in_a_circle(tmp_path):
    """A link that leads to itself is a path that cannot be used, and no crash."""
    (tmp_path / "link.yaml").symlink_to(tmp_path / "link.yaml")
    (tmp_path / "net.yaml").write_text("include: [link.yaml]\n" + HEAD + "  - relu\n")
    with pytest.raises(SpecError, match=r"include: 'link\.yaml'"):
        cnncalc.load(tmp_path / "net.yaml")


WORST = """
import sys, cnncalc
spec = sys.stdin.read()
try:
    report = cnncalc.analyze(cnncalc.loads(spec))
    cnncalc.render(report, "table", width=100)
except cnncalc.CnncalcError as error:
    print(error)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) // 1024)  # ru_maxrss would be at least the parent's
"""


@pytest.mark.parametrize("name", ["billion laughs", "nodes", "repeats in repeats", "brackets"])
def test_memory(name):
    """The worst specs need little memory in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", WORST], input=REFUSED[name][0], capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )  # fmt: skip
    assert int(done.stdout.splitlines()[-1]) < 300
