"""What the gate writes into a merge request: what happened, where to look, what to do now."""

import shlex
from dataclasses import dataclass

from towpath.gate.model.queue import (
    Action,
    Change,
    Landed,
    Leave,
    Queue,
    Refuse,
    Refused,
    Sha,
)
from towpath.gate.model.words import printable, short

_SHOWN_FILES = 20


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a comment may point at: the queue, the source branch, and the run's address."""

    queue: Queue
    source: str
    run_url: str | None = None


def about(scene: Scene, change: Change, move: Action) -> str | None:
    """What to say about a move; None where the page tells it well enough."""
    match move:
        case Landed():
            return _landed(scene, change)
        case Leave():
            return _left(move, scene.queue.branch, change.head)
        case Refuse():
            return _refusal(scene, change, move.refused)
        case _:
            return None


def _refusal(scene: Scene, change: Change, refused: Refused) -> str:
    """Tell why a request was refused, where the log is and what to do."""
    match refused.why:
        case "conflict":
            return _conflict(scene, refused)
        case "red":
            return _red(scene, change, refused)
        case "absent":
            return _absent(scene)
        case "invalid":
            return _invalid(refused)
        case "cancelled":
            return _cancelled(scene)
        case "fault":
            return _fault(scene, refused)


def _conflict(scene: Scene, refused: Refused) -> str:
    source = shlex.quote(scene.source)
    origin = shlex.quote(f"origin/{scene.queue.branch}")
    head = f"**Refused: it conflicts with `{scene.queue.branch}`.** Nothing was built."
    steps = (
        "git fetch origin",
        f"git switch {source}",
        f"git merge {origin}",
        "# resolve the files above, then",
        "git add --all && git commit --no-edit",
        f"git push origin {source}",
    )
    if not refused.files:
        return _text(
            head, "The two histories have no commit in common: start from a fresh branch."
        )
    where = f"`{scene.queue.branch}` stands at {short(refused.onto)}. Files in conflict:"
    then = "The merge then needs a fresh approval, and the request is queued again."
    return _text(head, where, _code(_listed(refused.files)), "To resolve it:", _code(steps), then)


def _listed(files: tuple[str, ...]) -> tuple[str, ...]:
    shown = tuple(printable(name) for name in files[:_SHOWN_FILES])
    more = len(files) - len(shown)
    return (*shown, f"… and {more} more") if more else shown


def _red(scene: Scene, change: Change, refused: Refused) -> str:
    tested = change.candidate.sha if change.candidate else change.head
    steps = (
        "git fetch origin",
        f"git switch --detach {change.head}",
        f"git merge {refused.onto}",
    )
    return _text(
        f"**Refused: the tests failed.** {refused.summary}",
        _log(scene),
        f"Tested was {short(tested)}: this request's {short(change.head)} merged onto"
        f" `{scene.queue.branch}` at {short(refused.onto)}.{_company(scene.queue, change)}",
        "To see the same on your machine:",
        _code(steps),
        "Push a fix (it needs a fresh approval), or comment `/retry` if this request is not to"
        " blame.",
    )


def _company(queue: Queue, change: Change) -> str:
    """Name what landed while it waited: two requests that pass alone may fail together."""
    since = change.since or 0
    landed = [c for c in queue.changes if c.state == "landed" and (c.ended or 0) >= since]
    if not landed:
        return ""
    names = ", ".join(f"#{c.number}" for c in sorted(landed, key=lambda c: c.ended or 0))
    return f" While it waited, {names} landed: perhaps they do not work together."


def _absent(scene: Scene) -> str:
    example = (
        "# .github/workflows/test.yml",
        "on: [pull_request, merge_group]",
        "jobs:",
        "  test:",
        "    runs-on: ubuntu-latest",
        "    steps:",
        "      - uses: actions/checkout",
        "      - run: make test",
    )
    return _text(
        "**Refused: no workflow tests it**, so nothing would be known about what lands.",
        f"Add a workflow to this request or to `{scene.queue.branch}`, such as:",
        _code(example),
        f"Then push, or comment `/retry` once `{scene.queue.branch}` has one.",
    )


def _invalid(refused: Refused) -> str:
    return _text(
        "**Refused: a workflow file is not valid.**",
        _code(tuple(printable(line) for line in refused.summary.splitlines())),
        "Correct it and push; the new commit needs a fresh approval.",
    )


def _cancelled(scene: Scene) -> str:
    return _text(
        "**Refused: its tests were stopped three times before they could end.** That says"
        " nothing about this request.",
        _log(scene),
        "Comment `/retry` when the trouble is over.",
    )


def _fault(scene: Scene, refused: Refused) -> str:
    return _text(
        f"**Refused: git could not merge it into `{scene.queue.branch}`,** three times in a row,"
        " while it merges other things. Nothing was built.",
        _code((printable(refused.summary),)),
        "Merge the branch yourself and push that, which makes our merge a simple one; or comment"
        " `/retry`.",
    )


def _log(scene: Scene) -> str:
    return f"The log: <{scene.run_url}>" if scene.run_url else ""


def _landed(scene: Scene, change: Change) -> str:
    tests = f" after [these tests]({scene.run_url})" if scene.run_url else ""
    where = f"`{scene.queue.branch}` moved to {change.landed}"
    return f"Landed: {where}, exactly the commit that was tested{tests}."


def _left(move: Leave, branch: str, head: Sha) -> str | None:
    match move.why:
        case "head_moved":
            return (
                f"Left the queue for `{branch}`: there are commits after {short(head)}, which"
                " nobody has approved. Approve the new head to queue it again."
            )
        case "held":
            return f"Left the queue for `{branch}`, held by {move.who}. `/wait off` lets it go on."
        case "changes_requested":
            return f"Left the queue for `{branch}`: {move.who} asked for changes."
        case "not_approved":
            return f"Left the queue for `{branch}`: its approval was withdrawn."
        case "closed" | "merged" | "retargeted":
            return None


def _code(lines: tuple[str, ...]) -> str:
    """An indented block: no line in it can end it, as a fence could be ended."""
    return "\n".join(f"    {line}" for line in lines)


def _text(*paragraphs: str) -> str:
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
