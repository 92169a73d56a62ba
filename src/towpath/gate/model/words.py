"""Every sentence the gate says about a merge request: states, statuses and comments.

Words are decided here and nowhere else, so that the page, the commit status and the comment say
the same.
"""

from dataclasses import dataclass
from typing import Literal

from towpath.gate.model.queue import (
    Change,
    Obstacle,
    Queue,
    Refused,
    Request,
    Said,
    Sha,
    StatusState,
    Suite,
)

Kind = Literal["good", "bad", "busy", "waiting", "neutral"]
_SHORT = 10
_LONGEST_STATUS = 140
_SHOWN_FILES = 3
_LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a request stands: a word and its kind, one sentence, and what to do now, if anything.

    No sentence holds what changes every minute, since each is also told as a commit status.
    """

    word: str
    kind: Kind
    sentence: str
    next_step: str = ""


def short(sha: Sha) -> str:
    return sha[:_SHORT]


def standing(
    queue: Queue,
    change: Change,
    request: Request,
    *,
    blocked: tuple[Obstacle, str] | None,
    suite: Suite | None,
) -> Standing:
    """Say where a request stands; `blocked` is what keeps it out of the queue now."""
    if change.state == "landed" and change.head == request.head:
        sentence = f"Landed on {queue.branch} as {short(change.landed or '')}."
        return Standing(word="landed", kind="good", sentence=sentence)
    if change.state == "refused" and change.head == request.head and change.refused:
        return _refused_standing(queue.branch, change.refused)
    if change.in_queue:
        return _in_queue(queue, change, suite)
    return _outside(queue.branch, request, blocked)


def said(
    queue: Queue,
    change: Change,
    request: Request,
    *,
    blocked: tuple[Obstacle, str] | None,
    suite: Suite | None,
) -> Said:
    """The commit status that tells the standing."""
    where = standing(queue, change, request, blocked=blocked, suite=suite)
    states: dict[Kind, StatusState] = {"good": "success", "bad": "failure"}
    words = where.sentence[:_LONGEST_STATUS]
    return Said(head=request.head, state=states.get(where.kind, "pending"), words=words)


def _in_queue(queue: Queue, change: Change, suite: Suite | None) -> Standing:
    if change.state == "landing":
        return Standing(word="landing", kind="busy", sentence=f"Moving {queue.branch} to it.")
    conflict = change.conflict
    if conflict is not None and conflict.by is not None:
        sentence = f"Conflicts with #{conflict.by} ahead of it; waits until that lands or goes."
        return Standing(word="waits", kind="waiting", sentence=sentence)
    if change.candidate is None:
        return Standing(
            word="queued", kind="waiting", sentence=f"In the queue for {queue.branch}."
        )
    return _tested(queue, change, suite)


def _tested(queue: Queue, change: Change, suite: Suite | None) -> Standing:
    onto = _base_in_words(queue, change)
    match suite.conclusion if suite else None:
        case None | "cancelled":
            return Standing(
                word="testing", kind="busy", sentence=f"Being tested on top of {onto}."
            )
        case "success":
            sentence = f"Tests passed on top of {onto}; lands when that has."
            return Standing(word="passed", kind="waiting", sentence=sentence)
        case _:
            sentence = f"Tests failed on top of {onto}; tested again if that does not land."
            return Standing(word="failed", kind="waiting", sentence=sentence)


def _base_in_words(queue: Queue, change: Change) -> str:
    """Name the requests that the candidate stands on, or the branch alone."""
    names = [f"#{number}" for number in stands_on(queue, change)]
    return f"{queue.branch} with {', '.join(names)}" if names else queue.branch


def stands_on(queue: Queue, change: Change) -> list[int]:
    """The requests ahead whose changes this one's candidate contains, in order."""
    by_sha = {c.candidate.sha: c for c in queue.in_line() if c.candidate}
    found: list[int] = []
    link = change.candidate
    while link is not None and link.base in by_sha and len(found) < len(by_sha):
        below = by_sha[link.base]
        found.insert(0, below.number)
        link = below.candidate
    return found


def _outside(branch: str, request: Request, blocked: tuple[Obstacle, str] | None) -> Standing:
    if blocked is None:
        return Standing(word="approved", kind="busy", sentence=f"Enters the queue for {branch}.")
    why, who = blocked
    words: dict[Obstacle, tuple[str, Kind, str, str]] = {
        "closed": ("closed", "neutral", "Closed without landing.", "Reopen it to go on."),
        "merged": ("merged", "good", f"Its commits are in {branch}.", ""),
        "retargeted": ("moved", "neutral", f"It now aims at {who}.", ""),
        "held": ("held", "waiting", f"Held by {who}.", "Comment `/wait off` to let it go on."),
        "changes_requested": (
            "changes requested",
            "bad",
            f"{who} asked for changes.",
            f"Push the changes, then ask {who} to approve.",
        ),
        "head_moved": ("changed", "waiting", "New commits need a fresh approval.", _approve()),
        "not_approved": ("not approved", "waiting", _wanted(request), _approve()),
    }
    word, kind, sentence, step = words[why]
    return Standing(word=word, kind=kind, sentence=sentence, next_step=step)


def _wanted(request: Request) -> str:
    return (
        f"Waits for an approval of {short(request.head)} by someone other than {request.author}."
    )


def _approve() -> str:
    return "A reviewer approves it on this page or comments `/approve`."


def _refused_standing(branch: str, refused: Refused) -> Standing:
    sentence, step = {
        "conflict": (
            f"Conflicts with {branch} in {_files(refused.files)}.",
            "Resolve the conflict as the comment shows and push.",
        ),
        "red": (
            f"Tests failed on top of {branch}: {refused.summary}",
            "Push a fix, or comment `/retry` to test the same commit again.",
        ),
        "cancelled": (
            "Testing was stopped again and again, so nothing is known about it.",
            "Comment `/retry` to test it again.",
        ),
        "fault": (
            f"git could not merge it into {branch}: {refused.summary}",
            "Push something simpler to merge, or comment `/retry`.",
        ),
        "absent": (
            "No workflow tests it.",
            "Add a file to .github/workflows and push, or comment `/retry` after main has one.",
        ),
        "invalid": (
            f"A workflow file is not valid: {refused.summary}",
            "Correct the file and push.",
        ),
    }[refused.why]
    return Standing(word="refused", kind="bad", sentence=sentence, next_step=step)


def _files(files: tuple[str, ...]) -> str:
    if not files:
        return "everything: the two have no commit in common"
    shown = ", ".join(map(printable, files[:_SHOWN_FILES]))
    more = len(files) - _SHOWN_FILES
    return f"{shown} and {more} more" if more > 0 else shown


def printable(text: str) -> str:
    """Names of files are hostile input: what a terminal would act on becomes a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST_NAME])


def commit_message(request: Request) -> str:
    """What the commit that lands says of itself; nothing in it depends on when it is made."""
    return f"Merge #{request.number}: {request.title}\n\n{request.source} by {request.author}.\n"
