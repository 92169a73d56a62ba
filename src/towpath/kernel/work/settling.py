"""The end of a claim: done, due again later, or parked; fenced, so only its holder writes it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from towpath.kernel.clock import after
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import PermanentError, Stale, TemporaryError
from towpath.kernel.origin import system
from towpath.kernel.tracing import Span
from towpath.kernel.work import store
from towpath.kernel.work.model import Handler, Item, Then, backoff

_log = structlog.get_logger(__name__)
_LONGEST_ERROR = 4000


class _LeaseLost(Stale):
    """Another worker may have the row now: whatever this one did in the database is undone."""


@dataclass(frozen=True)
class Claim:
    """A row we may work on while nobody holds a higher fence; `expires` by our monotonic clock."""

    item: Item
    handler: Handler
    fence: int
    expires: float


@dataclass(frozen=True)
class Outcome:
    """What became of a claim: an effect to write along with the finish, or an error."""

    claim: Claim
    then: Then | None = None
    error: Exception | None = None
    span: Span | None = None

    @property
    def is_plain(self) -> bool:
        return self.then is None and self.error is None


def settle(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Write all outcomes; one whose effect raises is undone alone and counts as failed."""
    plain = [(each.claim.item.id, each.claim.fence) for each in outcomes if each.is_plain]
    if plain:
        store.finish_many(tx, plain)
    for outcome in outcomes:
        with tx.traced(outcome.span.trace if outcome.span else ""):
            failed = _written(tx, outcome)
        if outcome.span:
            outcome.span.end(failed)


def _written(tx: Tx, outcome: Outcome) -> Exception | None:
    """Write one outcome; what failed in it, if anything did."""
    if outcome.error is not None:
        _fail(tx, outcome.claim, outcome.error)
        return outcome.error
    return _apply(tx, outcome.claim, outcome.then) if outcome.then is not None else None


def _apply(tx: Tx, claim: Claim, then: Then) -> Exception | None:
    try:
        with tx.savepoint():
            _finish(tx, claim)
            tx.origin = system(claim.item.kind)
            then(tx)
    except _LeaseLost as error:
        _log.warning("work_lease_lost", kind=claim.item.kind, id=claim.item.id)
        return error
    except Exception as error:
        if tx.lost(error):
            raise
        _fail(tx, claim, error)
        return error
    return None


def _finish(tx: Tx, claim: Claim) -> None:
    if not store.finish(tx, claim.item.id, claim.fence):
        raise _LeaseLost("The lease ran out and the row may be another worker's.")


def _fail(tx: Tx, claim: Claim, error: Exception) -> None:
    item = claim.item
    text = f"{type(error).__name__}: {error}".replace("\0", "")[:_LONGEST_ERROR]
    about = {"kind": item.kind, "id": item.id, "attempt": item.attempt, "error": text}
    if isinstance(error, PermanentError) or item.attempt >= claim.handler.max_attempts:
        _log.error("work_parked", exc_info=error, **about)
        store.park(tx, item.id, claim.fence, text)
        return
    delay = error.delay if isinstance(error, TemporaryError) else None
    if delay is None:
        delay = backoff(item.attempt, random.random())  # noqa: S311 - only spreads the load
    _log.warning("work_failed", exc_info=error, again_in_seconds=delay, **about)
    mine = {"id": item.id, "fence": claim.fence, "kind": item.kind, "key": item.key}
    store.again(tx, mine, after(tx.now, delay), text)
