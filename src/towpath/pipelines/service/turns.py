"""Whose turn it is in a concurrency group: looked at whenever somebody comes or leaves.

It is work of its own, so that groups are settled one transaction each, and after a crash again.
"""

from towpath.kernel.db.interface import Tx
from towpath.kernel.work.model import Item
from towpath.pipelines.model.run import Job
from towpath.pipelines.model.turns import NEWER, End, Leave, Start, settle
from towpath.pipelines.service.running import advance
from towpath.pipelines.store import jobs as job_rows
from towpath.pipelines.store import leases, turns
from towpath.pipelines.store import suites as suite_rows

_RUN = "run_"
"""How the ids of runs begin; what else takes turns are jobs."""
_NEWER_RUN = "a newer run"


def take_turns(tx: Tx, item: Item) -> None:
    """Start, end and send away whom the rule says, until it says nothing new."""
    place = turns.Place(item.payload["repository"], item.payload["group"])
    for action in settle(turns.tickets(tx, place)):
        if action.holder.startswith(_RUN):
            _run(tx, action)
        else:
            _job(tx, job_rows.job(tx, action.holder), action)


def _run(tx: Tx, action: Start | Leave | End) -> None:
    if isinstance(action, Start):
        turns.hold(tx, action.holder)
        suite_rows.begin_run(tx, action.holder)
    else:
        suite_rows.cancel_run(tx, action.holder, _NEWER_RUN)
    advance(tx, action.holder)


def _job(tx: Tx, found: Job, action: Start | Leave | End) -> None:
    match action:
        case Start(holder):
            turns.hold(tx, holder)
            job_rows.move_job(tx, found, state="admitted")
        case Leave(_, why, failed):
            job_rows.move_job(
                tx, found, state="finished", conclusion="failure" if failed else "cancelled",
                why=why, finished=tx.now,
            )  # fmt: skip
        case End() if found.state in {"queued", "admitted"}:
            job_rows.move_job(
                tx, found, state="finished", conclusion="cancelled", why=NEWER, finished=tx.now
            )
        case End():
            job_rows.move_job(tx, found, stop=True)
            tx.wake(leases.stop_channel(found.id))
    advance(tx, found.run)
