"""What a part tells of how it is: judgements for people, figures for Prometheus; and disk room."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from towpath.kernel.pages.words import size

LEAST_FREE_BYTES = 256 * 10**6
"""With less than this, new work is refused, so that what is acknowledged can still be kept."""
_LITTLE_FREE_BYTES = 8 * LEAST_FREE_BYTES
State = Literal["good", "neutral", "waiting", "bad"]
_ORDER: tuple[State, ...] = ("good", "neutral", "waiting", "bad")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that can be right or wrong, in words; `page` is where one sees more."""

    name: str
    state: State
    words: str
    next_step: str = ""
    page: str = ""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One gauge for /metrics: `values` pair the values of the labels with a number."""

    name: str
    words: str
    labels: tuple[str, ...] = ()
    values: Sequence[tuple[tuple[str, ...], float]]


def worst(checks: Iterable[Check]) -> State:
    """The state of a whole is that of its worst part."""
    return max((check.state for check in checks), key=_ORDER.index, default="good")


def free_bytes(data: Path) -> int:
    """How much our user may still write where everything is kept."""
    return shutil.disk_usage(data).free


def disk(data: Path) -> Check:
    free = free_bytes(data)
    told = f"{size(free)} are free"
    if free < LEAST_FREE_BYTES:
        return Check(
            name="Disk",
            state="bad",
            words=f"{told}: new pushes are refused",
            next_step=f"Make room on the file system of {data}, or give it a larger one.",
        )
    if free < _LITTLE_FREE_BYTES:
        return Check(
            name="Disk",
            state="waiting",
            words=f"{told}: that is little",
            next_step=f"New pushes are refused below {size(LEAST_FREE_BYTES)}; make room before.",
        )
    return Check(name="Disk", state="good", words=told)
