"""The JSON file of `::add-matcher::`, written by whoever wrote the step."""

import json
from collections.abc import Mapping
from typing import Any

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.model.matchers import FIELDS, Matcher, Pattern

MOST = 100
"""Matchers of one file, and patterns of one matcher."""
_LONGEST = 2000
_SEVERITIES = frozenset({"", "error", "warning", "notice"})


def parse(source: bytes) -> tuple[Matcher, ...]:
    """Read a file; InvalidInput says what is wrong with it."""
    try:
        read = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"it is not JSON: {error}") from error
    listed = read.get("problemMatcher") if isinstance(read, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST:
        raise InvalidInput(f"it needs a list `problemMatcher`, of {MOST} at most")
    found = tuple(_matcher(_object(each)) for each in listed)
    if len({matcher.owner.lower() for matcher in found}) < len(found):
        raise InvalidInput("two of its matchers have the same owner")
    return found


def _matcher(given: Mapping[str, Any]) -> Matcher:
    owner, severity = _text(given, "owner"), _text(given, "severity")
    if not owner or severity.lower() not in _SEVERITIES:
        raise InvalidInput("a matcher needs an `owner`, and error, warning or notice")
    patterns = given.get("pattern")
    if not isinstance(patterns, list) or len(patterns) > MOST:
        raise InvalidInput(f"`{owner}` needs a list `pattern`, of {MOST} at most")
    found = tuple(_pattern(_object(each)) for each in patterns)
    _check(owner, found)
    return Matcher(owner, found, severity, _text(given, "fromPath"))


def _pattern(given: Mapping[str, Any]) -> Pattern:
    groups = {name: given[name] for name in FIELDS if given.get(name) is not None}
    if not all(isinstance(at, int) and 0 <= at <= MOST for at in groups.values()):
        raise InvalidInput("a pattern's groups are whole numbers")
    return Pattern(_text(given, "regexp"), groups, given.get("loop") is True)


def _check(owner: str, patterns: tuple[Pattern, ...]) -> None:
    """See that the last says something, that only it loops, and nothing is said twice."""
    said = [name for pattern in patterns for name in pattern.groups]
    if any(pattern.loop for pattern in patterns[:-1]) or (len(patterns) == 1 and patterns[0].loop):
        raise InvalidInput(f"only the last of several patterns of `{owner}` may loop")
    if patterns and "message" not in said:
        raise InvalidInput(f"no pattern of `{owner}` says which group is the message")
    if len(set(said)) < len(said):
        raise InvalidInput(f"two patterns of `{owner}` say the same")
    if not all(pattern.regex for pattern in patterns):
        raise InvalidInput(f"a pattern of `{owner}` has no `regexp`")


def _object(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise InvalidInput("its matchers and patterns are objects")
    return given


def _text(given: Mapping[str, Any], name: str) -> str:
    found = given.get(name)
    if found is not None and (not isinstance(found, str) or len(found) > _LONGEST):
        raise InvalidInput(f"`{name}` is a text of {_LONGEST} characters at most")
    return found or ""
