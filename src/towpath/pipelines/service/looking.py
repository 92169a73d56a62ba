"""Looking at runs and their logs, and forgetting those that are old."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from towpath.forge import service as forge
from towpath.forge.service import Repository
from towpath.kernel.access.service import Principal, Role, may
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.pipelines.clients import process
from towpath.pipelines.clients.logs import writing
from towpath.pipelines.clients.logs.reading import LONGEST_LINE
from towpath.pipelines.formats import ansi
from towpath.pipelines.model.execution import RUNNER_USER
from towpath.pipelines.model.run import (
    Job,
    Run,
    Step,
)
from towpath.pipelines.store import artifacts, leases
from towpath.pipelines.store import jobs as job_rows
from towpath.pipelines.store import suites as suite_rows

_FORGOTTEN_AT_ONCE = 100


def repository_of_run(tx: Tx, path: Mapping[str, Any]) -> Repository | None:
    """Find whose run an address names: the repository that roles are granted on."""
    found = suite_rows.repository_of(tx, path["run"])
    return forge.repository_with(tx, found) if found else None


def repository_of_job(tx: Tx, path: Mapping[str, Any]) -> Repository | None:
    """Find whose job an address names."""
    found = job_rows.run_of(tx, path["job"])
    return repository_of_run(tx, {"run": found}) if found else None


def withheld(tx: Tx, caller: Principal) -> Collection[str]:
    """The private repositories whose jobs are not for runners of somebody, which see all of a job.

    Whoever brings a runner is a maintainer of the site; of these they must be one, too.
    """
    if caller.login == RUNNER_USER:
        return ()
    whole = replace(caller, scopes=frozenset())  # the token was made for runners alone
    private = forge.private_repositories(tx)
    return [one.id for one in private if not may(whole, Role.maintainer, resource=one)]


def runs_in(
    tx: Tx,
    caller: Principal,
    full_name: str | None = None,
    *,
    sha: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[Run]:
    """List runs that somebody may see, newest first, of one repository, "owner/name", or all."""
    if full_name is None:
        hidden = forge.hidden(tx, caller)
        return suite_rows.runs(tx, None, sha, None, after, limit, hidden)
    owner, _, name = full_name.partition("/")
    repository = forge.find_known(tx, caller, owner, name).id
    return suite_rows.runs(tx, repository, sha, None, after, limit)


def steps_of(tx: Tx, jobs: Sequence[Job]) -> dict[str, list[Step]]:
    """List the steps of the current attempt of each job, by job id."""
    return {each.id: job_rows.steps(tx, each.id, each.attempt) for each in jobs}


def line_html(text: bytes, number: int) -> str:
    """Make one line of a log safe HTML with an address of its own, colours as classes."""
    shown, _ = ansi.line_html(text[:LONGEST_LINE].decode("utf-8", "replace"))
    return f'<span class="line" id="L{number}"><a href="#L{number}">{number}</a>{shown}\n</span>'


def expected_seconds(tx: Tx, repository: str) -> float | None:
    """How long a suite of this repository takes that passes; None when none has passed yet."""
    recent = suite_rows.recent_suites(tx, repository, "success")
    spans = [(each.finished - each.created) / SECOND for each in recent if each.finished]
    return median(spans) if spans else None


def heal(kernel: Kernel) -> None:
    """At start: nobody could renew a lease while no server was there."""
    kernel.db.write(leases.renew_all)
    process.forget_old_tokens(kernel)


def forget(kernel: Kernel, before: Micros) -> None:
    """Delete runs that ended before a moment, with their logs."""
    while old := kernel.db.read(lambda tx: suite_rows.old_runs(tx, before, _FORGOTTEN_AT_ONCE)):
        forget_these(kernel, old)
    kernel.db.write(lambda tx: suite_rows.forget_empty_suites(tx, before))


def forget_these(kernel: Kernel, runs: Sequence[str]) -> None:
    """Delete runs with their logs, which go first: rows lead to them."""
    for run_id in runs:
        writing.forget(kernel.data, run_id)
    kernel.db.write(lambda tx: _forget_runs(tx, runs))


def _forget_runs(tx: Tx, old: Sequence[str]) -> None:
    artifacts.forget_runs(tx, old)
    suite_rows.forget_runs(tx, old)
