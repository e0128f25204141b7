"""The lock file: figures by name, written by people and checked in CI."""

from __future__ import annotations

import os
import shlex
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
    assert tomllib.loads(locked.read_text())["spec"]["b.yaml"]["params"] == PARAMS


def _entry(name):
    """By hand: 448, 2,320 and 170 params; 15,552, 36,864 and 160 MACs; 842 biases added."""
    return [
        f'[spec."{name}"]',
        "activations = 1114",  # 576 + 256 + 256 + 16 + 10
        "buffers = 0",
        "depth = 3",
        "flops = 53418",
        "layers = 5",
        "macs = 52576",
        '"macs(body)" = 36864',
        '"macs(head)" = 160',
        '"macs(stem)" = 15552',
        '"out.c" = 10',
        "params = 2938",
        '"params(body)" = 2320',
        '"params(head)" = 170',
        '"params(stem)" = 448',
        '"params.trainable" = 2938',
        "peak_memory = 3328",
        '"rf.h" = 5',
        '"rf.h(body)" = 5',
        '"rf.h(stem)" = 3',
        '"rf.w" = 5',
        '"rf.w(body)" = 5',
        '"rf.w(stem)" = 3',
        "weights = 11752",
    ]


def test_check_says_what_is_stale(run, locked, write):
    assert run("lock", "--check").code == 0
    write("b.yaml", NET.replace("fc: 10", "fc: 11"))
    done = run("lock", "--check")
    assert done.code == 1
    assert "b.yaml: params 2,938 → 2,955\n" in done.out
    last = "✗ cnncalc.lock: not up to date, write it with `cnncalc lock`"
    assert done.out.splitlines()[-1] == last
    assert run("lock", "--check", "models").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["b.yaml"],
        ["models", "b.yaml", "--lock-file", "an other.lock"],
        ["v.yaml", "--variant", "all", "--lock-file", "new.lock"],
        ["b.yaml", "--convention", "ops", "--lock-file", "new.lock"],
        ["--lock-file", "new.lock", "--", "-b.yaml"],
    ],
)
def test_check_says_what_to_run(run, locked, write, arguments):
    """The command as it is printed mends all that was told."""
    write("b.yaml", NET.replace("fc: 10", "fc: 11"))
    write("-b.yaml", NET)
    write("v.yaml", "input: [3]\nvars: {n: 2}\nvariants: {x: {n: 3}}\nlayers: [fc: n]\n")
    done = run("lock", "--check", *arguments)
    assert done.code == 1
    command = shlex.split(done.out.splitlines()[-1].partition("`")[2].rstrip("`"))
    assert command[:2] == ["cnncalc", "lock"]
    assert run(*command[1:]).code == 0
    assert run("lock", "--check", *arguments).code == 0


@pytest.mark.parametrize("text", ["rules = 2\n", "<<<<<<<\n"])
def test_a_lock_of_other_rules_without_a_list_of_specs(run, write, folder, text):
    """`cnncalc lock` alone would say that there is no spec to lock."""
    write("a.yaml", NET)
    path = write("cnncalc.lock", text)
    for command in (
        ["lock", "a.yaml"],
        ["lock", "--check", "a.yaml"],
        ["check", "--lock", "a.yaml"],
    ):
        done = run(*command)
        assert (done.code, done.out) == (2, "")
        assert "delete it, and lock all specs again by their names" in done.err
    path.unlink()
    done = run("check", "--lock", "a.yaml")
    assert "write it with `cnncalc lock SPEC…`" in done.err
    assert run("lock", "a.yaml").code == 0


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


@pytest.mark.parametrize(
    "value, code",
    [("", 0), ("0", 0), ("false", 0), ("False", 0), ("1", 2), ("true", 2), ("yes", 2)],
)
def test_what_the_variable_says(run, write, monkeypatch, value, code):
    """As the page of budgets says it: set, and to something that means it."""
    write("a.yaml", NET)
    monkeypatch.setenv("CI", value)
    assert run("lock", "a.yaml").code == code


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
    data = tomllib.loads((folder / "cnncalc.lock").read_text())["spec"]
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
        ("", "was counted by rules None, these are rules 1"),
        ('rules = 1\n[spec."b.yaml"]\nparams = "x"\n', "b.yaml is not an entry"),
        ('rules = 1\n[spec."b.yaml"]\nparams = true\n', "b.yaml is not an entry"),
        ('rules = 1\n[spec]\n"b.yaml" = 3\n', "b.yaml is not an entry"),
        ("rules = 1\nspec = 3\n", "cnncalc.lock has another layout: 'spec'"),
        ("rules = 1\nconvention = 3\n", "cnncalc.lock has another layout: 'convention'"),
        ('rules = 1\n["b.yaml"]\nparams = 2938\n', "cnncalc.lock has another layout: 'b.yaml'"),
        ("rules = 1\nlayout = 2\n", "cnncalc.lock has another layout: 'layout'"),
    ],
)
def test_a_lock_that_is_not_one(run, locked, text, said):
    locked.write_text(text)
    for arguments in (["check", "--lock"], ["lock", "--check"], ["lock", "b.yaml"]):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
        assert "write it again with `cnncalc lock`" in done.err


@pytest.mark.parametrize("name", ["rules", "convention", "spec", "bundled:lenet5"])
def test_a_spec_may_have_any_name(run, write, folder, name):
    """Also that of a line of the lock itself."""
    write(name, NET)
    write("a.yaml", NET)
    assert run("lock", name, "a.yaml").code == 0
    assert run("lock", "--check", name, "a.yaml").code == 0
    assert run("check", name, "--lock", "--budget", "params <= baseline").code == 0
    write(name, NET.replace("fc: 10", "fc: 11"))
    assert run("check", name, "--lock", "--budget", "params <= baseline").code == 1


def test_a_bundled_network_goes_by_its_name(run, folder):
    """Wherever cnncalc is installed. LeNet-5 and ResNet-18 as published."""
    assert run("lock", "resnet18", "lenet5").code == 0
    data = tomllib.loads((folder / "cnncalc.lock").read_text())["spec"]
    params = {key: figures["params"] for key, figures in data.items()}
    assert params == {"bundled:lenet5": 61_706, "bundled:resnet18": 11_689_512}
    assert run("lock", "--check", "resnet18").code == 0
    assert run("lock", "--check", "resnet@resnet18").code == 0
    done = run("lock", "--check", "resnet34")
    assert done.code == 1
    assert "bundled:resnet34: missing" in done.out
    done = run("check", "resnet18", "--lock", "--budget", "params < baseline")
    assert done.code == 1
    assert "params 11.7 M ≥ baseline 11.7 M" in done.out


def test_a_bundled_network_and_a_file_of_that_name_are_two(run, write, folder):
    write("bundled:lenet5", NET)
    assert run("lock", "bundled:lenet5", "lenet5").code == 0
    data = tomllib.loads((folder / "cnncalc.lock").read_text())["spec"]
    assert {key: figures["params"] for key, figures in data.items()} == {
        "./bundled:lenet5": PARAMS,
        "bundled:lenet5": 61_706,
    }


@pytest.mark.parametrize("repository", [True, False])
@pytest.mark.parametrize("linked", [True, False])
def test_a_file_of_elsewhere_is_not_locked(
    run, write, folder, monkeypatch, tmp_path_factory, repository, linked
):
    """A lock of it would say something else on every machine."""
    outside = tmp_path_factory.mktemp("outside") / "far.yaml"
    outside.write_text(NET)
    if repository:
        (folder / ".git").mkdir()
        (folder / ".git" / "HEAD").touch()
    path = folder / "link.yaml" if linked else outside
    if linked:
        path.symlink_to(outside)
    for arguments in ([], ["--check"]):
        done = run("lock", str(path), *arguments)
        assert (done.code, done.out) == (2, "")
        assert f"{'link' if linked else 'far'}.yaml" in done.err
        assert "lies outside of the repository of cnncalc.lock" in done.err
    assert not (folder / "cnncalc.lock").exists()
    write("a.yaml", NET)
    assert run("lock", "a.yaml").code == 0
    assert run("check", str(path), "--lock", "--budget", "params <= 5k").code == 0
    done = run("check", str(path), "--lock", "--budget", "params <= baseline")
    assert done.code == 2
    assert "there is no baseline in cnncalc.lock for this spec" in done.out


@pytest.mark.parametrize("repository", [True, False])
def test_a_lock_may_lie_beside_the_specs_or_above(run, write, folder, monkeypatch, repository):
    """All of a repository is the same to it; without one, all below the present folder."""
    if repository:
        (folder / ".git").mkdir()
        (folder / ".git" / "HEAD").touch()
    write("nets/a.yaml", NET)
    (folder / "locks").mkdir()
    assert run("lock", "nets", "--lock-file", "locks/x.lock").code == 0
    assert '[spec."../nets/a.yaml"]' in (folder / "locks" / "x.lock").read_text()
    write("cnncalc.toml", 'specs = ["nets"]\n')
    monkeypatch.chdir(folder / "locks")
    assert run("lock").code == 0
    assert '[spec."nets/a.yaml"]' in (folder / "cnncalc.lock").read_text()


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
    data = tomllib.loads((folder / "cnncalc.lock").read_text())["spec"]
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


def test_check_says_that_the_convention_is_another(run, locked):
    done = run("lock", "--check", "--convention", "ops")
    assert done.code == 1
    assert "convention notes → ops\n" in done.out


def test_a_figure_that_nobody_counts_any_more_is_stale(run, locked):
    locked.write_text(locked.read_text().replace("params = 2938", "params = 2938\nparms = 3", 1))
    done = run("lock", "--check")
    assert done.code == 1
    assert "b.yaml: parms 3 → nothing\n" in done.out


def test_the_lock_is_not_written_over_a_spec(run, write):
    """An empty file could be a lock, as far as its text goes."""
    path = write("a.yaml", "")
    done = run("lock", "a.yaml", "--lock-file", "./a.yaml")
    assert (done.code, done.out) == (2, "")
    assert "a.yaml is a spec, and would be overwritten" in done.err
    assert path.read_text() == ""


def test_a_spec_whose_variants_cannot_be_told_is_not_left_out(run, locked, write):
    """Nor does the lock of the others look whole."""
    before = locked.read_bytes()
    write("models/bad.yaml", "input: [3\nlayers: [fc: 3]\n")
    for arguments in (["lock", "--variant", "all"], ["lock", "--check", "models@all"]):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")
        assert "models/bad.yaml:1:8" in done.err
    assert locked.read_bytes() == before


@pytest.mark.parametrize(
    "rule, code",
    [
        ("params <= baseline for each *", 0),
        ("params < baseline for each *", 1),
        ("macs(stem) <= baseline", 0),
        ("rf(stem) >= baseline", 0),
        ("rf.h(body) > baseline", 1),
        ("params <= baseline for each **", 2),
        ("params <= baseline for each body.*", 2),
        ("depth <= baseline for each b*", 2),
    ],
)
def test_a_part_that_the_lock_lacks_is_an_error(run, locked, rule, code):
    """Not even one of several parts is passed over: the others would be green for it."""
    done = run("check", "b.yaml", "--lock", "--budget", rule)
    assert done.code == code, done.out
    assert ("is not recorded at the base" in done.out) is (code == 2)
    if code == 2:
        said = " ".join(done.out.split())
        assert "params, macs and rf of its layers and groups at the top" in said


def test_a_part_that_is_new_since_the_lock_is_an_error(run, locked, write):
    write("b.yaml", NET.replace("  head:", "  neck: {conv: [16, 1]}\n  head:"))
    done = run("check", "b.yaml", "--lock", "--budget", "params <= baseline for each *")
    assert done.code == 2
    assert "params(neck) is not recorded at the base" in done.out
    assert run("lock", "b.yaml").code == 0
    done = run("check", "b.yaml", "--lock", "--budget", "params <= baseline for each *")
    assert done.code == 0


def test_figures_of_parts_are_those_that_budgets_measure(run, write, folder):
    """A layer at the top and a shared one: what is recorded is what is compared, by hand."""
    write("s.yaml", "input: [4]\nlayers: {a: {fc: 4}, b: {fc: 4, share: a}, c: [fc: 4, fc: 2]}\n")
    assert run("lock", "s.yaml").code == 0
    data = tomllib.loads((folder / "cnncalc.lock").read_text())["spec"]["s.yaml"]
    assert [data[f"params({each})"] for each in "abc"] == [20, 0, 30]
    assert [data[f"macs({each})"] for each in "abc"] == [16, 16, 24]
    done = run("check", "s.yaml", "--lock", "--budget", "params == baseline for each *")
    assert done.code == 0


@pytest.mark.parametrize("command", [["check", "--lock-file"], ["lock", "--lock-file"]])
@pytest.mark.parametrize(
    "name, text",
    [("x" * 300, "File name too long"), ("folder", "is no file"), ("fifo", "is no file")],
)
def test_a_lock_file_that_cannot_be_one_is_an_error(run, write, folder, command, name, text):
    write("net.yaml", NET)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    done = run(command[0], "net.yaml", command[1], name)
    assert (done.code, done.out) == (2, "")
    assert name in done.err
    assert text in done.err or "there is no" in done.err


def test_a_lock_with_a_number_that_no_network_has_is_an_error(run, write, folder):
    write("net.yaml", NET)
    assert run("lock", "net.yaml").code == 0
    text = (
        (folder / "cnncalc.lock")
        .read_text()
        .replace(f"params = {PARAMS}", f"params = 1{'0' * 400}")
    )
    write("cnncalc.lock", text)
    done = run("check", "net.yaml", "--lock", "--budget", "params <= baseline")
    assert done.code == 2
    assert "net.yaml is not an entry" in done.err


def test_two_specs_with_one_name_in_the_lock_are_an_error(run, write, folder):
    write("v.yaml", NET.replace("layers:", "vars: {w: 1}\nvariants: {big: {w: 2}}\nlayers:"))
    write("v.yaml@big", NET)
    write("cnncalc.toml", 'specs = ["v.yaml@all", "v.yaml*g"]\n')
    done = run("lock")
    assert (done.code, done.out) == (2, "")
    assert "two specs would be v.yaml@big in cnncalc.lock" in done.err
    assert not (folder / "cnncalc.lock").exists()
