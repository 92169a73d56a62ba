"""Claims due rows, runs their handlers on threads, writes what became of them.

One dispatcher thread speaks to the database: each round settles what the runners finished and
claims what they have room for, in one transaction where it can. While a round is under way
outcomes gather, so under load rounds carry many, and alone an item waits for nobody. With
nothing due it sleeps until the next row is, or a wake comes: idling costs nothing.
"""

import math
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec
import structlog

from towpath.kernel import origin, tracing
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import ANYTHING, Database, Isolation, Tx
from towpath.kernel.errors import PermanentError, Unavailable
from towpath.kernel.work import jumps, schedules, store, strangers
from towpath.kernel.work.desk import MOST_HELD, Desk
from towpath.kernel.work.model import Handler, Item, WorkId
from towpath.kernel.work.settling import Claim, Outcome, settle

_LONGEST_SLEEP = 60.0
_SHORTEST_SLEEP = 0.02  # another worker holds what is due; its claim commits soon
_PAUSE_AFTER_ERROR = 1.0
_CLOCK_SECONDS = 10.0  # how often to look whether the clock was set back
_log = structlog.get_logger(__name__)


class Worker:
    """Does the work of `handlers` on `threads` threads, until stopped; of one lane, if named."""

    def __init__(
        self,
        db: Database,
        handlers: Iterable[Handler],
        threads: int = 4,
        *,
        lane: str | None = None,
    ) -> None:
        self._db = db
        known = [*handlers, schedules.tick_handler()]
        known.append(strangers.handler(known))
        self._handlers = _by_kind([one for one in known if lane in {None, one.lane}])
        self._kinds = tuple(
            (each.kind, each.version, round(each.lease_seconds * 1_000_000))
            for each in sorted(self._handlers.values(), key=lambda each: each.kind)
        )
        self._threads = threads
        self._desk = Desk(threads)
        self._dispatcher: threading.Thread | None = None
        self._stopping = False
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._news = True
        self._next_look = 0.0
        self._next_clock = 0.0

    def start(self) -> None:
        """Begin to work; wakes from this process and, on PostgreSQL, from others start a look."""
        self._forget = self._db.on_wake(self._heard)
        for number in range(self._threads):
            threading.Thread(target=self._run_all, name=f"work-{number}", daemon=True).start()
        self._dispatcher = threading.Thread(target=self._dispatch, name="work", daemon=True)
        self._dispatcher.start()

    def stop(self, timeout: float) -> bool:
        """Claim no more, finish what runs, give back what has not begun.

        False if something still ran after `timeout` seconds; its lease will expire.
        """
        if self._dispatcher is None:
            return True
        self._stopping = True
        self._hurry.set()
        self._wake.set()
        self._dispatcher.join(timeout)
        self._forget()
        return not self._dispatcher.is_alive()

    def run_until_idle(self) -> int:
        """For tests: do everything that is due, in this thread; how many items that was."""
        count = 0
        while claims := self._db.write(
            lambda tx: self._look(tx, MOST_HELD), isolation="each statement"
        ):
            self._settle([_run(claim) for claim in claims])
            count += len(claims)
        return count

    def _heard(self, channel: str) -> None:
        if channel in {store.CHANNEL, ANYTHING}:
            self._news = True
            self._wake.set()

    def _run_all(self) -> None:
        while claim := self._desk.take():
            began = time.monotonic()
            outcome = _run(claim)
            self._desk.hand_in(outcome, time.monotonic() - began)
            self._wake.set()

    def _dispatch(self) -> None:
        while not (self._stopping and self._desk.is_clear()):
            self._wake.wait(self._patience())
            self._wake.clear()
            try:
                self._round()
            except Exception:  # noqa: BLE001 - whatever it is, the next round may do better
                _log.exception("work_round_failed")
                self._news = True
                self._pause()
        self._desk.close(self._threads)

    def _pause(self) -> None:
        """Give what failed time to recover. A stop ends one pause; if rounds go on failing then,
        the next ones last again, for it waits no longer than it was told.
        """
        self._hurry.wait(_PAUSE_AFTER_ERROR)
        self._hurry.clear()

    def _patience(self) -> float:
        """Seconds until something must be done even if nobody says a word."""
        look = 0.0 if self._news else self._next_look
        look = look if self._desk.room() else math.inf
        moment = min(look, self._desk.next_renewal(), self._next_clock)
        return max(0.0, min(moment - time.monotonic(), _LONGEST_SLEEP))

    def _follow_clock(self) -> None:
        if time.monotonic() < self._next_clock:
            return
        back = self._db.write(jumps.follow_clock)
        self._next_clock = time.monotonic() + _CLOCK_SECONDS
        if back:
            _log.warning("clock_was_set_back", seconds=round(back, 1))

    def _round(self) -> None:
        self._follow_clock()
        if self._stopping:
            self._give_back(self._desk.clear())
        outcomes = self._desk.outcomes()
        renewals = self._desk.renewals()
        room = 0 if self._stopping or not self._should_look(outcomes) else self._desk.room()
        if not (outcomes or renewals or room):
            return
        if room:
            self._news = False
        if not self._is_one_transaction(outcomes):
            self._settle(outcomes)
            outcomes = []
        began = time.monotonic()
        try:
            claims = self._db.write(
                lambda tx: self._transact(tx, outcomes, renewals, room),
                isolation="each statement",
            )
        except Unavailable:
            self._desk.keep(outcomes)
            raise
        except Exception:
            self._settle(outcomes)
            raise
        self._desk.settled(len(outcomes), time.monotonic() - began)
        self._desk.give(claims)

    def _transact(
        self, tx: Tx, outcomes: Sequence[Outcome], renewals: Sequence[Claim], room: int
    ) -> list[Claim]:
        settle(tx, outcomes)
        for claim in renewals:
            store.renew(tx, claim.item.id, claim.fence, _micros(claim.handler.lease_seconds))
        return self._look(tx, room) if room else []

    def _look(self, tx: Tx, room: int) -> list[Claim]:
        """Claim what is due, and note when to look again."""
        began = time.monotonic()
        rows, ahead = store.claim(tx, self._kinds, room, _micros(_LONGEST_SLEEP))
        seconds = _LONGEST_SLEEP if ahead is None else ahead / 1_000_000
        if not rows:
            seconds = max(seconds, _SHORTEST_SLEEP)
        self._next_look = began + seconds
        return [self._claimed(row, began) for row in rows]

    def _is_one_transaction(self, outcomes: Sequence[Outcome]) -> bool:
        """On PostgreSQL claims commit statement by statement, effects are serializable."""
        return self._db.dialect == "sqlite" or all(each.is_plain for each in outcomes)

    def _should_look(self, outcomes: Sequence[Outcome]) -> bool:
        """Without news, only what we did ourselves can change what the last look saw."""
        changed = any(each.claim.item.order or each.error or each.then for each in outcomes)
        return self._news or changed or time.monotonic() >= self._next_look

    def _claimed(self, row: store.Claimed, began: float) -> Claim:
        handler = self._handlers[row.kind]
        return Claim(_item(row), handler, row.fence, began + handler.lease_seconds)

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes; when the commit itself fails, each alone, to find whose fault it is."""
        if not outcomes:
            return
        plain = all(each.is_plain for each in outcomes)
        isolation: Isolation = "each statement" if plain else "serializable"
        began = time.monotonic()
        try:
            self._db.write(lambda tx: settle(tx, outcomes), isolation=isolation)
            self._desk.settled(len(outcomes), time.monotonic() - began)
        except Unavailable:
            self._desk.keep(outcomes)
            raise
        except Exception as error:
            if len(outcomes) == 1 and outcomes[0].error is not None:
                raise
            for outcome in outcomes:
                alone = outcome if len(outcomes) > 1 else Outcome(outcome.claim, error=error)
                with suppress(Unavailable):  # it is kept for the next round
                    self._settle([alone])

    def _give_back(self, claims: Sequence[Claim]) -> None:
        if claims:
            self._db.write(lambda tx: _release(tx, claims), isolation="each statement")


def _by_kind(handlers: Sequence[Handler]) -> dict[str, Handler]:
    found = {each.kind: each for each in handlers}
    if len(found) != len(handlers):
        raise ValueError("two handlers are for the same kind of work")
    return found


def _run(claim: Claim) -> Outcome:
    item = claim.item
    if item.attempt > claim.handler.max_attempts:
        error = PermanentError(
            f"{item.attempt - 1} attempts ended without a word from the worker."
        )
        return Outcome(claim, error=error)
    span = _span(item)
    try:
        with origin.acting(origin.system(item.kind)), tracing.entered(span):
            return Outcome(claim, then=claim.handler.run(item), span=span)
    except Exception as error:  # noqa: BLE001 - whatever it is, the row must not be forgotten
        return Outcome(claim, error=error, span=span)
    except SystemExit as error:
        told = RuntimeError(f"the handler tried to exit: {error}")
        return Outcome(claim, error=told, span=span)


def _span(item: Item) -> tracing.Span | None:
    """Work that nobody's request caused, such as a schedule's, begins no trace."""
    about: tracing.Attributes = {"towpath.work": item.id, "towpath.attempt": item.attempt}
    return tracing.begin(f"work {item.kind}", item.trace, kind="CONSUMER", attributes=about)


def _release(tx: Tx, claims: Sequence[Claim]) -> None:
    for claim in claims:
        store.release(tx, claim.item.id, claim.fence)


def _item(row: store.Claimed) -> Item:
    return Item(
        id=WorkId(row.id),
        kind=row.kind,
        payload=msgspec.json.decode(row.payload),
        version=row.version,
        attempt=row.attempt,
        key=row.key,
        order=row.order,
        due=Micros(row.due),
        created=Micros(row.created),
        trace=row.trace or "",
    )


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
