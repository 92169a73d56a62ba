"""Actions of others: which may be used, and their files for the runner that asks.

They lie in a repository on this server, or come from where the administrator says. What a
repository allows stands on its default branch, where nothing comes without the gate.
"""

from collections.abc import Sequence
from functools import partial

from towpath.forge import service as forge
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.pipelines.clients.library import Library
from towpath.pipelines.model import addresses
from towpath.pipelines.model.addresses import Address
from towpath.pipelines.model.planning import Called
from towpath.pipelines.model.workflow import Problem
from towpath.pipelines.store import leases
from towpath.pipelines.store import suites as suite_rows


def allowed(kernel: Kernel, repository: str) -> tuple[str, ...]:
    """List what the site and a repository allow; InvalidInput when a list makes no sense."""
    of_site = addresses.allowed_by(kernel.settings.actions_allowed)
    branch = kernel.db.read(lambda tx: forge.repository(tx, repository)).default_branch
    head = forge.resolve(kernel, repository, f"refs/heads/{branch}")
    listed = forge.read_file(kernel, repository, head, addresses.FILE) if head else None
    return (*of_site, *addresses.allowed_by((listed or b"").decode("utf-8", "replace")))


def refusals(kernel: Kernel, repository: str, runs: Sequence[Called]) -> tuple[Problem, ...]:
    """Name the lines of workflows, and of those they call, that use what may not be used."""
    files = {each.path: each for run in runs for each in (run.root, *run.workflows.values())}
    used = any(addresses.of(step.uses) for each in files.values() for step in each.steps)
    if not used:
        return ()
    try:
        known = allowed(kernel, repository)
    except InvalidInput as error:
        return (Problem(addresses.FILE, 1, 1, "", str(error)),)
    commit = partial(_commit, kernel)
    return tuple(
        problem for each in files.values() for problem in addresses.refusals(each, known, commit)
    )


def action_files(kernel: Kernel, job: str, lease: str, uses: str) -> bytes:
    """Give the files of an action to whoever runs a job; Conflict, Denied, NotFound, TooLarge."""
    address = addresses.of(uses)
    if address is None:
        raise InvalidInput(f"`{uses[:200]}` is not the address of an action of others.")
    held = kernel.db.read(lambda tx: leases.held(tx, job, lease))
    repository = kernel.db.read(lambda tx: suite_rows.run(tx, held.run)).repository
    known = allowed(kernel, repository)
    if (place := _hosted(kernel, address)) is not None:
        commit = _commit(kernel, address)
        addresses.check(address, known, commit)
        return forge.archive(kernel, place, commit or address.ref)
    addresses.check(address, known)
    if not kernel.settings.actions_url:
        raise NotFound(
            f"{address.repository} is not a repository on this server.",
            next_step="Bring it here, or let an administrator set TOWPATH_ACTIONS_URL.",
        )
    return _library(kernel, known).bring(address)


def _library(kernel: Kernel, known: tuple[str, ...] = ()) -> Library:
    url, cache = kernel.settings.actions_url, kernel.data / "actions"
    return Library(allowed=known, url=url, cache=cache)


def _hosted(kernel: Kernel, address: Address) -> str | None:
    try:
        found = kernel.db.read(lambda tx: forge.find_repository(tx, address.owner, address.name))
    except NotFound:
        return None
    return found.id


def _commit(kernel: Kernel, address: Address) -> str:
    """Say which commit a ref is now, as far as this machine knows; empty when it does not."""
    place = _hosted(kernel, address)
    if place is None:
        return _library(kernel).commit(address)
    refs = [f"refs/tags/{address.ref}", f"refs/heads/{address.ref}"]
    for ref in [address.ref] if address.is_pinned else refs:
        if found := forge.resolve(kernel, place, ref):
            return found
    return ""
