"""What a forge knows of builds: what whoever builds says, so that it need not know them."""

from dataclasses import dataclass

from towpath.forge.model.checks import CheckStatus, Conclusion
from towpath.forge.model.refs import BRANCHES
from towpath.kernel.clock import Micros


@dataclass(frozen=True, kw_only=True)
class Build:
    """One run of one workflow file.

    `number` counts the runs of that file, `attempt` the times this one was begun; `actor` is for
    whom it runs. `conclusion` and `finished` are None while it goes on, and `going` is true once
    the first of its jobs has been taken.
    """

    id: str
    number: int
    attempt: int
    workflow: str
    path: str
    title: str
    event: str
    ref: str
    sha: str
    actor: str
    conclusion: Conclusion | None
    created: Micros
    finished: Micros | None
    going: bool = False

    @property
    def branch(self) -> str | None:
        """The branch it was asked for on; None for a ref that is none, such as a candidate's."""
        found = self.ref.startswith(BRANCHES)
        return self.ref.removeprefix(BRANCHES) if found else None


@dataclass(frozen=True, kw_only=True)
class BuildStep:
    number: int
    name: str
    status: CheckStatus
    conclusion: Conclusion | None
    started: Micros | None
    finished: Micros | None


@dataclass(frozen=True, kw_only=True)
class BuildJob:
    """One job of a build; `runner` is empty until one takes it, `labels` say which may."""

    id: str
    build: Build
    name: str
    status: CheckStatus
    conclusion: Conclusion | None
    attempt: int
    labels: tuple[str, ...]
    runner: str
    queued: Micros | None
    started: Micros | None
    finished: Micros | None
    steps: tuple[BuildStep, ...]
