"""What a job's token may do, scope by scope, and whether one may hand another so much.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions
"""

from collections.abc import Mapping

from towpath.pipelines.model.workflow import Permissions

_ANY = ("read", "write", "none")
SCOPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "actions", "artifact-metadata", "attestations", "checks", "code-quality", "contents",
            "deployments", "discussions", "drives", "issues", "packages", "pages",
            "pull-requests", "repository-projects", "security-events", "statuses",
        ),
        _ANY,
    ),
    "copilot-requests": ("write", "none"),
    "id-token": ("write", "none"),
    "models": ("read", "none"),
    "vulnerability-alerts": ("read", "none"),
}  # fmt: skip
"""Every scope, and the levels it knows."""

LIMITED = Permissions({"contents": "read", "packages": "read"})
"""What a token may do when no file says anything, as on GitHub by default."""

WRITABLE = ("checks", "statuses")
"""What a job's token may write on this server, when its file asks for that."""

GRANTED = (*WRITABLE, "id-token")
"""What may be asked for beyond reading; id tokens are no matter of the token itself."""

_RANK = {"none": 0, "read": 1, "write": 2}


def levels(given: Permissions) -> tuple[str, ...]:
    """Give the level of each scope, in one order, so that permissions can be compared."""
    return tuple(given.of(scope) for scope in SCOPES)


def exceeding(asked: Permissions, allowed: Permissions) -> dict[str, str]:
    """Find the scopes of which more is asked than allowed, with what is asked."""
    levels = {scope: asked.of(scope) for scope in SCOPES}
    return {
        scope: level
        for scope, level in levels.items()
        if _RANK[level] > _RANK.get(allowed.of(scope), 0)
    }


def narrowed(asked: Permissions, allowed: Permissions) -> Permissions:
    """Give what is asked for, but nowhere more than is allowed."""
    pairs = {scope: (asked.of(scope), allowed.of(scope)) for scope in SCOPES}
    return Permissions({scope: min(pair, key=_RANK.__getitem__) for scope, pair in pairs.items()})


def token_scopes(given: Permissions, repository: str, *, strange: bool) -> tuple[str, ...]:
    """Name what a job's token may do; what a stranger wrote may only read.

    Every job may read its own repository: it has the commit in its hands.
    """
    writes = [] if strange else [scope for scope in WRITABLE if given.of(scope) == "write"]
    return (f"repo:read:{repository}", *(f"{scope}:write:{repository}" for scope in writes))
