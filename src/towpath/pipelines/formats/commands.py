"""What a step says by a line of its output: `::name key=value::message`.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

KNOWN = frozenset(
    {
        "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group",
        "notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands",
        "warning",
    }
)  # fmt: skip
BEGINNINGS = (b"::", b"##[")
_POSSIBLE = re.compile(rb"^[^\S\n]*(?:::|##\[)", re.MULTILINE)
_Escapes = tuple[tuple[str, str], ...]
_VALUE: _Escapes = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY: _Escapes = (("%3A", ":"), ("%2C", ","), *_VALUE)
_OLD: _Escapes = (("%3B", ";"), ("%5D", "]"), *_VALUE)


@dataclass(frozen=True)
class Command:
    """`line` is what the step wrote, for those who asked to see it."""

    name: str
    value: str
    properties: Mapping[str, str] = field(default_factory=dict)
    line: str = ""


def read(line: str, also: str = "") -> Command | None:
    """Read a line as a command, or as the word `also`; None for what is only output."""
    text = line.strip("\r\n").lstrip()
    if text.startswith("::"):
        head, end, value = text[2:].partition("::")
        separator, escapes, outer = ",", _PROPERTY, _VALUE
    elif text.startswith("##["):
        head, end, value = text[3:].partition("]")
        separator, escapes, outer = ";", _OLD, _OLD
    else:
        return None
    name, _, rest = head.partition(" ")
    if not end or name.lower() not in KNOWN | {also.lower()} or not name:
        return None
    pairs = (each.strip().partition("=") for each in rest.split(separator))
    properties = {key: _plain(found, escapes) for key, sign, found in pairs if sign}
    return Command(name.lower(), _plain(value, outer), properties, text)


def may_hold(output: bytes) -> bool:
    """Whether whole lines might hold a command, at far less cost than reading each of them."""
    return any(mark in output for mark in BEGINNINGS) and bool(_POSSIBLE.search(output))


def may_become(beginning: bytes) -> bool:
    """Whether a line that is not over yet might turn out to be a command."""
    text = beginning.lstrip()
    return any(text.startswith(mark) or mark.startswith(text[: len(mark)]) for mark in BEGINNINGS)


def _plain(text: str, escapes: _Escapes) -> str:
    for written, meant in escapes:
        text = text.replace(written, meant)
    return text
