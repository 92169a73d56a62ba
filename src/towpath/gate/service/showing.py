"""What people see of the queues."""

from collections.abc import Sequence

from towpath.forge import service as forge
from towpath.forge.service import Repository
from towpath.gate import store
from towpath.gate.model import apply, views
from towpath.gate.model.queue import Queue
from towpath.gate.model.views import Line, QueueView
from towpath.gate.service.seeing import request_of, suites_of
from towpath.gate.store import Place
from towpath.kernel.access.service import Principal
from towpath.kernel.db.interface import Tx
from towpath.pipelines import service as pipelines


def queues(tx: Tx, repository: str) -> list[QueueView]:
    """What people see of every queue of a repository; the default branch's first."""
    default = forge.repository(tx, repository).default_branch
    open_ones = forge.open_merge_requests(tx, [repository])
    names = {default, *store.branches(tx, repository), *(each.target for each in open_ones)}
    places = [Place(repository, name) for name in sorted(names, key=lambda n: (n != default, n))]
    return [views.view(_whole(tx, place, open_ones)) for place in places]


def explain(tx: Tx, repository: str, number: int) -> Line:
    """Where one request stands, for what it waits and what to do; NotFound if there is none."""
    request = forge.merge_request(tx, repository, number)
    place = Place(repository, request.target)
    queue = apply.watch(store.load(tx, place), number)
    (change,) = (each for each in queue.changes if each.number == number)
    return views.line_of(scenery_of(tx, place, queue, [request]), change)


def moving(tx: Tx, caller: Principal) -> list[tuple[Repository, QueueView]]:
    """Every queue with somebody in it that the caller may see, by repository."""
    busy = {place.repository for place in store.busy(tx)} - forge.hidden(tx, caller)
    known = [forge.repository(tx, each) for each in sorted(busy)]
    return [(each, view) for each in known for view in queues(tx, each.id) if view.line]


def judged_last(tx: Tx, caller: Principal, most: int) -> list[tuple[Repository, Line]]:
    """What landed or was refused last where the caller may see it, newest first."""
    judged = store.judged_last(tx, most, forge.hidden(tx, caller))
    return [(forge.repository(tx, r), explain(tx, r, n)) for r, n in judged]


def _whole(tx: Tx, place: Place, open_ones: Sequence[forge.MergeRequest]) -> views.Scenery:
    """Everything about one queue, with those the gate has not looked at yet."""
    queue, mine = store.load(tx, place), [r for r in open_ones if r.target == place.branch]
    for request in mine:
        queue = apply.watch(queue, request.number)
    known = {request.number for request in mine}
    shown = [c.number for c in queue.changes if c.number not in known and c.state != "watched"]
    ended = forge.merge_requests_numbered(tx, place.repository, shown)
    return scenery_of(tx, place, queue, [*mine, *ended.values()])


def scenery_of(
    tx: Tx, place: Place, queue: Queue, requests: Sequence[forge.MergeRequest]
) -> views.Scenery:
    said = forge.reviews_of(tx, place.repository, [each.number for each in requests])
    return views.Scenery(
        queue=queue,
        requests={each.number: request_of(each, said[each.number]) for each in requests},
        suites=suites_of(tx, queue.changes),
        expected=pipelines.expected_seconds(tx, place.repository),
        now=tx.now,
    )
