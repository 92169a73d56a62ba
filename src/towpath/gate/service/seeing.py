"""One look at the world: at git outside of transactions, at the rows within."""

from collections.abc import Iterable
from functools import partial

from towpath.forge import service as forge
from towpath.gate import store
from towpath.gate.model import apply
from towpath.gate.model.apply import Sight
from towpath.gate.model.queue import Change, Queue, Request, Suite, World
from towpath.gate.store import Place
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.pipelines import service as pipelines

REFS = "refs/towpath/gate/"


def observe(kernel: Kernel, place: Place) -> Sight | None:
    """Look at git; None when the repository is gone."""
    try:
        queue = kernel.db.read(lambda tx: _load(tx, place))
        tip = forge.resolve(kernel, place.repository, f"refs/heads/{place.branch}")
        refs = forge.refs(kernel, place.repository, REFS)
    except NotFound:
        return None
    by_number = {int(name.removeprefix(REFS)): sha for name, sha in refs.items()}
    contains = partial(forge.is_ancestor, kernel, place.repository)
    return Sight(tip, by_number, apply.landed(queue, tip, contains))


def _load(tx: Tx, place: Place) -> Queue:
    if forge.repository(tx, place.repository).gone is not None:
        raise NotFound("It was deleted.", next_step="Nothing is left to do.")
    return store.load(tx, place)


def world_of(tx: Tx, place: Place, queue: Queue, sight: Sight) -> World:
    requests = _requests(tx, place, queue)
    said = forge.reviews_of(tx, place.repository, list(requests))
    return World(
        tip=sight.tip,
        requests={n: request_of(each, said[n]) for n, each in requests.items()},
        suites=suites_of(tx, queue.changes),
        refs=sight.refs,
        landed=sight.landed,
    )


def _requests(tx: Tx, place: Place, queue: Queue) -> dict[int, forge.MergeRequest]:
    """Every open request of the branch, and those in line whatever became of them."""
    found = {
        request.number: request
        for request in forge.open_merge_requests(tx, [place.repository])
        if request.target == place.branch
    }
    for change in queue.in_line():
        if change.number not in found:
            found[change.number] = forge.merge_request(tx, place.repository, change.number)
    return found


def request_of(request: forge.MergeRequest, said: tuple[forge.Review, ...]) -> Request:
    approvals, objections = forge.standing(request, said)
    return Request(
        number=request.number,
        author=request.author,
        head=request.head,
        target=request.target,
        source=request.source,
        title=request.title,
        state=request.state,
        merged_as=request.merged_as,
        approvals=tuple(review.author for review in approvals),
        objections=tuple(review.author for review in objections),
        approved=min((review.at for review in approvals), default=None),
    )


def suites_of(tx: Tx, changes: Iterable[Change]) -> dict[str, Suite]:
    """What the pipelines know of the suites of these changes; while one runs, its first run."""
    asked = [c.candidate.suite for c in changes if c.candidate and c.candidate.suite]
    runs = {run.suite: run.id for run in reversed(pipelines.runs_of(tx, asked))}
    found = pipelines.suites_with(tx, asked).items()
    return {
        name: Suite(conclusion=s.conclusion, summary=s.summary, run=s.run or runs.get(name))
        for name, s in found
    }
