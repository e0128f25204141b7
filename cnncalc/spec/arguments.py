"""Arguments of a call in an expression, put in the order of the function's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.spec import steps
from cnncalc.spec.operations import FUNCTIONS
from cnncalc.spec.steps import Span, Step
from cnncalc.spec.tokens import ExpressionError
from cnncalc.spec.unknown import counted


def misfit(text: str, span: Span, name: str = "") -> ExpressionError:
    """Return the error for arguments that do not fit, with the signature as the hint."""
    return ExpressionError(text, *span, f"write `{_signature(name)}`" if name else "")


def _signature(name: str) -> str:
    function = FUNCTIONS[name]
    required = len(function.parameters) - len(function.defaults)
    defaults = zip(function.parameters[required:], function.defaults, strict=True)
    optional = [f"{parameter}={value}" for parameter, value in defaults]
    return f"{name}({', '.join([*function.parameters[:required], *optional]) or 'a, b, …'})"


def bind(
    name: str, positional: Sequence[Step], keywords: Mapping[str, Step], span: Span
) -> list[Step]:
    """Return a step for each parameter of a function; raise ExpressionError where one is amiss."""
    function = FUNCTIONS[name]
    parameters = function.parameters
    given = dict(zip(parameters, positional, strict=False))
    unknown = next((word for word in keywords if word not in parameters or word in given), None)
    if unknown is not None:
        why = "is given twice" if unknown in given else "is unknown"
        raise misfit(f"{name}: argument {unknown} {why}", span, name)
    if not parameters:
        return _some(name, positional, span)
    if len(positional) > len(parameters):
        most = counted(len(parameters), "argument")
        text = f"{name} takes at most {most}, not {len(positional)}"
        raise misfit(text, span, name)
    defaults = zip(reversed(parameters), reversed(function.defaults), strict=False)
    given = {word: steps.constant(value) for word, value in defaults} | given | dict(keywords)
    missing = next((word for word in parameters if word not in given), None)
    if missing is not None:
        raise misfit(f"{name}: argument {missing} is missing", span, name)
    return [given[word] for word in parameters]


def _some(name: str, positional: Sequence[Step], span: Span) -> list[Step]:
    if not positional:
        raise misfit(f"{name} needs a value", span, name)
    return list(positional)
