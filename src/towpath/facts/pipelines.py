"""What pipelines announce."""

from dataclasses import dataclass
from typing import Literal

from towpath.kernel.outbox import fact


@fact("pipelines.suite_finished", version=1, subject="repository")
@dataclass(frozen=True)
class SuiteFinished:
    """All runs that one trigger asked for have ended.

    `key` is what the asker called it. `conclusion` "absent" means that no workflow matched.
    `summary` names the first failing job and step in words, `run` the run to look at.
    """

    repository: str
    suite: str
    key: str
    sha: str
    conclusion: Literal["success", "failure", "cancelled", "absent", "invalid"]
    summary: str
    run: str | None
