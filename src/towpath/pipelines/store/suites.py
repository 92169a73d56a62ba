"""Suites and runs as rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import msgspec
from sqlalchemy import RowMapping, delete, func, insert, select, update

from towpath.kernel.audit import service as audit
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.pipelines.model.levels import World
from towpath.pipelines.model.run import Job, Run, Suite, SuiteConclusion
from towpath.pipelines.model.workflow import Concurrency, Workflow
from towpath.pipelines.store import turns
from towpath.pipelines.store.tables import CALLED, JOB, RUN, STEP, SUITE

RECENT = 20
_ENCODED = ("env", "github", "inputs", "concurrency")
_CANCELLED = audit.action("run.cancel", "cancelled a run")


def add_suite(tx: Tx, suite: Suite) -> None:
    tx.execute(insert(SUITE).values(asdict(suite) | {"payload": encoded(suite.payload)}))


def suite(tx: Tx, suite_id: str) -> Suite:
    """Find a suite; NotFound otherwise."""
    row = tx.row(select(SUITE).where(SUITE.c.id == suite_id))
    if row is None:
        raise NotFound("There is no such suite.", next_step="It may have been forgotten with age.")
    return _suite(row)


def suites_with(tx: Tx, suite_ids: Sequence[str]) -> dict[str, Suite]:
    """Those of these ids that there are, by id, in one statement."""
    rows = tx.rows(select(SUITE).where(SUITE.c.id.in_(suite_ids)))
    return {row["id"]: _suite(row) for row in rows}


def suite_by_key(tx: Tx, key: str) -> Suite | None:
    row = tx.row(select(SUITE).where(SUITE.c.key == key))
    return _suite(row) if row else None


def suites_of(tx: Tx, repository: str, sha: str) -> list[Suite]:
    """List what was asked for one commit, newest first."""
    rows = tx.rows(
        select(SUITE)
        .where(SUITE.c.repository == repository, SUITE.c.sha == sha)
        .order_by(SUITE.c.id.desc())
    )
    return [_suite(row) for row in rows]


def move_suite(tx: Tx, suite_id: str, before: str, **values: Any) -> bool:
    """Change a suite whose state is `before`; False when it is another."""
    chosen = update(SUITE).where(SUITE.c.id == suite_id, SUITE.c.state == before)
    return tx.execute(chosen.values(values)).rowcount == 1


def recent_suites(tx: Tx, repository: str, conclusion: SuiteConclusion) -> list[Suite]:
    """List the last that ended so, newest first."""
    rows = tx.rows(
        select(SUITE)
        .where(
            SUITE.c.repository == repository,
            SUITE.c.finished.is_not(None),
            SUITE.c.conclusion == conclusion,
        )
        .order_by(SUITE.c.finished.desc())
        .limit(RECENT)
    )
    return [_suite(row) for row in rows]


def add_run(tx: Tx, run: Run, called: Mapping[str, Workflow] | None = None) -> None:
    """Write a run, and by address the workflows that its file calls."""
    values = {field.name: getattr(run, field.name) for field in fields(Run)}
    tx.execute(insert(RUN).values(values | {name: encoded(values[name]) for name in _ENCODED}))
    rows = [
        {"run": run.id, "number": number, "address": address, "workflow": encoded(each)}
        for number, (address, each) in enumerate((called or {}).items())
    ]
    if rows:
        tx.execute(insert(CALLED), rows)


def world(tx: Tx, of: Run, jobs: Sequence[Job]) -> World:
    """Gather what the jobs of a run see beside each other; files are read if any is called."""
    called = {}
    if any(job.spec.call for job in jobs):
        for row in tx.rows(select(CALLED).where(CALLED.c.run == of.id)):
            called[row["address"]] = msgspec.json.decode(row["workflow"], type=Workflow)
    return World(of.github, of.inputs, called)


def run(tx: Tx, run_id: str) -> Run:
    """Find a run; NotFound otherwise."""
    row = tx.row(select(RUN).where(RUN.c.id == run_id))
    if row is None:
        raise NotFound("There is no such run.", next_step="It may have been forgotten with age.")
    return _run(row)


def runs_with(tx: Tx, run_ids: Sequence[str]) -> list[Run]:
    """Those of these ids that there are."""
    return [_run(row) for row in tx.rows(select(RUN).where(RUN.c.id.in_(run_ids)))]


def runs_of(tx: Tx, suite_ids: Sequence[str]) -> list[Run]:
    """List the runs of some suites, in the order they were made."""
    rows = tx.rows(select(RUN).where(RUN.c.suite.in_(suite_ids)).order_by(RUN.c.id))
    return [_run(row) for row in rows]


def runs(
    tx: Tx,
    repository: str | None = None,
    sha: str | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
    but: Collection[str] = (),
) -> list[Run]:
    """List runs, newest first, from below the id `after`; none of the repositories in `but`."""
    chosen = select(RUN).order_by(RUN.c.id.desc()).limit(limit)
    chosen = chosen.where(RUN.c.repository.not_in(but)) if but else chosen
    wanted = {RUN.c.repository: repository, RUN.c.sha: sha, RUN.c.state: state}
    for column, value in wanted.items():
        chosen = chosen if value is None else chosen.where(column == value)
    chosen = chosen if after is None else chosen.where(RUN.c.id < after)
    return [_run(row) for row in tx.rows(chosen)]


def number_of(tx: Tx, run: Run) -> int:
    """The how-manieth run of its file in its repository this is, among those that are kept."""
    same = (RUN.c.repository == run.repository, RUN.c.path == run.path, RUN.c.id <= run.id)
    return int(tx.scalar(select(func.count()).where(*same)))


def finish_run(tx: Tx, run_id: str, conclusion: str) -> bool:
    """Write how a run ended; False when it had ended already."""
    ended = update(RUN).where(RUN.c.id == run_id, RUN.c.state != "finished")
    values = {"state": "finished", "conclusion": conclusion, "finished": tx.now}
    if tx.execute(ended.values(values)).rowcount != 1:
        return False
    turns.leave(tx, run_id)
    return True


def begin_run(tx: Tx, run_id: str) -> None:
    """Write that a run waits for its turn no more."""
    begun = update(RUN).where(RUN.c.id == run_id, RUN.c.state == "pending")
    tx.execute(begun.values(state="running"))


def cancel_run(tx: Tx, run_id: str, by: str) -> bool:
    """Write who wants a run to end; False when it is over, or somebody wanted so before."""
    chosen = update(RUN).where(
        RUN.c.id == run_id, RUN.c.state != "finished", RUN.c.cancelled_by.is_(None)
    )
    if tx.execute(chosen.values(cancelled_by=by)).rowcount != 1:
        return False
    audit.record(tx, _CANCELLED, f"run:{run_id}", after={"cancelled_by": by})
    return True


def old_runs(tx: Tx, before: Micros, limit: int) -> list[str]:
    """List runs that ended before a moment, oldest first."""
    chosen = select(RUN.c.id).where(RUN.c.state == "finished", RUN.c.finished < before)
    return list(tx.execute(chosen.order_by(RUN.c.id).limit(limit)).scalars())


def forget_runs(tx: Tx, run_ids: Sequence[str]) -> None:
    """Delete runs with their jobs and steps, and the suites that this leaves without any."""
    jobs = select(JOB.c.id).where(JOB.c.run.in_(run_ids))
    suites = tx.execute(select(RUN.c.suite).where(RUN.c.id.in_(run_ids))).scalars().all()
    tx.execute(delete(STEP).where(STEP.c.job.in_(jobs)))
    tx.execute(delete(JOB).where(JOB.c.run.in_(run_ids)))
    tx.execute(delete(CALLED).where(CALLED.c.run.in_(run_ids)))
    tx.execute(delete(RUN).where(RUN.c.id.in_(run_ids)))
    kept = select(RUN.c.suite).where(RUN.c.suite.in_(suites))
    tx.execute(delete(SUITE).where(SUITE.c.id.in_(suites), SUITE.c.id.not_in(kept)))


def unfinished(tx: Tx, repository: str) -> list[Suite]:
    """List what is still planned or run in a repository."""
    going = (SUITE.c.repository == repository, SUITE.c.finished.is_(None))
    return [_suite(row) for row in tx.rows(select(SUITE).where(*going).order_by(SUITE.c.id))]


def forget_suites(tx: Tx, repository: str) -> None:
    """Delete the suites of a repository, whose runs are gone."""
    tx.execute(delete(SUITE).where(SUITE.c.repository == repository))


def forget_empty_suites(tx: Tx, before: Micros) -> None:
    """Delete suites that ended without a run before a moment."""
    bare = SUITE.c.conclusion.in_(("absent", "invalid")) & (SUITE.c.finished < before)
    tx.execute(delete(SUITE).where(bare))


def wake(tx: Tx, changed: Run) -> None:
    """Tell the pages that show a run."""
    for topic in (f"run:{changed.id}", f"repository:{changed.repository}", "home"):
        tx.wake(f"live:{topic}@{changed.repository}")


def wake_run(tx: Tx, run_id: str) -> None:
    """Tell the pages that show this run and nothing else of its repository."""
    tx.wake(f"live:run:{run_id}@{repository_of(tx, run_id)}")


def encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _suite(row: RowMapping) -> Suite:
    return Suite(**{**row, "payload": msgspec.json.decode(row["payload"])})


def _run(row: RowMapping) -> Run:
    decoded = {name: msgspec.json.decode(row[name] or "{}") for name in _ENCODED}
    alone = msgspec.json.decode(row["concurrency"] or "null", type=Concurrency | None)
    return Run(**{**row, **decoded, "concurrency": alone})


def repository_of(tx: Tx, run_id: str) -> str | None:
    """In which repository a run is; None when there is none of this id."""
    found = tx.scalar(select(RUN.c.repository).where(RUN.c.id == run_id))
    return None if found is None else str(found)
