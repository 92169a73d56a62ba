"""Repositories: made, and found again by the rows in `store`."""

from dataclasses import replace

from towpath.forge.clients.embedded import refs as git_refs
from towpath.forge.model import requests
from towpath.forge.model.requests import Repository
from towpath.forge.service import auditing
from towpath.forge.service.telling import wake
from towpath.forge.store import repositories as repository_rows
from towpath.kernel import ids
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx


def create_repository(
    kernel: Kernel, owner: str, name: str, *, default_branch: str = "main"
) -> Repository:
    """Make an empty repository whose default branch is protected; Conflict when it exists."""
    made = requests.new_repository(
        ids.new("repo"), owner, name, default_branch, kernel.clock.now()
    )
    kernel.db.read(lambda tx: repository_rows.require_free(tx, owner, name))
    # Git first: a crash then leaves a folder that nothing names, not a row without a repository.
    git_refs.create(kernel, made.id, default_branch)
    kernel.db.write(lambda tx: _add_repository(tx, made))
    return made


def _add_repository(tx: Tx, made: Repository) -> None:
    repository_rows.require_free(tx, made.owner, made.name)
    repository_rows.add_repository(tx, replace(made, created=tx.now))
    auditing.repository_added(tx, made)
    wake(tx, made.id)
