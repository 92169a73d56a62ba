"""Commits, what lies between two of them, and how they are doing, in the GitHub dialect."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.manners import STATES, Repo, WantedPage, dated, paged, routes, sliced
from towpath.forge.api.media import text_wanted
from towpath.forge.api.shapes import Json
from towpath.forge.model.places import EMPTY_TREE
from towpath.forge.service import Commit, Diff, StatusState
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.kernel.http.idempotency import replayable

MOST_FILES = 300
_HEX = frozenset("0123456789abcdef")
_SHA_LENGTH = 40


class NewStatus(BaseModel):
    state: StatusState
    target_url: str | None = None
    description: str | None = None
    context: str = "default"


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}")
    made.add_api_route(
        "/statuses/{sha}", add_status, methods=["POST"], status_code=201, dependencies=[STATES]
    )
    made.add_api_route("/commits", commits, methods=["GET"])
    made.add_api_route("/compare/{basehead:path}", compare, methods=["GET"], response_model=None)
    made.add_api_route("/commits/{ref:path}/status", combined, methods=["GET"])
    made.add_api_route("/commits/{ref:path}/statuses", statuses, methods=["GET"])
    made.add_api_route("/commits/{ref:path}", commit, methods=["GET"], response_model=None)
    return made


def commits(
    request: Request, repo: Repo, page: WantedPage, sha: str | None = None, path: str = ""
) -> Response:
    """List commits, newest first, from the main branch or from `sha`; `path` narrows them."""
    start = resolve(repo, sha or f"heads/{repo.about.default_branch}")
    skip, limit = page.window
    found = service.history(repo.kernel, repo.id, start, path.strip("/"), skip=skip, limit=limit)
    return paged(request, page, [repo.say.commit(one) for one in found])


def commit(request: Request, reply: Response, repo: Repo, ref: str) -> Json | Response:
    """Describe a commit, named by its full object name, a branch or a tag, and its change."""
    found = service.commits(repo.kernel, repo.id, None, resolve(repo, ref), limit=1)[0]
    base = found.parents[0] if found.parents else EMPTY_TREE
    told = text_wanted(request, repo, base, found.sha)
    if told is not None:
        return told
    changed = service.diff(repo.kernel, repo.id, base, found.sha)
    if ref == found.sha:  # a branch may move to an older commit, a commit never changes
        dated(reply, found.committer.at)
    return repo.say.commit(found) | {
        "stats": {
            "additions": changed.additions,
            "deletions": changed.deletions,
            "total": changed.additions + changed.deletions,
        },
        "files": _files(repo, changed, found),
    }


def _files(repo: Repo, changed: Diff, found: Commit) -> list[Json]:
    return [repo.say.file(file, found.sha) for file in changed.files[:MOST_FILES]]


def compare(request: Request, repo: Repo, page: WantedPage, basehead: str) -> Json | Response:
    """Tell what `base...head` brings: commits, oldest first, and files."""
    base, dots, head = basehead.partition("...")
    if not dots:
        raise InvalidInput("Two names are compared.", next_step="Write them as base...head.")
    ends = resolve(repo, _own(repo, base)), resolve(repo, _own(repo, head))
    shared = service.merge_base(repo.kernel, repo.id, *ends)
    if shared is None:
        raise NotFound(f"{base} and {head} share no history.", next_step="Compare others.")
    told = text_wanted(request, repo, shared, ends[1])
    return told if told is not None else _compared(repo, page, ends, shared)


def _own(repo: Repo, name: str) -> str:
    owner, colon, branch = name.partition(":")
    return branch if colon and owner.lower() == repo.about.owner.lower() else name


def _compared(repo: Repo, page: WantedPage, ends: tuple[str, str], shared: str) -> Json:
    base, head = ends
    ahead, behind = service.apart(repo.kernel, repo.id, base, head)
    found = service.commits(repo.kernel, repo.id, base, head)[::-1]
    edges = [
        service.commits(repo.kernel, repo.id, None, sha, limit=1)[0] for sha in (base, shared)
    ]
    changed = service.diff(repo.kernel, repo.id, shared, head)
    start = page.window[0]
    return repo.say.comparison(base, head) | {
        "base_commit": repo.say.commit(edges[0]),
        "merge_base_commit": repo.say.commit(edges[1]),
        "status": _status(ahead, behind),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [repo.say.commit(one) for one in found[start : start + page.size]],
        "files": [repo.say.file(file, head) for file in changed.files[:MOST_FILES]],
    }


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


def resolve(repo: Repo, name: str) -> str:
    """Find a commit by sha, `heads/…`, `tags/…`, branch or tag, in this order."""
    for candidate in (name, f"refs/{name}", f"refs/heads/{name}", f"refs/tags/{name}"):
        if not candidate.startswith("refs/") and not is_sha(candidate):
            continue
        found = service.resolve(repo.kernel, repo.id, candidate)
        if found:
            return found
    raise NotFound(f"There is no commit {name[:200]!a}.", next_step="Push it first.")


def is_sha(name: str) -> bool:
    return len(name) == _SHA_LENGTH and _HEX.issuperset(name)


def combined(repo: Repo, ref: str) -> Json:
    """Tell how a commit is doing, all statuses taken together."""
    sha = resolve(repo, ref)
    return repo.say.combined(sha, _statuses(repo, sha))


def statuses(request: Request, repo: Repo, page: WantedPage, ref: str) -> Response:
    """List what is said about a commit."""
    sha = resolve(repo, ref)
    said = [repo.say.status(sha, status) for status in _statuses(repo, sha)]
    return paged(request, page, sliced(page, said))


def _statuses(repo: Repo, sha: str) -> tuple[service.Status, ...]:
    return repo.kernel.db.read(lambda tx: service.statuses(tx, repo.id, sha))


def add_status(request: Request, repo: Repo, sha: str, new: NewStatus) -> Response:
    """Say how a commit is doing; a later word of the same context replaces the earlier."""
    repo.writes("statuses:write")
    if service.resolve(repo.kernel, repo.id, sha) is None:
        raise InvalidInput(f"No commit found for SHA: {sha}", next_step="Push the commit first.")

    def add(tx: Tx) -> dict[str, Any]:
        said = service.set_status(
            tx, repo.id, sha, new.context, new.state, new.description or "",
            new.target_url or "", author=repo.caller.login,
        )  # fmt: skip
        return repo.say.status(sha, said)

    return replayable(request, add)
