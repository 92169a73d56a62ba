"""What to do when the clock is set back: nothing may wait for the old time to come round again.

A row that is due in the future and was made in the future gives the jump away. What was due soon
is then due as soon after the jump, and leases end when they would have; only schedules mean the
wall's own time. Forward jumps need nothing: what is due is due, and a lease that ended too soon
is a lost lease like any other.
"""

from sqlalchemy import text

from towpath.kernel.clock import SECOND
from towpath.kernel.db.interface import Tx
from towpath.kernel.work import schedules, store

TOLERATED_SECONDS = 2
"""So far clocks are set back every day; whoever waits as long will not notice."""
_AHEAD = "state IN ('waiting', 'running') AND ready > :now"
_NEWEST = text(f"SELECT max(created) FROM work_item WHERE {_AHEAD}")  # noqa: S608 - no input
_SHIFT = text(f"""
UPDATE work_item SET ready = CASE WHEN ready - :back < :now THEN :now ELSE ready - :back END
WHERE {_AHEAD} AND kind <> :tick
""")  # noqa: S608 - no input
_MADE_LATER = text(f"SELECT id FROM work_item WHERE {_AHEAD} AND created > :now")  # noqa: S608
_MADE_NOW = text("UPDATE work_item SET created = :now WHERE id = :id")


def follow_clock(tx: Tx) -> float:
    """Bring moments to come as near as they were; the seconds the clock was set back, or 0."""
    now = {"now": tx.now}
    back = int(tx.scalar(_NEWEST, now) or 0) - tx.now
    if back < TOLERATED_SECONDS * SECOND:
        return 0.0
    # First noted and then shifted: what the shift makes due would not be found any more.
    made_later = [{**now, "id": row["id"]} for row in tx.rows(_MADE_LATER, now)]
    tx.execute(_SHIFT, {**now, "back": back, "tick": schedules.TICK})
    tx.execute(_MADE_NOW, made_later)
    schedules.tick_anew(tx)
    tx.wake(store.CHANNEL)
    return back / SECOND
