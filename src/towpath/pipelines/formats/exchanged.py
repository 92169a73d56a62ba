"""The files through which a step speaks: GITHUB_OUTPUT, GITHUB_ENV and GITHUB_PATH.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

import re
from collections.abc import Iterator

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class Unreadable(ValueError):
    """A line that is neither `name=value` nor the beginning of a block."""


def assignments(text: str) -> dict[str, str]:
    """Read `name=value` lines and `name<<END` blocks; Unreadable says which line is neither."""
    found: dict[str, str] = {}
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if not line.strip():
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
    return [line.strip() for line in text.splitlines() if line.strip()]


def _head(line: str) -> tuple[str, str, str]:
    equals, block = line.find("="), line.find("<<")
    sign = "<<" if 0 <= block < (equals if equals >= 0 else len(line)) else "="
    name, found, rest = line.partition(sign)
    return (name, found, rest) if _NAME.fullmatch(name) else ("", "", "")


def _block(lines: Iterator[tuple[int, str]], end: str, begun: int) -> str:
    inside: list[str] = []
    for _, line in lines:
        if line == end:
            return "\n".join(inside)
        inside.append(line)
    raise Unreadable(f"the block begun in line {begun} is never ended by {end[:80]!r}")
