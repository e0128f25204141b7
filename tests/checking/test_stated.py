"""What docs/budgets.md says of the project's file, the base and the options, by hand."""

from __future__ import annotations

import json
import tomllib

import pytest
from checking.kit import NET, PARAMS


@pytest.fixture
def outputs(write):
    """A function that writes a network whose last layer has `n` outputs, of 16 values each."""

    def outputs(count: str, name: str = "net.yaml") -> None:
        write(name, "vars: {n: 10}\n" + NET.replace("fc: 10", f"fc: {count}"))

    return outputs


def figure(done, name):
    """Return before and after of a figure, of the JSON of a diff."""
    figure = json.loads(done.out)["figures"][name]
    return figure["before"], figure["after"]


def test_the_projects_level_is_what_fails(run, write):
    write("net.yaml", NET + "budgets: [{assert: params <= 1k, level: warn}]\n")
    write("cnncalc.toml", 'specs = ["net.yaml"]\n')
    assert run("check").code == 0
    write("cnncalc.toml", 'specs = ["net.yaml"]\nlevel = "warn"\n')
    assert run("check").code == 1
    assert run("check", "--level", "error").code == 0


def test_the_projects_lock_is_written_and_read(run, write, folder):
    write("net.yaml", NET)
    write("cnncalc.toml", 'specs = ["net.yaml"]\nlock = "locks/figures.toml"\n')
    (folder / "locks").mkdir()
    assert run("lock").out == "locks/figures.toml: written, 1 spec\n"
    assert not (folder / "cnncalc.lock").exists()
    figures = tomllib.loads((folder / "locks" / "figures.toml").read_text())["spec"]
    assert figures["../net.yaml"]["params"] == PARAMS
    assert run("lock", "--check").out == "✓ locks/figures.toml: 1 spec\n"
    assert run("check", "--lock", "--budget", "params == baseline").code == 0
    write("net.yaml", NET.replace("fc: 10", "fc: 11"))
    done = run("check", "--lock", "--budget", "params == baseline")
    assert (done.code, "2,955 ≠ baseline 2,938" in done.out) == (1, True)
    assert run("lock", "--check").code == 1


def test_the_projects_lock_lies_in_the_projects_folder(run, write, folder, monkeypatch):
    below = write("models/net.yaml", NET).parent
    write("cnncalc.toml", 'lock = "x.lock"\n')
    monkeypatch.chdir(below)
    assert run("lock", "net.yaml").code == 0
    assert (folder / "x.lock").exists()
    assert run("check", "net.yaml", "--lock", "--budget", "params == baseline").code == 0


BY_MACS = {"macs": 52_576, "notes": 52_576 + 842}
"""16·27·6² + 16·144·4² + 160 multiply-adds; 576 + 256 + 10 biases added."""


@pytest.mark.parametrize("convention", BY_MACS)
def test_the_projects_convention_counts_in_lock(run, write, folder, convention):
    write("net.yaml", NET)
    write("cnncalc.toml", f'specs = ["net.yaml"]\nconvention = "{convention}"\n')
    assert run("lock").code == 0
    data = tomllib.loads((folder / "cnncalc.lock").read_text())
    assert data["convention"] == convention
    assert data["spec"]["net.yaml"]["flops"] == BY_MACS[convention]
    assert run("lock", "--check").code == 0
    assert run("check", "--lock", "--budget", f"flops == {BY_MACS[convention]}").code == 0


def test_a_convention_that_is_asked_for_is_not_the_projects(run, write, folder):
    write("net.yaml", NET)
    write("cnncalc.toml", 'specs = ["net.yaml"]\nconvention = "macs"\n')
    assert run("lock", "--convention", "notes").code == 0
    data = tomllib.loads((folder / "cnncalc.lock").read_text())
    assert data["spec"]["net.yaml"]["flops"] == BY_MACS["notes"]
    assert run("check", "--convention", "notes", "--budget", "flops == 53_418").code == 0
    assert run("check", "--budget", "flops == 52_576").code == 0


@pytest.mark.parametrize("convention", BY_MACS)
def test_the_projects_base_and_convention_are_those_of_diff(run, write, commit, convention):
    """One output more: 17 params, 16 multiply-adds, and an addition."""
    write("net.yaml", NET)
    write("cnncalc.toml", f'base = "main"\nconvention = "{convention}"\n')
    commit()
    write("net.yaml", NET.replace("fc: 10", "fc: 11"))
    done = run("diff", "net.yaml", "-o", "json")
    assert done.code == 0, done.err
    assert figure(done, "params") == (PARAMS, PARAMS + 17)
    more = 16 if convention == "macs" else 17
    assert figure(done, "flops") == (BY_MACS[convention], BY_MACS[convention] + more)


def test_a_base_that_is_asked_for_is_not_the_projects(run, write, commit, git):
    write("net.yaml", NET)
    write("cnncalc.toml", 'base = "main"\n')
    commit()
    git("checkout", "-q", "-b", "work")
    write("net.yaml", NET.replace("fc: 10", "fc: 11"))
    commit()
    write("net.yaml", NET.replace("fc: 10", "fc: 12"))
    assert figure(run("diff", "net.yaml", "-o", "json"), "params") == (PARAMS, PARAMS + 34)
    done = run("diff", "net.yaml", "--base", "HEAD", "-o", "json")
    assert figure(done, "params") == (PARAMS + 17, PARAMS + 34)
    assert run("check", "net.yaml", "--budget", "params - baseline == 34").code == 0
    assert (
        run("check", "net.yaml", "--base", "HEAD", "--budget", "params - baseline == 17").code == 0
    )


def test_the_convention_of_two_specs_is_the_projects(run, write):
    write("a.yaml", NET)
    write("b.yaml", NET.replace("fc: 10", "fc: 11"))
    write("cnncalc.toml", 'convention = "macs"\n')
    assert figure(run("diff", "a.yaml", "b.yaml", "-o", "json"), "flops") == (52_576, 52_592)
    done = run("diff", "a.yaml", "b.yaml", "--convention", "notes", "-o", "json")
    assert figure(done, "flops") == (53_418, 53_435)


def test_variables_that_are_set_are_those_of_the_base_too(run, outputs, commit):
    """10 outputs have 2,938 params, and each more 17; the base has one less than now."""
    outputs("n")
    commit()
    outputs("n + 1")
    for setting, before in ([], PARAMS), (["--set", "n=20"], PARAMS + 170):
        arguments = ["--base", "main", *setting]
        more = run("check", "net.yaml", "--budget", "params - baseline == 17", *arguments)
        assert more.code == 0, more.out
        done = run("diff", "net.yaml", "-o", "json", *arguments)
        assert figure(done, "params") == (before, before + 17)


def test_variables_that_are_set_are_those_of_two_specs(run, outputs):
    outputs("n", "a.yaml")
    outputs("2 * n", "b.yaml")
    done = run("diff", "a.yaml", "b.yaml", "--set", "n=20", "-o", "json")
    assert figure(done, "params") == (PARAMS + 170, PARAMS + 30 * 17)


@pytest.mark.parametrize("convention, more", [("macs", 16), ("notes", 17)])
def test_the_convention_counts_the_base_too(run, outputs, commit, convention, more):
    outputs("n")
    commit()
    outputs("n + 1")
    arguments = ["--base", "main", "--convention", convention]
    done = run("check", "net.yaml", "--budget", f"flops - baseline == {more}", *arguments)
    assert done.code == 0, done.out
    done = run("diff", "net.yaml", "-o", "json", *arguments)
    assert figure(done, "flops") == (BY_MACS[convention], BY_MACS[convention] + more)


@pytest.mark.parametrize("repository", [True, False])
def test_the_search_for_a_project_ends_at_the_repository(
    run, write, folder, monkeypatch, repository
):
    """What lies above it is of somebody else."""
    write("cnncalc.toml", '[[budget]]\nrules = ["params <= 1"]\n')
    inner = write("inner/models/net.yaml", NET + "budgets: [params <= 5k]\n").parent
    if repository:
        write("inner/.git/HEAD", "ref: refs/heads/main\n")
    monkeypatch.chdir(inner)
    done = run("check", "net.yaml", "-o", "json")
    rules = [each["rule"] for each in json.loads(done.out)["specs"][0]["budgets"]]
    assert rules == ["params <= 5k"] + ([] if repository else ["params <= 1"])


def test_the_project_of_the_repositorys_own_folder_is_found(run, write, folder, monkeypatch):
    write("inner/cnncalc.toml", '[[budget]]\nrules = ["params <= 1"]\n')
    inner = write("inner/models/net.yaml", NET).parent
    write("inner/.git/HEAD", "ref: refs/heads/main\n")
    monkeypatch.chdir(inner)
    assert run("check", "net.yaml").code == 1


def test_cnncalc_toml_comes_before_pyproject(run, write, monkeypatch):
    write("net.yaml", NET)
    write("cnncalc.toml", '[[budget]]\nrules = ["params <= 5k"]\n')
    write("pyproject.toml", '[[tool.cnncalc.budget]]\nrules = ["params <= 1"]\n')
    done = run("check", "net.yaml", "-o", "json")
    (budget,) = json.loads(done.out)["specs"][0]["budgets"]
    assert (budget["rule"], budget["file"]) == ("params <= 5k", "cnncalc.toml")


def test_the_nearer_project_comes_first(run, write, monkeypatch):
    """Whatever its name: its settings are the run's. Budgets of both hold."""
    write("cnncalc.toml", 'convention = "ops"\n[[budget]]\nrules = ["params <= 6k"]\n')
    inner = '[tool.cnncalc]\nconvention = "macs"\n[[tool.cnncalc.budget]]\nrules = ["macs <= 5G"]\n'
    write("inner/pyproject.toml", inner)
    monkeypatch.chdir(write("inner/net.yaml", NET).parent)
    data = json.loads(run("check", "net.yaml", "-o", "json").out)
    assert data["convention"] == "macs"
    rules = [each["rule"] for each in data["specs"][0]["budgets"]]
    assert rules == ["macs <= 5G", "params <= 6k"]
