"""Which runners there are and how many jobs wait for one, as /health and /metrics tell it."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import func, select

from towpath.kernel import presence
from towpath.kernel.clock import SECOND
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.health import Check, Measure
from towpath.pipelines.store.tables import JOB

ROLE = "runner"
_LATE_SECONDS = 60
_OPEN = ("waiting", "queued", "running")


def note_runner(tx: Tx, name: str, version: str) -> None:
    """Remember that a runner asked just now; its name is all that we know it by.

    It asks often, so that is written now and then.
    """
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:24]
    row = {"id": f"runner_{digest}", "role": ROLE, "name": name, "version": version}
    if presence.is_stale(tx, row["id"]):
        presence.note(tx, {**row, "host": "", "pid": 0})


def alive(tx: Tx) -> set[str]:
    """Name the runners that asked for a job lately or hold one now."""
    asked = {
        each.name for each in presence.processes(tx) if each.role == ROLE and each.is_alive(tx.now)
    }
    holding = tx.execute(select(JOB.c.runner).where(JOB.c.state == "running")).scalars()
    return asked | set(holding)


def checks(_: Kernel, tx: Tx) -> Sequence[Check]:
    runners, (waiting, oldest) = len(alive(tx)), _queue(tx)
    told = f"{_count(runners, 'runner')} alive, {_count(waiting, 'job')} waiting for one"
    if waiting and not runners:
        return (
            Check(
                name="Runners",
                state="bad",
                words=told,
                next_step="Start a runner, or serve without --no-runner: no job can run now.",
            ),
        )
    if oldest > _LATE_SECONDS:
        return (
            Check(
                name="Runners",
                state="waiting",
                words=f"{told}, the first for {oldest} s",
                next_step="Look which labels it asks for with runs-on, or add runners.",
            ),
        )
    return (Check(name="Runners", state="good" if runners else "neutral", words=told),)


def measures(_: Kernel, tx: Tx) -> Sequence[Measure]:
    counted = select(JOB.c.state, func.count().label("jobs")).where(JOB.c.state.in_(_OPEN))
    found = {row["state"]: row["jobs"] for row in tx.rows(counted.group_by(JOB.c.state))}
    jobs = [((state,), float(count)) for state, count in (dict.fromkeys(_OPEN, 0) | found).items()]
    return (
        _gauge("towpath_runners_alive", "Runners that asked or work.", float(len(alive(tx)))),
        Measure(name="towpath_jobs", words="Jobs not over.", labels=("state",), values=jobs),
        _gauge("towpath_jobs_oldest_queued_seconds", "The longest wait.", float(_queue(tx)[1])),
    )


def _gauge(name: str, words: str, value: float) -> Measure:
    return Measure(name=name, words=words, values=[((), value)])


def _queue(tx: Tx) -> tuple[int, int]:
    """How many jobs wait for a runner, and for how many seconds the first has."""
    chosen = select(func.count().label("jobs"), func.min(JOB.c.queued).label("since"))
    row = tx.row(chosen.where(JOB.c.state == "queued"))
    if row is None or not row["jobs"]:
        return 0, 0
    return row["jobs"], (tx.now - row["since"]) // SECOND


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
