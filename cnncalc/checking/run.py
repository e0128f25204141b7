"""Budgets of specs, project and command line together, against the present and the base."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnncalc.budget import (
    MOST_PROBLEMS,
    Allowance,
    Assertion,
    Base,
    Expression,
    Verdict,
    judge,
    judge_base,
    layers_of,
    problem_of,
    type_of,
)
from cnncalc.checking.base import Baseline, Baselines, baselines
from cnncalc.checking.cases import Case
from cnncalc.checking.options import Options
from cnncalc.checking.places import present_root
from cnncalc.checking.project import Project
from cnncalc.checking.projects import Projects
from cnncalc.checking.rules import Rule, assertion, of_spec
from cnncalc.checking.versions import Version, Watched, load
from cnncalc.comparison import compare
from cnncalc.errors import BudgetError, CnncalcError, Problem, SpecError, did_you_mean
from cnncalc.net import Net
from cnncalc.outcome import (
    CHECK_LEVELS,
    FAIL,
    KNOWN,
    PASS,
    SKIP,
    Checked,
    Comparison,
    Finding,
    Outcome,
    Part,
)
from cnncalc.report import Report

_COLLECT_EVERY = 100
"""A command runs without the garbage collector; many networks would fill the memory."""

Tick = Callable[[int, int, str], None]
"""Told how many of how many networks are done, and the name of the next."""


def check_cases(
    cases: Sequence[Case],
    projects: Projects,
    options: Options,
    tick: Tick = lambda *_: None,
    problems: Iterable[Problem] = (),
    notices: Iterable[str] = (),
) -> Outcome:
    """Return what came of all networks.

    `problems` and `notices` of the search for them are passed on. Raises CnncalcError where there
    is nothing to check, HistoryError where the base cannot be had.
    """
    concerned = projects.concerned(cases)
    for project in concerned:
        project.check_patterns()
    groups = (group for project in concerned for group in project.groups)
    extra = _extra(projects.own, options)
    _check_rules([*(rule for group in groups for rule in group.rules), *extra])
    with baselines(cases, options, listed=projects.listed) as base:
        checked = []
        read: set[str] = set()
        for number, case in enumerate(cases):
            tick(number, len(cases), case.title)
            files = Watched()
            checked.append(_check(case, files, projects, extra, base, options))
            read.update(map(str, files.contents))
            if number % _COLLECT_EVERY == _COLLECT_EVERY - 1:
                gc.collect()
        tick(len(cases), len(cases), "")
    lost = tuple(Checked(p.file, None, "", {}, (), (p,), level=options.level) for p in problems)
    outcome = Outcome(
        (*lost, *checked),
        base.title,
        base.commit,
        (*notices, *projects.notices(cases)),
        options.level,
        options.convention,
        _folder(),
        tuple(sorted(read)),
    )
    _refuse_nothing(outcome, bool(options.base or options.lock))
    return outcome


def _folder() -> str:
    """Return the way from the repository's folder to the present one."""
    way = Path.cwd().relative_to(present_root()).as_posix()
    return "" if way == "." else way


def _extra(project: Project, options: Options) -> tuple[Rule, ...]:
    """Return the rules of the targets and of the command line."""
    rules = [Rule(text) for text in options.budgets]
    for name in options.targets:
        if name not in project.targets:
            hint = did_you_mean(name, project.targets) or "targets stand in the project's file"
            raise CnncalcError(f"--target {name}: no such target", hint=hint)
        rules += project.targets[name].rules
    return tuple(rules)


def _check_rules(rules: Iterable[Rule]) -> None:
    """Raise SpecError for rules that cannot be read: once, and not for each spec."""
    problems = []
    for rule in rules:
        try:
            assertion(rule.text)
        except BudgetError as error:
            problems.append(problem_of(error, rule))
    if problems:
        raise SpecError(*problems)


def _refuse_nothing(outcome: Outcome, based: bool) -> None:
    """Refuse to be green about a check that checked nothing."""
    findings = [finding for _, finding in outcome.findings()]
    if outcome.broken:
        return
    if not findings:
        raise CnncalcError(
            "no budget found: nothing was checked",
            hint="write `budgets: [params <= 5M]` in a spec, or --budget 'params <= 5M'",
        )
    if not based and all(finding.status == SKIP for finding in findings):
        why = findings[0].detail.removeprefix("skipped: ")
        hint = "compare with --base origin/main or --lock"
        raise CnncalcError(f"nothing was checked: {why}", hint=hint)


def _check(
    case: Case,
    files: Watched,
    projects: Projects,
    extra: tuple[Rule, ...],
    base: Baselines,
    options: Options,
) -> Checked:
    """Return a network held against its budgets; `files` are told what is read for it."""
    try:
        version = load(case.path, case.shown, case.variant, options.set, options.convention, files)
    except SpecError as error:
        return Checked(case.shown, case.variant, "", {}, (), error.problems, level=options.level)
    rules = [*of_spec(version.net.origin.budgets), *projects.rules_for(case), *extra]
    baseline = base.of(case, version, files)
    notices = [baseline.notice] if baseline.notice else []
    notices += _for_other_variants(version.net)
    comparison = None
    if baseline.version is not None and baseline.version is not version:
        comparison = compare(baseline.version.report(), version.report(), before=base.title)
        comparison = comparison._replace(touched=baseline.touched)
    result = _judged(version, rules, baseline, comparison, options)
    return result._replace(spec=case.shown, variant=case.variant, notices=tuple(notices))


def _for_other_variants(net: Net) -> list[str]:
    others = net.origin.others
    if not others or net.origin.variant is not None:
        return []
    names = ", ".join(dict.fromkeys(name for budget in others for name in budget.only))
    return [f"budgets of variants are not checked here ({names}): use --variant all"]


def _judged(
    version: Version,
    rules: Sequence[Rule],
    baseline: Baseline,
    comparison: Comparison | None,
    options: Options,
) -> Checked:
    """Return a network held against rules."""
    names = comparison.names if comparison else {}
    allowance = Allowance()
    findings: list[Finding] = []
    problems: list[Problem] = []
    for rule in rules:
        try:
            found = _finding(version, rule, baseline, names, allowance, only_new=options.only_new)
            findings.append(found)
        except BudgetError as error:
            problems.append(problem_of(error, rule))
            if len(problems) >= MOST_PROBLEMS:
                break
    net, report = version.net, version.report()
    return Checked(
        net.origin.spec,
        net.origin.variant,
        net.origin.name,
        figures(report),
        tuple(findings),
        tuple(problems),
        comparison=comparison,
        level=options.level,
    )


def figures(report: Report) -> dict[str, Any]:
    """Return the totals of a network as plain numbers; of the field, a number an axis."""
    return report.totals._asdict() | {"rf": list(report.rf[1].size) if report.rf else None}


def _finding(
    version: Version,
    rule: Rule,
    baseline: Baseline,
    names: Mapping[str, str],
    allowance: Allowance,
    *,
    only_new: bool,
) -> Finding:
    line = assertion(rule.text)
    base = baseline.of(rule.dtype) if line.needs_base or only_new else None
    verdict = judge(version.report(rule.dtype), line, base, names, allowance)
    if base is None and line.needs_base and baseline.missing:
        verdict = _skipped(verdict, baseline.missing)
    skipped = [each for _, each in (*verdict.parts, ("", verdict)) if each.ok is None]
    if skipped and line.needs_base:
        baseline.refuse(skipped[0].detail)
    status = SKIP if verdict.ok is None else PASS if verdict.ok else FAIL
    detail = verdict.detail
    if status == FAIL and only_new and _known(verdict, line, base, names, allowance):
        status, detail = KNOWN, f"{detail}; it was no better at the base"
    return Finding(
        rule=rule.text.strip(),
        id=rule.id,
        level=rule.level,
        why=rule.why,
        origin=rule.origin,
        file=rule.file,
        line=rule.line,
        column=rule.column,
        status=status,
        detail=detail,
        values=verdict.values,
        limits=verdict.limits,
        dimension=verdict.dimension,
        excess=verdict.excess,
        parts=tuple(Part(p, v.ok, v.detail, v.values, v.limits) for p, v in verdict.parts),
        paths=tuple(_paths(line, verdict, version.report(rule.dtype))),
        metrics=tuple(dict.fromkeys(p.name for p in _parts(line) if p.kind == "metric")),
        types=tuple(kind for part in _parts(line) if (kind := type_of(part.glob))),
    )


def _skipped(verdict: Verdict, why: str) -> Verdict:
    """Return a verdict that was skipped for want of a base, with the reason why there is none."""
    parts = tuple((path, _skipped(part, why)) for path, part in verdict.parts)
    return verdict if verdict.ok is not None else Verdict(None, f"skipped: {why}", parts=parts)


def _parts(line: Assertion) -> Iterator[Expression]:
    for side in line.sides:
        yield from side.walk()


def _paths(line: Assertion, verdict: Verdict, report: Report) -> Iterator[str]:
    """Yield where the layers are that decided a line.

    What a line was allowed to look at once it may look at again: the next line must not pay for it.
    """
    yield from (path for path, part in verdict.parts if part.ok is False)
    if line.each or verdict.ok is not False:
        return
    for part in _parts(line):
        if "*" not in part.glob and part.glob and not type_of(part.glob):
            yield part.glob
        elif "*" in part.glob:
            with suppress(BudgetError):
                yield from (row.path for row in layers_of(report, part.glob, Allowance()))


def _known(
    verdict: Verdict,
    line: Assertion,
    base: Base | None,
    names: Mapping[str, str],
    allowance: Allowance,
) -> bool:
    """Whether all that a line breaks was broken at the base, in each part, and was no better."""
    if not isinstance(base, Report):
        return False
    broken = {path: part for path, part in verdict.parts if part.ok is False} or {"": verdict}
    try:
        return all(
            judge_base(base, line, path, names, allowance).no_better(now)
            for path, now in broken.items()
        )
    except BudgetError:
        return False


def check_net(
    net: Net,
    budgets: Iterable[str],
    base: Net | None,
    *,
    level: str = "error",
    convention: str = "notes",
) -> Checked:
    """Return a network held against its own budgets and others; `base` is what baselines are.

    Raises SpecError for a line that is wrong, CnncalcError where there is no line.
    """
    if level not in CHECK_LEVELS:
        raise CnncalcError(f"unknown level {level!r}", hint="one of error, warn")
    version = Version(net, convention)
    lines = list(budgets)
    odd = [line for line in lines if not isinstance(line, str)]
    if odd:
        raise CnncalcError(f"a budget is a text, not {odd[0]!r}", hint='write "params <= 5M"')
    rules = [*of_spec(net.origin.budgets), *(Rule(text, origin="call") for text in lines)]
    if not rules:
        hint = 'write check(net, ["params <= 5M"])'
        raise CnncalcError("no budget to check", hint=hint)
    before = Version(base, convention) if base is not None else None
    comparison = None
    if before is not None:
        name = before.net.origin.spec
        comparison = compare(before.report(), version.report(), before=name)
    result = _judged(version, rules, Baseline(before), comparison, Options(level=level))
    if result.problems:
        raise SpecError(*result.problems)
    if before is None and all(finding.status == SKIP for finding in result.findings):
        why = result.findings[0].detail.removeprefix("skipped: ")
        raise CnncalcError(f"nothing was checked: {why}", hint="give base=, another network")
    return result
