"""The one transaction that decides: what git said goes in, what git is to do comes out."""

from collections.abc import Iterable, Sequence

from towpath.gate import store
from towpath.gate.model import apply
from towpath.gate.model import queue as nouns
from towpath.gate.model.apply import Result, Sight
from towpath.gate.model.queue import Action, Effect, Queue, World
from towpath.gate.service.seeing import REFS, world_of
from towpath.gate.service.telling import set_status, tell, wake
from towpath.gate.store import Place
from towpath.kernel.db.interface import Tx
from towpath.pipelines import service as pipelines


def step(tx: Tx, url: str, place: Place, sight: Sight, results: Sequence[Result]) -> list[Effect]:
    """Write down what git said, decide, and write that down; what is left is for git to do."""
    before = store.load(tx, place)
    queue = before
    for result in results:
        queue = apply.record(queue, result)
    world = world_of(tx, place, queue, sight)
    advanced = apply.advance(queue, world, tx.now)
    for move in advanced.moves:
        tell(tx, url, place, advanced.queue, world, move)
    queue = _start(tx, url, place, advanced.queue, world, advanced.due)
    store.add_decisions(tx, place, sight.tip, advanced.decisions)
    if store.save(tx, place, before, queue):
        wake(tx, place, before, queue)
    return advanced.effects


def _start(
    tx: Tx, url: str, place: Place, queue: Queue, world: World, due: Iterable[Action]
) -> Queue:
    """Do what a transaction can do of what is due."""
    for action in due:
        match action:
            case nouns.StartSuite():
                suite = _trigger(tx, place, queue, world, action)
                queue = apply.started(queue, action, suite, tx.now)
            case nouns.Say():
                set_status(tx, url, place, action.said)
                queue = apply.apply(queue, action, tx.now)
            case nouns.Land():
                queue = apply.apply(queue, action, tx.now)
    return queue


def _trigger(tx: Tx, place: Place, queue: Queue, world: World, action: nouns.StartSuite) -> str:
    change, request = queue.change(action.number), world.requests[action.number]
    base = change.candidate.base if change and change.candidate else None
    group = {"head_sha": action.sha, "base_sha": base, "base_ref": f"refs/heads/{place.branch}"}
    event = {"action": "checks_requested", "number": action.number, "merge_group": group}
    return pipelines.trigger(
        tx, place.repository, action.sha, f"{REFS}{action.number}", "merge_group",
        key=f"gate/{place.repository}/{action.number}/{action.attempt}/{action.sha}",
        payload={**event, "base": base, "source": request.source, "target": place.branch},
        actor=request.author,
    )  # fmt: skip
