"""The verbs of forge: the one door for gate, pipelines and whoever comes later.

Verbs that take `tx` are SQL alone and join the caller's transaction. Verbs that take `kernel`
run git, so they belong outside transactions. Git is the truth for refs: rows are a snapshot that
`sync_refs` compares with git, and what moved is announced in the transaction that writes it down.

hosting     repositories: made, found, changed
removing    repositories: deleted, and what they held cleared away
requesting  the life of a merge request
comparing   what it changes, or a commit
saying      comments, reviews, statuses
discussing  threads on lines of a diff
drafting    reviews that are begun and given later
marking     labels and reactions
checking    check runs
writing     refs and files changed by a call instead of a push
moving      moving refs; rows that follow git; pushes
noting      what happens, kept for webhooks
keeping     secrets of a repository, or of all of one owner
boxes       how a secret is sent so that only this server can read it
notifying   webhooks: who hears, what was sent
watching    how webhooks are doing
telling     what every change goes through: row, fact, pages that show it
"""

from towpath.forge.clients.embedded.archiving import archive
from towpath.forge.clients.embedded.comparing import patch as raw_diff
from towpath.forge.clients.embedded.comparing import raw_mails
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
from towpath.forge.clients.embedded.plumbing import (
    Node,
    Tag,
    apart,
    blob,
    commits_named,
    kinds,
    sizes,
    tag,
    tree,
)
from towpath.forge.clients.embedded.refs import base_of, is_ancestor, merge_base, refs, resolve
from towpath.forge.clients.embedded.searching import Block, blame, paths
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
from towpath.forge.clients.embedded.writing import Wish
from towpath.forge.formats.diffs import as_patch
from towpath.forge.formats.spots import at_line
from towpath.forge.model.builds import Build as Build
from towpath.forge.model.builds import BuildJob as BuildJob
from towpath.forge.model.builds import BuildStep as BuildStep
from towpath.forge.model.checks import Check
from towpath.forge.model.diffs import A_PAGE, Diff, DiffFile, Row
from towpath.forge.model.following import Synced
from towpath.forge.model.happenings import Happening
from towpath.forge.model.marks import Label, Reaction
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
    standing,
    worst_state,
)
from towpath.forge.model.threads import Draft, Remark, Thread, Wanted
from towpath.forge.model.webhooks import EVENTS, Delivery, Message, Webhook
from towpath.forge.service.boxes import box_key, open_box
from towpath.forge.service.checking import (
    add_check,
    ask_again,
    ask_suite_again,
    change_check,
    new_check_id,
    report_begun,
    report_jobs,
    report_run,
)
from towpath.forge.service.comparing import diff, diff_file
from towpath.forge.service.discussing import (
    Placed,
    begin_thread,
    delete_remark,
    draft_thread,
    edit_remark,
    placed,
    places,
    reply,
    resolve_thread,
    start_thread,
)
from towpath.forge.service.drafting import draft_review, drop_draft, give_draft, reword_draft
from towpath.forge.service.hosting import (
    create_repository,
    edit_repository,
    find_from,
    find_known,
    hidden,
    protect,
    readable,
    set_private,
    unprotect,
)
from towpath.forge.service.keeping import (
    Keeper,
    keeper_of,
    owner_as_keeper,
    remove_secret,
    secrets_of,
    set_secret,
)
from towpath.forge.service.keeping import reveal_secrets as reveal_secrets
from towpath.forge.service.marking import (
    add_label,
    change_label,
    delete_label,
    put_labels,
    react,
    unreact,
)
from towpath.forge.service.moving import admit_push, receive_push, sync_refs, update_refs
from towpath.forge.service.notifying import (
    SEND,
    add_webhook,
    change_webhook,
    deliver_again,
    has_secret,
    headers_of,
    ping,
    remove_webhook,
    send,
    tell_webhooks,
)
from towpath.forge.service.noting import TELL, hears, noted
from towpath.forge.service.removing import CLEAR, clear, clear_again, delete_repository
from towpath.forge.service.requesting import (
    ask_to_merge,
    close,
    edit,
    open_merge_request,
    reopen,
)
from towpath.forge.service.saying import (
    comment,
    delete_comment,
    dismiss,
    edit_comment,
    review,
    set_status,
)
from towpath.forge.service.writing import Written, move_ref, require_forward, write_file
from towpath.forge.store.checks import check, checks, checks_of_suite
from towpath.forge.store.drafts import draft_of
from towpath.forge.store.marks import label, labels, labels_of, reactions
from towpath.forge.store.repositories import (
    find_repository,
    private_repositories,
    repositories,
    repository,
    repository_at,
    repository_with,
    snapshot,
)
from towpath.forge.store.requests import (
    comments,
    count_merge_requests,
    find_comment,
    find_review,
    merge_request,
    merge_requests,
    merge_requests_numbered,
    open_at,
    open_merge_requests,
    repository_comments,
    reviews,
    reviews_of,
    search_merge_requests,
    statuses,
)
from towpath.forge.store.threads import Order, find_remark, remarks, threads, threads_of
from towpath.forge.store.webhooks import deliveries, delivery, webhook, webhooks
from towpath.forge.store.webhooks import forget as forget_deliveries

__all__ = [
    "A_PAGE", "CLEAR", "EVENTS", "SEND", "TELL", "Block", "Branch", "Check", "Comment", "Commit",
    "Conflicted", "Delivery", "Diff", "DiffFile", "Draft", "Entry", "Happening", "Keeper", "Label",
    "MergeRequest", "Merged", "Message", "Node", "Order", "Placed", "Program", "Push", "Reaction",
    "RefUpdate", "Remark", "Repository", "Review", "Row", "Signature", "Status", "StatusState",
    "Synced", "Tag", "Thread", "Verdict", "Wanted", "Webhook", "Wish", "Written",
    "add_check",
    "add_label",
    "add_webhook",
    "admit_push",
    "advertise",
    "apart",
    "archive",
    "as_patch",
    "ask_again",
    "ask_suite_again",
    "ask_to_merge",
    "at_line",
    "base_of",
    "begin_thread",
    "blame",
    "blob",
    "box_key",
    "branch_subject",
    "branches",
    "change_check",
    "change_label",
    "change_webhook",
    "check",
    "checks",
    "checks_of_suite",
    "clear",
    "clear_again",
    "clear_locks",
    "close",
    "collect",
    "comment",
    "comments",
    "commits",
    "commits_named",
    "content",
    "count_merge_requests",
    "create_repository",
    "current_reviews",
    "delete_comment",
    "delete_label",
    "delete_remark",
    "delete_repository",
    "deliver_again",
    "deliveries",
    "delivery",
    "diff",
    "diff_file",
    "dismiss",
    "draft_of",
    "draft_review",
    "draft_thread",
    "drop_draft",
    "edit",
    "edit_comment",
    "edit_remark",
    "edit_repository",
    "find",
    "find_comment",
    "find_from",
    "find_known",
    "find_remark",
    "find_repository",
    "find_review",
    "folder",
    "forget_deliveries",
    "give_draft",
    "has_secret",
    "headers_of",
    "hears",
    "hidden",
    "history",
    "install_hook",
    "is_ancestor",
    "keeper_of",
    "kinds",
    "label",
    "labels",
    "labels_of",
    "list_files",
    "merge",
    "merge_base",
    "merge_request",
    "merge_requests",
    "merge_requests_numbered",
    "move_ref",
    "new_check_id",
    "noted",
    "open_at",
    "open_box",
    "open_merge_request",
    "open_merge_requests",
    "owner_as_keeper",
    "paths",
    "ping",
    "placed",
    "places",
    "private_repositories",
    "protect",
    "push_of",
    "put_labels",
    "raw_diff",
    "raw_mails",
    "react",
    "reactions",
    "read_file",
    "readable",
    "receive_push",
    "refs",
    "remarks",
    "remove_secret",
    "remove_webhook",
    "reopen",
    "reply",
    "report_begun",
    "report_jobs",
    "report_run",
    "repositories",
    "repository",
    "repository_at",
    "repository_comments",
    "repository_with",
    "require_forward",
    "require_room",
    "resolve",
    "resolve_thread",
    "reveal_secrets",
    "review",
    "reviews",
    "reviews_of",
    "reword_draft",
    "search_merge_requests",
    "secrets_of",
    "send",
    "set_private",
    "set_secret",
    "set_status",
    "size",
    "sizes",
    "snapshot",
    "standing",
    "start_thread",
    "statuses",
    "sync_refs",
    "tag",
    "tell_webhooks",
    "threads",
    "threads_of",
    "tree",
    "unprotect",
    "unreact",
    "update_refs",
    "upload_pack",
    "webhook",
    "webhooks",
    "worst_state",
    "write_file",
]  # fmt: skip
