"""What the doctor finds, one thing at a time, and how it is told.

A check that itself fails is a finding too: the doctor is called when things are broken.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import click

import towpath

Level = Literal["ok", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "problem")
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@dataclass(frozen=True)
class Finding:
    """`check` is its name for machines; `why` and `do` are said of what is not right."""

    check: str
    level: Level
    what: str
    why: str = ""
    do: str = ""


def ok(check: str, what: str, why: str = "") -> Finding:
    return Finding(check, "ok", what, why)


def warning(check: str, what: str, why: str, do: str) -> Finding:
    return Finding(check, "warning", what, why, do)


def problem(check: str, what: str, why: str, do: str) -> Finding:
    return Finding(check, "problem", what, why, do)


def looked(check: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run one check to its end; whatever it raises becomes a finding of that name."""
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001 - a doctor that faints is of no use
        words = (str(error).strip() or type(error).__name__).splitlines()[0]
        return [
            problem(
                check,
                f"could not be looked at: {words}",
                "What cannot be looked at cannot be relied on.",
                "Mend what the message names, then run the doctor again.",
            )
        ]


def worst(findings: Iterable[Finding]) -> Level:
    return max((each.level for each in findings), key=LEVELS.index, default="ok")


def as_json(findings: Sequence[Finding]) -> str:
    told = {"status": worst(findings), "towpath": towpath.__version__}
    return json.dumps({**told, "findings": [asdict(each) for each in findings]}, indent=1)


def as_table(findings: Sequence[Finding]) -> str:
    """Three columns; what is not right has its reason and its remedy on lines of their own."""
    wide = max((len(each.check) for each in findings), default=0)
    lines = []
    for each in findings:
        level = click.style(f"{each.level:<7}", fg=_COLOURS[each.level])
        lines.append(f"{level}  {each.check:<{wide}}  {each.what}")
        margin = " " * (wide + 11)
        lines += [f"{margin}{text}" for text in (each.why, each.do and f"→ {each.do}") if text]
    return "\n".join(lines)
