"""Taking turns: of one concurrency group, one runs at a time, and those that wait are few.

https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MOST_WAITING = 100
"""How many may wait in a group that lets all wait (`queue: max`), as on GitHub."""
NEWER = "A newer one of its concurrency group took its place."
FULL = f"More than {MOST_WAITING} wait in its concurrency group."
KNOT = "It would wait for ever: whatever it is part of holds its concurrency group."


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A run or a job in a group; `holding` when it is its turn.

    `within` are the run and the jobs that it is part of. With `cancels` it ends who is before it.
    """

    holder: str
    queue: Literal["single", "max"] = "single"
    cancels: bool = False
    holding: bool = False
    within: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Start:
    """It is its turn."""

    holder: str


@dataclass(frozen=True)
class Leave:
    """It will not have its turn; `failed` when it never could."""

    holder: str
    why: str
    failed: bool = False


@dataclass(frozen=True)
class End:
    """It has its turn, and is to end because somebody newer wants it."""

    holder: str


def settle(tickets: Sequence[Ticket]) -> list[Start | Leave | End]:
    """Say what follows from who is in a group, in the order in which they came.

    Asked again when that is done, it says nothing more, but for an End that takes its time.
    """
    holder = next((each for each in tickets if each.holding), None)
    waiting = [each for each in tickets if not each.holding]
    knots = [each for each in waiting if holder and holder.holder in each.within]
    actions: list[Start | Leave | End] = [Leave(each.holder, KNOT, failed=True) for each in knots]
    waiting = [each for each in waiting if each not in knots]
    if not waiting:
        return actions
    newest = waiting[-1]
    single = newest.queue == "single"
    kept = [newest] if single else waiting[:MOST_WAITING]
    actions += [
        Leave(each.holder, NEWER if single else FULL) for each in waiting if each not in kept
    ]
    if holder is None:
        actions.append(Start(kept[0].holder))
    elif newest.cancels and newest in kept:
        actions.append(End(holder.holder))
    return actions
