"""What a command does and what we answer: pure, so that every rule of who may what is a test."""

from dataclasses import dataclass

from towpath.gate.model.apply import hold, retry
from towpath.gate.model.commands import HELP, Command
from towpath.gate.model.queue import Change, Request, Sha
from towpath.gate.model.views import Line
from towpath.gate.model.words import short


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A comment on a merge request; `comment` is its id, `head` the commit its author saw."""

    repository: str
    number: int
    comment: str
    author: str
    body: str
    head: Sha | None


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Who commented; `member` says whether their role lets them work on this repository.

    `saw` is the commit that was the head when they spoke; None when nobody wrote that down.
    """

    login: str
    member: bool
    saw: Sha | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to say, the row as it is now, and whether to write an approval by the speaker."""

    words: str
    change: Change
    approve: bool = False


def answer(command: Command, line: Line, change: Change, request: Request, by: Speaker) -> Answer:
    """Obey one command, or say why not."""
    told = _told(command, line) or _may_not(command, request, by)
    if told:
        return Answer(words=told, change=change)
    match command.verb:
        case "approve":
            return Answer(words=_approved(request, by), change=change, approve=True)
        case "wait":
            words = f"Held by {by.login}: it stays out of the queue until `/wait off`."
            return Answer(words=words, change=hold(change, by.login))
        case "resume":
            words = "No longer held." if change.hold else "Nobody holds it."
            return Answer(words=words, change=hold(change, None))
        case _:
            return _retried(change, request)


def _told(command: Command, line: Line) -> str | None:
    """Answer what changes nothing."""
    match command.verb:
        case None:
            return f"There is no command `{command.word}`. These are:\n\n{HELP}"
        case "help":
            return HELP
        case "status":
            return status(line)
        case _:
            return None


def status(line: Line) -> str:
    """Tell in one paragraph what the page tells."""
    place = f"Place {line.place} in the queue for `{line.branch}`. " if line.place else ""
    return f"{place}**{line.word}**: {line.sentence} {line.next_step}".strip()


def _may_not(command: Command, request: Request, by: Speaker) -> str | None:
    """Say why somebody may not give this command; None if they may."""
    author = by.login == request.author
    if request.state != "open":
        return f"It is {request.state}, so `/{command.verb}` would change nothing."
    if command.verb == "approve" and author:
        return "Nobody approves their own merge request: ask somebody else to look at it."
    if not by.member and (command.verb == "approve" or not author):
        return f"`/{command.verb}` is for members, and {by.login} is none. See `/help`."
    if command.verb == "approve" and by.saw is None:
        return "It is not known which commit you saw. Look at it and say `/approve` again."
    return None


def _approved(request: Request, by: Speaker) -> str:
    """An approval holds for what its giver saw, whatever was pushed before we heard of it."""
    words = f"{by.login} approved {short(by.saw or '')}."
    if by.saw == request.head:
        return words
    now = short(request.head)
    return f"{words} The head is {now} since: look at that and say `/approve` again."


def _retried(change: Change, request: Request) -> Answer:
    if change.state == "refused" and change.head == request.head:
        return Answer(
            words="Forgotten: it is queued again when nothing else is in the way.",
            change=retry(change),
        )
    words = (
        "It was not refused as it stands now, so there is nothing to try again. `/status` tells."
    )
    return Answer(words=words, change=change)
