"""The events of GitHub: which activities each knows, and by what it can be narrowed.

A test holds this against the grammar that npm's @actions/workflow-parser carries, both ways.
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from collections.abc import Mapping
from dataclasses import dataclass

HAPPEN_HERE = frozenset({"push", "pull_request", "merge_group", "workflow_dispatch"})
"""The others are understood, and start nothing here."""

_CHANGES = ("created", "edited", "deleted")
_PULL_REQUEST = (
    "assigned", "unassigned", "labeled", "unlabeled", "opened", "edited", "closed", "reopened",
    "synchronize", "converted_to_draft", "locked", "unlocked", "enqueued", "dequeued",
    "milestoned", "demilestoned", "ready_for_review", "review_requested",
    "review_request_removed", "auto_merge_enabled", "auto_merge_disabled", "stacked",
)  # fmt: skip
_ISSUES = (
    "opened", "edited", "deleted", "transferred", "pinned", "unpinned", "closed", "reopened",
    "assigned", "unassigned", "labeled", "unlabeled", "locked", "unlocked", "milestoned",
    "demilestoned", "field_added", "field_removed", "typed", "untyped",
)  # fmt: skip
_DISCUSSION = (
    "created", "edited", "deleted", "transferred", "pinned", "unpinned", "labeled", "unlabeled",
    "locked", "unlocked", "category_changed", "answered", "unanswered",
)  # fmt: skip
_RELEASE = (
    "published", "unpublished", "created", "edited", "deleted", "prereleased", "released",
)  # fmt: skip
_BRANCHES = ("branches", "branches-ignore")
_PATHS = ("paths", "paths-ignore")
_TAGS = ("tags", "tags-ignore")


@dataclass(frozen=True)
class Event:
    """`types` are the activities it knows; `free` when anybody may invent more.

    `keys` are what else may stand below it. One that is `bare` has nothing below it.
    """

    types: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    free: bool = False
    bare: bool = False


_BARE = Event(bare=True)

EVENTS: Mapping[str, Event] = {
    "branch_protection_rule": Event(_CHANGES),
    "check_run": Event(("completed", "created", "rerequested", "requested_action")),
    "check_suite": Event(("completed",)),
    "create": _BARE,
    "delete": _BARE,
    "deployment": _BARE,
    "deployment_status": _BARE,
    "discussion": Event(_DISCUSSION),
    "discussion_comment": Event(_CHANGES),
    "fork": _BARE,
    "gollum": _BARE,
    "image_version": Event(("created", "ready", "deleted"), ("names", "versions")),
    "issue_comment": Event(_CHANGES),
    "issues": Event(_ISSUES),
    "label": Event(_CHANGES),
    "merge_group": Event(("checks_requested",), _BRANCHES),
    "milestone": Event(("created", "closed", "opened", "edited", "deleted")),
    "page_build": _BARE,
    "project": Event(("created", "closed", "reopened", "edited", "deleted")),
    "project_card": Event(("created", "moved", "converted", "edited", "deleted")),
    "project_column": Event(("created", "updated", "moved", "deleted")),
    "public": _BARE,
    "pull_request": Event(_PULL_REQUEST, (*_BRANCHES, *_PATHS)),
    "pull_request_comment": Event(_CHANGES),
    "pull_request_review": Event(("submitted", "edited", "dismissed")),
    "pull_request_review_comment": Event(_CHANGES),
    "pull_request_target": Event(_PULL_REQUEST, (*_BRANCHES, *_PATHS)),
    "push": Event((), (*_BRANCHES, *_TAGS, *_PATHS)),
    "registry_package": Event(("published", "updated")),
    "release": Event(_RELEASE),
    "repository_dispatch": Event(free=True),
    "schedule": Event(),
    "status": _BARE,
    "watch": Event(("started",)),
    "workflow_call": Event((), ("inputs", "secrets", "outputs")),
    "workflow_dispatch": Event((), ("inputs",)),
    "workflow_run": Event(("requested", "completed", "in_progress"), ("workflows", *_BRANCHES)),
}
