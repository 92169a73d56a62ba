"""Problem matchers: patterns that find errors in what programs print, over one line or several.

https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md
Whether a pattern fits a line is not decided here, but by whoever keeps hostile ones in bounds.
"""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from towpath.pipelines.model.execution import Annotation

FIELDS = ("file", "line", "column", "severity", "code", "message", "fromPath")
Level = Literal["error", "warning", "notice"]
Groups = Sequence[str | None]
Fits = Callable[[str, str], Groups | None]
"""Gives what a pattern's groups found in a line, the whole first; None when it does not fit."""

_LEVELS: Mapping[str, Level] = {
    "": "error", "error": "error", "warning": "warning", "notice": "notice",
}  # fmt: skip
_LONGEST_NUMBER = 9


@dataclass(frozen=True)
class Pattern:
    """One line of a matcher: `groups` says by field which group holds it."""

    regex: str
    groups: Mapping[str, int]
    loop: bool = False


@dataclass(frozen=True)
class Matcher:
    """All patterns fit lines that follow each other; `severity` and `from_path` are defaults."""

    owner: str
    patterns: tuple[Pattern, ...]
    severity: str = ""
    from_path: str = ""


@dataclass
class Following:
    """A matcher at work on the lines of one step: what its first patterns have found so far."""

    matcher: Matcher
    found: list[dict[str, str] | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.found = [None] * (len(self.matcher.patterns) - 1)

    def read(self, line: str, fits: Fits) -> dict[str, str] | None:
        """Give what all patterns together have found when the last one fits."""
        patterns = self.matcher.patterns
        last = len(patterns) - 1
        for at in range(last, -1, -1):
            before = self.found[at - 1] if at else {}
            if before is None:
                continue
            groups = fits(patterns[at].regex, line)
            merged = None if groups is None else {**_values(patterns[at], groups), **before}
            if at < last:
                self.found[at] = merged
            elif merged is not None:
                self.forget()
                if at and patterns[at].loop:
                    self.found[at - 1] = before
                return merged
            elif at:
                self.found[at - 1] = None
        return None


def _values(pattern: Pattern, groups: Groups) -> dict[str, str]:
    return {name: groups[at] or "" for name, at in pattern.groups.items() if at < len(groups)}


def annotation(found: Mapping[str, str], matcher: Matcher, workspace: str) -> Annotation | None:
    """Make of what was found what a step would say; None when there is nothing to say."""
    level = _LEVELS.get((found.get("severity") or matcher.severity).lower())
    message = found.get("message", "").strip()
    if not message or level is None:
        return None
    code = found.get("code", "").strip()
    return Annotation(
        level=level,
        message=message,
        title=code,
        file=_file(found.get("file", "").strip(), found.get("fromPath") or matcher.from_path,
                   workspace),
        line=_number(found.get("line", "")),
        column=_number(found.get("column", "")),
    )  # fmt: skip


def _file(file: str, origin: str, workspace: str) -> str:
    """Find a path in the workspace; empty for what lies outside."""
    if not file:
        return ""
    whole = posixpath.join(workspace, posixpath.dirname(origin), file)
    path = posixpath.normpath(whole)
    return path.removeprefix(f"{workspace}/") if path.startswith(f"{workspace}/") else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0
