"""Queues that are to be looked at, whatever happened; and what is over and old, forgotten."""

from collections.abc import Iterable

from towpath.forge import service as forge
from towpath.gate import store
from towpath.gate.store import Place
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.kernel.work import service as work

RECONCILE = "gate.reconcile"


def nudge(tx: Tx, place: Place) -> None:
    """Have a queue looked at, once, soon, after whatever is under way for it."""
    name = f"{place.repository}/{place.branch}"
    payload = {"repository": place.repository, "branch": place.branch}
    work.add(tx, RECONCILE, payload, key=name, order=f"gate/{name}")


def nudge_request(tx: Tx, repository: str, number: int) -> None:
    nudge(tx, Place(repository, forge.merge_request(tx, repository, number).target))


def nudge_suite(tx: Tx, suite: str) -> None:
    for place in store.waiting_for(tx, suite):
        nudge(tx, place)


def nudge_branches(tx: Tx, repository: str, moved: Iterable[str]) -> None:
    for branch in set(moved) & set(store.branches(tx, repository)):
        nudge(tx, Place(repository, branch))


def nudge_all(tx: Tx) -> None:
    """Whatever was missed, for whatever reason, is found: every queue is looked at."""
    known = [repository.id for repository in forge.repositories(tx)]
    targets = {Place(r.repository, r.target) for r in forge.open_merge_requests(tx, known)}
    for place in targets | set(store.busy(tx)):
        nudge(tx, place)


def forget(tx: Tx, before: Micros, after: store.Key | None) -> store.Key | None:
    """Delete what is over and old, a bounded number of rows; where to go on, or None."""
    idle = store.old(tx, before, after or ("", "", 0))
    for place, number, state in idle:
        if state == "landed" or not _is_open(tx, place, number):
            store.drop(tx, place, number)
    return (idle[-1][0].repository, idle[-1][0].branch, idle[-1][1]) if idle else None


def _is_open(tx: Tx, place: Place, number: int) -> bool:
    try:
        return forge.merge_request(tx, place.repository, number).state == "open"
    except NotFound:
        return False
