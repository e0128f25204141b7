"""Which networks are checked, and with which budgets."""

from __future__ import annotations

import json

import pytest
from checking.kit import NET, PARAMS

VARIANTS = """\
input: [3, 8, 8]
vars: {width: 16}
variants: {small: {width: 8}, large: {width: 32}}
layers: [conv: [width, 3]]
budgets:
  - params <= 1k
  - {assert: params <= 300, only: [small]}
"""
"""28·width params: 448, small 224, large 896."""


def checked(done):
    """Return title -> number of budgets, of the JSON of a check."""
    specs = json.loads(done.out)["specs"]
    return {
        spec["spec"] + (f"@{spec['variant']}" if spec["variant"] else ""): len(spec["budgets"])
        for spec in specs
    }


@pytest.fixture
def files(write):
    write("models/a.yaml", NET + "budgets: [params <= 5k]\n")
    write("models/deep/b.yaml", VARIANTS)
    write("models/deep/blocks.yaml", "blocks: {Two(c): [conv: [c, 3]]}\n")
    write("models/.hidden/c.yaml", NET)
    write("node_modules/d.yaml", NET)


@pytest.mark.parametrize(
    "arguments, found",
    [
        (["models/a.yaml"], {"models/a.yaml": 1}),
        (["models"], {"models/a.yaml": 1, "models/deep/b.yaml": 1}),
        (["."], {"models/a.yaml": 1, "models/deep/b.yaml": 1}),
        (["models/*.yaml"], {"models/a.yaml": 1}),
        (["models/**/b.yaml"], {"models/deep/b.yaml": 1}),
        (["models/deep/b.yaml", "models/deep", "./models/deep/b.yaml"], {"models/deep/b.yaml": 1}),
        (["models/deep/b.yaml@small"], {"models/deep/b.yaml@small": 2}),
        (["models/deep/b.yaml", "--variant", "small"], {"models/deep/b.yaml@small": 2}),
        (["models@small"], {"models/deep/b.yaml@small": 2}),
        (
            ["models/deep/b.yaml@all"],
            {"models/deep/b.yaml@small": 2, "models/deep/b.yaml@large": 1},
        ),
        (
            ["models", "--variant", "all"],
            {"models/a.yaml": 1, "models/deep/b.yaml@small": 2, "models/deep/b.yaml@large": 1},
        ),
        (["resnet18", "--budget", "params <= 12M"], {"specs/resnet.yaml@resnet18": 1}),
        (["lenet5", "--budget", "params == 61_706"], {"specs/lenet5.yaml": 1}),
    ],
)  # fmt: skip
def test_what_arguments_mean(run, files, arguments, found):
    done = run("check", *arguments, "-o", "json")
    assert (done.code, done.err) == (0, "")
    assert checked(done) == found


@pytest.mark.parametrize(
    "arguments, text",
    [
        (["no.yaml"], "there is no file 'no.yaml'"),
        (["model/a.yaml"], "did you mean 'models/a.yaml'?"),
        (["resnet5"], "did you mean 'resnet50'?"),
        (["*.yml"], "'*.yml' matches no file"),
        (["node_modules/e*"], "'node_modules/e*' matches no file"),
        (["models@tiny"], "no spec has a variant 'tiny'"),
        ([], "no spec to check"),
    ],
)
def test_what_means_nothing_is_an_error(run, files, arguments, text):
    done = run("check", *arguments, "--budget", "parms <= 1")
    assert done.code == 2
    assert text in done.err + done.out


def test_a_file_by_two_names_is_checked_once(run, files, folder):
    absolute = str(folder / "models" / "a.yaml")
    done = run("check", absolute, "models/a.yaml", "-o", "json")
    assert [spec["spec"] for spec in json.loads(done.out)["specs"]] == ["models/a.yaml"]


def test_an_unknown_variant_of_a_file(run, files):
    done = run("check", "models/deep/b.yaml@smal")
    assert done.code == 2
    assert "no variant 'smal'" in done.out
    assert "did you mean 'small'?" in done.out


def test_a_folder_without_specs(run, write):
    write("ci/a.yaml", "on: push\n")
    done = run("check", "ci")
    assert (done.code, done.out) == (2, "")
    assert "'ci' has no specs" in done.err


def test_files_without_layers_are_passed_over_with_a_note(run, files):
    out = run("check", "models").out
    assert "note: models: passed over 1 without layers: deep/blocks.yaml" in out


def test_budgets_of_variants_that_are_not_checked_get_a_note(run, files):
    done = run("check", "models/deep/b.yaml")
    assert "budgets of variants are not checked here (small): use --variant all" in done.out


def test_a_bad_spec_does_not_hide_the_others(run, files, write):
    write("models/bad.yaml", "input: [3]\nlayers: [fcc: 3]\n")
    done = run("check", "models", "-o", "json")
    assert done.code == 2
    assert checked(done) == {"models/a.yaml": 1, "models/bad.yaml": 0, "models/deep/b.yaml": 1}


def test_variables_are_overridden(run, files):
    done = run("check", "models/deep/b.yaml", "--set", "width=64", "-o", "json")
    assert done.code == 1
    assert json.loads(done.out)["specs"][0]["figures"]["params"] == 28 * 64


@pytest.mark.parametrize(
    "level, arguments, code",
    [
        ("error", [], 1),
        ("warn", [], 0),
        ("warn", ["--level", "warn"], 1),
        ("info", ["--level", "warn"], 0),
        ("error", ["--exit-zero"], 0),
    ],
)
def test_levels(run, write, level, arguments, code):
    write("net.yaml", NET + f"budgets: [{{assert: params <= 1k, level: {level}}}]\n")
    assert run("check", "net.yaml", *arguments).code == code


PROJECT = """\
[tool.cnncalc]
specs = ["models"]
convention = "ops"

[[tool.cnncalc.budget]]
for = "models/*.yaml"
rules = ["params <= 3k", {assert = "macs <= 10k", level = "warn", why = "it must run at 30 Hz"}]

[tool.cnncalc.target.mcu]
rules = ["weights <= 2_938 B", "peak_memory <= 1.3 kB"]
dtype = "int8"
why = "the board has 4 KiB"
"""


def test_budgets_add_up_and_say_where_they_are_from(run, files, write):
    write("pyproject.toml", PROJECT)
    done = run("check", "models/a.yaml", "--budget", "layers <= 9", "-o", "json")
    budgets = json.loads(done.out)["specs"][0]["budgets"]
    assert [(b["rule"], b["origin"], b["file"], b["line"]) for b in budgets] == [
        ("params <= 5k", "spec", "models/a.yaml", 6),
        ("params <= 3k", "project", "pyproject.toml", 7),
        ("macs <= 10k", "project", "pyproject.toml", 7),
        ("layers <= 9", "command line", None, None),
    ]
    assert budgets[2]["why"] == "it must run at 30 Hz"


def test_the_project_names_specs_and_convention(run, files, write):
    write("pyproject.toml", PROJECT)
    done = run("check", "-o", "json")
    assert done.code == 0
    assert checked(done) == {"models/a.yaml": 3, "models/deep/b.yaml": 1}
    assert json.loads(done.out)["convention"] == "ops"


def test_the_project_is_found_from_below(run, files, write, folder, monkeypatch):
    write("pyproject.toml", PROJECT)
    monkeypatch.chdir(folder / "models" / "deep")
    assert len(checked(run("check", "-o", "json"))) == 2


def test_cnncalc_toml_has_the_same_keys_without_a_prefix(run, files, write):
    write("cnncalc.toml", PROJECT.replace("tool.cnncalc.", "").replace("[tool.cnncalc]\n", ""))
    assert checked(run("check", "-o", "json")) == {"models/a.yaml": 3, "models/deep/b.yaml": 1}


def test_a_target_counts_bytes_in_its_own_data_type(run, files, write):
    """int8 weights are one byte a param: 2,938. Peak: 16·6² + 16·4² = 832 values."""
    write("pyproject.toml", PROJECT)
    done = run("check", "models/a.yaml", "--target", "mcu", "-o", "json")
    assert done.code == 0
    weights, peak = json.loads(done.out)["specs"][0]["budgets"][-2:]
    assert (weights["value"], weights["limit"], weights["origin"]) == (PARAMS, PARAMS, "target mcu")
    assert peak["value"] == 16 * 36 + 16 * 16
    assert peak["why"] == "the board has 4 KiB"


def test_an_unknown_target(run, files, write):
    write("pyproject.toml", PROJECT)
    done = run("check", "--target", "mcv")
    assert (done.code, done.out) == (2, "")
    assert "--target mcv: no such target" in done.err
    assert "did you mean 'mcu'?" in done.err


def test_a_for_that_matches_no_file(run, files, write):
    """Its rules would check nothing, and nobody would know."""
    write("pyproject.toml", PROJECT.replace('"models/*.yaml"', '"model/*.yaml"'))
    done = run("check")
    assert (done.code, done.out) == (2, "")
    assert "for = 'model/*.yaml' matches no file" in done.err
    assert "--> pyproject.toml:6" in done.err


@pytest.mark.parametrize(
    "old, new, text, line",
    [
        ("base", "base", "", 0),
        ('convention = "ops"', 'conventoin = "ops"', "unknown key 'conventoin'", 3),
        ('level = "warn"', 'level = "warning"', "level = 'warning' is not known", 7),
        ('specs = ["models"]', "specs = 3", "specs must be a list of texts", 2),
        ('dtype = "int8"', 'dtype = "int7"', "dtype = 'int7' is not known", 11),
        ('"params <= 3k"', "3", "a rule must be a table", 0),
        ('"params <= 3k"', '""', "a rule needs a budget", 0),
        ('rules = ["weights', 'rule = ["weights', "unknown key 'rule'", 10),
        ("[tool.cnncalc]", "[tool.cnncalc", "(at line 1, column 14)", 0),
        ('"params <= 3k"', '"parms <= 3k"', "'parms' is not a metric", 7),
    ],
)
def test_a_project_file_that_is_wrong_says_where(run, files, write, old, new, text, line):
    write("pyproject.toml", PROJECT.replace(old, new, 1))
    done = run("check")
    said = done.err + done.out
    assert done.code == (2 if text else 0)
    assert text in said
    place = f"--> pyproject.toml:{line}:" if line else "--> pyproject.toml"
    assert (place in said) is bool(text)


def test_a_pyproject_of_somebody_else_is_no_project(run, files, write):
    write("pyproject.toml", "[project]\nname = 'x'\n")
    done = run("check")
    assert (done.code, done.out) == (2, "")
    assert "cnncalc.toml" in done.err


@pytest.mark.parametrize(
    "arguments, text",
    [
        (["--base", "main", "--no-base"], "exclude each other"),
        (["--base", "main", "--lock"], "exclude each other"),
        (["--only-new"], "--only-new needs a git base"),
        (["--lock"], "there is no cnncalc.lock"),
        (["--lock", "--only-new"], "--only-new"),
        (["--level", "fatal"], "--level fatal: not known"),
        (["--set", "width"], "--set width: not NAME=VALUE"),
        (["-o", "xml"], "-o xml: no such format"),
        (["--convention", "mine"], "unknown convention 'mine'"),
        (["--wrong"], "--wrong"),
    ],
)
def test_options_that_do_not_go(run, files, arguments, text):
    done = run("check", "models/a.yaml", *arguments)
    assert (done.code, done.out) == (2, "")
    assert text in done.err


def test_the_projects_base_is_used_unless_it_is_refused(run, files, write):
    write("cnncalc.toml", 'base = "origin/main"\n')
    assert run("check", "models").code == 3
    assert run("check", "models", "--no-base").code == 0


def test_a_failing_budget_names_its_column_in_the_spec(run, write):
    write("net.yaml", NET + "budgets:\n  - params <= 5k + 2 MACs\n")
    done = run("check", "net.yaml")
    assert done.code == 2
    assert "net.yaml:7:15\n" in done.out
    assert "cannot compare params with MACs" in done.out


LAYERS = "layers: [conv: [16, 3], gap, fc: 10]"
"""448 + 170 = 618 params."""
WAYS = {
    "flow": b"{input: [3, 8, 8], " + LAYERS.encode() + b"}\n",
    "flow over lines": b"{\n  input: [3, 8, 8],\n  " + LAYERS.encode() + b"\n}\n",
    "flow, quoted": b'{"input": [3, 8, 8], "layers": [fc: 10]}\n',
    "JSON": b'{"input":[3,8,8],"layers":[{"fc":10}]}',
    "byte order mark": b"\xef\xbb\xbf" + LAYERS.encode() + b"\ninput: [3, 8, 8]\n",
    "quoted": b'input: [3, 8, 8]\n"layers" : [fc: 10]\n',
    "indented": b"  input: [3, 8, 8]\n  " + LAYERS.encode() + b"\n",
    "CRLF": b"input: [3, 8, 8]\r\n" + LAYERS.encode() + b"\r\n",
    "CR": b"input: [3, 8, 8]\r" + LAYERS.encode() + b"\r",
    "explicit key": b"? input\n: [3, 8, 8]\n? layers\n: [fc: 10]\n",
    "behind a document's start": b"--- {input: [3, 8, 8], layers: [fc: 10]}\n",
}


@pytest.mark.parametrize("name", WAYS)
def test_a_spec_is_found_however_yaml_writes_it(run, folder, write, name):
    write("nets/blocks.yaml", "blocks: {Two(c): [conv: [c, 3]]}\n")
    (folder / "nets" / "a.yaml").write_bytes(WAYS[name])
    done = run("check", "nets", "--budget", "params <= 5k", "-o", "json")
    assert done.code == 0, done.out + done.err
    assert checked(done) == {"nets/a.yaml": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"input: [3, 8, 8\n" + LAYERS.encode() + b"\n",
        b"input: [3, 8, 8]\n layers [fc: 10]\n",
        b"{input: [3, 8, 8], layers: [fc: 10]\n",
        ("{input: [3, 8, 8], " + LAYERS + "}\n").encode("utf-16"),
        ("{input: [3, 8, 8], " + LAYERS + "}\n").encode("utf-16-be"),
        b"{name: '\xff', input: [3, 8, 8], layers: [fc: 10]}\n",
        b"{name: '\x01', input: [3, 8, 8], layers: [fc: 10]}\n",
        b"{input: [3], layers: [fc: 10]}\n---\n{input: [3], layers: [fc: 10]}\n",
    ],
)
def test_a_broken_spec_is_never_passed_over(run, folder, write, content):
    """What mentions layers and is no YAML is somebody's network: its error is told."""
    write("nets/good.yaml", NET)
    (folder / "nets" / "bad.yaml").write_bytes(content)
    done = run("check", "nets", "--budget", "params <= 5k")
    assert done.code == 2
    assert "nets/bad.yaml" in done.out
    assert "passed over" not in done.out


@pytest.mark.parametrize(
    "text",
    [
        "blocks: {Two(c): {layers: [conv: [c, 3]]}}\n",
        "on: push\njobs:\n  build: {cache: docker layers, layers: 3}\n",
        "a: &x !reference [layers, 3]\n<<: *x\n",
        "a: 1\n---\nb: {layers: 2}\n",
        "- layers: [fc: 3]\n",
        "- layers\n",
        "text: |\n  layers: [fc: 3]\n",
        "a: 1  # no layers: here\n",
        "layers\n",
        "a: [1, 2\n",
    ],
)
def test_what_only_speaks_of_layers_is_passed_over(run, write, text):
    write("nets/good.yaml", NET)
    write("nets/other.yaml", text)
    done = run("check", "nets", "--budget", "params <= 5k")
    assert done.code == 0, done.out
    assert "note: nets: passed over 1 without layers: other.yaml" in done.out


def test_folders_behind_links_are_looked_into_once(run, write, folder):
    """By their own names where they have one below the folder, and no link leads round."""
    write("nets/zoo/a.yaml", NET)
    write("elsewhere/far/b.yaml", NET)
    write("nets/.store/c.yaml", NET)
    write("nets/zoo/blocks.yaml", "blocks: {Two(c): [conv: [c, 3]]}\n")
    write("above.yaml", NET)
    nets = folder / "nets"
    for name, to in (
        ("alias", "zoo"), ("zoo/up", ".."), ("top", "../.."), ("self", "."),
        ("far", "../elsewhere"), ("twice", "../elsewhere/far"),
        ("shown", ".store"), ("nothing", "nowhere"),
    ):  # fmt: skip
        (nets / name).symlink_to(to)
    (folder / "elsewhere" / "back").symlink_to("../nets/zoo")
    done = run("check", "nets", "--budget", "params <= 5k", "-o", "json")
    assert checked(done) == {
        "nets/zoo/a.yaml": 1,
        "nets/far/far/b.yaml": 1,
        "nets/shown/c.yaml": 1,
    }
    (note,) = json.loads(done.out)["notices"]
    assert note == "nets: passed over 1 without layers: zoo/blocks.yaml"


@pytest.mark.parametrize(
    "name, text, line",
    [
        ("cnncalc.toml", '# level = "info"\nspecs = ["models"]\nlevel = "info"\n', 3),
        ("cnncalc.toml", '"level" = "info"\nspecs = ["models"]\n', 1),
        ("cnncalc.toml", 'specs = ["models"]  # level\nlevel = "all"\n', 2),
        ("pyproject.toml", '[tool.other]\nlevel = "info"\n\n[tool.cnncalc]\nlevel = "info"\n', 5),
        ("pyproject.toml", '[tool]\ncnncalc = {specs = ["models"], level = "info"}\n', 2),
        ("pyproject.toml", 'tool.x.level = 1\ntool.cnncalc.level = "info"\n', 2),
    ],
)
def test_a_level_that_cannot_fail_is_an_error_of_the_project(run, files, write, name, text, line):
    """Only error and warn are levels of a check; a rule may be of level info."""
    write(name, text)
    level = "all" if "all" in text else "info"
    for arguments in ([], ["--level", "warn"]):
        done = run("check", "models", *arguments)
        assert (done.code, done.out) == (2, "")
        assert f"level = '{level}' is not known" in done.err
        assert f"--> {name}:{line}:" in done.err
        assert "choose one of error, warn\n" in done.err
    write(name, text.replace("info", "warn").replace("all", "warn"))
    assert run("check", "models").code == 0


@pytest.mark.parametrize(
    "name, variants",
    [
        ("vgg@vgg11", ["vgg11"]),
        ("vgg11", ["vgg11"]),
        ("vgg11@all", ["vgg11"]),
        ("vgg11@vgg13", ["vgg13"]),
        ("lenet5@all", [None]),
    ],
)
def test_variants_of_bundled_networks(run, name, variants):
    done = run("check", name, "--budget", "params >= 1", "-o", "json")
    assert [spec["variant"] for spec in json.loads(done.out)["specs"]] == variants


def test_all_variants_of_a_bundled_network(run):
    done = run("check", "vgg@all", "--budget", "params >= 1", "-o", "json")
    found = [f"{spec['spec']}@{spec['variant']}" for spec in json.loads(done.out)["specs"]]
    assert len(found) == 8
    assert found[:2] == ["specs/vgg.yaml@vgg11", "specs/vgg.yaml@vgg13"]
    assert done.code == 0


def test_a_variant_that_a_bundled_network_lacks_is_an_error(run):
    done = run("check", "vgg11@tiny", "--budget", "params >= 1")
    assert done.code == 2
    assert "no variant 'tiny'" in done.out + done.err


def test_a_broken_spec_is_told_where_a_variant_is_asked_for_everywhere(run, write):
    write("models/bad.yaml", "input: [3\nlayers: [relu]\n")
    done = run("check", "models", "--variant", "small", "--budget", "params <= 1")
    assert done.code == 2
    assert "models/bad.yaml:1:8" in done.out + done.err


def test_links_do_not_lead_a_pattern_round_in_circles(run, write, folder):
    write("m/a.yaml", NET)
    write("m/deep/b.yaml", NET)
    (folder / "m" / "x").symlink_to(".")
    (folder / "m" / "y").symlink_to(".")
    done = run("check", "m/**/*.yaml", "--budget", "params <= 5k", "-o", "json")
    assert [spec["spec"] for spec in json.loads(done.out)["specs"]] == ["m/a.yaml", "m/deep/b.yaml"]


@pytest.mark.parametrize(
    "pattern, found",
    [
        ("m/**/*.yaml", ["m/a.yaml", "m/deep/b.yaml"]),
        ("m/**/er/*", ["m/deep/er/c.yml"]),
        ("**/b.yaml", ["m/deep/b.yaml"]),
        ("m/**", ["m/a.yaml", "m/deep/b.yaml", "m/deep/er/c.yml"]),
        ("m/*/*.yaml", ["m/deep/b.yaml"]),
        ("m/**/**/**/**/**/**/c.*", ["m/deep/er/c.yml"]),
    ],
)  # fmt: skip
def test_patterns(run, write, pattern, found):
    for name in ("m/a.yaml", "m/deep/b.yaml", "m/deep/er/c.yml", "other/d.yaml"):
        write(name, NET)
    done = run("check", pattern, "--budget", "params <= 5k", "-o", "json")
    assert sorted(spec["spec"] for spec in json.loads(done.out)["specs"]) == found


@pytest.mark.parametrize("name", ["models@", "models/*.yaml@", "models/a.yaml@"])
def test_a_variant_without_a_name_is_an_error(run, write, name):
    write("models/a.yaml", NET)
    write("b.yaml", NET)
    done = run("check", "b.yaml", name, "--budget", "params <= 5k")
    assert done.code == 2
    assert f"'{name}' names no variant" in done.err


@pytest.mark.parametrize("order", [["a_link.yaml", "models"], ["models", "a_link.yaml"], ["."]])
def test_a_file_goes_by_its_own_name_and_not_by_a_link(run, write, folder, order):
    """The rules of a project are for names: a link must not be a way around them."""
    write("models/a.yaml", NET)
    write("cnncalc.toml", '[[budget]]\nfor = "models/*.yaml"\nrules = ["params <= 5"]\n')
    (folder / "a_link.yaml").symlink_to("models/a.yaml")
    done = run("check", *order, "-o", "json")
    assert done.code == 1
    assert [spec["spec"] for spec in json.loads(done.out)["specs"]] == ["models/a.yaml"]


def test_a_folder_called_git_is_no_repository(run, write, commit, folder):
    """Git looks further up, and so does the base."""
    write("m/a.yaml", NET + "budgets: [params <= baseline]\n")
    write("a.yaml", NET.replace("fc: 10", "fc: 500"))
    commit()
    (folder / "m" / ".git").mkdir()
    write("m/a.yaml", NET.replace("fc: 10", "fc: 20") + "budgets: [params <= baseline]\n")
    assert run("check", "m/a.yaml", "--base", "main").code == 1


@pytest.mark.parametrize("name", ["=cmd|x.yaml", "-o.yaml", "+1.yaml", "@SUM.yaml"])
def test_names_that_a_spreadsheet_or_a_shell_would_act_upon(run, write, name):
    write(name, NET)
    done = run("check", f"./{name}", "--budget", "params <= 5k", "-o", "csv")
    assert done.out.splitlines()[1].startswith(f"./{name},")


def test_the_note_of_what_is_passed_over_is_relative(run, files, write, folder, monkeypatch):
    """Also where the project's file names the folder: as the specs are shown."""
    write("cnncalc.toml", 'specs = ["models"]\n')
    for here, shown in ((".", "models"), ("models", "."), ("models/deep", "..")):
        monkeypatch.chdir(folder / here)
        write(".git/HEAD", "ref: refs/heads/main\n")
        done = run("check", "--budget", "params <= 5k", "-o", "json")
        (note,) = json.loads(done.out)["notices"]
        assert note == f"{shown}: passed over 1 without layers: deep/blocks.yaml"


@pytest.mark.parametrize("form", ["concise", "table", "json"])
def test_an_error_without_a_place_names_its_spec(run, files, form):
    done = run("check", "models", "--set", "widht=0.5", "-o", form)
    assert done.code == 2
    if form == "json":
        specs = json.loads(done.out)["specs"]
        assert [spec["problems"][0]["file"] for spec in specs] == [each["spec"] for each in specs]
    else:
        start = "{}: error: " if form == "concise" else "--> {}\n"
        assert start.format("models/a.yaml") in done.out
        assert start.format("models/deep/b.yaml") in done.out


@pytest.mark.parametrize("pattern", ["parts/*.yaml", "parts/blocks.yaml", "cnncalc.toml", "*.toml"])
def test_a_pattern_that_matches_no_spec_is_an_error(run, write, pattern):
    """Its rules would hold nothing, without a word."""
    write("net.yaml", NET)
    write("parts/blocks.yaml", "blocks:\n  B(c): [conv: [c, 3]]\n")
    write("cnncalc.toml", f'[[budget]]\nfor = "{pattern}"\nrules = ["layers <= 1"]\n')
    done = run("check", "net.yaml", "--budget", "params <= 5k")
    assert done.code == 2
    assert "matches no spec" in done.err
    assert "cnncalc.toml:2:1" in done.err


def test_a_pattern_that_matches_a_broken_spec_is_told_by_the_spec(run, write):
    write("net.yaml", NET.replace("layers:", "layers: ["))
    write("cnncalc.toml", '[[budget]]\nfor = "*.yaml"\nrules = ["layers <= 1"]\n')
    done = run("check", "net.yaml")
    assert done.code == 2
    assert "net.yaml:" in done.out
