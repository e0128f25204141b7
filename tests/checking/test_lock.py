"""The lock file: figures by name, written by people and checked in CI."""

from __future__ import annotations

import tomllib

import pytest
from checking.kit import NET, PARAMS


@pytest.fixture
def locked(run, write, folder):
    write("models/a.yaml", NET + "budgets: [params <= baseline]\n")
    write("b.yaml", NET)
    write("cnncalc.toml", 'specs = ["models", "b.yaml"]\n')
    assert run("lock").code == 0
    return folder / "cnncalc.lock"


def test_what_it_holds(locked):
    """One figure a line, raw integers, sorted; no time, no version but that of the rules."""
    assert locked.read_text().splitlines() == [
        "# Figures of each spec, as `cnncalc lock` writes them; `cnncalc lock --check` compares.",
        "rules = 1",
        'convention = "notes"',
        "",
        *_entry("b.yaml"),
        "",
        *_entry("models/a.yaml"),
    ]
    assert tomllib.loads(locked.read_text())["b.yaml"]["params"] == PARAMS


def _entry(name):
    """By hand: 448, 2,320 and 170 params; 15,552, 36,864 and 160 MACs; 842 biases added."""
    return [
        f'["{name}"]',
        "activations = 1114",  # 576 + 256 + 256 + 16 + 10
        "buffers = 0",
        "depth = 3",
        "flops = 53418",
        "layers = 5",
        "macs = 52576",
        '"macs(body)" = 36864',
        '"macs(head)" = 160',
        '"out.c" = 10',
        "params = 2938",
        '"params(body)" = 2320',
        '"params(head)" = 170',
        '"params.trainable" = 2938',
        "peak_memory = 3328",
        '"rf.h" = 5',
        '"rf.w" = 5',
        "weights = 11752",
    ]


def test_check_says_what_is_stale(run, locked, write):
    assert run("lock", "--check").code == 0
    write("b.yaml", NET.replace("fc: 10", "fc: 11"))
    done = run("lock", "--check")
    assert done.code == 1
    assert "b.yaml: params 2,938 → 2,955\n" in done.out
    assert done.out.splitlines()[-1] == "✗ cnncalc.lock: not up to date"
    assert run("lock", "--check", "models").code == 0


def test_check_says_what_is_missing_and_what_is_left_over(run, locked, write, folder):
    (folder / "b.yaml").rename(folder / "models" / "c.yaml")
    write("cnncalc.toml", 'specs = ["models"]\n')
    done = run("lock", "--check")
    assert done.code == 1
    assert "models/c.yaml: missing\n" in done.out
    assert "b.yaml: no such spec\n" in done.out


def test_a_whole_run_drops_what_is_left_over(run, locked, write, folder):
    (folder / "b.yaml").unlink()
    write("cnncalc.toml", 'specs = ["models"]\n')
    assert run("lock").code == 0
    assert "b.yaml" not in locked.read_text()


def test_check_without_a_file(run, write):
    write("a.yaml", NET)
    done = run("lock", "--check", "a.yaml")
    assert done.code == 1
    assert "there is no cnncalc.lock" in done.out


def test_check_runs_in_ci(run, locked, monkeypatch):
    monkeypatch.setenv("CI", "1")
    assert run("lock", "--check").code == 0


def test_an_unchanged_lock_is_not_written_again(run, locked):
    before = locked.stat().st_mtime_ns
    assert run("lock").out == "cnncalc.lock: up to date, 2 specs\n"
    assert locked.stat().st_mtime_ns == before


def test_a_baseline_from_the_lock(run, locked, write):
    assert run("check", "--lock", "--budget", "rf >= baseline").code == 0
    write("models/a.yaml", NET.replace("fc: 10", "fc: 11") + "budgets: [params <= baseline]\n")
    done = run("check", "--lock")
    assert done.code == 1
    assert "params 2.96 k > baseline 2.94 k, over by 17 (+0.6%)" in done.out


def test_what_the_lock_lacks_is_an_error(run, locked, write):
    """It would be skipped for ever, and nobody would see."""
    write("c.yaml", NET)
    done = run("check", "c.yaml", "--lock", "--budget", "params <= baseline")
    assert done.code == 2
    assert "there is no baseline in cnncalc.lock for this spec" in done.out + done.err
    assert run("check", "c.yaml", "--lock", "--budget", "params <= 5M").code == 0
    done = run("check", "b.yaml", "--lock", "--budget", "params(body.conv1) <= baseline")
    assert done.code == 2
    assert "params(body.conv1) is not recorded at the base" in done.out + done.err
    assert "use --base" in done.out + done.err


def test_bytes_of_another_data_type_are_not_in_the_lock(run, locked, write, folder):
    """An int8 network has a quarter of the bytes, and would hold whatever is added to it."""
    text = (folder / "cnncalc.toml").read_text()
    for rule, code in (("weights <= baseline", 2), ("params <= baseline", 0)):
        write("cnncalc.toml", f'{text}[target.mcu]\ndtype = "int8"\nrules = ["{rule}"]\n')
        done = run("check", "b.yaml", "--lock", "--target", "mcu")
        assert done.code == code, done.out
    write("cnncalc.toml", f'{text}[target.mcu]\nrules = ["weights <= baseline"]\n')
    assert run("check", "b.yaml", "--lock", "--target", "mcu").code == 0


def test_variants_have_entries_of_their_own(run, write, folder):
    write("v.yaml", "input: [3]\nvars: {n: 2}\nvariants: {x: {n: 3}, y: {n: 4}}\nlayers: [fc: n]\n")
    assert run("lock", "v.yaml@all", "v.yaml").code == 0
    data = tomllib.loads((folder / "cnncalc.lock").read_text())
    params = {key: data[key]["params"] for key in ("v.yaml", "v.yaml@x", "v.yaml@y")}
    assert params == {"v.yaml": 8, "v.yaml@x": 12, "v.yaml@y": 16}


def test_a_bad_spec_leaves_the_lock_as_it_was(run, locked, write):
    before = locked.read_bytes()
    write("b.yaml", "input: [3]\nlayers: [fcc: 3]\n")
    done = run("lock")
    assert (done.code, done.out) == (2, "")
    assert "b.yaml:2:10" in done.err
    assert locked.read_bytes() == before


@pytest.mark.parametrize(
    "text, said",
    [
        ("rules = 1\n[a\n", "cnncalc.lock cannot be read"),
        ("rules = 2\n", "was counted by rules 2, these are rules 1"),
        ('rules = 1\n["b.yaml"]\nparams = "x"\n', "b.yaml is not an entry"),
    ],
)
def test_a_lock_that_is_not_one(run, locked, text, said):
    locked.write_text(text)
    done = run("check", "--lock")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_conventions_do_not_mix(run, locked, write):
    done = run("check", "--lock", "--convention", "ops")
    assert (done.code, done.out) == (2, "")
    assert "counts FLOPs by 'notes', not 'ops'" in done.err
    done = run("lock", "b.yaml", "--convention", "ops")
    assert (done.code, done.out) == (2, "")
    assert "the other entries of cnncalc.lock count FLOPs by 'notes'" in done.err


def test_names_that_toml_must_quote(run, write, folder):
    write('we"ird\\ñ.yaml', NET)
    assert run("lock", ".").code == 0
    data = tomllib.loads((folder / "cnncalc.lock").read_text())
    assert data['we"ird\\ñ.yaml']["params"] == PARAMS
    assert run("lock", "--check", ".").code == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("rules = 1", "rules = 0"),
        lambda text: text.replace('"notes"', '"notes'),
        lambda text: "<<<<<<< HEAD\n" + text + ">>>>>>> work\n",
        lambda text: text[:0],
    ],
)
def test_a_whole_run_replaces_a_damaged_lock(run, locked, change):
    good = locked.read_text()
    locked.write_text(change(good))
    assert run("lock", "--check").code == 2
    assert run("lock", "b.yaml").code == 2  # the other entries would be lost
    assert run("lock").code == 0
    assert locked.read_text() == good


def test_a_file_that_is_no_lock_is_not_replaced(run, locked, write):
    path = write("pyproject.toml", "[project]\nname = 'x'\n")
    assert run("lock", "--lock-file", "pyproject.toml").code == 2
    assert path.read_text().startswith("[project]")
