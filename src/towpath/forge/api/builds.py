"""Runs of workflows in the shape that GitHub documents.

https://docs.github.com/webhooks/webhook-events-and-payloads#workflow_run
"""

from towpath.forge.api import verdicts
from towpath.forge.api.dialect import Dialect
from towpath.forge.api.shapes import Json, instant, user
from towpath.forge.model.builds import Build, BuildJob, BuildStep
from towpath.forge.model.names import handle_of
from towpath.forge.service import Commit

BUILDER = "towpath"
_PARTS = ("artifacts", "cancel", "jobs", "logs", "rerun")


def workflow_run(say: Dialect, build: Build, head: Commit) -> Json:
    """Tell of a run; what only whoever builds can do has an address as at GitHub all the same."""
    api = f"{say.api}/actions/runs/{handle_of(build.id)}"
    suite = verdicts.suite_names(say, build.sha, BUILDER)
    actor = user(say.url, build.actor or BUILDER)
    return {
        "id": handle_of(build.id),
        "node_id": build.id,
        "name": build.workflow,
        "display_title": build.title,
        "path": build.path,
        "event": build.event,
        "status": _status(build),
        "conclusion": build.conclusion,
        "run_number": build.number,
        "run_attempt": build.attempt,
        "head_branch": build.branch,
        "head_sha": build.sha,
        "head_commit": verdicts.head_commit(head),
        **dict.fromkeys(("repository", "head_repository"), say.repository()),
        **dict.fromkeys(("actor", "triggering_actor"), actor),
        **{f"check_suite_{name}": value for name, value in suite.items()},
        "workflow_id": workflow(say, build)["id"],
        "workflow_url": workflow(say, build)["url"],
        "url": api,
        "html_url": f"{say.url}/runs/{build.id}",
        **{f"{part}_url": f"{api}/{part}" for part in _PARTS},
        "previous_attempt_url": None,
        "pull_requests": [],
        **dict.fromkeys(("created_at", "run_started_at"), instant(build.created)),
        "updated_at": instant(build.finished or build.created),
    }


def _status(build: Build) -> str:
    if build.conclusion:
        return "completed"
    return "in_progress" if build.going else "queued"


def workflow_job(say: Dialect, job: BuildJob) -> Json:
    """Tell of a job; its runner is named as people call it, for there are no groups of them."""
    build, handle = job.build, handle_of(job.id)
    run = f"{say.api}/actions/runs/{handle_of(build.id)}"
    asked = job.queued or build.created
    return {
        "id": handle,
        "node_id": job.id,
        "run_id": handle_of(build.id),
        "run_url": run,
        "run_attempt": build.attempt,
        "workflow_name": build.workflow,
        "head_sha": build.sha,
        "head_branch": build.branch,
        "name": job.name,
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": instant(asked),
        "started_at": instant(job.started or asked),
        "completed_at": job.finished and instant(job.finished),
        "steps": [_step(one) for one in job.steps],
        "labels": [*job.labels],
        "runner_id": handle_of(f"runner:{job.runner}") if job.runner else None,
        "runner_name": job.runner or None,
        **dict.fromkeys(("runner_group_id", "runner_group_name")),
        "url": f"{say.api}/actions/jobs/{handle}",
        "html_url": f"{say.url}/runs/{build.id}",
        "check_run_url": f"{say.api}/commits/{build.sha}/check-runs",
    }


def _step(made: BuildStep) -> Json:
    return {
        "number": made.number,
        "name": made.name,
        "status": made.status,
        "conclusion": made.conclusion,
        "started_at": made.started and instant(made.started),
        "completed_at": made.finished and instant(made.finished),
    }


def workflow(say: Dialect, build: Build) -> Json:
    """Tell of the file that is run: the same one wherever it is read."""
    handle = handle_of(f"{say.about.id}:{build.path}")
    since = instant(say.about.created)
    return {
        "id": handle,
        "node_id": f"{say.about.id}:{build.path}",
        "name": build.workflow,
        "path": build.path,
        "state": "active",
        "url": f"{say.api}/actions/workflows/{handle}",
        "html_url": f"{say.html}/blob/{build.sha}/{build.path}",
        "badge_url": f"{say.html}/workflows/{handle}/badge.svg",
        "created_at": since,
        "updated_at": since,
    }
