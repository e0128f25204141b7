"""Bases from git, in real repositories: nothing but git's own objects says what was."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess

import pytest
from checking.kit import NET, PARAMS

import cnncalc
from cnncalc.checking.base import GitBase
from cnncalc.checking.cases import Case

BUDGET = "budgets: [params <= baseline + 2%]\n"
BLOCKS = "blocks:\n  Two(c): [conv: [c, 3], relu, conv: [c, 3], relu]\n"
CALLER = "include: [blocks.yaml]\ninput: [3, 16, 16]\nlayers: [Two: 8, gap, fc: 10]\n" + BUDGET
"""224 + 584 + 90 = 898 params."""


@pytest.fixture
def branch(git, commit, write):
    """A repository with net.yaml on main, and the present branch at the same commit."""
    write("net.yaml", NET + BUDGET)
    write("other.yaml", CALLER)
    write("blocks.yaml", BLOCKS)
    commit("first")
    git("checkout", "-q", "-b", "work")
    return git


def figures(done):
    """Return the figures before and after, of the one spec that was checked."""
    (spec,) = json.loads(done.out)["specs"]
    return {name: (each["before"], each["after"]) for name, each in spec["diff"]["figures"].items()}


def test_branch_change_check_diff_lock(run, write, branch, commit, folder):
    """What a team does: branch, change, check, see what changed, lock, change again."""
    done = run("check", "net.yaml", "--base", "main")
    assert done.code == 0
    assert "params 2.94 k ≤ baseline + 2% 3 k (98%)" in done.out
    assert run("lock", "net.yaml").code == 0
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))  # 170 params more
    commit("wider head")
    done = run("check", "net.yaml", "--base", "main")
    assert done.code == 1
    assert "since main (" in done.out
    assert "params +170 (+5.8%)" in done.out
    assert "caused by head.linear1 :5 linear out 10 → 20, +170 params" in done.out
    done = run("diff", "net.yaml", "--base", "main")
    assert done.code == 0
    assert re.search(r"params +2,938 +3,108 +\+170 \(\+5\.8%\)", done.out)
    done = run("check", "net.yaml", "--lock")
    assert done.code == 1
    done = run("lock", "--check", "net.yaml")
    assert done.code == 1
    assert "net.yaml: params 2,938 → 3,108" in done.out
    assert run("lock", "net.yaml").code == 0
    assert run("lock", "--check", "net.yaml").code == 0
    assert run("check", "net.yaml", "--lock").code == 0


def test_the_base_is_where_the_branch_left_not_the_tip(run, write, branch, commit, git):
    """What others merge meanwhile is not held against this branch."""
    git("checkout", "-q", "main")
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 1"))
    commit("main goes on")
    git("checkout", "-q", "work")
    start = git("merge-base", "main", "HEAD").strip()
    done = run("check", "net.yaml", "--base", "main", "-o", "json")
    assert done.code == 0
    assert json.loads(done.out)["base"] == {"name": f"main ({start[:7]})", "commit": start}


def test_a_dirty_tree_is_what_is_checked(run, write, branch):
    """The files as they lie there count, committed or not."""
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    done = run("check", "net.yaml", "--base", "main", "-o", "json")
    assert done.code == 1
    assert figures(done)["params"] == (PARAMS, PARAMS + 170)


def test_a_changed_include_is_read_at_the_base(run, write, branch):
    """The spec is the same; the blocks that it includes are not."""
    write("blocks.yaml", BLOCKS.replace("relu]", "conv: [c, 3]]"))  # 584 params more
    done = run("check", "other.yaml", "--base", "main", "-o", "json")
    assert done.code == 1
    assert figures(done)["params"] == (898, 898 + 584)


def test_an_include_of_another_folder_is_found_at_the_base(run, write, git, commit):
    write("parts/blocks.yaml", BLOCKS)
    write("nets/a.yaml", CALLER.replace("blocks.yaml", "../parts/blocks.yaml"))
    commit()
    write("parts/blocks.yaml", BLOCKS.replace("relu]", "conv: [c, 3]]"))
    done = run("check", "nets", "--base", "main", "-o", "json")
    assert done.code == 1
    assert figures(done)["params"] == (898, 898 + 584)


@pytest.mark.parametrize("known", [True, False], ids=["git mv", "mv"])
def test_a_renamed_spec_has_its_base_under_the_old_name(run, branch, folder, git, known, write):
    """Also before git was told of the new file."""
    (folder / "models").mkdir()
    if known:
        git("mv", "net.yaml", "models/new.yaml")
    else:
        (folder / "net.yaml").rename(folder / "models" / "new.yaml")
    write("models/new.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    done = run("check", "models/new.yaml", "--base", "main", "-o", "json")
    assert done.code == 1
    assert figures(done)["params"] == (PARAMS, PARAMS + 170)
    assert "was net.yaml in main (" in done.out


def test_a_spec_that_was_broken_at_the_base_has_none(run, write, git, commit):
    write("net.yaml", NET.replace("conv", "cnov") + BUDGET)
    commit()
    write("net.yaml", NET + BUDGET)
    done = run("check", "net.yaml", "--base", "HEAD")
    assert done.code == 0
    assert "cannot be read at HEAD (" in done.out
    assert "unknown layer type 'cnov'" in done.out


def test_a_spec_in_no_repository_has_no_base(run, write, branch, folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "far.yaml"
    outside.write_text(NET + BUDGET)
    done = run("check", "net.yaml", str(outside), "--base", "main")
    assert done.code == 0
    assert "outside of the repository" in done.out


def clone(git, folder, *options):
    """Return a clone in folder/clone, as CI has it."""
    git("clone", "-q", *options, f"file://{folder}/origin", str(folder / "clone"))
    return folder / "clone"


@pytest.fixture
def origin(folder, git, monkeypatch):
    """A repository `origin` with three commits on main and two on work."""
    work = folder / "origin"
    work.mkdir()
    git("init", "-q", "-b", "main", cwd=work)

    def commit(text):
        (work / "net.yaml").write_text(text)
        git("add", "-A", cwd=work)
        git("commit", "-q", "-m", "change", cwd=work)

    for number in (8, 9, 10):
        commit((NET + BUDGET).replace("fc: 10", f"fc: {number}"))
    git("checkout", "-q", "-b", "work", cwd=work)
    for number in (11, 20):
        commit((NET + BUDGET).replace("fc: 10", f"fc: {number}"))
    return work


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_says_what_to_fetch_and_that_is_enough(
    run, folder, git, origin, monkeypatch, depth
):
    """Exit code 3, and a command that works as it is printed."""
    monkeypatch.chdir(clone(git, folder, "--depth", str(depth), "--branch", "work"))
    done = run("check", "net.yaml", "--base", "origin/main")
    assert (done.code, done.out) == (3, "")
    assert "there is no commit 'origin/main' here" in done.err
    command = re.search(r"run `(git fetch .*)`", done.err)[1]
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    done = run("check", "net.yaml", "--base", "origin/main", "-o", "json")
    assert done.code == 1
    assert figures(done)["params"] == (PARAMS, PARAMS + 170)


def test_a_shallow_clone_with_the_branch_but_not_the_common_commit(
    run, folder, git, origin, monkeypatch
):
    git("checkout", "-q", "main", cwd=origin)
    (origin / "more.yaml").write_text(NET)
    git("add", "-A", cwd=origin)
    git("commit", "-q", "-m", "main goes on", cwd=origin)
    monkeypatch.chdir(clone(git, folder, "--depth", "1", "--no-single-branch", "--branch", "work"))
    done = run("check", "net.yaml", "--base", "origin/main")
    assert (done.code, done.out) == (3, "")
    assert "the clone is shallow" in done.err
    command = re.search(r"run `(git fetch .*)`", done.err)[1]
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    assert run("check", "net.yaml", "--base", "origin/main").code == 1


@pytest.mark.parametrize(
    "ref, text",
    [
        ("nowhere", "there is no commit 'nowhere' here"),
        ("nowhere", "the repository has no remote to fetch nowhere from; name another base"),
        ("--all", "'--all' is not a branch or a commit"),
        ("HEAD:net.yaml", "there is no commit 'HEAD:net.yaml' here"),
    ],
)
def test_a_base_that_is_not_there_is_exit_code_3(run, branch, ref, text):
    done = run("check", "net.yaml", f"--base={ref}")
    assert (done.code, done.out) == (3, "")
    assert text in done.err


def test_an_empty_base_is_not_no_base(run, branch):
    """An empty variable in a CI script must not make every baseline pass."""
    done = run("check", "net.yaml", "--base", "", "--budget", "params <= 5k")
    assert (done.code, done.out) == (2, "")
    assert "--base is empty" in done.err


def test_no_common_commit(run, branch, git, commit, write):
    git("checkout", "-q", "--orphan", "alone")
    commit("alone")
    done = run("check", "net.yaml", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert "have no commit in common" in done.err


def test_no_repository_and_no_commit(run, folder, write, git):
    write("net.yaml", NET + BUDGET)
    done = run("check", "net.yaml", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert "the repository has no commit yet" in done.err


def test_outside_of_any_repository(run, write):
    write("net.yaml", NET + BUDGET)
    done = run("check", "net.yaml", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert "this is not in a git repository" in done.err


def test_without_git(run, write, branch, monkeypatch):
    monkeypatch.setenv("PATH", "")
    done = run("check", "net.yaml", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert "git cannot be run" in done.err


def test_a_repository_of_somebody_else(run, write, branch, monkeypatch):
    """In a container the checkout often belongs to another user, and git says so."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    done = run("check", "net.yaml", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert "dubious ownership" in done.err
    assert "git config --global --add safe.directory" in done.err


@pytest.mark.parametrize("foreign", [True, False])
def test_a_command_for_a_repository_with_an_odd_name_can_be_run(
    run, folder, git, monkeypatch, foreign
):
    work = folder / "it's a `net`"
    work.mkdir()
    git("init", "-q", cwd=work)
    (work / "net.yaml").write_text(NET + BUDGET)
    if foreign:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    else:
        (work / ".git" / "config").write_text("[")
    monkeypatch.chdir(work)
    done = run("check", "net.yaml", "--base", "main")
    (line,) = [line for line in done.err.splitlines() if "hint: run " in line]
    words = shlex.split(line.partition("`")[2].rpartition("`")[0])
    assert (words[0], str(work) in words) == ("git", True)


def test_nothing_in_the_repository_is_touched(run, write, branch, git):
    """Neither the index nor the files nor the references."""
    write("net.yaml", NET)
    before = git("status", "--porcelain"), git("for-each-ref"), git("stash", "list")
    run("check", "net.yaml", "--base", "main", "--budget", "params <= 5k")
    assert (git("status", "--porcelain"), git("for-each-ref"), git("stash", "list")) == before


def test_names_that_git_would_quote(run, write, git, commit):
    write("mödel s/nét (1).yaml", NET + BUDGET)
    commit()
    git("mv", "mödel s/nét (1).yaml", "mödel s/ñ.yaml")
    write("mödel s/ñ.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    done = run("check", "mödel s", "--base", "main", "-o", "json")
    assert figures(done)["params"] == (PARAMS, PARAMS + 170)


def test_a_link_inside_the_repository_is_followed(run, write, git, commit, folder):
    write("real/blocks.yaml", BLOCKS)
    (folder / "blocks.yaml").symlink_to("real/blocks.yaml")
    write("net.yaml", CALLER)
    commit()
    write("real/blocks.yaml", BLOCKS.replace("relu]", "conv: [c, 3]]"))
    done = run("check", "net.yaml", "--base", "main", "-o", "json")
    assert figures(done)["params"] == (898, 898 + 584)


def test_annotations_point_at_the_changed_line_from_the_root(run, write, branch, monkeypatch):
    """GitHub wants paths from the repository's folder, wherever the command runs."""
    text = (NET + BUDGET).replace("stem: {conv: [16, 3]}", "stem: {conv: [32, 3]}")
    write("sub/net.yaml", NET + BUDGET)
    branch("add", "-A")
    branch("commit", "-q", "-m", "sub")
    path = write("sub/net.yaml", text)
    monkeypatch.chdir(path.parent)
    done = run("check", "net.yaml", "--base", "work", "-o", "github")
    assert done.out.startswith("::error file=sub/net.yaml,line=3,")


def test_the_present_folder_chooses_the_repository(run, write, branch, tmp_path_factory):
    """A network that comes with cnncalc, or a file elsewhere, does not, even as the first."""
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    far = tmp_path_factory.mktemp("far") / "net.yaml"
    far.write_text(NET + BUDGET)
    for first in ("resnet50", str(far)):
        done = run("check", first, "net.yaml", "--base", "main", "--budget", "params <= baseline")
        assert done.code == 1, done.out
        assert "params +170 (+5.8%)" in done.out


def test_each_spec_has_the_base_of_its_own_repository(run, write, folder, monkeypatch):
    """From a folder in no repository, every spec is compared in its own."""
    for name in ("one", "two"):
        write(f"{name}/net.yaml", NET + BUDGET)
        for words in ("init -q -b main", "add -A", "commit -q -m first"):
            subprocess.run(["git", *words.split()], cwd=folder / name, check=True)
    write("two/net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    done = run("check", "one/net.yaml", "two/net.yaml", "--base", "main")
    assert done.code == 1
    assert "params +170 (+5.8%)" in done.out


@pytest.mark.parametrize("name", ["link.yaml", "user.yaml"])
def test_a_link_that_leads_elsewhere_now(run, write, git, commit, folder, name):
    """What it led to at the base is the baseline, of a spec and of what a spec includes."""
    write("small.yaml", NET + BUDGET)
    write("large.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    write("block1.yaml", BLOCKS)
    write("block2.yaml", BLOCKS.replace("relu, conv: [c, 3]", "relu, conv: [2 * c, 3]"))
    write("user.yaml", CALLER)
    (folder / "link.yaml").symlink_to("small.yaml")
    (folder / "blocks.yaml").symlink_to("block1.yaml")
    commit()
    for link, now in (("link.yaml", "large.yaml"), ("blocks.yaml", "block2.yaml")):
        (folder / link).unlink()
        (folder / link).symlink_to(now)
    done = run("check", name, "--base", "main")
    assert done.code == 1, done.out
    assert "since main (" in done.out


def test_a_hook_of_git_may_tell_of_another_repository(
    run, write, branch, monkeypatch, tmp_path_factory
):
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["git", "init", "-q", "-b", "main", str(other)], check=True)
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    done = run("check", "net.yaml", "--base", "main")
    assert done.code == 1, done.err
    assert "params +170 (+5.8%)" in done.out


@pytest.mark.parametrize("form", ["table", "markdown", "github", "gitlab", "sarif"])
def test_a_cause_in_an_included_file_names_the_file(run, write, branch, form):
    write("blocks.yaml", BLOCKS.replace("relu]", "conv: [c, 3]]"))
    done = run("check", "other.yaml", "--base", "main", "-o", form)
    assert "caused by two1.conv3 blocks.yaml:2 conv(out=8, kernel=3) added" in done.out


GROUPS = """\
input: [3, 8, 8]
layers:
  blk1: {conv: [4, 1]}
  blk2: [conv: [4, 1], relu]
"""
"""blk1 has 4·3 + 4 = 16 params, blk2 4·4 + 4 = 20."""


def test_a_group_that_the_base_lacks_is_told(run, write, commit):
    """A new group has no baseline, and must not be passed over in silence."""
    rule = "params <= baseline for each blk*"
    write("net.yaml", GROUPS)
    commit()
    write("net.yaml", GROUPS + "  blk3: [conv: [40, 3], tanh]\n")
    done = run("check", "net.yaml", "--base", "HEAD", "--budget", rule)
    assert "all 2, closest blk1" in done.out
    text = " ".join(done.out.split())
    assert "; 1 skipped: blk3 (at the base: " in text


@pytest.mark.parametrize(
    "now, count, rule",
    [
        ("blk3: [conv: [40, 3], relu]", "1.48 k", "params <= baseline for each blk*"),
        ("blk3: [conv: [40, 3], relu]", "1.48 k", "params(blk3) <= baseline"),
        ("blk3: [conv: [5, 1], relu]", "25", "params <= baseline + 2% for each blk*"),
        ("blk3: [a: {conv: [5, 1]}, b: relu]", "25", "params(blk3.a) <= baseline"),
        ("blk3: [a: {conv: [5, 1]}, b: relu]", "25", "params <= baseline for each blk*.a"),
        ("blk3: [conv: [5, 1], relu]", "25", "params(blk3.c*) <= baseline"),
    ],
)
def test_a_group_that_was_renamed_keeps_its_baseline(run, write, commit, now, count, rule):
    write("net.yaml", GROUPS)
    commit()
    write("net.yaml", GROUPS.replace("blk2: [conv: [4, 1], relu]", now))
    done = run("check", "net.yaml", "--base", "HEAD", "--budget", rule)
    text = " ".join(done.out.split())
    assert done.code == 1, text
    assert f" {count} > baseline" in text
    assert "20, over by " in text.replace("20.4", "20")
    assert "was blk2" in text
    assert "skipped" not in text


def test_a_renamed_group_that_is_as_it_was_holds(run, write, commit):
    write("net.yaml", GROUPS)
    commit()
    write("net.yaml", GROUPS.replace("blk2", "blk3"))
    rule = "params <= baseline for each blk*"
    done = run("check", "net.yaml", "--base", "HEAD", "--budget", rule)
    assert done.code == 0
    assert "all 2, closest " in done.out
    assert "skipped" not in done.out


def test_a_name_that_the_base_has_is_compared_by_name(run, write, commit):
    """Each stage doubles: that the first is now what the second was is no excuse."""
    net = "input: [4]\nlayers: {b1: {fc: 4}, b2: {fc: 8}}\n"
    write("net.yaml", net)
    commit()
    write("net.yaml", net.replace("8", "16").replace("fc: 4", "fc: 8"))
    done = run("check", "net.yaml", "--base", "HEAD", "--budget", "params(b1) <= baseline")
    assert done.code == 1
    assert "params(b1) 40 > baseline 20, over by 20" in " ".join(done.out.split())
    assert "was b2" not in done.out


def test_what_failed_under_another_name_is_not_new(run, write, commit, git):
    write("net.yaml", GROUPS)
    commit()
    write("net.yaml", GROUPS.replace("blk2", "blk3"))
    rule = "params <= 18 for each blk*"
    done = run("check", "net.yaml", "--base", "HEAD", "--only-new", "--budget", rule)
    assert done.code == 0, done.out
    write("net.yaml", GROUPS.replace("blk2: [conv: [4, 1]", "blk3: [conv: [5, 1]"))
    done = run("check", "net.yaml", "--base", "HEAD", "--only-new", "--budget", rule)
    assert done.code == 1, done.out


def test_python_knows_renamed_groups_too():
    before = cnncalc.loads(GROUPS)
    after = cnncalc.loads(GROUPS.replace("blk2: [conv: [4, 1]", "blk3: [conv: [40, 3]"))
    result = cnncalc.check(after, ["params <= baseline for each blk*"], base=before)
    assert not result
    assert "blk3: params 1.48 k > baseline 20" in result.failures[0].detail
    assert result.failures[0].detail.endswith("(was blk2)")


@pytest.mark.parametrize("name", ["ne\nt.yaml", "a 5\nblob 7\n.yaml", "sub\n/net.yaml", "net\r"])
def test_a_line_break_in_a_name_does_not_hide_the_base(run, write, git, commit, name):
    write(name, NET + BUDGET)
    commit()
    write(name, (NET + BUDGET).replace("fc: 10", "fc: 20"))
    done = run("check", name, "--base", "main", "-o", "json")
    assert done.code == 1, done.out + done.err
    assert figures(done)["params"] == (PARAMS, PARAMS + 170)


def test_a_new_file_with_a_line_break_in_its_name_has_no_base(run, write, branch):
    """Git repeats the name in its answer, which may look like another answer."""
    name = "x blob 5\ny.yaml"
    write(name, "input: [3]\nlayers: [fc: 3]\n" + BUDGET)
    done = run("check", name, "--base", "main")
    assert done.code == 0, done.err
    assert "not in main (" in done.out


def test_git_that_cannot_be_asked_for_a_line_break_is_an_error(
    run, write, branch, folder, monkeypatch
):
    """Before 2.38: a spec whose base is not seen would pass whatever it became."""
    real = shutil.which("git")
    write(
        "bin/git",
        "#!/bin/sh\n"
        f'case "$*" in *cat-file*" -z"*) echo "error: unknown switch" >&2; exit 129;; esac\n'
        f'exec {real} "$@"\n',
    ).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)
    write("ne\nt.yaml", NET + BUDGET)
    done = run("check", "ne\nt.yaml", "--base", "main")
    assert (done.code, done.out) == (3, "")
    assert r"git cannot be asked for 'ne\nt.yaml'" in done.err
    assert run("check", "net.yaml", "--base", "main").code == 0


def was(done):
    """Return spec -> the file that it was at the base, of the JSON of a check."""
    specs = json.loads(done.out)["specs"]
    found = {each["spec"]: " ".join(each["notices"]) for each in specs}
    return {
        spec: match[1] if (match := re.search(r"was (\S+) in", text)) else ""
        for spec, text in found.items()
    }


@pytest.mark.parametrize("order", [["a.yaml", "b.yaml"], ["b.yaml", "a.yaml"]])
def test_one_file_of_the_base_becomes_one_file_now(run, write, branch, folder, order):
    """The more similar of two new files is what it was, whichever is looked at first."""
    (folder / "net.yaml").unlink()
    write("a.yaml", (NET + BUDGET).replace("fc: 10", "fc: 30").replace("relu", "tanh"))
    write("b.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    done = run("check", *order, "--base", "main", "-o", "json")
    assert was(done) == {"a.yaml": "", "b.yaml": "net.yaml"}


@pytest.mark.parametrize("order", [["a.yaml", "b.yaml"], ["b.yaml", "a.yaml"]])
def test_what_is_left_over_goes_to_the_next_best(run, write, commit, folder, order):
    """Both are most like the first old file; the second old file is like enough for one of them."""
    one = "input: [3, 8, 8]\nlayers:\n" + "".join(f"  - conv: [{n}, 3]\n" for n in (4, 5, 6))
    other = one.replace("[6, 3]", "[9, 3]")
    write("one.yaml", one)
    write("other.yaml", other)
    commit()
    (folder / "one.yaml").unlink()
    (folder / "other.yaml").unlink()
    write("a.yaml", one.replace("[4, 3]", "[8, 3]"))
    write("b.yaml", one)
    done = run("check", *order, "--base", "HEAD", "--budget", "params <= 5k", "-o", "json")
    assert was(done) == {"a.yaml": "other.yaml", "b.yaml": "one.yaml"}


def test_equal_files_are_told_apart_by_their_names(run, write, commit, folder):
    for name in ("p.yaml", "q.yaml", "r.yaml"):
        write(f"old/{name}", NET)
    commit()
    (folder / "old").rename(folder / "new")
    (folder / "new" / "r.yaml").rename(folder / "new" / "a.yaml")
    names = ["new/q.yaml", "new/a.yaml", "new/p.yaml"]
    done = run("check", *names, "--base", "HEAD", "--budget", "params <= 5k", "-o", "json")
    assert was(done) == {
        "new/p.yaml": "old/p.yaml",
        "new/q.yaml": "old/q.yaml",
        "new/a.yaml": "old/r.yaml",
    }


def test_variants_of_a_renamed_spec_have_the_same_base(run, write, commit, folder):
    write(
        "old.yaml", "input: [3]\nvars: {n: 2}\nvariants: {x: {n: 3}, y: {n: 4}}\nlayers: [fc: n]\n"
    )
    commit()
    (folder / "old.yaml").rename(folder / "new.yaml")
    done = run(
        "check", "new.yaml@all", "--base", "HEAD", "--budget", "params <= baseline", "-o", "json"
    )
    assert done.code == 0
    notices = [each["notices"] for each in json.loads(done.out)["specs"]]
    assert [text.startswith("was old.yaml in") for (text,) in notices] == [True, True]


@pytest.fixture
def history(folder, git, origin):
    """The repository `origin` with a tag on main, a branch of its own, and a branch beside it."""
    git("tag", "v1", "main", cwd=origin)
    git("tag", "-a", "-m", "first", "release/1", "main~2", cwd=origin)
    git("branch", "release/next", "main~1", cwd=origin)
    git("branch", "cafe123", "main", cwd=origin)
    return origin


def hints(done):
    """Return the commands that an error says to run, as they are printed."""
    assert (done.code, done.out) == (3, "")
    return re.findall(r"`(git .*?)`", " ".join(done.err.split()))


def obey(command):
    subprocess.run(shlex.split(command), check=True, capture_output=True)


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize(
    "ref, before, at",
    [
        ("origin/main", 10, 0),
        ("main", 10, 0),
        ("refs/heads/main", 10, 0),
        ("refs/remotes/origin/main", 10, 0),
        ("origin/main~1", 9, 0),
        ("main^", 9, 0),
        ("release/next", 9, 0),
        ("origin/release/next", 9, 0),
        ("HEAD~2", 10, 0),
        ("@~3", 9, 0),
        ("work~2", 10, 0),
        ("v1", 10, -1),
        ("refs/tags/v1", 10, 0),
        ("release/1", 8, -1),
        ("v1~1", 9, -1),
        ("cafe123", 10, 0),
        ("HASH", 10, 0),
        ("SHORT", 10, 0),
        ("HASH~1", 9, 0),
        ("PULL", 10, 0),
    ],
)
def test_what_a_shallow_clone_says_to_run_is_enough(
    run, folder, git, history, monkeypatch, single, ref, before, at
):
    """As it is printed, and nothing else; of a name that may be a tag, the command for tags."""
    full = git("rev-parse", "main", cwd=history).strip()
    pull = git(
        "commit-tree", "-p", "main", "-m", "on no branch", "main^{tree}", cwd=history
    ).strip()
    git("update-ref", "refs/pull/1/head", pull, cwd=history)
    ref = ref.replace("HASH", full).replace("SHORT", full[:9]).replace("PULL", pull)
    options = ["--depth", "1", "--branch", "work", *([] if single else ["--no-single-branch"])]
    monkeypatch.chdir(clone(git, folder, *options))
    branch = git("rev-parse", "work", cwd=folder / "clone")
    arguments = ["check", "net.yaml", "--base", ref]
    for _ in range(3):  # a ref that is there hides that the common commit is not
        done = run(*arguments, "-o", "json")
        if done.code != 3:
            break
        if "write --base " in done.err:
            arguments[-1] = re.search(r"write --base (\S+)", done.err)[1]
            continue
        obey(hints(done)[at])
    assert done.code == 1, done.err
    assert figures(done)["params"] == (PARAMS + 17 * (before - 10), PARAMS + 170)
    assert git("rev-parse", "work", cwd=folder / "clone") == branch


@pytest.mark.parametrize(
    "ref, count",
    [("origin/main", 1), ("main", 2), ("v1", 2), ("HASH", 1), ("SHORT", 1)],
)
def test_what_a_whole_clone_of_one_branch_says_to_run(
    run, folder, git, history, monkeypatch, ref, count
):
    """It is not shallow, so `--unshallow` would be an error."""
    git("checkout", "-q", "main", cwd=history)
    (history / "more.yaml").write_text(NET)
    git("add", "-A", cwd=history)
    git("commit", "-q", "-m", "main goes on", cwd=history)
    full = git("rev-parse", "main", cwd=history).strip()
    git("tag", "-f", "v1", cwd=history)
    ref = ref.replace("HASH", full).replace("SHORT", full[:9])
    monkeypatch.chdir(clone(git, folder, "--single-branch", "--no-tags", "--branch", "work"))
    commands = hints(run("check", "net.yaml", "--base", ref))
    assert len(commands) == count
    assert not any("--unshallow" in command for command in commands)
    obey(commands[-1 if ref == "v1" else 0])
    assert run("check", "net.yaml", "--base", ref).code == 1


@pytest.mark.parametrize(
    "ref, hint",
    [
        ("HEAD~99", "the history has no such commit"),
        ("main~99", "the history has no such commit"),
        ("HEAD:net.yaml", "name a branch, a tag or a commit"),
        ("ma..in", "name a branch, a tag or a commit"),
        ("a b", "name a branch, a tag or a commit"),
        ("main~1:net.yaml", "name a branch, a tag or a commit"),
    ],
)
def test_what_nothing_can_fetch_has_no_command(run, folder, git, history, monkeypatch, ref, hint):
    monkeypatch.chdir(clone(git, folder))
    git("branch", "main", "origin/main", cwd=folder / "clone")
    done = run("check", "net.yaml", "--base", ref)
    assert hints(done) == []
    assert hint in done.err


def test_the_remote_of_the_branch_is_asked(run, folder, git, history, monkeypatch):
    """Not the first of several."""
    path = clone(git, folder, "--depth", "1", "--branch", "work", "--origin", "team/up")
    git("remote", "add", "a", "https://example.org/a", cwd=path)
    git("config", "remote.team.url", "https://example.org/team", cwd=path)
    monkeypatch.chdir(path)
    assert hints(run("check", "net.yaml", "--base", "HEAD~1")) == ["git fetch --unshallow team/up"]
    (command,) = hints(run("check", "net.yaml", "--base", "team/up/main"))
    assert command.endswith(" team/up +refs/heads/main:refs/remotes/team/up/main")
    obey(command)
    assert run("check", "net.yaml", "--base", "team/up/main").code == 1
    git("checkout", "-q", "--detach", cwd=path)
    git("remote", "add", "origin", "https://example.org/b", cwd=path)
    assert "git fetch origin " in hints(run("check", "net.yaml", "--base", "nowhere"))[0]


def test_a_branch_that_is_there_under_its_remote_needs_no_command(
    run, folder, git, history, monkeypatch
):
    monkeypatch.chdir(clone(git, folder, "--branch", "work"))
    done = run("check", "net.yaml", "--base", "main")
    assert hints(done) == []
    assert "write --base origin/main" in done.err


def test_a_link_from_outside_leads_into_the_repository(run, write, branch, folder, monkeypatch):
    """A file that lies in no repository by its name is one of that where the link leads."""
    repository = folder / "repository"
    (folder / ".git").rename(write("repository/x", "").parent / ".git")
    (folder / "net.yaml").rename(repository / "net.yaml")
    write("repository/net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    write("plain/x", "")
    (folder / "plain" / "link.yaml").symlink_to(repository / "net.yaml")
    for here, name in (("plain", "link.yaml"), ("repository", "../plain/link.yaml")):
        monkeypatch.chdir(folder / here)
        done = run("check", name, "--base", "main", "-o", "json")
        assert done.code == 1, done.err
        assert figures(done)["params"] == (PARAMS, PARAMS + 170)


def skipped(done):
    """Return the details of the budgets of the last spec, of the JSON of a check."""
    return [budget["detail"] for budget in json.loads(done.out)["specs"][-1]["budgets"]]


def test_a_line_without_a_base_says_why(run, write, branch, commit, tmp_path_factory):
    """There is a base to compare with; it is the spec that it lacks."""
    start = branch("rev-parse", "--short=7", "main").strip()
    both = ["--base", "main", "--budget", "params <= baseline for each *", "-o", "json"]
    write("new.yaml", "input: [3]\nlayers: [fc: 3, fc: 2]\n" + BUDGET)
    done = run("check", "new.yaml", *both)
    assert skipped(done) == [f"skipped: not in main ({start})"] * 2
    parts = json.loads(done.out)["specs"][0]["budgets"][1]["parts"]
    assert {part["detail"] for part in parts} == {f"skipped: not in main ({start})"}
    far = tmp_path_factory.mktemp("far") / "net.yaml"
    far.write_text(NET + BUDGET)
    done = run("check", "net.yaml", str(far), *both)
    assert skipped(done) == ["skipped: outside of the repository"] * 2
    write("net.yaml", "variants: {x: {}}\n" + NET + BUDGET)
    done = run("check", "net.yaml@x", *both)
    assert skipped(done) == [f"skipped: not in main ({start}) as a variant"] * 2
    write("net.yaml", NET.replace("conv", "cnov") + BUDGET)
    broken = commit()[:7]
    write("net.yaml", NET + BUDGET)
    done = run("check", "net.yaml", *[each.replace("main", "HEAD") for each in both])
    assert skipped(done) == [f"skipped: cannot be read at HEAD ({broken})"] * 2


def test_no_process_is_left_where_the_base_is_never_used(folder, git, commit, write, monkeypatch):
    """A base that is opened, and then given up before its `with` block, leaves nothing behind."""
    write("net.yaml", NET)
    commit()
    started = []
    real = subprocess.Popen

    def noted(command, **options):
        started.append(command)
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", noted)
    base = GitBase("main", [Case(folder / "net.yaml", "net.yaml")], {}, "notes")
    assert base.title.startswith("main (")
    assert started
    assert not [command for command in started if "cat-file" in command]


def test_a_file_of_the_base_whose_content_is_lost_is_no_new_file(run, write, commit, git, folder):
    """The commit has the file, so a budget against it must not be skipped."""
    write("net.yaml", NET + BUDGET)
    commit()
    blob = git("rev-parse", "HEAD:net.yaml").strip()
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    assert run("check", "net.yaml", "--base", "HEAD").code == 1
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    done = run("check", "net.yaml", "--base", "HEAD")
    assert (done.code, done.out) == (3, "")
    assert "git cannot read net.yaml in HEAD" in done.err
    assert "run `git fsck`" in done.err


def test_an_object_in_place_of_another_is_not_what_was_committed(run, write, commit, git):
    write("net.yaml", NET + BUDGET)
    commit()
    blob = git("rev-parse", "HEAD:net.yaml").strip()
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    git("replace", blob, git("hash-object", "-w", "net.yaml").strip())
    assert run("check", "net.yaml", "--base", "HEAD").code == 1


def test_nothing_that_the_repository_configures_is_run(run, write, commit, git, folder):
    """A filter, a monitor of files and a driver for differences: programs of somebody else."""
    write("net.yaml", NET + BUDGET)
    commit()
    trap = folder / "trap"
    write("trap.sh", f'#!/bin/sh\necho "$0 $@" >> {trap}\ncat\n').chmod(0o755)
    write(".gitattributes", "*.yaml filter=evil diff=evil\n")
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.evil.command"):
        git("config", key, str(folder / "trap.sh"))
    git("config", "diff.evil.textconv", str(folder / "trap.sh"))
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    assert run("check", "net.yaml", "--base", "HEAD").code == 1
    assert not trap.exists()


def test_an_include_in_a_submodule_is_as_the_base_had_it(run, write, commit, git, folder):
    """The submodule is a repository of its own; the base names a commit of that."""
    blocks = "blocks:\n  B(c): [conv: [c, 3]]\n"
    net = "input: [3, 8, 8]\ninclude: [lib/blocks.yaml]\nlayers: [B: 4]\n" + BUDGET
    write("lib/blocks.yaml", blocks)
    git("init", "-q", "-b", "main", "lib")
    git("-C", "lib", "add", "-A")
    git("-C", "lib", "commit", "-q", "-m", "blocks")
    write("net.yaml", net)
    git("-c", "protocol.file.allow=always", "submodule", "add", "-q", "./lib", "lib")
    commit()
    assert run("check", "net.yaml", "--base", "HEAD").code == 0
    write("lib/blocks.yaml", blocks.replace("[c, 3]", "[c, 5]"))
    done = run("check", "net.yaml", "--base", "HEAD", "-o", "json")
    assert done.code == 1
    assert figures(done)["params"] == (4 * 3 * 9 + 4, 4 * 3 * 25 + 4)
    git("-C", "lib", "commit", "-q", "-a", "-m", "wider")
    assert run("check", "net.yaml", "--base", "HEAD").code == 1


def test_the_rest_of_a_large_file_at_the_base_is_not_kept(run, write, commit):
    """Files behind it are still read right."""
    write("old.yaml", "layers: [relu]\n" + "#" * (3 << 20))
    write("net.yaml", NET + BUDGET)
    commit()
    write("old.yaml", NET + BUDGET)
    write("net.yaml", (NET + BUDGET).replace("fc: 10", "fc: 20"))
    done = run("check", "old.yaml", "net.yaml", "--base", "HEAD", "-o", "json")
    assert done.code == 1
    assert "cannot be read at HEAD" in json.loads(done.out)["specs"][0]["notices"][0]


def test_a_renamed_file_of_many_equal_lines_is_found_at_once(run, write, commit, folder):
    text = NET + BUDGET + "#\n" * 50_000
    write("a.yaml", text)
    commit()
    (folder / "a.yaml").unlink()
    write("b.yaml", text.replace("fc: 10", "fc: 20"))
    done = run("check", "b.yaml", "--base", "HEAD", "-o", "json")
    assert done.code == 1
    assert was(done) == {"b.yaml": "a.yaml"}


def test_a_repository_may_come_into_being_between_two_runs(run, write, folder):
    """Of one process, as in a notebook or under pytest."""
    write("net.yaml", NET + BUDGET)
    assert run("check", "net.yaml", "--base", "main").code == 3
    for words in ("init -q -b main", "add -A", "commit -q -m first"):
        subprocess.run(["git", *words.split()], cwd=folder, check=True)
    assert run("check", "net.yaml", "--base", "main").code == 0
