"""What an action is given, in its environment, and what it says, in lines and small files."""

from __future__ import annotations

import os
import sys
import uuid

_TRUE, _FALSE = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"})


class Failed(Exception):
    """The action fails, and the message says why."""


def given(name: str) -> str:
    """Read an input."""
    return variable(f"INPUT_{name.replace(' ', '_').upper()}").strip()


def lines(name: str) -> list[str]:
    """Read an input of several lines; empty ones say nothing."""
    return [line.strip() for line in given(name).splitlines() if line.strip()]


def is_set(name: str) -> bool:
    """Read an input that is true or false; empty is false."""
    value = given(name)
    if value in _TRUE:
        return True
    if value in _FALSE or not value:
        return False
    raise Failed(f"The input `{name}` must be true or false, not {value!r}.")


def number(name: str, least: int, most: int) -> int | None:
    """Read an input that is a whole number; None when it is empty."""
    value = given(name)
    if not value:
        return None
    if value.isascii() and value.isdigit() and least <= int(value[:9]) <= most:
        return int(value[:9])
    raise Failed(f"The input `{name}` must be between {least} and {most}, not {value!r}.")


def variable(name: str) -> str:
    return os.environ.get(name, "")  # noqa: TID251 - a program of its own, told by its environment


def output(name: str, value: object) -> None:
    """Set an output of the step."""
    _append("GITHUB_OUTPUT", name, str(value))


def keep(name: str, value: str) -> None:
    """Remember something for what is done at the end of the job."""
    _append("GITHUB_STATE", name, value)


def kept(name: str) -> str:
    return variable(f"STATE_{name}")


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def warn(words: str) -> None:
    escaped = words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    say(f"::warning::{escaped}")


def size(count: int) -> str:
    """Say a number of bytes in words."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count} bytes"


def _append(file: str, name: str, value: str) -> None:
    end = f"end-{uuid.uuid4().hex}"
    with open(variable(file), "a", encoding="utf-8") as said:
        said.write(f"{name}<<{end}\n{value}\n{end}\n")
