"""Check runs: how one named check of a commit is going, said by whoever runs it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from towpath.forge.model.names import handle_of, require_sha
from towpath.forge.model.requests import LONGEST_CONTEXT, require_body, storable
from towpath.kernel.clock import Micros
from towpath.kernel.errors import InvalidInput

CheckStatus = Literal["queued", "in_progress", "completed"]
Conclusion = Literal[
    "success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required",
    "stale",
]  # fmt: skip
GOOD: frozenset[str | None] = frozenset({"success", "neutral", "skipped"})
MOST_ANNOTATIONS = 200
_WEB = ("https://", "http://", "/")


@dataclass(frozen=True, kw_only=True)
class Check:
    """`completed` and `conclusion` are there exactly when the status is "completed".

    `annotations` are kept as they came, in GitHub's shape: nothing here looks into them.
    """

    id: str
    sha: str
    name: str
    author: str
    status: CheckStatus
    conclusion: Conclusion | None
    at: Micros
    started: Micros
    completed: Micros | None
    title: str = ""
    summary: str = ""
    text: str = ""
    url: str = ""
    external: str = ""
    annotations: tuple[dict[str, Any], ...] = ()

    @property
    def handle(self) -> int:
        return handle_of(self.id)


def require_check(check: Check, now: Micros) -> Check:
    """Check what a stranger says, and let status, conclusion and times agree with each other."""
    require_sha(check.sha)
    if not 0 < len(check.name) <= LONGEST_CONTEXT or not storable(check.name):
        raise InvalidInput(
            "The name of a check is empty, too long or not text.",
            next_step=f"Use 1 to {LONGEST_CONTEXT} characters.",
        )
    if check.url and not (check.url.startswith(_WEB) and storable(check.url)):
        raise InvalidInput(
            "details_url is not a web address.", next_step="Begin it with https://."
        )
    if len(check.annotations) > MOST_ANNOTATIONS:
        raise InvalidInput(
            f"There are more than {MOST_ANNOTATIONS} annotations.", next_step="Send the worst."
        )
    for text in (check.title, check.summary, check.text, check.external):
        require_body(text)
    return _agreeing(check, now)


def _agreeing(check: Check, now: Micros) -> Check:
    if check.conclusion is not None:
        return replace(check, status="completed", completed=check.completed or now)
    if check.status == "completed":
        raise InvalidInput(
            "A completed check needs a conclusion.", next_step="Send it in the same request."
        )
    return replace(check, completed=None)


@dataclass(frozen=True, kw_only=True)
class Suite:
    """All checks of one author on one commit, taken together."""

    sha: str
    author: str
    status: CheckStatus
    conclusion: Conclusion | None
    count: int
    created: Micros
    updated: Micros


def suite_name(repository: str, sha: str, author: str) -> str:
    """What a suite is known by; its number is made of it."""
    return f"{repository}:{sha}:{author}"


def suite(checks: Sequence[Check]) -> Suite:
    """Take the checks of one author on one commit together; there is at least one."""
    status, conclusion = verdict(checks)
    return Suite(
        sha=checks[0].sha,
        author=checks[0].author,
        status=status,
        conclusion=conclusion,
        count=len(checks),
        created=min(one.at for one in checks),
        updated=max(one.completed or one.at for one in checks),
    )


def latest(found: Sequence[Check]) -> list[Check]:
    """The first of each name and author; the newest come first."""
    return list({(one.name, one.author): one for one in reversed(found)}.values())[::-1]


def verdict(checks: Sequence[Check]) -> tuple[CheckStatus, Conclusion | None]:
    """Join the checks of one author into one word, the worst first."""
    if any(check.status != "completed" for check in checks):
        going = any(check.status == "in_progress" for check in checks)
        return "in_progress" if going else "queued", None
    bad = [check.conclusion for check in checks if check.conclusion not in GOOD]
    return "completed", bad[0] if bad else "success"
