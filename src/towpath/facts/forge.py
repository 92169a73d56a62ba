"""What a git host announces."""

from dataclasses import dataclass
from typing import Literal

from towpath.kernel.outbox import fact

What = Literal["opened", "head_moved", "reviewed", "edited", "closed", "reopened", "merged"]


@dataclass(frozen=True)
class RefChange:
    """`old` is None for a new ref, `new` is None for a deleted one; both are full object names."""

    ref: str
    old: str | None
    new: str | None


@fact("forge.refs_moved", version=1, subject="repository")
@dataclass(frozen=True)
class RefsMoved:
    """Refs of a repository moved; found by comparing git with our snapshot, so never missed."""

    repository: str
    changes: tuple[RefChange, ...]


@fact("forge.merge_request_changed", version=1, subject="repository")
@dataclass(frozen=True)
class MergeRequestChanged:
    repository: str
    number: int
    what: What
    head: str


@fact("forge.merge_asked", version=1, subject="repository")
@dataclass(frozen=True)
class MergeAsked:
    """Somebody wants an approved merge request to be merged as it stands at `head`."""

    repository: str
    number: int
    head: str
    by: str


@fact("forge.commented", version=2, subject="repository")
@dataclass(frozen=True)
class Commented:
    """`head` is the commit the comment was said about; None in facts older than version 2."""

    repository: str
    number: int
    comment: str
    author: str
    body: str
    head: str | None = None


@fact("forge.builds_asked", version=1, subject="repository")
@dataclass(frozen=True)
class BuildsAsked:
    """Somebody wants builds of ours to be done once more; `builds` names them as they ended."""

    repository: str
    builds: tuple[str, ...]


@fact("forge.repository_deleted", version=1, subject="repository")
@dataclass(frozen=True)
class RepositoryDeleted:
    """A repository is deleted: what others hold of it goes, too."""

    repository: str
