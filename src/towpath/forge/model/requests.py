"""The records of a repository and the life of a merge request.

open ──▶ merged                 git shows that its head is in the target
  │ ▲
  ▼ │ reopen
closed                          by a person, or because a branch of it is gone
"""

from dataclasses import dataclass, replace
from typing import Literal

from towpath.forge.model import names
from towpath.kernel.clock import Micros
from towpath.kernel.errors import Conflict, InvalidInput

State = Literal["open", "merged", "closed"]
Verdict = Literal["approve", "request_changes", "comment"]
StatusState = Literal["pending", "success", "failure", "error"]
STATES: tuple[State, ...] = ("open", "merged", "closed")
VERDICTS: tuple[Verdict, ...] = ("approve", "request_changes", "comment")
STATUS_STATES: tuple[StatusState, ...] = ("pending", "success", "failure", "error")
LONGEST_TITLE = 256
LONGEST_BODY = 65_536
LONGEST_CONTEXT = 200
LONGEST_DESCRIPTION = 1_000
_WEB = ("https://", "http://", "/")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """`snapshot` counts how often the rows of its refs were brought up to date.

    `gone` is when it was deleted: from then on nobody finds it by its name, and what it held is
    cleared away. This one row stays, so that records of it can still be read.
    """

    id: str
    owner: str
    name: str
    default_branch: str
    protected: tuple[str, ...]
    created: Micros
    snapshot: int
    description: str = ""
    gone: Micros | None = None
    private: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def visibility(self) -> str:
        """Nobody without an account sees anything here, so nothing is `public`."""
        return "private" if self.private else "internal"


@dataclass(frozen=True, kw_only=True)
class MergeRequest:
    """`source` and `target` are branch names; `head` is the source's tip as last seen.

    `base` is the newest commit that head and target shared when head was last seen: the diff of
    the request is base..head, and stays so after the merge. `merged_as` is the first commit of
    the target that holds the head. `ended` is when it was merged or closed.
    """

    repository: str
    number: int
    title: str
    body: str
    author: str
    source: str
    target: str
    head: str
    base: str
    state: State
    merged_as: str | None
    created: Micros
    updated: Micros
    ended: Micros | None = None


@dataclass(frozen=True, kw_only=True)
class Review:
    """`head` is the commit that the reviewer saw; the verdict speaks about it alone.

    `dismissed` says why the verdict counts no more, and is None while it does.
    """

    id: str
    author: str
    verdict: Verdict
    head: str
    body: str
    at: Micros
    dismissed: str | None = None


@dataclass(frozen=True, kw_only=True)
class Comment:
    """`edited` is when its text was last changed, if it was."""

    id: str
    author: str
    body: str
    at: Micros
    edited: Micros | None = None


@dataclass(frozen=True, kw_only=True)
class Status:
    """What somebody says about a commit under the name `context`; a later word replaces it."""

    context: str
    state: StatusState
    description: str
    url: str
    author: str
    at: Micros


def new_repository(
    id: str,
    owner: str,
    name: str,
    default_branch: str,
    now: Micros,
) -> Repository:
    """An empty repository whose default branch is protected; InvalidInput names what is wrong."""
    names.branch_ref(default_branch)
    return Repository(
        id=id,
        owner=names.require_owner(owner),
        name=names.require_repository_name(name),
        default_branch=default_branch,
        protected=(default_branch,),
        created=now,
        snapshot=0,
    )


def asked(  # noqa: PLR0913 - the fields of a request
    repository: str,
    *,
    title: str,
    body: str,
    author: str,
    source: str,
    target: str,
    head: str,
    base: str,
    now: Micros,
) -> MergeRequest:
    """A merge request as it is asked for: open, checked, and without its number (0)."""
    return MergeRequest(
        repository=repository,
        number=0,
        title=require_title(title),
        body=require_body(body),
        author=author,
        source=source,
        target=target,
        head=head,
        base=base,
        state="open",
        merged_as=None,
        created=now,
        updated=now,
    )


def require_base(source: str, target: str, head: str, base: str | None) -> str:
    """Check that there is something to merge, given the newest commit that both hold."""
    if base is None or base == head:
        why = "share no history" if base is None else "hold the same commits"
        raise InvalidInput(
            f"There is nothing to merge: {source} and {target} {why}.",
            next_step=f"Push commits to {source} that {target} does not have.",
        )
    return base


def judged(request: MergeRequest, made: Review, *, needs_words: bool = True) -> Review:
    """Check a review: nobody approves their own; what is not open takes comments only."""
    if made.verdict == "approve" and made.author == request.author:
        raise InvalidInput(
            "Nobody approves their own merge request.", next_step="Ask somebody else to look."
        )
    if request.state != "open" and made.verdict != "comment":
        raise Conflict(
            f"Merge request {request.number} is {request.state}.",
            next_step="Comment on it instead.",
        )
    wordless = made.verdict == "approve" or not needs_words
    return replace(made, body=require_body(made.body, empty=wordless))


def close(request: MergeRequest) -> MergeRequest:
    if request.state != "open":
        raise _wrong_state(request, "closed")
    return replace(request, state="closed")


def reopen(request: MergeRequest) -> MergeRequest:
    if request.state != "closed":
        raise _wrong_state(request, "reopened")
    return replace(request, state="open")


def dated(after: MergeRequest, now: Micros) -> MergeRequest:
    """Note when a request changed, and when it ended if it has."""
    ended = None if after.state == "open" else after.ended or now
    return replace(after, updated=now, ended=ended)


def _wrong_state(request: MergeRequest, wanted: str) -> Conflict:
    return Conflict(
        f"Merge request {request.number} is {request.state} and cannot be {wanted}.",
        next_step="Open a new merge request if there is more to merge.",
    )


def require_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE or not storable(title):
        raise InvalidInput(
            "The title is empty, too long or not text.",
            next_step=f"Give a title of 1 to {LONGEST_TITLE} characters.",
        )
    return title


def require_body(body: str, *, empty: bool = True) -> str:
    if len(body) > LONGEST_BODY or not storable(body) or not (empty or body.strip()):
        raise InvalidInput(
            "The text is empty, too long or not text.",
            next_step=f"Write at most {LONGEST_BODY} characters.",
        )
    return body


def require_status(said: Status) -> Status:
    """Check a status; a `javascript:` address would run in our page and is refused."""
    if not 0 < len(said.context) <= LONGEST_CONTEXT or not storable(said.context):
        raise InvalidInput(
            "The context of a status is empty, too long or not text.",
            next_step=f"Use 1 to {LONGEST_CONTEXT} characters.",
        )
    if said.url and not (said.url.startswith(_WEB) and storable(said.url)):
        raise InvalidInput(
            "The address of a status is not a web address.", next_step="Begin it with https://."
        )
    return replace(said, description=require_body(said.description)[:LONGEST_DESCRIPTION])


def storable(text: str) -> bool:
    """Say whether both stores can keep the text: PostgreSQL takes no NUL, neither half a pair."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def current_reviews(reviews: tuple[Review, ...]) -> dict[str, Review]:
    """The last verdict of each reviewer, by login; a plain comment withdraws no verdict.

    A dismissed verdict counts no more, and brings back none that came before it.
    """
    last = {review.author: review for review in reviews if review.verdict != "comment"}
    return {author: review for author, review in last.items() if review.dismissed is None}


def standing(
    request: MergeRequest, reviews: tuple[Review, ...]
) -> tuple[list[Review], list[Review]]:
    """What others than its author say now: approvals of its head, and objections."""
    others = [one for one in current_reviews(reviews).values() if one.author != request.author]
    approvals = [r for r in others if r.verdict == "approve" and r.head == request.head]
    return approvals, [r for r in others if r.verdict == "request_changes"]


def missing(request: MergeRequest, reviews: tuple[Review, ...]) -> tuple[str, str] | None:
    """What is to be done by people before it can be merged, and how; None when nothing is."""
    approvals, objections = standing(request, reviews)
    if request.state != "open":
        return f"Merge request {request.number} is {request.state}.", "Nothing has to be done."
    if objections:
        names = ", ".join(one.author for one in objections)
        return f"{names} asked for changes.", "Push them and have it approved again."
    if not approvals:
        return (
            f"Nobody but its author has approved {request.head[:10]}.",
            "Approve it: the gate queues it, tests it as it would land, and merges it.",
        )
    return None


def worst_state(statuses: tuple[Status, ...]) -> StatusState:
    """Join the statuses of one commit into one word, as GitHub does; none means pending."""
    states = {status.state for status in statuses}
    if states & {"failure", "error"}:
        return "failure"
    return "pending" if "pending" in states or not states else "success"
