"""The verbs of forge: the one door for gate, pipelines and whoever comes later.

Verbs that take `tx` are SQL alone and join the caller's transaction. Verbs that take `kernel`
run git, so they belong outside transactions. Git is the truth for refs: rows are a snapshot that
`sync_refs` compares with git, and what moved is announced in the transaction that writes it down.

hosting     repositories: made and found
requesting  the life of a merge request
saying      comments, reviews, statuses
discussing  threads on lines of a diff
moving      moving refs; rows that follow git; pushes
telling     what every change goes through: row, fact, pages that show it
"""

from towpath.forge.clients.embedded.hook import install_hook, push_of
from towpath.forge.clients.embedded.merging import Conflicted, Merged, merge
from towpath.forge.clients.embedded.objects import (
    Commit,
    Signature,
    branch_subject,
    commits,
    list_files,
    read_file,
)
from towpath.forge.clients.embedded.refs import base_of, is_ancestor, merge_base, refs, resolve
from towpath.forge.clients.embedded.trees import (
    Branch,
    Entry,
    branches,
    content,
    find,
    folder,
    history,
    size,
)
from towpath.forge.clients.embedded.upkeep import clear_locks, collect, require_room
from towpath.forge.clients.embedded.wire import Program, advertise, upload_pack
from towpath.forge.formats.diffs import Diff, DiffFile, Row, as_patch
from towpath.forge.model.following import Synced
from towpath.forge.model.refs import Push, RefUpdate
from towpath.forge.model.requests import (
    Comment,
    MergeRequest,
    Repository,
    Review,
    Status,
    StatusState,
    Verdict,
    current_reviews,
    worst_state,
)
from towpath.forge.model.threads import Thread
from towpath.forge.service.discussing import Placed, placed, reply, resolve_thread, start_thread
from towpath.forge.service.hosting import create_repository
from towpath.forge.service.moving import admit_push, receive_push, sync_refs, update_refs
from towpath.forge.service.requesting import close, diff, edit, open_merge_request, reopen
from towpath.forge.service.saying import comment, review, set_status
from towpath.forge.store.repositories import find_repository, repositories, repository
from towpath.forge.store.requests import (
    comments,
    count_merge_requests,
    merge_request,
    merge_requests,
    open_merge_requests,
    reviews,
    search_merge_requests,
    statuses,
)
from towpath.forge.store.threads import threads

__all__ = [
    "Branch", "Comment", "Commit", "Conflicted", "Diff", "DiffFile", "Entry", "MergeRequest",
    "Merged", "Placed", "Program", "Push", "RefUpdate", "Repository", "Review", "Row",
    "Signature", "Status", "StatusState", "Synced", "Thread", "Verdict", "admit_push",
    "advertise", "as_patch", "base_of", "branch_subject", "branches", "clear_locks", "close",
    "collect", "comment", "comments", "commits", "content", "count_merge_requests",
    "create_repository", "current_reviews", "diff", "edit", "find", "find_repository",
    "folder", "history", "install_hook", "is_ancestor", "list_files", "merge", "merge_base",
    "merge_request", "merge_requests", "open_merge_request", "open_merge_requests", "placed",
    "push_of", "read_file", "receive_push", "refs", "reopen", "reply", "repositories",
    "repository", "require_room", "resolve", "resolve_thread", "review", "reviews",
    "search_merge_requests", "set_status", "size", "start_thread", "statuses", "sync_refs",
    "threads", "update_refs", "upload_pack", "worst_state",
]  # fmt: skip
