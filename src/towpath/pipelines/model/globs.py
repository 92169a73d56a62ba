"""GitHub's filter patterns: `*`, `**`, `?`, `+`, `[a-z]`, and `!` in front.

Matched by stepping a set of states through the text, so that no pattern, however hostile, takes
more than pattern times text steps.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from towpath.pipelines.model.workflow import Filter

MAX_PATTERN = 255


@dataclass(frozen=True)
class _Piece:
    """One set of characters; it may come again, and so many pieces from it on may be absent."""

    characters: frozenset[str]
    excluded: bool = False
    skips: tuple[int, ...] = ()
    repeated: bool = False

    def takes(self, character: str) -> bool:
        return (character in self.characters) != self.excluded


_NONE = frozenset[str]()
_ANY = _NONE  # excluded: what is not among none
_SLASH = frozenset("/")


def problem(pattern: str) -> str | None:
    """Say what is wrong with a pattern; None when nothing is."""
    if not pattern.removeprefix("!"):
        return "a pattern may not be empty"
    if len(pattern) > MAX_PATTERN:
        return f"a pattern may have at most {MAX_PATTERN} characters"
    try:
        _compiled(pattern.removeprefix("!"))
    except ValueError as error:
        return str(error)
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits; ValueError for a pattern that has a problem."""
    pieces = _compiled(pattern)
    states = _closure({0}, pieces)
    for character in text:
        states = _closure(_stepped(states, pieces, character), pieces)
        if not states:
            return False
    return len(pieces) in states


def admits(chosen: Filter, text: str) -> bool:
    """Whether a filter lets this branch or path through."""
    if chosen.ignore:
        return not any(matches(pattern, text) for pattern in chosen.patterns)
    admitted = False
    for pattern in chosen.patterns:
        negative = pattern.startswith("!")
        if matches(pattern.removeprefix("!"), text):
            admitted = not negative
    return admitted


def _stepped(states: set[int], pieces: list[_Piece], character: str) -> set[int]:
    after: set[int] = set()
    for state in states:
        if state < len(pieces) and pieces[state].takes(character):
            after.add(state + 1)
            if pieces[state].repeated:
                after.add(state)
    return after


def _closure(states: Iterable[int], pieces: list[_Piece]) -> set[int]:
    waiting = list(states)
    reached = set(waiting)
    while waiting:
        state = waiting.pop()
        jumps = pieces[state].skips if state < len(pieces) else ()
        new = {state + jump for jump in jumps} - reached
        reached |= new
        waiting.extend(new)
    return reached


def _compiled(pattern: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    while at < len(pattern):
        at = _piece(pattern, at, pieces)
    return pieces


def _piece(pattern: str, at: int, pieces: list[_Piece]) -> int:
    match pattern[at]:
        case "*":
            return _star(pattern, at, pieces)
        case "?" | "+":
            _quantify(pattern[at], pieces)
            return at + 1
        case "[":
            return _set(pattern, at, pieces)
        case "\\" if at + 1 < len(pattern):
            pieces.append(_Piece(frozenset(pattern[at + 1])))
            return at + 2
    pieces.append(_Piece(frozenset(pattern[at])))
    return at + 1


def _star(pattern: str, at: int, pieces: list[_Piece]) -> int:
    if not pattern.startswith("**", at):
        pieces.append(_Piece(_SLASH, excluded=True, skips=(1,), repeated=True))
        return at + 1
    if pattern.startswith("/", at + 2) and (at == 0 or pattern[at - 1] == "/"):
        # `a/**/b` is `a/b` as well: a piece that takes nothing skips stars and slash together.
        pieces.append(_Piece(_NONE, skips=(1, 3)))
        pieces.append(_Piece(_ANY, excluded=True, skips=(1,), repeated=True))
        pieces.append(_Piece(_SLASH))
        return at + 3
    pieces.append(_Piece(_ANY, excluded=True, skips=(1,), repeated=True))
    return at + 2


def _quantify(sign: str, pieces: list[_Piece]) -> None:
    if not pieces:
        raise ValueError(f"`{sign}` needs a character before it")
    last = pieces[-1]
    pieces[-1] = _Piece(
        last.characters,
        last.excluded,
        skips=(1,) if sign == "?" else last.skips,
        repeated=last.repeated or sign == "+",
    )


def _set(pattern: str, at: int, pieces: list[_Piece]) -> int:
    end = pattern.find("]", at + 1)
    if end <= at + 1:
        raise ValueError("`[` needs characters and a closing `]`")
    pieces.append(_Piece(frozenset(_members(pattern[at + 1 : end]))))
    return end + 1


def _members(inside: str) -> Iterator[str]:
    at = 0
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            yield from _between(inside[at], inside[at + 2])
            at += 3
        else:
            yield inside[at]
            at += 1


def _between(first: str, last: str) -> Iterator[str]:
    if not first.isascii() or not last.isascii() or first > last:
        raise ValueError(f"`{first}-{last}` is not a range such as a-z or 0-9")
    return map(chr, range(ord(first), ord(last) + 1))
