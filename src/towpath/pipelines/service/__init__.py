"""The verbs of pipelines: the one door for gate, for our pages and for our wire.

trigger writes a suite and a piece of work; planning reads the files outside of a transaction and
writes runs and jobs; from then on every change of a job asks decide() what comes next, in the
same transaction. Whoever asked hears of the end by SuiteFinished, exactly once.

planning   from a trigger to runs and jobs
running    what becomes of jobs, runs and suites
looking    lists, lines of logs, forgetting
"""

from towpath.pipelines.clients.logs.of_job import (
    append_log,
    line_number,
    line_start,
    log_lines,
    log_size,
    read_log,
)
from towpath.pipelines.clients.logs.reading import Line, Piece
from towpath.pipelines.clients.process import LocalRunner, local_runner, walls
from towpath.pipelines.model.execution import RUNNER_USER
from towpath.pipelines.model.run import Job, Run, Step, Suite
from towpath.pipelines.service.looking import (
    expected_seconds,
    forget,
    heal,
    line_html,
    runs_in,
    steps_of,
)
from towpath.pipelines.service.planning import (
    FOLDERS,
    PLAN,
    plan,
    run_again,
    trigger,
    trigger_merge_request,
    unplannable,
)
from towpath.pipelines.service.running import (
    cancel_run,
    cancel_suite,
    expire,
    finish,
    with_secrets,
)
from towpath.pipelines.store.jobs import job, jobs_of, steps
from towpath.pipelines.store.leases import (
    EXPIRY,
    QUEUED,
    claim,
    heartbeat,
    held,
    report,
    stop_channel,
    stopping,
)
from towpath.pipelines.store.suites import (
    repository_of_run,
    run,
    runs,
    runs_of,
    suite,
    suites_of,
    suites_with,
)

__all__ = [
    "EXPIRY", "FOLDERS", "PLAN", "QUEUED", "RUNNER_USER", "Job", "Line", "LocalRunner", "Piece",
    "Run", "Step", "Suite",
    "append_log", "cancel_run", "cancel_suite", "claim", "expected_seconds", "expire", "finish",
    "forget", "heal", "heartbeat", "held", "job", "jobs_of", "line_html", "line_number",
    "line_start", "local_runner", "log_lines", "log_size", "plan", "read_log", "report",
    "repository_of_run", "run", "run_again", "runs", "runs_in", "runs_of", "steps", "steps_of",
    "stop_channel", "stopping", "suite", "suites_of", "suites_with", "trigger",
    "trigger_merge_request", "unplannable", "walls", "with_secrets",
]  # fmt: skip
