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
from towpath.kernel.access.service import Principal, Role, knows, may
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput

LONGEST = 350
MOST_PROTECTED = 500


def create_repository(
    kernel: Kernel,
    owner: str,
    name: str,
    *,
    default_branch: str = "main",
    creator: str = "",
    private: bool = False,
) -> Repository:
    """Make an empty repository whose default branch is protected; Conflict when it exists.

    Whoever creates it, a login, administers it from then on. Of a private one nobody else knows,
    but administrators of the whole site, until they grant a role on it.
    """
    made = requests.new_repository(
        ids.new("repo"), owner, name, default_branch, kernel.clock.now()
    )
    made = replace(made, private=private)
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


def set_private(tx: Tx, repository: str, *, private: bool) -> Repository:
    """Hide a repository from whoever holds no role on it, or show it to everybody again.

    Streams of those who may not know of it any more end at once.
    """
    before = repository_rows.repository(tx, repository)
    after = replace(before, private=private)
    if after != before:
        repository_rows.set_private(tx, repository, private=private)
        auditing.repository_hidden(tx, before, after)
        tx.wake(access.DOORS)
        wake(tx, repository)
    return after


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


def readable(tx: Tx, caller: Principal) -> list[Repository]:
    """The repositories that somebody may read, by name: what every list begins with."""
    known = repository_rows.repositories(tx)
    return [one for one in known if may(caller, Role.viewer, f"repo:read:{one.id}", resource=one)]


def hidden(tx: Tx, caller: Principal) -> frozenset[str]:
    """The ids of those of which somebody may not know: what lists of other things leave out."""
    private = repository_rows.private_repositories(tx)
    return frozenset(one.id for one in private if not knows(caller, one))


def find_known(tx: Tx, caller: Principal, owner: str, name: str) -> Repository:
    """Find by name, where no address names it; NotFound for whoever may not know of it, too."""
    found = repository_rows.repository_at(tx, {"owner": owner, "name": name})
    if found is None or not knows(caller, found):
        raise repository_rows.missing(owner, name)
    return repository_rows.find_repository(tx, owner, name)


def find_from(tx: Tx, repository: str, owner: str, name: str) -> Repository:
    """Find what a file in a repository names; a private one is named by its own files alone.

    Whoever writes that file would learn of it otherwise, and so would whoever reads it.
    """
    found = repository_rows.repository_at(tx, {"owner": owner, "name": name})
    if found is None or (found.private and found.id != repository):
        raise repository_rows.missing(owner, name)
    return repository_rows.find_repository(tx, owner, name)
