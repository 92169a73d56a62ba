"""Claims due rows, runs their handlers on threads, writes what became of them.

One dispatcher thread speaks to the database: each round settles what the runners finished and
claims what they have room for, in one transaction where it can. While a round is under way
outcomes gather, so under load rounds carry many, and alone an item waits for nobody. With
nothing due it sleeps until the next row is, or a wake comes: idling costs nothing.
"""

import math
import queue
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from towpath.kernel.db.interface import ANYTHING, Database, Isolation, Tx
from towpath.kernel.errors import PermanentError, Unavailable
from towpath.kernel.work import service, store
from towpath.kernel.work.model import Handler, Item, WorkId
from towpath.kernel.work.settling import Claim, Outcome, settle

_MOST_CLAIMED = 256
_PREFETCH_SECONDS = 0.05
_LONGEST_SLEEP = 60.0
_PAUSE_AFTER_ERROR = 1.0
_log = structlog.get_logger(__name__)


class Worker:
    """Does the work of `handlers` on `threads` threads, until stopped."""

    def __init__(self, db: Database, handlers: Iterable[Handler], threads: int = 4) -> None:
        self._db = db
        self._handlers = {each.kind: each for each in [*handlers, service.tick_handler()]}
        self._kinds = tuple(
            (each.kind, each.version, round(each.lease_seconds * 1_000_000))
            for each in sorted(self._handlers.values(), key=lambda each: each.kind)
        )
        self._threads = threads
        self._desk = _Desk(threads)
        self._dispatcher: threading.Thread | None = None
        self._stopping = False
        self._wake = threading.Event()
        self._news = True
        self._next_look = math.inf

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
        self._wake.set()
        self._dispatcher.join(timeout)
        self._forget()
        return not self._dispatcher.is_alive()

    def run_until_idle(self) -> int:
        """For tests: do everything that is due, in this thread; how many items that was."""
        count = 0
        while claims := self._db.write(
            lambda tx: self._claim(tx, _MOST_CLAIMED), isolation="read committed"
        ):
            self._settle([_run(claim) for claim in claims])
            count += len(claims)
        return count

    def _heard(self, channel: str) -> None:
        if channel in {service.CHANNEL, ANYTHING}:
            self._news = True
            self._wake.set()

    def _run_all(self) -> None:
        while claim := self._desk.take():
            self._desk.hand_in(_run(claim))
            self._wake.set()

    def _dispatch(self) -> None:
        while not (self._stopping and self._desk.is_clear()):
            self._wake.wait(self._patience())
            self._wake.clear()
            try:
                self._round()
            except Exception:
                _log.exception("work_round_failed")
                self._news = True
                threading.Event().wait(_PAUSE_AFTER_ERROR)
        self._desk.close(self._threads)

    def _patience(self) -> float:
        """Seconds until something must be done even if nobody says a word."""
        if self._news and self._desk.room():
            return 0.0
        moment = min(self._next_look, self._desk.next_renewal(), time.monotonic() + _LONGEST_SLEEP)
        return max(0.0, moment - time.monotonic())

    def _round(self) -> None:
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
        try:
            claims = self._db.write(
                lambda tx: self._transact(tx, outcomes, renewals, room),
                isolation="read committed",
            )
        except Unavailable:
            self._desk.keep(outcomes)
            raise
        except Exception:
            self._settle(outcomes)
            raise
        self._desk.give(claims)
        self._news = self._news or (room > 0 and len(claims) == room)

    def _transact(
        self, tx: Tx, outcomes: Sequence[Outcome], renewals: Sequence[Claim], room: int
    ) -> list[Claim]:
        settle(tx, outcomes)
        for claim in renewals:
            store.renew(tx, claim.item.id, claim.fence, _micros(claim.handler.lease_seconds))
        if not room:
            return []
        claims = self._claim(tx, room)
        if len(claims) < room:
            self._next_look = self._seconds_ahead(tx)
        return claims

    def _is_one_transaction(self, outcomes: Sequence[Outcome]) -> bool:
        """Claims want read committed on PostgreSQL, effects want serializable."""
        return self._db.dialect == "sqlite" or all(each.is_plain for each in outcomes)

    def _should_look(self, outcomes: Sequence[Outcome]) -> bool:
        """After a look that found less than asked for, only news can change what it saw."""
        frees_another = any(each.claim.item.order is not None for each in outcomes)
        return self._news or frees_another or time.monotonic() >= self._next_look

    def _seconds_ahead(self, tx: Tx) -> float:
        ready = store.next_ready(tx, self._kinds)
        if ready is None:
            return math.inf
        return time.monotonic() + max(0.0, (ready - tx.now) / 1_000_000)

    def _claim(self, tx: Tx, most: int) -> list[Claim]:
        now = time.monotonic()
        return [self._claimed(row, now) for row in store.claim(tx, self._kinds, most)]

    def _claimed(self, row: Mapping[str, Any], now: float) -> Claim:
        handler = self._handlers[row["kind"]]
        return Claim(_item(row), handler, row["fence"], now + handler.lease_seconds)

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes; when even the commit fails, each by itself, to find whose fault it is."""
        if not outcomes:
            return
        isolation: Isolation = "serializable"
        if all(each.is_plain for each in outcomes):
            isolation = "read committed"
        try:
            self._db.write(lambda tx: settle(tx, outcomes), isolation=isolation)
        except Unavailable:
            self._desk.keep(outcomes)
            raise
        except Exception as error:
            if len(outcomes) > 1:
                for outcome in outcomes:
                    self._settle([outcome])
            elif outcomes[0].error is None:
                self._settle([Outcome(outcomes[0].claim, error=error)])
            else:
                raise

    def _give_back(self, claims: Sequence[Claim]) -> None:
        if claims:
            self._db.write(
                lambda tx: [store.release(tx, each.item.id, each.fence) for each in claims],
                isolation="read committed",
            )


class _Desk:
    """What lies between the dispatcher and the runners: claims one way, outcomes the other."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._todo: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        self._held: dict[WorkId, Claim] = {}
        self._renew_at: dict[WorkId, float] = {}
        self._outcomes: list[Outcome] = []
        self._mean_seconds = 1.0

    def room(self) -> int:
        """How many more to claim: one per free thread, and as many as they do in 50 ms."""
        held = len(self._held)
        useful = self._threads * _PREFETCH_SECONDS / max(self._mean_seconds, 1e-6)
        most = min(max(self._threads, int(useful)), _MOST_CLAIMED)
        return most - held if held < self._threads or held <= most // 2 else 0

    def give(self, claims: Sequence[Claim]) -> None:
        with self._lock:
            self._held.update((claim.item.id, claim) for claim in claims)
        for claim in claims:
            self._todo.put(claim)

    def take(self) -> Claim | None:
        """The next claim whose lease still stands, from now on renewed; None at the end."""
        while claim := self._todo.get():
            with self._lock:
                if time.monotonic() < claim.expires:
                    self._renew_at[claim.item.id] = _renewal(claim)
                    return claim
                self._held.pop(claim.item.id, None)
        return None

    def hand_in(self, outcome: Outcome, seconds: float = 0.0) -> None:
        with self._lock:
            self._held.pop(outcome.claim.item.id, None)
            self._renew_at.pop(outcome.claim.item.id, None)
            self._outcomes.append(outcome)
            self._mean_seconds += (seconds - self._mean_seconds) / 8

    def outcomes(self) -> list[Outcome]:
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        with self._lock:
            self._outcomes.extend(outcomes)

    def next_renewal(self) -> float:
        with self._lock:
            return min(self._renew_at.values(), default=math.inf)

    def renewals(self) -> list[Claim]:
        """Claims being worked on for a third of their lease since it was last renewed."""
        now = time.monotonic()
        with self._lock:
            due = [self._held[id] for id, moment in self._renew_at.items() if moment <= now]
            for claim in due:
                self._renew_at[claim.item.id] = now + claim.handler.lease_seconds / 3
        return due

    def clear(self) -> list[Claim]:
        """Take back what no runner has begun."""
        claims = []
        try:
            while claim := self._todo.get_nowait():
                claims.append(claim)
        except queue.Empty:
            pass
        with self._lock:
            for claim in claims:
                self._held.pop(claim.item.id, None)
        return claims

    def is_clear(self) -> bool:
        with self._lock:
            return not self._held and not self._outcomes

    def close(self, threads: int) -> None:
        for _ in range(threads):
            self._todo.put(None)


def _renewal(claim: Claim) -> float:
    return claim.expires - claim.handler.lease_seconds * 2 / 3


def _run(claim: Claim) -> Outcome:
    item = claim.item
    if item.attempt > claim.handler.max_attempts:
        error = PermanentError(
            f"{item.attempt - 1} attempts ended without a word from the worker."
        )
        return Outcome(claim, error=error)
    try:
        return Outcome(claim, then=claim.handler.run(item))
    except Exception as error:  # noqa: BLE001 - whatever it is, the row must not be forgotten
        return Outcome(claim, error=error)


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        id=row["id"],
        kind=row["kind"],
        payload=msgspec.json.decode(row["payload"]),
        version=row["version"],
        attempt=row["attempt"],
        key=row["key"],
        order=row["order_key"],
        due=row["due"],
        created=row["created"],
    )


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
