"""What of GitHub's API is spoken here, and where it means something else.

`docs/reference/github-dialect.md` has both in words; test_conformance.py compares them.
"""

AREAS = {
    "repositories": ("repos/repos",),
    "contents": ("repos/contents",),
    "refs, commits, trees, blobs, tags": (
        "git/refs", "git/commits", "git/trees", "git/blobs", "git/tags", "commits/commits",
    ),
    "branches and their protection": ("branches/branches", "branches/branch-protection"),
    "pull requests": ("pulls/pulls",),
    "reviews, comments on lines": ("pulls/reviews", "pulls/comments"),
    "comments and labels": ("issues/comments", "issues/labels"),
    "reactions": ("reactions/reactions",),
    "statuses": ("commits/statuses",),
    "check runs and suites": ("checks/runs", "checks/suites"),
    "collaborators": ("collaborators/collaborators",),
    "webhooks": ("repos/webhooks",),
    "secrets": ("actions/secrets",),
    "users, rate limit, server": ("users/users", "rate-limit/rate-limit", "meta/meta"),
}  # fmt: skip
"""The categories of GitHub's description that make up an area."""

OURS = {
    ("GET", "/repos/{}/{}/contents"): "the top folder, which GitHub describes with a path",
    ("GET", "/repos/{}/{}/pulls/{}.{}"): "where diff_url and patch_url lead",
}
"""Addresses that GitHub's description does not have."""

SHOWN = {
    "`PUT …/pulls/N/merge`": "pulls: the gate merges and a call does not",
    "protection of a branch": "branches: branches and their protection",
    "removing protection of the main branch": "branches: the main branch stays protected",
    "renaming": "repositories: the old name of a repository leads to the new one",
    "archiving": "conformance: a repository is not archived and never public",
    "`private`, `visibility`": (
        "repositories: a private repository says so and is listed for its own"
    ),
    "a conflict such as a name that is taken": "manners: a conflict is 422 as at github",
    "`errors` of a 422": "conformance: the errors of a 422 are objects everywhere",
    "comments on lines of a diff": "remarks: what has no place in the diff is refused",
    "`line` and `position` of one whose line has changed, or that is about a whole file": (
        "remarks: a line that moved is followed and one that changed is outdated"
    ),
    "`pull_request_review_id`": "remarks: a comment belongs to a review only if it came with it",
    "`path` of a comment on the old side of a renamed file": (
        "remarks: a removed line of a renamed file has its old name"
    ),
    "reviews": "reviews: one review is begun at a time and one that was given stays",
    "a dismissed review": "reviews: a dismissed verdict counts no more",
    "check suites": "checks: checks",
    "asking for checks again": (
        "suites: a suite and a check are asked for again once they are completed"
    ),
    "check runs": "conformance: a build of ours is told as a check run",
    "labels put on a pull request": "labels: labels",
    "issues": "conformance: there are no issues",
    "rate limits": "manners: who calls too often is told when to come back",
    "`304` answers": "manners: what the caller has already costs no request of the hour",
    "`Last-Modified`": "manners: what never changes unseen says when it did",
    '`Link: rel="last"`': "manners: a list whose length is known leads to its last page",
    "lists in `/contents`": "conformance: a long folder is cut",
    "files and blobs": "conformance: a large file is refused",
}
"""The test that shows each deviation: its file and its name, in words."""
