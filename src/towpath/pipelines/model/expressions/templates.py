"""Text with ${{ }} in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from towpath.pipelines.model.expressions import syntax
from towpath.pipelines.model.expressions.evaluation import Surroundings, evaluate
from towpath.pipelines.model.expressions.values import ExpressionError, Value, text, truthy

OPEN, CLOSE = "${{", "}}"
_INSIDE = re.compile(r"(?:[^'}]|'[^']*'|\}(?!\}))*(?=\}\})")


@dataclass(frozen=True)
class Template:
    """Pieces in order: text as it stands, or a tree to evaluate."""

    parts: tuple[str | syntax.Node, ...]

    @property
    def trees(self) -> list[syntax.Node]:
        return [part for part in self.parts if not isinstance(part, str)]


def parse(source: str, scope: syntax.Scope) -> Template:
    """Cut text into pieces; ExpressionError for what stands inside ${{ }}, or is not closed."""
    if OPEN in source and len(source) > syntax.MAX_LENGTH:
        raise ExpressionError("parsing", f"Exceeded max expression length {syntax.MAX_LENGTH}")
    return Template(tuple(_parts(source, scope)))


def parse_condition(source: str, scope: syntax.Scope) -> syntax.Node:
    """Read an `if`: the ${{ }} around it may be left out, and success() && is implied.

    https://docs.github.com/actions/reference/workflows-and-actions/expressions#status-check-functions
    """
    if len(source) > syntax.SHORT:
        return _condition(source, scope)
    return _remembered(source, scope)


@lru_cache(maxsize=1024)
def _remembered(source: str, scope: syntax.Scope) -> syntax.Node:
    return _condition(source, scope)


def _condition(source: str, scope: syntax.Scope) -> syntax.Node:
    bare = source.strip()
    if is_whole(bare):
        bare = bare[len(OPEN) : -len(CLOSE)]
    node = syntax.parse(bare, scope) if OPEN not in bare else _as_text(bare, scope)
    if syntax.calls(node) & {"success", "failure", "always", "cancelled"}:
        return node
    succeeded = syntax.Call("success", ())
    return succeeded if not bare.strip() else syntax.Operation("&&", (succeeded, node))


def render(template: Template, around: Surroundings) -> str:
    return "".join(
        part if isinstance(part, str) else text(evaluate(part, around)) for part in template.parts
    )


def value(template: Template, around: Surroundings) -> Value:
    """Like render, but a lone ${{ }} keeps its kind."""
    if len(template.parts) == 1 and not isinstance(template.parts[0], str):
        return evaluate(template.parts[0], around)
    return render(template, around)


def filled(data: Value, scope: syntax.Scope, around: Surroundings) -> Value:
    """Evaluate every ${{ }} in what a file says: text, lists and mappings of them, as deep."""
    if isinstance(data, str):
        return value(parse(data, scope), around) if OPEN in data else data
    if isinstance(data, Mapping):
        return {key: filled(each, scope, around) for key, each in data.items()}
    if isinstance(data, list | tuple):
        return [filled(each, scope, around) for each in data]
    return data


def is_whole(source: str) -> bool:
    """Whether text is one ${{ }} and nothing else."""
    try:
        return source.startswith(OPEN) and _end(source, len(OPEN)) == len(source) - len(CLOSE)
    except ExpressionError:
        return False


def holds(condition: syntax.Node, around: Surroundings) -> bool:
    return truthy(evaluate(condition, around))


def _as_text(source: str, scope: syntax.Scope) -> syntax.Node:
    # On GitHub `a ${{ b }}` is text, hence always true: nobody means that.
    parse(source, scope)
    raise ExpressionError(
        "parsing",
        "A condition is one expression: text around ${{ }} would always be true. "
        "Write the whole condition inside ${{ }} or leave ${{ }} out.",
    )


def _parts(source: str, scope: syntax.Scope) -> Iterator[str | syntax.Node]:
    at = 0
    while (start := source.find(OPEN, at)) >= 0:
        if start > at:
            yield source[at:start]
        end = _end(source, start + len(OPEN))
        inside = source[start + len(OPEN) : end]
        if not inside.strip():
            raise ExpressionError("parsing", "An expression was expected", start + 1)
        yield syntax.parse(inside.strip(), scope)
        at = end + len(CLOSE)
    if at < len(source):
        yield source[at:]


def _end(source: str, at: int) -> int:
    """Where the }} stands that closes, not counting those inside quotes."""
    if inside := _INSIDE.match(source, at):
        return inside.end()
    raise ExpressionError(
        "parsing",
        "The expression is not closed. An unescaped ${{ sequence was found, "
        "but the closing }} sequence was not found.",
    )
