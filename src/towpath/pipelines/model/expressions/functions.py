"""The functions every place may call; those that ask for a state come with the evaluation."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from towpath.pipelines.model.expressions.syntax import Arity
from towpath.pipelines.model.expressions.values import (
    ExpressionError,
    Value,
    equal,
    folded,
    kind,
    text,
)

MAX_TEXT = 262_144
"""Longest text an expression may make, in characters; GitHub allows about 1 MB in UTF-16."""
STATUS = ("success", "failure", "always", "cancelled")

_MANY = 255
_ARITIES = {
    "case": Arity(3, _MANY, odd=True),
    "contains": Arity(2, 2),
    "endswith": Arity(2, 2),
    "format": Arity(1, _MANY),
    "fromjson": Arity(1, 1),
    "join": Arity(1, 2),
    "startswith": Arity(2, 2),
    "tojson": Arity(1, 1),
}
PLAIN: Mapping[str, Arity] = _ARITIES
WITH_STATUS: Mapping[str, Arity] = {**_ARITIES, **dict.fromkeys(STATUS, Arity(0, 0))}
STATUS_OF_NEEDS: Mapping[str, Arity] = {
    **dict.fromkeys(STATUS, Arity(0, 0)),
    **dict.fromkeys(("success", "failure"), Arity(0, _MANY)),
}
"""In the `if` of a job, success('a', 'b') and failure('a') ask for those jobs alone."""
FILES: Mapping[str, Arity] = {"hashfiles": Arity(1, _MANY)}

_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)\}|[{}]")


def contains(where: Value, what: Value) -> bool:
    if kind(where) == "array":
        return any(equal(element, what) for element in where)
    if _plain(where) and _plain(what):
        return folded(text(what)) in folded(text(where))
    return False


def starts_with(where: Value, what: Value) -> bool:
    return _plain(where, what) and folded(text(where)).startswith(folded(text(what)))


def ends_with(where: Value, what: Value) -> bool:
    return _plain(where, what) and folded(text(where)).endswith(folded(text(what)))


def join(where: Value, separator: Value = ",") -> str:
    glue = text(separator) if _plain(separator) else ","
    if kind(where) == "array":
        return _bounded(glue.join(text(element) for element in where))
    return text(where) if _plain(where) else ""


def format_text(pattern: Value, *arguments: Value) -> str:
    """Fill `{0}`-like holes; `{{` and `}}` are braces."""
    source = text(pattern)
    size = 0

    def fill(hole: re.Match[str]) -> str:
        nonlocal size
        filled = _filled(source, hole, arguments)
        size += len(filled)
        if size > MAX_TEXT:
            raise _too_large()
        return filled

    return _bounded(_HOLE.sub(fill, source))


def _filled(source: str, hole: re.Match[str], arguments: Sequence[Value]) -> str:
    if hole[0] in {"{{", "}}"}:
        return hole[0][0]
    if hole[1] is None:
        raise ExpressionError("evaluation", f"The following format string is invalid: {source}")
    if len(hole[1]) > len(str(_MANY)) or int(hole[1]) >= len(arguments):
        problem = "The following format string references more arguments than were supplied"
        raise ExpressionError("evaluation", f"{problem}: {source}")
    return text(arguments[int(hole[1])])


def to_json(value: Value) -> str:
    try:
        return _bounded(json.dumps(_jsonable(value), indent=2, ensure_ascii=False))
    except RecursionError as error:
        raise _too_large() from error


def _jsonable(value: Value) -> Any:
    match kind(value):
        case "number":
            return int(value) if float(value).is_integer() else value
        case "array":
            return [_jsonable(element) for element in value]
        case "object":
            return {key: _jsonable(element) for key, element in value.items()}
    return value


def from_json(value: Value) -> Value:
    try:
        return json.loads(text(value), parse_int=float)
    except (ValueError, RecursionError) as error:
        raise ExpressionError("evaluation", f"fromJSON cannot read this: {error}") from error


def _plain(*values: Value) -> bool:
    return not any(kind(value) in {"array", "object"} for value in values)


def _bounded(result: str) -> str:
    if len(result) > MAX_TEXT:
        raise _too_large()
    return result


def _too_large() -> ExpressionError:
    return ExpressionError("evaluation", "The maximum allowed memory size was exceeded")


# `case` is absent: it evaluates lazily, so the evaluation knows it.
TABLE: Mapping[str, Callable[..., Value]] = {
    "contains": contains,
    "endswith": ends_with,
    "format": format_text,
    "fromjson": from_json,
    "join": join,
    "startswith": starts_with,
    "tojson": to_json,
}
