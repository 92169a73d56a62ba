"""What the gate says to people: comments, statuses, pages that show something new."""

from towpath.forge import service as forge
from towpath.gate.model import comments
from towpath.gate.model import queue as nouns
from towpath.gate.model.decide import known_suite
from towpath.gate.model.queue import Action, Change, Queue, Said, World
from towpath.gate.store import Place
from towpath.kernel.db.interface import Tx
from towpath.pipelines import service as pipelines

VOICE = "towpath-gate"
_CONTEXT = "towpath/gate"


def set_status(tx: Tx, url: str, place: Place, said: Said) -> None:
    link = f"{url}/{forge.repository(tx, place.repository).full_name}/queue"
    status = (_CONTEXT, said.state, said.words, link)
    forge.set_status(tx, place.repository, said.head, *status, author=VOICE)


def tell(tx: Tx, url: str, place: Place, queue: Queue, world: World, move: Action) -> None:
    """Say in a comment what became of a request, and stop tests that nobody needs."""
    change = queue.change(move.number)
    if isinstance(move, nouns.CancelSuite):
        pipelines.cancel_suite(tx, move.suite, VOICE)
    elif change:
        words = comments.about(_scene(url, queue, world, change), change, move)
        once = f"gate:{change.position}:{type(move).__name__.lower()}"
        if words:
            forge.comment(tx, place.repository, move.number, VOICE, words, once=once)


def _scene(url: str, queue: Queue, world: World, change: Change) -> comments.Scene:
    request, suite = world.requests.get(change.number), known_suite(change, world)
    return comments.Scene(
        queue=queue,
        source=request.source if request else "",
        run_url=f"{url}/runs/{suite.run}" if suite and suite.run else None,
    )


def wake(tx: Tx, place: Place, before: Queue, after: Queue) -> None:
    here = place.repository
    moved = {*after.changes} ^ {*before.changes}
    numbers = {change.number for change in (*moved, *after.in_line())}
    changed = {f"merge_request:{here}:{number}" for number in numbers}
    for topic in ("home", f"repository:{here}", f"queue:{here}", *changed):
        tx.wake(f"live:{topic}@{here}")
