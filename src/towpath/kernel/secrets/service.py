"""Keep a secret, read it again, change its key while everything runs.

Read the keys first, outside the transaction: `ring = secrets.load(kernel)`, then
`secrets.get(tx, ring, owner, name).reveal()`. `owner` says whose it is: SITE, or KIND:ID such as
repository:repo_…; who may see which is for the caller to decide.
"""

import re
from dataclasses import dataclass

import structlog

from towpath.kernel import ids
from towpath.kernel.audit import service as audit
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, PermanentError, Unavailable
from towpath.kernel.health import Check
from towpath.kernel.secrets import keys, store
from towpath.kernel.secrets.keys import Ring as Ring
from towpath.kernel.secrets.keys import load as load
from towpath.kernel.secrets.sealing import Hidden as Hidden
from towpath.kernel.secrets.sealing import Place, seal, unseal
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler, Item

SITE = "site"
ROTATE = "kernel.rotate_secrets"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_OWNER = re.compile(r"[A-Za-z0-9_.:/@-]{1,200}")
_LONGEST = 65_536
_AT_ONCE = 100
_SET = audit.action("secret.set", "set a secret")
_REMOVED = audit.action("secret.remove", "removed a secret")
_KEY_MADE = audit.action("secret.key.use", "let another key encrypt secrets")
_KEY_DROPPED = audit.action("secret.key.drop", "dropped a key that no secret needs")
_log = structlog.get_logger("towpath.secrets")


@dataclass(frozen=True)
class Named:
    """What may be shown of a secret."""

    owner: str
    name: str
    key: str
    changed: Micros


@dataclass(frozen=True)
class KeyState:
    """One key: whether it encrypts, whether its file holds it, how many secrets need it."""

    id: str
    encrypts: bool
    at_hand: bool
    secrets: int
    since: Micros | None


def prepare(kernel: Kernel) -> None:
    """Make the first key of an installation, once; every other start finds one.

    On several hosts the first to write its key's id down wins; the others have no key until they
    are given the file, and say so.
    """
    ring = load(kernel)
    if kernel.db.read(store.current_key) is None:
        made = ring.newest or keys.add(ring)
        kernel.db.write(lambda tx: _use_first(tx, made))
    lost = kernel.db.read(lambda tx: lost_keys(tx, load(kernel)))
    for each in lost:
        _log.error("key of secrets is missing", key=each.id, secrets=each.secrets)


def put(tx: Tx, ring: Ring, owner: str, name: str, value: str, *, told: str = "") -> None:
    """Keep a value under a name of its owner; what was there is replaced.

    `told` is what people call the owner, if its id says nothing to whoever reads the audit log.
    """
    _check(owner, name, value)
    known = store.row(tx, owner, name)
    place = known.place if known else Place(ids.new("secret"), owner, name)
    store.put(tx, place, seal(ring, _current(tx), place, value))
    about = {"owner": owner, "existed": known is not None}
    audit.record(tx, _SET, _subject(told or owner, name), before=about)


def get(tx: Tx, ring: Ring, owner: str, name: str) -> Hidden:
    """Find a value; NotFound when there is none, Unavailable when its key is not at hand."""
    found = store.row(tx, owner, name)
    if found is None:
        raise _missing(owner, name)
    return unseal(ring, found.sealed.text, found.place)


def names(tx: Tx, owner: str | None = None) -> list[Named]:
    """List secrets of one owner, or of all, without their values."""
    found = store.listed(tx, owner)
    return [
        Named(each.place.owner, each.place.name, each.sealed.key, each.changed) for each in found
    ]


def delete(tx: Tx, owner: str, name: str, *, told: str = "") -> None:
    if not store.remove(tx, owner, name):
        raise _missing(told or owner, name)
    audit.record(tx, _REMOVED, _subject(told or owner, name), before={"owner": owner})


def rotate(kernel: Kernel) -> str:
    """Let a new key encrypt, and have every secret sealed again in the background; the key's id.

    A key that the file holds already, newer than the one in use, is taken: so it can be brought to
    every host before it counts. Otherwise one is made; it is on disk before a row needs it.
    """
    ring = load(kernel)
    known = {key for key, _, _ in kernel.db.read(store.keys)}
    newest = ring.newest
    chosen = newest if newest is not None and newest not in known else keys.add(ring)
    kernel.db.write(lambda tx: _use(tx, chosen))
    return chosen


def key_states(tx: Tx, ring: Ring) -> list[KeyState]:
    """Every key that the file holds, that was used, or that a secret needs."""
    counted = store.counts(tx)
    used = {key: (encrypts, since) for key, encrypts, since in store.keys(tx)}
    return [
        KeyState(
            key,
            used.get(key, (False, None))[0],
            key in ring.keys,
            counted.get(key, 0),
            used.get(key, (False, None))[1],
        )
        for key in dict.fromkeys([*used, *ring.keys, *counted])
    ]


def lost_keys(tx: Tx, ring: Ring) -> list[KeyState]:
    """Keys that are needed, to read a secret or to set one, and are not at hand."""
    states = key_states(tx, ring)
    return [each for each in states if not each.at_hand and (each.secrets or each.encrypts)]


def drop_key(kernel: Kernel, key: str) -> None:
    """Take an old key out of the file; Conflict while it encrypts or any secret needs it."""
    kernel.db.write(lambda tx: _forget_key(tx, key))
    keys.drop(load(kernel), key)


def checks(kernel: Kernel, tx: Tx) -> list[Check]:
    """For the page /health: a lost key, which secrets it costs, what to do."""
    lost = lost_keys(tx, load(kernel))
    if not lost:
        return [Check(name="Secrets", state="good", words="Every secret can be read")]
    places = [place for each in lost for place in store.needing(tx, each.id)]
    told = ", ".join(f"{place.name} of {place.owner}" for place in places) or "none so far"
    return [
        Check(
            name="Secrets",
            state="bad",
            words=f"{keys.path_of(kernel)} lacks {', '.join(each.id for each in lost)};"
            f" secrets that cannot be read: {told}",
            next_step="Put the file back from your backup, or copy it from another host; what is"
            " lost for good must be set again after a rotation.",
        )
    ]


def handler(kernel: Kernel) -> Handler:
    """Seals every secret under the key in use, a batch a transaction; a crash repeats nothing.

    A secret whose old key is not at hand waits for the next night, or for the next rotation.
    """

    def run(_: Item) -> None:
        ring = load(kernel)
        place: str | None = ""
        while place is not None:
            start = place
            place = kernel.db.write(lambda tx: _seal_again(tx, ring, start))  # noqa: B023 - called here

    return Handler(kind=ROTATE, run=run)


def _seal_again(tx: Tx, ring: Ring, after: str) -> str | None:
    """One batch; where to go on. A row that a stranger changed is left as it is."""
    key = _current(tx)
    rows = store.under_other_keys(tx, key, list(ring.keys), after, _AT_ONCE)
    for row in rows:
        try:
            value = unseal(ring, row.sealed.text, row.place)
        except PermanentError:
            _log.error("a secret was changed in the database", name=row.place.name)
            continue
        store.seal_again(tx, row, seal(ring, key, row.place, value.reveal()))
    return rows[-1].place.id if rows else None


def _use_first(tx: Tx, key: str) -> None:
    if store.current_key(tx) is None:
        store.use_key(tx, key)


def _use(tx: Tx, key: str) -> None:
    before = store.current_key(tx)
    store.use_key(tx, key)
    audit.record(tx, _KEY_MADE, f"secret_key:{key}", before={"in_use": before})
    work.add(tx, ROTATE, {}, key=ROTATE)


def _forget_key(tx: Tx, key: str) -> None:
    if store.current_key(tx) == key:
        raise Conflict(
            f"The key {key} encrypts what is set now.", next_step="Rotate first, then drop it."
        )
    needed = store.needing(tx, key)
    if needed:
        told = ", ".join(f"{place.name} of {place.owner}" for place in needed)
        raise Conflict(
            f"Secrets still need the key {key}: {told}.",
            next_step="Wait until the rotation is done, then try again.",
        )
    store.forget_key(tx, key)
    audit.record(tx, _KEY_DROPPED, f"secret_key:{key}")


def _current(tx: Tx) -> str:
    key = store.current_key(tx)
    if key is None:
        raise Unavailable(
            "There is no key for secrets yet.", next_step="Start a server once; it makes one."
        )
    return key


def _check(owner: str, name: str, value: str) -> None:
    if not _NAME.fullmatch(name) or not _OWNER.fullmatch(owner):
        raise InvalidInput(
            "A secret cannot be called so.",
            next_step="Use 1 to 100 of A-Z, a-z, 0-9 and _ . - and begin with a letter.",
        )
    if not value or len(value) > _LONGEST:
        raise InvalidInput(
            "A secret has 1 to 65536 characters.", next_step="Send a value of that length."
        )


def _subject(owner: str, name: str) -> str:
    return f"secret:{owner}/{name}"


def _missing(owner: str, name: str) -> NotFound:
    return NotFound(
        f"{owner[:80]} has no secret {name[:80]}.", next_step="Set it, or check its name."
    )
