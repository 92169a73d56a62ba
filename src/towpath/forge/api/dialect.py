"""What happens in a repository, in the shapes that GitHub documents (https://docs.github.com/rest).

Plain dicts: programs written for GitHub read the fields they know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from towpath.forge import service
from towpath.forge.api.shapes import (
    NO_PICTURE,
    Json,
    association,
    instant,
    links,
    repository,
    signature,
    user,
)
from towpath.forge.model.names import handle_of
from towpath.forge.service import (
    Comment,
    Commit,
    Diff,
    DiffFile,
    Draft,
    Label,
    MergeRequest,
    Reaction,
    Repository,
    Review,
    Status,
)

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
        return repository(self.url, self.about)

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
            "comments_url": f"{url}/comments",
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
            "parents": [self._parent(parent) for parent in made.parents],
        }

    def _parent(self, sha: str) -> Json:
        html = f"{self.html}/commit/{sha}"
        return {"sha": sha, "url": f"{self.api}/commits/{sha}", "html_url": html}

    def git_commit(self, made: Commit) -> Json:
        """A commit as git has it, without what GitHub knows about its people."""
        return {
            "sha": made.sha,
            "node_id": made.sha,
            "url": f"{self.api}/git/commits/{made.sha}",
            "html_url": f"{self.html}/commit/{made.sha}",
            "author": signature(made.author),
            "committer": signature(made.committer),
            "message": made.message,
            "tree": {"sha": made.tree, "url": f"{self.api}/git/trees/{made.tree}"},
            "parents": [self._parent(parent) for parent in made.parents],
            "verification": self.unverified(),
        }

    def unverified(self) -> Json:
        """Nobody looks at signatures here."""
        unsigned = dict.fromkeys(("signature", "payload", "verified_at"))
        return {"verified": False, "reason": "unsigned", **unsigned}

    def comparison(self, base: str, head: str) -> Json:
        api, html = f"{self.api}/compare/{base}...{head}", f"{self.html}/commits/{head}"
        mails = {f"{kind}_url": f"{api}?as={kind}" for kind in ("diff", "patch")}
        return {"url": api, "html_url": html, "permalink_url": html, **mails}

    def reaction(self, made: Reaction) -> Json:
        return {
            "id": made.handle,
            "node_id": made.id,
            "user": user(self.url, made.author),
            "content": made.content,
            "created_at": instant(made.at),
        }

    def pull(self, request: MergeRequest, labels: Sequence[Label] = ()) -> Json:
        ended = request.ended and instant(request.ended)
        return self._pull_addresses(request) | {
            "id": handle_of(f"{request.repository}:{request.number}"),
            "node_id": f"{request.repository}:{request.number}",
            "number": request.number,
            "state": "open" if request.state == "open" else "closed",
            "locked": False,
            "draft": False,
            "title": request.title,
            "body": request.body or None,
            "user": user(self.url, request.author),
            "author_association": association(self.about, request.author),
            **dict.fromkeys(("assignee", "milestone", "auto_merge")),
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "labels": [self.label(one) for one in labels],
            "created_at": instant(request.created),
            "updated_at": instant(request.updated),
            "closed_at": ended,
            "merged_at": ended if request.merged_as else None,
            "merge_commit_sha": request.merged_as,
            "head": self._end(request.source, request.head),
            "base": self._end(request.target, request.base),
        }

    def _pull_addresses(self, request: MergeRequest) -> Json:
        url = f"{self.api}/pulls/{request.number}"
        issue = f"{self.api}/issues/{request.number}"
        html = f"{self.html}/merge_requests/{request.number}"
        statuses = f"{self.api}/statuses/{request.head}"
        return {
            "url": url,
            "html_url": html,
            "issue_url": issue,
            "diff_url": f"{url}.diff",
            "patch_url": f"{url}.patch",
            "comments_url": f"{issue}/comments",
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self.api}/pulls/comments{{/number}}",
            "statuses_url": statuses,
            "_links": links(
                self_=url,
                html=html,
                issue=issue,
                comments=f"{issue}/comments",
                review_comments=f"{url}/comments",
                review_comment=f"{self.api}/pulls/comments{{/number}}",
                commits=f"{url}/commits",
                statuses=statuses,
            ),
        }

    def label(self, made: Label) -> Json:
        return {
            "id": handle_of(made.id),
            "node_id": made.id,
            "url": f"{self.api}/labels/{quote(made.name, safe='')}",
            "name": made.name,
            "color": made.color,
            "description": made.description,
            "default": False,
        }

    def whole_pull(
        self,
        request: MergeRequest,
        labels: Sequence[Label],
        comments: tuple[int, int],
        commits: int,
        diff: Diff,
    ) -> Json:
        """What only a single pull request tells; `comments` on the whole, and on lines.

        Whether it can be merged is the gate's to say.
        """
        return self.pull(request, labels) | {
            "merged_by": None,
            "maintainer_can_modify": False,
            "rebaseable": None,
            "merged": request.state == "merged",
            "mergeable": None,
            "mergeable_state": "unknown",
            "comments": comments[0],
            "review_comments": comments[1],
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
            "blob_url": f"{self.html}/blob/{head}/{path}",
            "raw_url": f"{self.html}/raw/{head}/{path}",
            "contents_url": f"{self.api}/contents/{path}?ref={head}",
        }
        if changed.old_path:
            told["previous_filename"] = changed.old_path
        return (
            told if changed.cut or changed.binary else told | {"patch": service.as_patch(changed)}
        )

    def review(self, request: MergeRequest, made: Review) -> Json:
        html = f"{self.html}/merge_requests/{request.number}#{made.id}"
        pull = f"{self.api}/pulls/{request.number}"
        dismissed = made.dismissed is not None
        return {
            "id": handle_of(made.id),
            "node_id": made.id,
            "user": user(self.url, made.author),
            "body": made.body,
            "state": "DISMISSED" if dismissed else _REVIEW_STATES[made.verdict],
            "commit_id": made.head,
            "submitted_at": instant(made.at),
            "html_url": html,
            "pull_request_url": pull,
            "author_association": association(self.about, made.author),
            "_links": links(html=html, pull_request=pull),
        }

    def draft(self, request: MergeRequest, begun: Draft) -> Json:
        """A review that was begun: when it will be given is not known."""
        as_if = Review(
            id=begun.id, author=begun.author, verdict="comment", head=begun.head,
            body=begun.body, at=begun.at,
        )  # fmt: skip
        told = self.review(request, as_if) | {"state": "PENDING"}
        del told["submitted_at"]
        return told

    def comment(self, request: int, made: Comment) -> Json:
        return {
            "id": handle_of(made.id),
            "node_id": made.id,
            "url": f"{self.api}/issues/comments/{handle_of(made.id)}",
            "html_url": f"{self.html}/merge_requests/{request}#{made.id}",
            "issue_url": f"{self.api}/issues/{request}",
            "body": made.body,
            "user": user(self.url, made.author),
            "created_at": instant(made.at),
            "updated_at": instant(made.edited or made.at),
            "author_association": association(self.about, made.author),
            "performed_via_github_app": None,
        }

    def status(self, sha: str, said: Status) -> Json:
        identity = f"{self.about.id}:{sha}:{said.context}"
        return {
            "id": handle_of(identity),
            "node_id": identity,
            "url": f"{self.api}/statuses/{sha}",
            "state": said.state,
            "context": said.context,
            "description": said.description,
            "target_url": said.url or None,
            "creator": user(self.url, said.author),
            "avatar_url": NO_PICTURE,
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
