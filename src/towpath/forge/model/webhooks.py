"""Who wants to hear of what, how a message is signed, and where none may be sent."""

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from towpath.kernel.clock import Micros
from towpath.kernel.errors import InvalidInput

EVENTS = (
    "push", "create", "delete", "pull_request", "pull_request_review",
    "pull_request_review_comment", "pull_request_review_thread", "issue_comment", "status",
    "check_run", "check_suite", "workflow_run", "workflow_job", "repository",
)  # fmt: skip
ALL = "*"
PING = "ping"
MOST_ATTEMPTS = 8
"""With back-off that is about two minutes; then the next message gets its turn."""
MOST_FAILURES = 20
"""So many messages in a row that nobody took, and the webhook is stopped."""
State = Literal["waiting", "delivered", "failed"]
_URL = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[\x21-\x7e]*)?")
_LONGEST_URL = 2_000
_SAID = 4_000


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """`stopped` says why we no longer send to it; `failures` counts messages lost in a row."""

    id: str
    handle: int
    repository: str
    url: str
    events: tuple[str, ...]
    active: bool
    failures: int
    stopped: str
    created: Micros
    updated: Micros

    @property
    def is_on(self) -> bool:
        return self.active and not self.stopped

    def wants(self, event: str) -> bool:
        asked = event == PING or ALL in self.events or event in self.events
        return self.is_on and asked


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the other side said to one attempt, or why it could not be asked (`error`)."""

    status: int | None
    headers: str
    body: str
    error: str
    seconds: float
    at: Micros

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP

    @property
    def words(self) -> str:
        return self.error or f"answered {self.status}"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one webhook; `guid` stays the same when it is sent again."""

    id: str
    handle: int
    webhook: str
    guid: str
    event: str
    action: str | None
    body: str
    again: bool
    state: State
    attempts: int
    at: Micros
    answer: Answer | None


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """How messages fare: those that wait and since when, what became of those made lately.

    `stopped` counts the webhooks that are stopped; `named` is where one of them is that everybody
    may know of, or nothing.
    """

    delivered: int
    failed: int
    waiting: int
    oldest: Micros | None
    stopped: int
    named: str


def unsent(at: Micros) -> Answer:
    """What stands in place of an answer where nothing was sent."""
    error = "not sent: the webhook was off or stopped"
    return Answer(status=None, headers="", body="", error=error, seconds=0.0, at=at)


@dataclass(frozen=True)
class Message:
    """Something that happened, as its receivers are told."""

    event: str
    action: str | None
    body: str


def require_url(url: str) -> str:
    """Check an address to send to: http or https, a plain host, no name or password in it."""
    if len(url) <= _LONGEST_URL and _URL.fullmatch(url):
        return url
    raise InvalidInput(
        f"{url[:200]!a} is no address for a webhook.",
        next_step="Use http:// or https://, a host, and no name or password in it.",
    )


def require_events(events: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(events) - {*EVENTS, ALL})
    if unknown or not events:
        raise InvalidInput(
            f"There is no event {unknown[0][:80]!a}." if unknown else "No event was chosen.",
            next_step=f"Choose among {', '.join(EVENTS)}, or '*' for all.",
        )
    return tuple(sorted(set(events)))


def signature(secret: str, body: bytes) -> str:
    """Sign a body as receivers of GitHub's webhooks check it (X-Hub-Signature-256)."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_inside(address: str) -> bool:
    """Whether an IP address may lead into a private network, to this machine, or to nobody."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return not (mapped or found).is_global or found.is_multicast


def shortened(text: str) -> str:
    """As much of what a stranger said as we keep."""
    return text[:_SAID].replace("\0", "\ufffd")


def after_failure(webhook: Webhook) -> tuple[int, str]:
    """How many messages are now lost in a row, and why we stop, if we do."""
    failures = webhook.failures + 1
    reason = f"{failures} messages in a row could not be delivered"
    return failures, reason if failures >= MOST_FAILURES else ""
