"""Check runs and the suites they make up, in the shapes that GitHub documents.

Ours and strangers' look alike. What is "brief" stands inside of other things in GitHub's answers.
"""

from towpath.forge.api.dialect import Dialect
from towpath.forge.api.shapes import Json, instant, user
from towpath.forge.model.checks import Suite, suite_name
from towpath.forge.model.names import handle_of
from towpath.forge.service import Check, Commit, MergeRequest


def check(say: Dialect, made: Check) -> Json:
    url = f"{say.api}/check-runs/{made.handle}"
    page = f"{say.url}{made.url}" if made.url.startswith("/") else made.url
    return {
        "id": made.handle,
        "node_id": made.id,
        "head_sha": made.sha,
        "name": made.name,
        "url": url,
        "html_url": page or say.html,
        "details_url": page or None,
        "external_id": made.external or None,
        "status": made.status,
        "conclusion": made.conclusion,
        "started_at": instant(made.started),
        "completed_at": made.completed and instant(made.completed),
        "check_suite": {"id": suite_names(say, made.sha, made.author)["id"]},
        "output": {
            "title": made.title or None,
            "summary": made.summary or None,
            "text": made.text or None,
            "annotations_count": len(made.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "app": _app(say, made.author),
        "pull_requests": [],
    }


def suite_names(say: Dialect, sha: str, author: str) -> Json:
    """What the suite of an author on a commit is called, by numbers, by words, by address."""
    name = suite_name(say.about.id, sha, author)
    handle = handle_of(name)
    return {"id": handle, "node_id": name, "url": f"{say.api}/check-suites/{handle}"}


def _app(say: Dialect, login: str) -> Json:
    """Whoever checks, in the shape of an app: here that is a user like others."""
    since = instant(say.about.created)
    owner = user(say.url, login)
    return {
        "id": owner["id"],
        "slug": login,
        "node_id": owner["node_id"],
        "owner": owner,
        "name": login,
        "description": None,
        "external_url": owner["html_url"],
        "html_url": owner["html_url"],
        "created_at": since,
        "updated_at": since,
        "permissions": {"checks": "write"},
        "events": [],
    }


def brief_suite(say: Dialect, made: Suite) -> Json:
    return suite_names(say, made.sha, made.author) | {
        "head_branch": None,
        "head_sha": made.sha,
        "status": made.status,
        "conclusion": made.conclusion,
        "before": None,
        "after": None,
        "pull_requests": [],
        "app": _app(say, made.author),
        "created_at": instant(made.created),
        "updated_at": instant(made.updated),
    }


def suite(say: Dialect, made: Suite, head: Commit) -> Json:
    return brief_suite(say, made) | {
        "repository": say.repository(),
        "head_commit": head_commit(head),
        "latest_check_runs_count": made.count,
        "check_runs_url": f"{say.api}/commits/{made.sha}/check-runs",
    }


def head_commit(head: Commit) -> Json:
    """A commit in the few words in which checks and builds name theirs."""
    return {
        "id": head.sha,
        "tree_id": head.tree,
        "message": head.message,
        "timestamp": instant(head.committer.at),
        "author": {"name": head.author.name, "email": head.author.email},
        "committer": {"name": head.committer.name, "email": head.committer.email},
    }


def brief_pull(say: Dialect, request: MergeRequest) -> Json:
    """A pull request in the few words in which checks and builds name those they are about."""
    repo = {"id": handle_of(say.about.id), "url": say.api, "name": say.about.name}
    ends = {"head": (request.source, request.head), "base": (request.target, request.base)}
    return {
        "url": f"{say.api}/pulls/{request.number}",
        "id": handle_of(f"{request.repository}:{request.number}"),
        "number": request.number,
        **{end: {"ref": ref, "sha": sha, "repo": repo} for end, (ref, sha) in ends.items()},
    }
