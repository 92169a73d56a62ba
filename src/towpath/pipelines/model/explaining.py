"""How an expression came to its value: the names in it, and what each of them holds."""

import re
from collections.abc import Iterator

from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Surroundings, evaluate
from towpath.pipelines.model.expressions.values import ExpressionError, Value

_LONGEST = 200
_NAME = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][\w-]*(?:\.[A-Za-z_*][\w-]*|\['[^']*'\])+")


def condition(source: str, scope: syntax.Scope, around: Surroundings) -> Iterator[str]:
    """Say how an `if` came out; without one it is success()."""
    try:
        holds = templates.holds(templates.parse_condition(source, scope), around)
    except ExpressionError as error:
        yield f"if: {source}: {error}"
        return
    yield f"if: {source.strip() or 'success()'} → {'true' if holds else 'false'}"
    yield from _names(source, scope, around)


def text(source: str, scope: syntax.Scope, around: Surroundings) -> Iterator[str]:
    """Say what each ${{ }} of a text came to."""
    for found in re.findall(r"\$\{\{(.*?)\}\}", source, re.DOTALL):
        inside = " ".join(found.split())
        try:
            yield f"{inside} → {_shown(evaluate(syntax.parse(found.strip(), scope), around))}"
        except ExpressionError:
            continue  # cut in the middle of a quoted }}: whoever evaluates the whole will tell
        if _NAME.fullmatch(inside) is None:
            yield from _names(inside, scope, around)


def _names(source: str, scope: syntax.Scope, around: Surroundings) -> Iterator[str]:
    for name in dict.fromkeys(_NAME.findall(source)):
        if name.startswith("'"):
            continue
        try:
            yield f"    {name} = {_shown(evaluate(syntax.parse(name, scope), around))}"
        except ExpressionError:
            continue  # a number such as 1.5e3, or part of a longer name


def _shown(value: Value) -> str:
    shown = " ".join(functions.to_json(value).split())
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
