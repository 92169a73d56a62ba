"""Our records in the shapes that GitHub documents (https://docs.github.com/rest), as plain dicts.

Programs written for GitHub read the fields they know. Its ids are numbers: ours are 53 bits of
the hash of our own ids, which stand beside them as `node_id`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from towpath.forge import service
from towpath.forge.service import (
    Comment,
    Commit,
    Diff,
    DiffFile,
    MergeRequest,
    Repository,
    Review,
    Signature,
    Status,
)
from towpath.kernel.clock import Micros, to_datetime

Json = dict[str, Any]
_REVIEW_STATES = {
    "approve": "APPROVED",
    "request_changes": "CHANGES_REQUESTED",
    "comment": "COMMENTED",
}


@dataclass(frozen=True)
class Dialect:
    """Speaks for a server at `url` about one repository."""

    url: str
    about: Repository

    @property
    def api(self) -> str:
        return f"{self.url}/api/v3/repos/{self.about.full_name}"

    @property
    def html(self) -> str:
        return f"{self.url}/{self.about.full_name}"

    def repository(self) -> Json:
        about = self.about
        return {
            "id": number(about.id),
            "node_id": about.id,
            "name": about.name,
            "full_name": about.full_name,
            "owner": user(self.url, about.owner),
            "private": True,
            "visibility": "private",
            "html_url": self.html,
            "url": self.api,
            "clone_url": f"{self.html}.git",
            "description": None,
            "fork": False,
            "archived": False,
            "disabled": False,
            "default_branch": about.default_branch,
            "created_at": instant(about.created),
            "branches_url": f"{self.api}/branches{{/branch}}",
            "pulls_url": f"{self.api}/pulls{{/number}}",
            "statuses_url": f"{self.api}/statuses/{{sha}}",
        }

    def branch(self, name: str, sha: str) -> Json:
        return {
            "name": name,
            "commit": {"sha": sha, "url": f"{self.api}/commits/{sha}"},
            "protected": name in self.about.protected,
        }

    def ref(self, ref: str, sha: str, kind: str) -> Json:
        return {
            "ref": ref,
            "node_id": f"{self.about.id}:{ref}",
            "url": f"{self.api}/git/{quote(ref)}",
            "object": {"type": kind, "sha": sha, "url": f"{self.api}/git/{kind}s/{sha}"},
        }

    def commit(self, made: Commit) -> Json:
        url = f"{self.api}/commits/{made.sha}"
        return {
            "sha": made.sha,
            "node_id": made.sha,
            "url": url,
            "html_url": f"{self.html}/commit/{made.sha}",
            "commit": {
                "author": signature(made.author),
                "committer": signature(made.committer),
                "message": made.message,
                "tree": {"sha": made.tree, "url": f"{self.api}/git/trees/{made.tree}"},
                "url": f"{self.api}/git/commits/{made.sha}",
                "comment_count": 0,
            },
            "author": None,
            "committer": None,
            "parents": [
                {"sha": parent, "url": f"{self.api}/commits/{parent}"} for parent in made.parents
            ],
        }

    def pull(self, request: MergeRequest) -> Json:
        url = f"{self.api}/pulls/{request.number}"
        issue = f"{self.api}/issues/{request.number}"
        return {
            "id": number(f"{request.repository}:{request.number}"),
            "node_id": f"{request.repository}:{request.number}",
            "number": request.number,
            "url": url,
            "html_url": f"{self.html}/merge_requests/{request.number}",
            "issue_url": issue,
            "comments_url": f"{issue}/comments",
            "commits_url": f"{url}/commits",
            "statuses_url": f"{self.api}/statuses/{request.head}",
            "state": "open" if request.state == "open" else "closed",
            "locked": False,
            "draft": False,
            "title": request.title,
            "body": request.body or None,
            "user": user(self.url, request.author),
            "assignees": [],
            "requested_reviewers": [],
            "labels": [],
            "created_at": instant(request.created),
            "updated_at": instant(request.updated),
            "closed_at": request.ended and instant(request.ended),
            "merged_at": request.ended and instant(request.ended) if request.merged_as else None,
            "merge_commit_sha": request.merged_as,
            "head": self._end(request.source, request.head),
            "base": self._end(request.target, request.base),
        }

    def whole_pull(self, request: MergeRequest, comments: int, commits: int, diff: Diff) -> Json:
        """What only a single pull request tells. Whether it can be merged is the gate's to say."""
        return self.pull(request) | {
            "merged": request.state == "merged",
            "mergeable": None,
            "mergeable_state": "unknown",
            "comments": comments,
            "review_comments": 0,
            "commits": commits,
            "additions": diff.additions,
            "deletions": diff.deletions,
            "changed_files": diff.count,
        }

    def _end(self, branch: str, sha: str) -> Json:
        return {
            "label": f"{self.about.owner}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": user(self.url, self.about.owner),
            "repo": self.repository(),
        }

    def file(self, changed: DiffFile, head: str) -> Json:
        path = quote(changed.path)
        told = {
            "sha": changed.sha,
            "filename": changed.path,
            "status": changed.status,
            "additions": changed.additions or 0,
            "deletions": changed.deletions or 0,
            "changes": (changed.additions or 0) + (changed.deletions or 0),
            "contents_url": f"{self.api}/contents/{path}?ref={head}",
        }
        if changed.old_path:
            told["previous_filename"] = changed.old_path
        return (
            told if changed.cut or changed.binary else told | {"patch": service.as_patch(changed)}
        )

    def review(self, request: MergeRequest, made: Review) -> Json:
        return {
            "id": number(made.id),
            "node_id": made.id,
            "user": user(self.url, made.author),
            "body": made.body,
            "state": _REVIEW_STATES[made.verdict],
            "commit_id": made.head,
            "submitted_at": instant(made.at),
            "html_url": f"{self.html}/merge_requests/{request.number}#{made.id}",
            "pull_request_url": f"{self.api}/pulls/{request.number}",
        }

    def comment(self, request: int, made: Comment) -> Json:
        return {
            "id": number(made.id),
            "node_id": made.id,
            "url": f"{self.api}/issues/comments/{number(made.id)}",
            "html_url": f"{self.html}/merge_requests/{request}#{made.id}",
            "issue_url": f"{self.api}/issues/{request}",
            "body": made.body,
            "user": user(self.url, made.author),
            "created_at": instant(made.at),
            "updated_at": instant(made.at),
        }

    def status(self, sha: str, said: Status) -> Json:
        identity = f"{self.about.id}:{sha}:{said.context}"
        return {
            "id": number(identity),
            "node_id": identity,
            "url": f"{self.api}/statuses/{sha}",
            "state": said.state,
            "context": said.context,
            "description": said.description,
            "target_url": said.url or None,
            "creator": user(self.url, said.author),
            "created_at": instant(said.at),
            "updated_at": instant(said.at),
        }

    def combined(self, sha: str, said: Sequence[Status]) -> Json:
        return {
            "state": service.worst_state(tuple(said)),
            "statuses": [self.status(sha, status) for status in said],
            "sha": sha,
            "total_count": len(said),
            "repository": self.repository(),
            "commit_url": f"{self.api}/commits/{sha}",
            "url": f"{self.api}/commits/{sha}/status",
        }


def user(url: str, login: str) -> Json:
    return {
        "login": login,
        "id": number(f"user:{login}"),
        "node_id": f"user:{login}",
        "type": "User",
        "site_admin": False,
        "avatar_url": "",
        "html_url": f"{url}/{login}",
        "url": f"{url}/api/v3/users/{login}",
    }


def signature(by: Signature) -> Json:
    return {"name": by.name, "email": by.email, "date": instant(by.at)}


def instant(at: Micros) -> str:
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(identity: str) -> int:
    """A number that JavaScript can hold exactly."""
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big") >> 11
