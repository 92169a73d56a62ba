"""What webhooks are told, in the shapes that GitHub documents.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch
from typing import Any

import msgspec

from towpath.forge import service
from towpath.forge.api import builds, verdicts
from towpath.forge.api.dialect import Dialect
from towpath.forge.api.lines import look
from towpath.forge.api.shapes import Json, instant, user
from towpath.forge.model.checks import Suite
from towpath.forge.model.happenings import (
    AskedAgain,
    BuildMoved,
    CheckMoved,
    Deleted,
    Happening,
    JobMoved,
    RefMoved,
    RemarkMoved,
    Renamed,
    RequestChanged,
    Reviewed,
    Said,
    Settled,
    StatusSet,
)
from towpath.forge.model.names import NO_OBJECT
from towpath.forge.model.refs import BRANCHES
from towpath.forge.service import Check, Commit, MergeRequest, Message, Repository
from towpath.kernel.context import Kernel
from towpath.kernel.errors import NotFound

_MOST_COMMITS = 20
_MOST_BRANCHES = 10
_ACTIONS = {
    "opened": "opened", "head_moved": "synchronize", "edited": "edited",
    "closed": "closed", "merged": "closed", "reopened": "reopened",
}  # fmt: skip


class Teller:
    """Speaks about one repository to strangers."""

    def __init__(self, kernel: Kernel, about: Repository) -> None:
        self.kernel = kernel
        self.about = about
        self.say = Dialect(kernel.url, about)

    def message(self, event: str, action: str | None, sender: str, payload: Json) -> Message:
        whole: Json = {"action": action} if action else {}
        whole |= payload
        whole |= {"repository": self._repository(), "sender": user(self.kernel.url, sender)}
        return Message(event, action, msgspec.json.encode(whole).decode())

    def heads(self, sha: str) -> list[str]:
        """Name the branches whose newest commit this is."""
        refs = self.kernel.db.read(lambda tx: service.snapshot(tx, self.about.id))
        found = [ref for ref, tip in refs.items() if tip == sha and ref.startswith(BRANCHES)]
        return sorted(ref.removeprefix(BRANCHES) for ref in found)[:_MOST_BRANCHES]

    def commit(self, sha: str) -> Commit:
        """Find a commit; NotFound when it is gone, or never was."""
        for found in service.commits(self.kernel, self.about.id, None, sha, limit=1):
            return found
        raise NotFound("There is no such commit.", next_step="Push it first.")

    def _repository(self) -> Json:
        told = self.say.repository()
        owner = told["owner"] | {"name": self.about.owner, "email": None}
        return told | {"owner": owner, "master_branch": self.about.default_branch}


def render(kernel: Kernel, repository: str, happened: Happening) -> list[Message]:
    """Say what happened; nothing of what is gone."""
    try:
        about = kernel.db.read(lambda tx: service.repository(tx, repository))
        return list(_messages(happened, Teller(kernel, about)))
    except NotFound:
        return []


def test_push(kernel: Kernel, about: Repository, by: str) -> Message | None:
    """The newest commit of the default branch as if pushed just now by who asks; None without."""
    ref = f"refs/heads/{about.default_branch}"
    head = service.resolve(kernel, about.id, ref)
    if head is None:
        return None
    parents = service.commits(kernel, about.id, None, head, limit=1)[0].parents
    teller = Teller(kernel, about)
    change = RefMoved(ref, parents[0] if parents else None, head, by)
    return teller.message("push", None, by, _push(teller, change))


@singledispatch
def _messages(happened: Any, teller: Teller) -> Iterator[Message]:
    del teller
    raise TypeError(type(happened))


@_messages.register
def _ref(moved: RefMoved, teller: Teller) -> Iterator[Message]:
    kind, _, name = moved.ref.removeprefix("refs/").partition("/")
    if kind not in {"heads", "tags"}:
        return
    yield teller.message("push", None, moved.by, _push(teller, moved))
    if moved.old and moved.new:
        return
    told: Json = {"ref": name, "ref_type": "branch" if kind == "heads" else "tag"}
    told["pusher_type"] = "user"
    if moved.old is None:
        told |= {"master_branch": teller.about.default_branch, "description": None}
    yield teller.message("delete" if moved.old else "create", None, moved.by, told)


def _push(teller: Teller, change: RefMoved) -> Json:
    commits = _commits(teller, change)
    before, after = change.old or NO_OBJECT, change.new or NO_OBJECT
    return {
        "ref": change.ref,
        "before": before,
        "after": after,
        "created": change.old is None,
        "deleted": change.new is None,
        "forced": _is_forced(teller, change),
        "base_ref": None,
        "compare": f"{teller.say.html}/compare/{before[:12]}...{after[:12]}",
        "commits": commits[::-1],
        "head_commit": commits[0] if commits else None,
        "pusher": {"name": change.by, "email": None},
    }


def _is_forced(teller: Teller, change: RefMoved) -> bool:
    if change.old is None or change.new is None:
        return False
    return not service.is_ancestor(teller.kernel, teller.about.id, change.old, change.new)


def _commits(teller: Teller, change: RefMoved) -> list[Json]:
    """The newest first; for a new branch its tip alone, since all it holds may be long known."""
    if change.new is None:
        return []
    limit = _MOST_COMMITS if change.old else 1
    try:
        found = service.commits(
            teller.kernel, teller.about.id, change.old, change.new, limit=limit
        )
    except NotFound:
        return []
    return [_commit(teller, one) for one in found]


def _commit(teller: Teller, made: Commit) -> Json:
    ends = ((made.author, "author"), (made.committer, "committer"))
    people = {
        role: {"name": who.name, "email": who.email, "date": instant(who.at)} for who, role in ends
    }
    return {
        "id": made.sha,
        "tree_id": made.tree,
        "distinct": True,
        "message": made.message,
        "timestamp": instant(made.committer.at),
        "url": f"{teller.say.html}/commit/{made.sha}",
        **people,
        "added": [],
        "removed": [],
        "modified": [],
    }


@_messages.register
def _request(fact: RequestChanged, teller: Teller) -> Iterator[Message]:
    pull = _pull(teller, fact.number)
    if fact.what in {"closed", "merged"}:
        pull["pull_request"] |= {"merged": fact.what == "merged"}
    if fact.what == "edited":
        pull["changes"] = {}
    yield teller.message("pull_request", _ACTIONS[fact.what], fact.by, pull)


def _pull(teller: Teller, number: int) -> Json:
    repository = teller.about.id
    request = teller.kernel.db.read(lambda tx: service.merge_request(tx, repository, number))
    return {"number": number, "pull_request": teller.say.pull(request)}


@_messages.register
def _review(fact: Reviewed, teller: Teller) -> Iterator[Message]:
    kernel, repository = teller.kernel, teller.about.id
    request = kernel.db.read(lambda tx: service.merge_request(tx, repository, fact.number))
    said = kernel.db.read(lambda tx: service.reviews(tx, repository, fact.number))
    for review in said:
        if review.id == fact.review:
            kept = review if fact.dismissed else replace(review, dismissed=None)
            told = teller.say.review(request, kept)
            told |= {"state": told["state"].lower()}
            action = "dismissed" if fact.dismissed else "submitted"
            whole = _pull(teller, fact.number) | {"review": told}
            yield teller.message("pull_request_review", action, fact.by, whole)


@_messages.register
def _comment(fact: Said, teller: Teller) -> Iterator[Message]:
    kernel, repository = teller.kernel, teller.about.id
    request = kernel.db.read(lambda tx: service.merge_request(tx, repository, fact.number))
    said = kernel.db.read(lambda tx: service.comments(tx, repository, fact.number))
    found = next((one for one in said if one.id == fact.comment), None)
    if found is None:
        return
    pull = teller.say.pull(request)
    issue = {name: pull[name] for name in pull.keys() - {"head", "base", "merge_commit_sha"}}
    issue["pull_request"] = {"url": pull["url"], "html_url": pull["html_url"]}
    told = {"issue": issue, "comment": teller.say.comment(request.number, found)}
    yield teller.message("issue_comment", "created", found.author, told)


@_messages.register
def _remark(fact: RemarkMoved, teller: Teller) -> Iterator[Message]:
    request = _request_of(teller, fact.number)
    lines = look(teller, request, [fact.thread])
    told: Json = {
        "comment": lines.told(lines.placed[0], fact.remark),
        "pull_request": teller.say.pull(request),
    }
    if fact.what == "edited":
        told["changes"] = {"body": {"from": fact.was}}
    yield teller.message("pull_request_review_comment", fact.what, fact.by, told)


@_messages.register
def _settled(fact: Settled, teller: Teller) -> Iterator[Message]:
    request = _request_of(teller, fact.number)
    said = look(teller, request, [fact.thread]).all()
    told: Json = {"thread": {"node_id": fact.thread.id, "comments": [*said.values()]}}
    told["pull_request"] = teller.say.pull(request)
    action = "resolved" if fact.settled else "unresolved"
    yield teller.message("pull_request_review_thread", action, fact.by, told)


def _request_of(teller: Teller, number: int) -> MergeRequest:
    return teller.kernel.db.read(lambda tx: service.merge_request(tx, teller.about.id, number))


@_messages.register
def _status(fact: StatusSet, teller: Teller) -> Iterator[Message]:
    heads = teller.heads(fact.sha)
    told = teller.say.status(fact.sha, fact.status) | {
        "sha": fact.sha,
        "name": teller.about.full_name,
        "commit": teller.say.commit(teller.commit(fact.sha)),
        "branches": [teller.say.branch(name, fact.sha) for name in heads],
    }
    yield teller.message("status", None, fact.status.author, told)


@_messages.register
def _check(fact: CheckMoved, teller: Teller) -> Iterator[Message]:
    by = fact.check.author
    for action, holds in (("created", fact.made), ("completed", fact.ended)):
        if holds:
            run = _check_run(teller, fact.check, fact.suite)
            yield teller.message("check_run", action, by, {"check_run": run})
    if fact.suite_ended:
        suite = _check_suite(teller, fact.suite)
        yield teller.message("check_suite", "completed", by, {"check_suite": suite})


@_messages.register
def _again(fact: AskedAgain, teller: Teller) -> Iterator[Message]:
    kind = "check_run" if fact.check else "check_suite"
    told = (
        _check_run(teller, fact.check, fact.suite)
        if fact.check
        else _check_suite(teller, fact.suite)
    )
    yield teller.message(kind, "rerequested", fact.by, {kind: told})


def _check_run(teller: Teller, check: Check, suite: Suite) -> Json:
    around = _around(teller, check.sha)
    run = verdicts.check(teller.say, check) | {"pull_requests": around["pull_requests"]}
    return run | {"check_suite": verdicts.brief_suite(teller.say, suite) | around}


def _check_suite(teller: Teller, suite: Suite) -> Json:
    told = verdicts.suite(teller.say, suite, teller.commit(suite.sha))
    del told["repository"]
    return told | _around(teller, suite.sha)


@_messages.register
def _build(fact: BuildMoved, teller: Teller) -> Iterator[Message]:
    build = fact.build
    run = builds.workflow_run(teller.say, build, teller.commit(build.sha))
    run["pull_requests"] = _around(teller, build.sha)["pull_requests"]
    told = {"workflow_run": run, "workflow": builds.workflow(teller.say, build)}
    begun = "in_progress" if build.going else "requested"
    action = "completed" if build.conclusion else begun
    yield teller.message("workflow_run", action, build.actor or builds.BUILDER, told)


@_messages.register
def _job(fact: JobMoved, teller: Teller) -> Iterator[Message]:
    told = {"workflow_job": builds.workflow_job(teller.say, fact.job)}
    by = fact.job.build.actor or builds.BUILDER
    yield teller.message("workflow_job", fact.job.status, by, told)


@_messages.register
def _renamed(fact: Renamed, teller: Teller) -> Iterator[Message]:
    changes = {"repository": {"name": {"from": fact.was}}}
    yield teller.message("repository", "renamed", fact.by, {"changes": changes})


@_messages.register
def _deleted(fact: Deleted, teller: Teller) -> Iterator[Message]:
    yield teller.message("repository", "deleted", fact.by, {})


def _around(teller: Teller, sha: str) -> Json:
    """Where a commit is the newest: its branch and the pull requests it is the head of."""
    repository = teller.about.id
    requests = teller.kernel.db.read(lambda tx: service.open_at(tx, repository, sha))
    return {
        "head_branch": next(iter(teller.heads(sha)), None),
        "pull_requests": [verdicts.brief_pull(teller.say, one) for one in requests],
    }
