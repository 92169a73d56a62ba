"""Remarks on lines of a diff in GitHub's shape, each with where its line is now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from towpath.forge import service
from towpath.forge.api.dialect import Dialect
from towpath.forge.api.shapes import Json, association, instant, links, user
from towpath.forge.model.names import handle_of
from towpath.forge.service import Diff, MergeRequest, Placed, Remark, Repository, Thread
from towpath.kernel.context import Kernel
from towpath.kernel.errors import NotFound

SIDES = {"old": "LEFT", "new": "RIGHT"}
_NOTHING = Diff((), 0, 0, 0)


class Speaker(Protocol):
    """Whoever answers a call about a repository, or tells webhooks of it."""

    kernel: Kernel
    about: Repository
    say: Dialect


@dataclass(frozen=True)
class Lines:
    """Speaks about the remarks of one merge request."""

    repo: Speaker
    request: MergeRequest
    diff: Diff
    placed: Sequence[Placed]

    def all(self) -> dict[str, Json]:
        """Every remark by its id, in the order of the discussions."""
        each = ((one, remark) for one in self.placed for remark in one.thread.remarks)
        return {remark.id: self.told(one, remark) for one, remark in each}

    def told(self, one: Placed, remark: Remark) -> Json:
        told = self._words(remark) | self._where(one) | self._addresses(remark)
        first = one.thread.remarks[0]
        return told if remark.id == first.id else told | {"in_reply_to_id": first.handle}

    def _words(self, remark: Remark) -> Json:
        return {
            "id": remark.handle,
            "node_id": remark.id,
            "pull_request_review_id": remark.review and handle_of(remark.review),
            "user": user(self.repo.kernel.url, remark.author),
            "body": remark.body,
            "created_at": instant(remark.at),
            "updated_at": instant(remark.edited or remark.at),
            "author_association": association(self.repo.about, remark.author),
        }

    def _where(self, one: Placed) -> Json:
        """What was looked at, and where that line is now: None if it was changed or is gone."""
        anchor, seen = one.thread.anchor, one.thread.seen
        if anchor.is_whole_file:
            return self._whole_file(one.thread)
        spot = one.line and service.at_line(self.diff, anchor.path, anchor.side, one.line)
        now = spot or None
        start = seen.start if seen else None
        excerpt = now.excerpt if now else ""
        return {
            "path": anchor.path,
            "side": SIDES[anchor.side],
            "subject_type": "line",
            "diff_hunk": seen.hunk if seen else excerpt,
            "commit_id": self.request.head if one.line else self._first_seen(one.thread),
            "original_commit_id": self._first_seen(one.thread),
            "original_line": anchor.line,
            "original_position": seen.position if seen else now.position if now else 1,
            "original_start_line": start,
            "line": one.line,
            "position": now and now.position,
            "start_line": start and one.line and one.line - (anchor.line - start),
            "start_side": SIDES[anchor.side] if start else None,
        }

    def _whole_file(self, thread: Thread) -> Json:
        seen = self._first_seen(thread)
        lines = ("line", "position", "start_line", "start_side")
        return dict.fromkeys(lines) | {
            "path": thread.anchor.path,
            "side": SIDES[thread.anchor.side],
            "subject_type": "file",
            "diff_hunk": "",
            "commit_id": seen,
            "original_commit_id": seen,
            "original_start_line": None,
        }

    def _first_seen(self, thread: Thread) -> str:
        if thread.seen:
            return thread.seen.head
        return thread.anchor.commit if thread.anchor.side == "new" else self.request.head

    def _addresses(self, remark: Remark) -> Json:
        html = f"{self.repo.say.html}/merge_requests/{self.request.number}#{remark.id}"
        pull = f"{self.repo.say.api}/pulls/{self.request.number}"
        url = f"{self.repo.say.api}/pulls/comments/{remark.handle}"
        return {
            "url": url,
            "html_url": html,
            "pull_request_url": pull,
            "_links": links(self_=url, html=html, pull_request=pull),
        }


def look(repo: Speaker, request: MergeRequest, threads: Iterable[Thread]) -> Lines:
    """Find where the lines are now, in the diff as it is now if that is still kept."""
    base = service.base_of(repo.kernel, request)
    try:
        diff = service.diff(repo.kernel, repo.about.id, base, request.head)
    except NotFound:
        diff = _NOTHING
    return Lines(repo, request, diff, service.placed(repo.kernel, request, base, threads))
