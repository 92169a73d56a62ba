"""The files through which a step speaks: GITHUB_OUTPUT, GITHUB_ENV, GITHUB_STATE, GITHUB_PATH.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

from collections.abc import Iterator


class Unreadable(ValueError):
    """A line that is neither `name=value` nor the beginning of a block."""


def assignments(text: str) -> dict[str, str]:
    """Read `name=value` lines and `name<<END` blocks; Unreadable says which line is neither.

    Only a line feed, with or without a carriage return before it, ends a line: a value may hold
    every other character.
    """
    found: dict[str, str] = {}
    lines = iter(enumerate(_lines(text), 1))
    for number, line in lines:
        if not line:
            continue
        name, sign, rest = _head(line)
        if sign == "=":
            found[name] = rest
        elif sign == "<<" and rest:
            found[name] = _block(lines, rest, number)
        else:
            raise Unreadable(f"line {number} is neither name=value nor name<<END: {line[:80]!r}")
    return found


def paths(text: str) -> list[str]:
    """Read one directory per line."""
    return [line.strip() for line in _lines(text) if line.strip()]


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def _head(line: str) -> tuple[str, str, str]:
    equals, block = line.find("="), line.find("<<")
    sign = "<<" if 0 <= block < (equals if equals >= 0 else len(line)) else "="
    name, found, rest = line.partition(sign)
    return (name, found, rest) if name else ("", "", "")


def _block(lines: Iterator[tuple[int, str]], end: str, begun: int) -> str:
    inside: list[str] = []
    for _, line in lines:
        if line == end:
            return "\n".join(inside)
        inside.append(line)
    raise Unreadable(f"the block begun in line {begun} is never ended by {end[:80]!r}")
