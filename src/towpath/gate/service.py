"""The verbs of the gate; `loops` carries decisions out, `hear` and `queues` face people.

`observe` looks at git, `step` is the one transaction that decides, `perform` acts once in git.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from towpath.forge import service as forge
from towpath.forge.service import Repository as Repository
from towpath.forge.service import find_repository as find_repository
from towpath.forge.service import repository as repository
from towpath.forge.service import repository_at as repository_at
from towpath.gate import store
from towpath.gate.model import apply, chat, comments, views
from towpath.gate.model import queue as nouns
from towpath.gate.model.apply import Result as Result
from towpath.gate.model.apply import Sight as Sight
from towpath.gate.model.chat import Heard as Heard
from towpath.gate.model.commands import Command, parse
from towpath.gate.model.decide import known_suite
from towpath.gate.model.queue import Action, Change, Queue, Request, Said, Sha, Suite, World
from towpath.gate.model.queue import Effect as Effect
from towpath.gate.model.views import Line as Line
from towpath.gate.model.views import QueueView as QueueView
from towpath.gate.model.words import printable
from towpath.gate.store import Place as Place
from towpath.gate.store import decisions as decisions
from towpath.gate.store import forget_decisions as forget_decisions
from towpath.kernel.access import service as access
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound, Stale, TowpathError
from towpath.kernel.work import service as work
from towpath.pipelines import service as pipelines

VOICE = "towpath-gate"
RECONCILE = "gate.reconcile"
_CONTEXT = "towpath/gate"
_REFS = "refs/towpath/gate/"


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


def observe(kernel: Kernel, place: Place) -> Sight | None:
    """Look at git; None when the repository is gone."""
    try:
        queue = kernel.db.read(lambda tx: _load(tx, place))
        tip = forge.resolve(kernel, place.repository, f"refs/heads/{place.branch}")
        refs = forge.refs(kernel, place.repository, _REFS)
    except NotFound:
        return None
    by_number = {int(name.removeprefix(_REFS)): sha for name, sha in refs.items()}
    contains = partial(forge.is_ancestor, kernel, place.repository)
    return Sight(tip, by_number, apply.landed(queue, tip, contains))


def _load(tx: Tx, place: Place) -> Queue:
    forge.repository(tx, place.repository)
    return store.load(tx, place)


def step(tx: Tx, url: str, place: Place, sight: Sight, results: Sequence[Result]) -> list[Effect]:
    """Write down what git said, decide, and write that down; what is left is for git to do."""
    before = store.load(tx, place)
    queue = before
    for result in results:
        queue = apply.record(queue, result)
    world = _world(tx, place, queue, sight)
    advanced = apply.advance(queue, world, tx.now)
    for move in advanced.moves:
        _tell(tx, url, place, advanced.queue, world, move)
    queue = _start(tx, url, place, advanced.queue, world, advanced.due)
    store.add_decisions(tx, place, sight.tip, advanced.decisions)
    if store.save(tx, place, before, queue):
        _wake(tx, place, before, queue)
    return advanced.effects


def _world(tx: Tx, place: Place, queue: Queue, sight: Sight) -> World:
    requests = _requests(tx, place, queue)
    said = forge.reviews_of(tx, place.repository, list(requests))
    return World(
        tip=sight.tip,
        requests={n: _request(each, said[n]) for n, each in requests.items()},
        suites=_suites(tx, queue.changes),
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


def _request(request: forge.MergeRequest, said: tuple[forge.Review, ...]) -> Request:
    reviews = forge.current_reviews(said)
    others = [review for review in reviews.values() if review.author != request.author]
    approvals = [r for r in others if r.verdict == "approve" and r.head == request.head]
    objections = [r for r in others if r.verdict == "request_changes"]
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


def _suites(tx: Tx, changes: Iterable[Change]) -> dict[str, Suite]:
    """What the pipelines know of the suites of these changes; while one runs, its first run."""
    asked = [c.candidate.suite for c in changes if c.candidate and c.candidate.suite]
    runs = {run.suite: run.id for run in reversed(pipelines.runs_of(tx, asked))}
    found = pipelines.suites_with(tx, asked).items()
    return {
        name: Suite(conclusion=s.conclusion, summary=s.summary, run=s.run or runs.get(name))
        for name, s in found
    }


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
                _set_status(tx, url, place, action.said)
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
        tx, place.repository, action.sha, f"{_REFS}{action.number}", "merge_group",
        key=f"gate/{place.repository}/{action.number}/{action.attempt}/{action.sha}",
        payload={**event, "base": base, "source": request.source, "target": place.branch},
        actor=request.author,
    )  # fmt: skip


def _set_status(tx: Tx, url: str, place: Place, said: Said) -> None:
    link = f"{url}/{forge.repository(tx, place.repository).full_name}/queue"
    status = (_CONTEXT, said.state, said.words, link)
    forge.set_status(tx, place.repository, said.head, *status, author=VOICE)


def _tell(tx: Tx, url: str, place: Place, queue: Queue, world: World, move: Action) -> None:
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


def _wake(tx: Tx, place: Place, before: Queue, after: Queue) -> None:
    tx.wake("live:home")
    tx.wake(f"live:repository:{place.repository}")
    tx.wake(f"live:queue:{place.repository}")
    moved = {*after.changes} ^ {*before.changes}
    for number in {change.number for change in (*moved, *after.in_line())}:
        tx.wake(f"live:merge_request:{place.repository}:{number}")


def perform(kernel: Kernel, place: Place, sight: Sight, effect: Effect) -> Result | None:
    """Have one effect in git; each may be repeated, and one that comes too late does nothing."""
    match effect:
        case nouns.Land():
            _move(kernel, place, f"refs/heads/{place.branch}", effect.base, effect.sha)
            return None
        case nouns.DropRef():
            _move(kernel, place, f"{_REFS}{effect.number}", effect.sha, None)
            return None
        case nouns.Probe():
            return Result(effect, _merge(kernel, place, effect, effect.onto))
        case nouns.MakeCandidate():
            return _make(kernel, place, sight, effect)


def _move(kernel: Kernel, place: Place, ref: str, old: Sha | None, new: Sha | None) -> bool:
    """Move one ref by lease; False when it is elsewhere, which the next look will tell."""
    try:
        forge.update_refs(kernel, place.repository, [forge.RefUpdate(ref, old, new)])
    except Stale:
        return False
    return True


def _make(
    kernel: Kernel, place: Place, sight: Sight, effect: nouns.MakeCandidate
) -> Result | None:
    outcome = _merge(kernel, place, effect, effect.onto)
    if isinstance(outcome, apply.Conflicted):
        outcome = replace(outcome, by=_guilty(kernel, place, effect))
    if not isinstance(outcome, apply.Merged):
        return Result(effect, outcome)
    ref, old = f"{_REFS}{effect.number}", sight.refs.get(effect.number)
    moved = old == outcome.sha or _move(kernel, place, ref, old, outcome.sha)
    return Result(effect, outcome) if moved else None


def _guilty(kernel: Kernel, place: Place, effect: nouns.MakeCandidate) -> int | None:
    """The first link of the chain that the head conflicts with; None is the tip itself."""
    for number, link in effect.ahead[:-1]:
        if isinstance(_merge(kernel, place, effect, link), apply.Conflicted):
            return number
    return effect.ahead[-1][0]


def _merge(kernel: Kernel, place: Place, effect: nouns.Merge, onto: Sha) -> apply.Outcome:
    message, at = "Only to see whether it merges", Micros(0)
    if isinstance(effect, nouns.MakeCandidate):
        message, at = effect.message, effect.at
    try:
        made = forge.merge(kernel, place.repository, onto, effect.head, message, at)
    except TowpathError as error:
        _require_health(kernel, place, onto, error)
        return apply.Troubled(why=printable(error.detail))
    if isinstance(made, forge.Merged):
        return apply.Merged(sha=made.sha)
    return apply.Conflicted(files=tuple(map(printable, made.files)))


def _require_health(kernel: Kernel, place: Place, onto: Sha, error: TowpathError) -> None:
    """Raise `error` unless git can merge something simple: then the request is not to blame."""
    try:
        forge.merge(kernel, place.repository, onto, onto, "Is git well?", kernel.clock.now())
    except TowpathError:
        raise error from None


def hear(tx: Tx, heard: Heard) -> None:
    """Do what a comment tells us, and answer it once."""
    commands = parse(heard.body)
    if not commands or heard.author == VOICE:
        return
    words = "\n\n".join(dict.fromkeys(_obey(tx, heard, command) for command in commands))
    once = f"gate:answer:{heard.comment}"
    forge.comment(tx, heard.repository, heard.number, VOICE, words, once=once)
    nudge_request(tx, heard.repository, heard.number)


def _obey(tx: Tx, heard: Heard, command: Command) -> str:
    request = forge.merge_request(tx, heard.repository, heard.number)
    place = Place(heard.repository, request.target)
    before = apply.watch(store.load(tx, place), heard.number)
    scenery = _scenery(tx, place, before, [request])
    (change,) = (each for each in before.changes if each.number == heard.number)
    member = access.has_role(tx, heard.author, access.Role.member, resource=heard.repository)
    by = chat.Speaker(login=heard.author, member=member, saw=heard.head)
    line = views.line_of(scenery, change)
    said = chat.answer(command, line, change, scenery.requests[heard.number], by)
    if said.approve:
        forge.review(tx, heard.repository, heard.number, heard.author, "approve", head=heard.head)
    queue = apply.put(before, said.change)
    if store.save(tx, place, before, queue):
        _wake(tx, place, before, queue)
    return said.words


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
    return views.line_of(_scenery(tx, place, queue, [request]), change)


def moving(tx: Tx) -> list[tuple[Repository, QueueView]]:
    """Every queue with somebody in it, by repository."""
    known = [forge.repository(tx, r) for r in sorted({p.repository for p in store.busy(tx)})]
    return [(each, view) for each in known for view in queues(tx, each.id) if view.line]


def judged_last(tx: Tx, most: int) -> list[tuple[Repository, Line]]:
    """What landed or was refused last, newest first."""
    return [(forge.repository(tx, r), explain(tx, r, n)) for r, n in store.judged_last(tx, most)]


def speak(tx: Tx, repository: str, number: int, login: str, command: str) -> None:
    """Say a command as a comment of somebody who pressed a button."""
    forge.comment(tx, repository, number, login, command)


def _whole(tx: Tx, place: Place, open_ones: Sequence[forge.MergeRequest]) -> views.Scenery:
    """Everything about one queue, with those the gate has not looked at yet."""
    queue, mine = store.load(tx, place), [r for r in open_ones if r.target == place.branch]
    for request in mine:
        queue = apply.watch(queue, request.number)
    known = {request.number for request in mine}
    shown = [c.number for c in queue.changes if c.number not in known and c.state != "watched"]
    ended = forge.merge_requests_numbered(tx, place.repository, shown)
    return _scenery(tx, place, queue, [*mine, *ended.values()])


def _scenery(
    tx: Tx, place: Place, queue: Queue, requests: Sequence[forge.MergeRequest]
) -> views.Scenery:
    said = forge.reviews_of(tx, place.repository, [each.number for each in requests])
    return views.Scenery(
        queue=queue,
        requests={each.number: _request(each, said[each.number]) for each in requests},
        suites=_suites(tx, queue.changes),
        expected=pipelines.expected_seconds(tx, place.repository),
        now=tx.now,
    )


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
