"""The public functions: load, analyze, render."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cnncalc.analyses.summary import analyze as _analyze
from cnncalc.bundled import bundled as all_bundled
from cnncalc.bundled import find_bundled
from cnncalc.errors import CnncalcError, ShapeError, SpecError, did_you_mean
from cnncalc.findings import Verification
from cnncalc.geometry import Shape
from cnncalc.net import Net
from cnncalc.outcome import Checked, Comparison
from cnncalc.renderers import render as _render
from cnncalc.report import Report
from cnncalc.spec import LAYER_LIMIT, Choice, Text, read, read_text
from cnncalc.spec.loader import Limits
from cnncalc.spec.slots import SIZE_LIMIT

__all__ = [
    "CnncalcError",
    "Net",
    "Report",
    "ShapeError",
    "SpecError",
    "analyze",
    "check",
    "diff",
    "explain",
    "load",
    "loads",
    "render",
    "verify",
]


def load(
    spec: str | os.PathLike[str],
    *,
    variant: str | None = None,
    set: Mapping[str, Any] | None = None,  # noqa: A002 the option's name on the command line
    input: Shape | Mapping[str, Shape] | None = None,  # noqa: A002 likewise
    max_layers: int = LAYER_LIMIT,
) -> Net:
    """Return the network of a spec file, with every layer's facts resolved.

    `spec` is a path, optionally with a variant (`resnet.yaml@resnet50`), or the name of a bundled
    network (`resnet50`). `set` overrides variables; `input` overrides the input's shape
    (channels, *spatial), without a batch axis, or shapes by input name. Raises SpecError with all
    independent problems of the file.
    """
    path, shown, named = _locate(os.fspath(spec))
    choice = _choice(variant or named, set, input, max_layers)
    return read(read_text(path, shown, choice.limits), choice)


def loads(
    text: str | bytes,
    *,
    name: str = "<text>",
    variant: str | None = None,
    set: Mapping[str, Any] | None = None,  # noqa: A002 as in load
    input: Shape | Mapping[str, Shape] | None = None,  # noqa: A002 as in load
    max_layers: int = LAYER_LIMIT,
    limits: Limits | None = None,
) -> Net:
    """Return the network of a spec given as text; `name` stands for the file in errors."""
    choice = _choice(variant, set, input, max_layers)
    if limits is not None:
        choice = choice._replace(limits=limits)
    return read(Text(text, name, None), choice)


def _choice(
    variant: str | None,
    overrides: Mapping[str, Any] | None,
    shapes: Shape | Mapping[str, Shape] | None,
    max_layers: int,
) -> Choice:
    by_name = shapes if isinstance(shapes, Mapping) else {"": shapes} if shapes else {}
    for name, shape in by_name.items():
        whole = all(isinstance(n, int) and 1 <= n <= SIZE_LIMIT for n in shape)
        if not whole or not 1 <= len(shape) <= 4:
            raise CnncalcError(
                f"input {name}: {tuple(shape)} is not a shape".replace(" :", ":"),
                hint=f"a shape has 1 to 4 axes of 1 to {SIZE_LIMIT:,}: channels, height, width",
            )
    return Choice(variant, overrides or {}, by_name, max_layers)


def _locate(spec: str) -> tuple[Path, str, str | None]:
    """Return (path, name to show, variant) for a path, path@variant, or bundled name."""
    if os.path.exists(spec):  # noqa: PTH110 a name may hold anything, and this never raises
        return Path(spec), spec, None
    path, at, variant = spec.rpartition("@")
    if at and path and os.path.exists(path):  # noqa: PTH110 as above
        return Path(path), path, variant
    bundled = find_bundled(path if at else spec)
    if bundled is not None:
        return (bundled[0], bundled[1], variant) if at else bundled
    if spec.isidentifier():
        names = [variant or path.stem for path, variant in all_bundled()]
        hint = did_you_mean(spec, names) or "`cnncalc specs` lists the bundled networks"
        raise CnncalcError(f"there is no file and no bundled network '{spec}'", hint=hint)
    return (Path(path), path, variant) if at and path else (Path(spec), spec, None)


def analyze(
    net: Net | str | os.PathLike[str],
    *,
    convention: str = "notes",
    batch: int = 1,
    dtype: str = "float32",
) -> Report:
    """Return exact figures for every layer and the whole network.

    Params, MACs, FLOPs, shapes, memory and receptive fields; MACs, FLOPs, activations and memory
    for `batch` images. The spec's budgets are among `report.checks`. Raises SpecError for a spec
    that cannot be read, CnncalcError for an unknown convention or dtype.
    """
    if not isinstance(net, Net):
        net = load(net)
    report = _analyze(net, convention=convention, batch=batch, dtype=dtype)
    lines = net.origin.budgets
    if not lines:
        return report
    from cnncalc.budget import check_lines

    return report.with_checks(check_lines(report, lines))


def check(
    net: Net | str | os.PathLike[str],
    budgets: Iterable[str] = (),
    *,
    base: Net | str | os.PathLike[str] | None = None,
    level: str = "error",
    convention: str = "notes",
) -> Checked:
    """Return a network held against budgets, and against those of its spec.

    `budgets` are lines such as "params <= 5M"; `base` is the network that `baseline` stands for.
    The result is true where all of them hold, `ok` says the same, and its text names what failed:
    `assert cnncalc.check("net.yaml", ["params <= 5M"])`. With level "warn" a warning fails, too.
    Raises SpecError for a line that is wrong, CnncalcError where there is no budget.
    """
    from cnncalc.checking import check_net

    lines = (budgets,) if isinstance(budgets, str) else tuple(budgets)
    before = base if base is None or isinstance(base, Net) else load(base)
    return check_net(_net(net), lines, before, level=level, convention=convention)


def diff(
    before: Net | str | os.PathLike[str],
    after: Net | str | os.PathLike[str],
    *,
    convention: str = "notes",
) -> Comparison:
    """Return what changed from one network to another: figures, causes, layers.

    Layers are matched by path, then by structure, so that a rename is not a removal.
    """
    from cnncalc.comparison import compare

    one, other = (_analyze(_net(net), convention=convention) for net in (before, after))
    return compare(one, other)


def _net(net: Net | str | os.PathLike[str]) -> Net:
    return net if isinstance(net, Net) else load(net)


def render(
    report: Report | Comparison,
    format: str = "table",  # noqa: A002 the word everybody uses
    *,
    width: int | None = None,
    color: bool | None = None,
    ascii: bool = False,  # noqa: A002 the option's name on the command line
    depth: int | None = None,
    top: int | None = None,
    by: str | None = None,
    columns: Sequence[str] | None = None,
    sort: str | None = None,
    parts: bool = False,
) -> str:
    """Return a report as text: table, json, csv or markdown.

    Of a comparison: table, json or markdown, with `top` changed layers. Raises CnncalcError for an
    unknown format or column.
    """
    if isinstance(report, Comparison):
        from cnncalc.renderers.diff import render as render_diff

        return render_diff(report, format, width=width, color=color, ascii=ascii, top=top)
    return _render(
        report,
        format,
        width=width,
        color=color,
        ascii=ascii,
        depth=depth,
        top=top,
        by=by,
        columns=columns,
        sort=sort,
        parts=parts,
    )


def explain(
    net: Net | str | os.PathLike[str],
    layer: str | None = None,
    *,
    convention: str = "notes",
    vs: str | None = None,
    ascii: bool = False,  # noqa: A002 as in render
) -> str:
    """Return how each number of a layer comes about: the formula, then the numbers in it.

    With `vs`, another convention, return where its FLOPs part from those of `convention`, item by
    item; without a layer, of the whole network. Raises CnncalcError where there is no such layer or
    convention.
    """
    from cnncalc.explanation import explain as explained

    if not isinstance(net, Net):
        net = load(net)
    return explained(net, layer, convention=convention, versus=vs, ascii=ascii)


def verify(
    net: Net | str | os.PathLike[str],
    *,
    backward: bool = False,
    all_fields: bool = False,
    seed: int = 0,
    params: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    memory_limit: int = 4 << 30,
    advance: Callable[[str], None] | None = None,
) -> Verification:
    """Return what running a network in NumPy shows, compared with what the analysis predicts.

    Shapes, params and multiply-adds of every layer; the receptive field of the last layer with a
    local one, or of all with `all_fields`, measured by putting NaN into the input; with `backward`
    gradients against finite differences. `params` are arrays by name or an `.npz` file of them, and
    what is missing is made from `seed`. `advance` is told each step. Raises SpecError for a spec
    that cannot be read, CnncalcError where params do not fit or where the run would need more than
    `memory_limit` bytes.
    """
    from cnncalc.reference import Params
    from cnncalc.verification import verify as verified

    if not isinstance(net, Net):
        net = load(net)
    if isinstance(params, (str, os.PathLike)):
        arrays = Params.load(params, seed=seed)
    else:
        arrays = Params(params, seed=seed)
    return verified(
        net,
        backward=backward,
        all_fields=all_fields,
        seed=seed,
        params=arrays,
        memory_limit=memory_limit,
        advance=advance or (lambda _: None),
    )
