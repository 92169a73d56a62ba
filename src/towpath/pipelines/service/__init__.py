"""The verbs of pipelines: the one door for gate, for our pages and for our wire.

trigger writes a suite and a piece of work; planning reads the files outside of a transaction and
writes runs and jobs; from then on every change of a job asks decide() what comes next, in the
same transaction. Whoever asked hears of the end by SuiteFinished, exactly once.

planning   from a trigger to runs and jobs
acting     actions of others: which may be used, and their files
running    what becomes of jobs, runs and suites
turns      whose turn it is in a concurrency group
uploading  bytes that jobs send and fetch by signed addresses
artifacts  what the jobs of a run leave for each other
caching    what jobs keep for later runs
identity   tokens that say who a job is
hearing    what webhooks hear of single jobs
leaving    runs whose repository is deleted
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
from towpath.pipelines.clients.results.blobs import Arriving
from towpath.pipelines.formats.blocks import block_list, block_name
from towpath.pipelines.model.execution import RUNNER_USER
from towpath.pipelines.model.identity import discovery
from towpath.pipelines.model.results import Artifact, Upload
from towpath.pipelines.model.run import Job, Run, Step, Suite
from towpath.pipelines.service.acting import action_files
from towpath.pipelines.service.artifacts import ZIP, artifact, media_type
from towpath.pipelines.service.artifacts import address as artifact_address
from towpath.pipelines.service.artifacts import begin as begin_artifact
from towpath.pipelines.service.artifacts import drop as drop_artifact
from towpath.pipelines.service.artifacts import finish as finish_artifact
from towpath.pipelines.service.artifacts import of_run as artifacts_of_run
from towpath.pipelines.service.artifacts import of_run_named as artifact_named
from towpath.pipelines.service.artifacts import remove as remove_artifact
from towpath.pipelines.service.caching import begin as begin_entry
from towpath.pipelines.service.caching import drop as drop_entry
from towpath.pipelines.service.caching import entries, id_named, repository_named
from towpath.pipelines.service.caching import find as find_entry
from towpath.pipelines.service.caching import finish as finish_entry
from towpath.pipelines.service.hearing import claim
from towpath.pipelines.service.identity import id_token, public_keys, rotate_signers
from towpath.pipelines.service.leaving import leave
from towpath.pipelines.service.looking import (
    expected_seconds,
    forget,
    heal,
    line_html,
    repository_of_job,
    repository_of_run,
    runs_in,
    steps_of,
    withheld,
)
from towpath.pipelines.service.planning import (
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
from towpath.pipelines.service.turns import take_turns
from towpath.pipelines.service.uploading import PATH as UPLOADS
from towpath.pipelines.service.uploading import (
    admitted,
    arriving,
    content,
    kept,
    list_blocks,
    put_all,
    put_block,
    sweep,
)
from towpath.pipelines.store.jobs import job, jobs_of, steps
from towpath.pipelines.store.leases import (
    EXPIRY,
    QUEUED,
    heartbeat,
    held,
    report,
    running_by,
    stop_channel,
    stopping,
)
from towpath.pipelines.store.suites import (
    run,
    runs,
    runs_of,
    suite,
    suites_of,
    suites_with,
)
from towpath.pipelines.store.turns import TURN

__all__ = [
    "EXPIRY",
    "PLAN",
    "QUEUED",
    "RUNNER_USER",
    "TURN",
    "UPLOADS",
    "ZIP",
    "Arriving",
    "Artifact",
    "Job",
    "Line",
    "LocalRunner",
    "Piece",
    "Run",
    "Step",
    "Suite",
    "Upload",
    "action_files",
    "admitted",
    "append_log",
    "arriving",
    "artifact",
    "artifact_address",
    "artifact_named",
    "artifacts_of_run",
    "begin_artifact",
    "begin_entry",
    "block_list",
    "block_name",
    "cancel_run",
    "cancel_suite",
    "claim",
    "content",
    "discovery",
    "drop_artifact",
    "drop_entry",
    "entries",
    "expected_seconds",
    "expire",
    "find_entry",
    "finish",
    "finish_artifact",
    "finish_entry",
    "forget",
    "heal",
    "heartbeat",
    "held",
    "id_named",
    "id_token",
    "job",
    "jobs_of",
    "kept",
    "leave",
    "line_html",
    "line_number",
    "line_start",
    "list_blocks",
    "local_runner",
    "log_lines",
    "log_size",
    "media_type",
    "plan",
    "public_keys",
    "put_all",
    "put_block",
    "read_log",
    "remove_artifact",
    "report",
    "repository_named",
    "repository_of_job",
    "repository_of_run",
    "rotate_signers",
    "run",
    "run_again",
    "running_by",
    "runs",
    "runs_in",
    "runs_of",
    "steps",
    "steps_of",
    "stop_channel",
    "stopping",
    "suite",
    "suites_of",
    "suites_with",
    "sweep",
    "take_turns",
    "trigger",
    "trigger_merge_request",
    "unplannable",
    "walls",
    "with_secrets",
    "withheld",
]
