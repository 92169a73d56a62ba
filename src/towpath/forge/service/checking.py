"""Check runs: made, changed, and written for our own builds."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from towpath.facts.forge import BuildsAsked
from towpath.forge.model import checks
from towpath.forge.model.builds import Build, BuildJob
from towpath.forge.model.checks import Check
from towpath.forge.model.happenings import (
    EVENTS_OF,
    AskedAgain,
    BuildMoved,
    CheckMoved,
    JobMoved,
    check_moved,
)
from towpath.forge.model.requests import LONGEST_CONTEXT, StatusState
from towpath.forge.service import auditing
from towpath.forge.service.noting import actor, hears, note
from towpath.forge.service.saying import set_status
from towpath.forge.service.telling import wake
from towpath.forge.store import checks as check_rows
from towpath.forge.store import requests as request_rows
from towpath.kernel import ids
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.outbox import announce

MOST_A_COMMIT = 1_000
OURS = "towpath"


def new_check_id() -> str:
    return ids.new("check")


def add_check(tx: Tx, repository: str, asked: Check) -> Check:
    """Write down a check of a commit."""
    made = _add(tx, repository, asked)
    auditing.check_told(tx, repository, None, made)
    return made


def _add(tx: Tx, repository: str, asked: Check) -> Check:
    if check_rows.count_checks(tx, repository, asked.sha) >= MOST_A_COMMIT:
        raise InvalidInput(
            f"A commit has at most {MOST_A_COMMIT} checks.", next_step="Change those it has."
        )
    made = checks.require_check(asked, tx.now)
    check_rows.add_check(tx, repository, made)
    _moved(tx, repository, None, made)
    return made


def change_check(tx: Tx, repository: str, handle: int, change: Callable[[Check], Check]) -> Check:
    """Say how a check is going now."""
    before = check_rows.check(tx, repository, handle)
    after = _change(tx, repository, before, change(before))
    auditing.check_told(tx, repository, before, after)
    return after


def _change(tx: Tx, repository: str, before: Check, asked: Check) -> Check:
    after = checks.require_check(asked, tx.now)
    check_rows.change_check(tx, after)
    _moved(tx, repository, before, after)
    return after


def ask_again(tx: Tx, repository: str, handle: int) -> None:
    """Have one check done again: ours by whoever builds, another by whoever hears our webhooks."""
    asked = check_rows.check(tx, repository, handle)
    mine = [
        one
        for one in checks.latest(check_rows.checks(tx, repository, asked.sha))
        if one.author == asked.author
    ]
    _ask(tx, repository, [asked], AskedAgain(asked, checks.suite(mine), actor(tx)))


def ask_suite_again(tx: Tx, repository: str, suite: int) -> None:
    """Have all checks of a suite done again."""
    asked = checks.latest(check_rows.checks_of_suite(tx, repository, suite))
    _ask(tx, repository, asked, AskedAgain(None, checks.suite(asked), actor(tx)))


def _ask(tx: Tx, repository: str, asked: Sequence[Check], happened: AskedAgain) -> None:
    if any(one.status != "completed" for one in asked):
        raise InvalidInput(
            "This is still going on.", next_step="Ask for it again when it is completed."
        )
    ours = tuple(one.external for one in asked if one.author == OURS)
    if ours:
        announce(tx, BuildsAsked(repository, ours))
    auditing.asked_again(tx, repository, asked)
    note(tx, repository, happened)


def report_run(tx: Tx, repository: str, build: Build, words: str, url: str) -> None:
    """Say how one of our own builds is going: as a status, as a check run, and to webhooks."""
    name = f"{OURS}/{build.workflow}"[:LONGEST_CONTEXT]
    ended, good = build.conclusion is not None, build.conclusion == "success"
    state: StatusState = "success" if good else "failure" if ended else "pending"
    set_status(tx, repository, build.sha, name, state, words, url)
    said = Check(
        id="", sha=build.sha, name=name, author=OURS,
        status="completed" if ended else "in_progress", conclusion=build.conclusion,
        at=tx.now, started=tx.now, completed=None, title=words, summary=words, url=url,
        external=build.id,
    )  # fmt: skip
    report_check(tx, repository, said)
    note(tx, repository, BuildMoved(build))


def report_jobs(tx: Tx, repository: str, jobs: Sequence[BuildJob]) -> None:
    """Let webhooks hear how jobs of our own builds are going."""
    note(tx, repository, *map(JobMoved, jobs))


def report_begun(tx: Tx, repository: str, build: Build) -> None:
    """Let webhooks hear that the first job of a build was taken."""
    note(tx, repository, BuildMoved(replace(build, going=True)))


def report_check(tx: Tx, repository: str, said: Check) -> Check:
    """Say how one of our own builds is going: `external` names it, so that it is one check."""
    known = check_rows.latest_by(tx, repository, said.sha, said.author, said.external)
    if known is None:
        return _add(tx, repository, replace(said, id=new_check_id(), at=tx.now))
    kept = replace(said, id=known.id, at=known.at, started=known.started)
    return _change(tx, repository, known, kept)


def _moved(tx: Tx, repository: str, before: Check | None, after: Check) -> None:
    _wake_all(tx, repository, after.sha)
    if hears(tx, repository, *EVENTS_OF[CheckMoved]):
        now = check_rows.checks(tx, repository, after.sha)
        note(tx, repository, check_moved(now, before, after))


def _wake_all(tx: Tx, repository: str, sha: str) -> None:
    for request in request_rows.open_at(tx, repository, sha):
        wake(tx, repository, request.number)
