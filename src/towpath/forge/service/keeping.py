"""Secrets for what runs in a repository: its own, and those of all repositories of one owner.

The rows are the kernel's, under the keepers `repository:ID` and `owner:NAME`; whoever runs
something takes both, the repository's own first. Nobody reads them through a door of ours.
"""

import re
from dataclasses import dataclass

from towpath.forge.model.requests import Repository
from towpath.forge.store import repositories
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound
from towpath.kernel.secrets import service as secrets

MOST_SECRETS = 100
_NAME = re.compile(r"(?!GITHUB_)[A-Z][A-Z0-9_]{0,99}")


@dataclass(frozen=True)
class Keeper:
    """Whose secrets: `id` is bound into the rows, `name` is what people call it today."""

    id: str
    name: str


def keeper_of(repository: Repository) -> Keeper:
    """The id outlives every new name of the repository, and so do its secrets."""
    return Keeper(f"repository:{repository.id}", repository.full_name)


def owner_as_keeper(tx: Tx, owner: str) -> Keeper:
    """NotFound for an owner without a repository, which is most often a slip."""
    known = {each.owner.lower() for each in repositories.repositories(tx)}
    if owner.lower() not in known:
        raise NotFound(
            f"{owner[:80]} owns no repository.", next_step="Check the spelling of the owner."
        )
    return Keeper(f"owner:{owner.lower()}", owner.lower())


def secrets_of(tx: Tx, keeper: Keeper) -> list[secrets.Named]:
    """List them by name, without values."""
    return secrets.names(tx, keeper.id)


def set_secret(kernel: Kernel, keeper: Keeper, name: str, value: str) -> bool:
    """Keep a value; in capitals, since workflow files do not tell `token` from `TOKEN`.

    Says whether it is new.
    """
    ring, wanted = secrets.load(kernel), _require_name(name)

    def put(tx: Tx) -> bool:
        known = {each.name for each in secrets_of(tx, keeper)}
        if wanted not in known and len(known) >= MOST_SECRETS:
            raise Conflict(
                f"{keeper.name} has {MOST_SECRETS} secrets, which is the most.",
                next_step="Remove one that nothing needs any more.",
            )
        secrets.put(tx, ring, keeper.id, wanted, value, told=keeper.name)
        return wanted not in known

    return kernel.db.write(put)


def remove_secret(tx: Tx, keeper: Keeper, name: str) -> None:
    secrets.delete(tx, keeper.id, name.upper(), told=keeper.name)


def _require_name(name: str) -> str:
    wanted = name.upper()
    if not _NAME.fullmatch(wanted):
        raise InvalidInput(
            f"A workflow could not read a secret called {name[:80]!r}.",
            next_step="Use up to 100 letters, digits and _, begin with a letter, and not with"
            " GITHUB_.",
        )
    return wanted


def reveal_secrets(tx: Tx, ring: secrets.Ring, repository: str) -> dict[str, str]:
    """Give what a job of a repository may know, by name: the owner's, then the repository's own.

    Unavailable when a key is lost. For whoever hands a job to a runner, and for nobody else.
    """
    found = repositories.repository(tx, repository)
    keepers = (f"owner:{found.owner.lower()}", keeper_of(found).id)
    return {
        each.name: secrets.get(tx, ring, keeper, each.name).reveal()
        for keeper in keepers
        for each in secrets.names(tx, keeper)
    }
