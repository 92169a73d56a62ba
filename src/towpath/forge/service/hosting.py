"""Repositories: made, and found again by the rows in `store`."""

from collections.abc import Collection
from dataclasses import replace

from towpath.forge.clients.embedded import refs as git_refs
from towpath.forge.model import names, requests
from towpath.forge.model.happenings import Renamed
from towpath.forge.model.requests import Repository
from towpath.forge.service import auditing
from towpath.forge.service.noting import actor, note
from towpath.forge.service.telling import wake
from towpath.forge.store import repositories as repository_rows
from towpath.kernel import ids
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput

LONGEST = 350
MOST_PROTECTED = 500


def create_repository(
    kernel: Kernel, owner: str, name: str, *, default_branch: str = "main", creator: str = ""
) -> Repository:
    """Make an empty repository whose default branch is protected; Conflict when it exists.

    Whoever creates it, a login, administers it from then on.
    """
    made = requests.new_repository(
        ids.new("repo"), owner, name, default_branch, kernel.clock.now()
    )
    kernel.db.read(lambda tx: repository_rows.require_free(tx, owner, name))
    # Git first: a crash then leaves a folder that nothing names, not a row without a repository.
    git_refs.create(kernel, made.id, default_branch)
    return kernel.db.write(lambda tx: _add_repository(tx, made, creator))


def _add_repository(tx: Tx, wanted: Repository, creator: str) -> Repository:
    made = replace(wanted, created=tx.now)
    repository_rows.require_free(tx, made.owner, made.name)
    repository_rows.add_repository(tx, made)
    auditing.repository_added(tx, made)
    if creator:
        access.grant(tx, made.id, Role.admin, login=creator)
    wake(tx, made.id)
    return made


def edit_repository(
    kernel: Kernel,
    repository: str,
    *,
    description: str | None = None,
    default_branch: str | None = None,
    name: str | None = None,
) -> Repository:
    """Change what is not None; another main branch is protected from then on.

    A repository that is renamed is found by its old name, too, until something else takes it.
    """
    before = kernel.db.read(lambda tx: repository_rows.repository(tx, repository))
    after = before
    if description is not None:
        after = replace(after, description=requests.require_body(description)[:LONGEST])
    if default_branch is not None and default_branch != before.default_branch:
        git_refs.require_commit(kernel, repository, names.branch_ref(default_branch))
        kept = (*before.protected, default_branch)
        after = replace(after, default_branch=default_branch, protected=tuple(dict.fromkeys(kept)))
        git_refs.point_head(kernel, repository, default_branch)
    if name is not None:
        after = replace(after, name=names.require_repository_name(name))
    return kernel.db.write(lambda tx: _change(tx, before, after))


def protect(tx: Tx, repository: str, branch: str) -> Repository:
    """Let a branch move through merge requests alone."""
    names.branch_ref(branch)
    before = repository_rows.repository(tx, repository)
    return _keep(tx, before, {*before.protected, branch})


def unprotect(tx: Tx, repository: str, branch: str) -> Repository:
    """Let a branch be pushed to; Conflict for the main branch, which the gate alone moves."""
    before = repository_rows.repository(tx, repository)
    if branch == before.default_branch:
        raise Conflict(
            f"{branch} is the main branch and stays protected.",
            next_step="Make another branch the main one first.",
        )
    return _keep(tx, before, {*before.protected} - {branch})


def _keep(tx: Tx, before: Repository, branches: Collection[str]) -> Repository:
    if len(branches) > MOST_PROTECTED:
        raise InvalidInput(
            f"At most {MOST_PROTECTED} branches are protected.", next_step="Free others first."
        )
    return _change(tx, before, replace(before, protected=tuple(sorted(branches))))


def _change(tx: Tx, before: Repository, after: Repository) -> Repository:
    if after.name != before.name:
        _rename(tx, after)
    repository_rows.change_repository(tx, after)
    if after.name == before.name or replace(before, name=after.name) != after:
        auditing.repository_changed(tx, before, after)
    wake(tx, after.id)
    return after


def _rename(tx: Tx, after: Repository) -> None:
    before = repository_rows.repository(tx, after.id)  # the newest old name is what must lead on
    repository_rows.rename_repository(tx, before, after.name)
    auditing.repository_renamed(tx, before, after)
    note(tx, after.id, Renamed(before.name, actor(tx)))
