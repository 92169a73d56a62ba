"""The functions every place may call; those that ask for a state come with the evaluation."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from towpath.pipelines.model.expressions.syntax import Arity
from towpath.pipelines.model.expressions.values import (
    ExpressionError,
    Value,
    equal,
    folded,
    kind,
    text,
    written,
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

_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)\}|[{}]")


def contains(where: Value, what: Value) -> bool:
    if kind(where) == "array":
        return any(equal(element, what) for element in where)
    if _plain(where) and _plain(what):
        return text(what).lower() in text(where).lower()
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
        return _bounded("".join(_json(value, "\n")))
    except RecursionError as error:
        raise _too_large() from error


def _json(value: Value, line: str) -> Iterator[str]:
    """Write pieces of JSON as ECMAScript does; `line` begins a line of the enclosing value."""
    match kind(value):
        case "number":
            yield written(value) if math.isfinite(value) else "null"
        case "array":
            pieces = (_json(element, f"{line}  ") for element in value)
            yield from _enclosed("[]", pieces, line)
        case "object":
            members = (_member(key, element, f"{line}  ") for key, element in value.items())
            yield from _enclosed("{}", members, line)
        case _:
            yield json.dumps(value, ensure_ascii=False)


def _member(key: str, value: Value, line: str) -> Iterator[str]:
    yield f"{json.dumps(key, ensure_ascii=False)}: "
    yield from _json(value, line)


def _enclosed(ends: str, members: Iterable[Iterable[str]], line: str) -> Iterator[str]:
    separator = f"{ends[0]}{line}  "
    for member in members:
        yield separator
        yield from member
        separator = f",{line}  "
    yield ends if separator[0] == ends[0] else f"{line}{ends[1]}"


def from_json(value: Value) -> Value:
    source = text(value)
    try:
        read = json.loads(
            source,
            parse_int=float,
            parse_constant=_no_constant,
            object_pairs_hook=_without_variants,
        )
        return _whole_text(read) if _HALF_CHARACTER.search(source) else read
    except (ValueError, RecursionError) as error:
        raise ExpressionError("evaluation", f"fromJSON cannot read this: {error}") from error


def _no_constant(word: str) -> Value:
    raise ValueError(f"{word} is not JSON")


def _without_variants(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """Keep the first of the keys that differ in case alone, since a lookup sees only that."""
    whole = dict(pairs)
    lowered: dict[str, str] = {}
    for key in whole:
        lowered.setdefault(key.lower(), key)
    return whole if len(lowered) == len(whole) else {key: whole[key] for key in lowered.values()}


def _whole_text(value: Value) -> Value:
    """Put the replacement character for halves of characters, which no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_text(element) for element in value]
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(element) for key, element in value.items()}
    return value


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
