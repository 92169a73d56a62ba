"""What alice and bob do, and what becomes of their requests: HTTP and git, nothing else.

Everything told here is asked of the server or read from git; nothing is taken from the plan but
what to do and what to expect.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from towpath.app.demo.canal import Change, Plan
from towpath.app.demo.project import Git, Project, propose
from towpath.app.demo.record import Outcome, Request
from towpath.app.demo.serving import Person, ServerFailed
from towpath.app.demo.telling import Teller

STATUS = "towpath/demo"
_BETWEEN_LOOKS_SECONDS = 0.25
_PATIENCE_SECONDS = 600.0
_PAIR = {"renames", "relies"}
T = TypeVar("T")


class TooSlow(Exception):
    """What the demo waited for did not come; the text says what."""


@dataclass
class Journey:
    """One repository with its people; `requests` and `outcomes` fill as the journey goes."""

    alice: Person
    bob: Person
    project: Project
    plan: Plan
    teller: Teller
    requests: list[Request] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.alice.login}/{self.project.name}"

    @property
    def git(self) -> Git:
        """The project's repository in alice's hands."""
        return replace(self.project.git, author=self.alice.login, token=self.alice.token)

    @property
    def _path(self) -> str:
        return f"/api/v3/repos/{self.name}"

    def run(self) -> None:
        self._push_project()
        self._open_requests()
        self._await_builds()
        self._approve()
        self._await_gate()

    def main(self) -> str:
        """Ask git, over the network, where main is."""
        self.git("fetch", "--quiet", "origin", "main")
        return self.git("rev-parse", "FETCH_HEAD")

    def history(self) -> str:
        """The first-parent history of main, down to where the requests began, for people."""
        landed = sum(outcome.outcome == "landed" for outcome in self.outcomes)
        count = f"--max-count={landed + 1}"
        return self.git("log", "--first-parent", "--format=%h %s", count, self.main())

    def _push_project(self) -> None:
        with self.teller.step(f"Push {self.project.about}") as step:
            self.alice.post("/api/v3/user/repos", {"name": self.project.name})
            self.git("remote", "add", "origin", f"{self.alice.url}/{self.name}.git")
            self.git("push", "--quiet", "origin", f"{self.project.main}:refs/heads/main")
            step.result = f"main is {self.project.main[:10]}"

    def _open_requests(self) -> None:
        with self.teller.step("Open merge requests with git push") as step:
            for change in self.plan.changes:
                step.now(change.title)
                self.requests.append(self._open(change))
            step.result = f"{len(self.requests)} opened"

    def _open(self, change: Change) -> Request:
        head = propose(self.git, self.project.main, change)
        options = (
            "merge_request.create",
            f"merge_request.title={change.title}",
            f"merge_request.description={change.body}",
        )
        flags = [word for option in options for word in ("-o", option)]
        self.git("push", "--quiet", *flags, "origin", f"{head}:refs/heads/{change.branch}")
        found = self.alice.get(
            f"{self._path}/pulls", head=f"{self.alice.login}:{change.branch}", state="all"
        )
        if len(found) != 1:
            raise ServerFailed(f"The push of {change.branch} opened {len(found)} merge requests.")
        return Request(
            number=found[0]["number"],
            title=change.title,
            part=change.part,
            branch=change.branch,
            head=head,
            expected=change.expected,
            together=self._other_half(change),
        )

    def _other_half(self, change: Change) -> int | None:
        """The number of the earlier one of a pair, for the later one."""
        earlier = (request for request in self.requests if request.part in _PAIR)
        return next((r.number for r in earlier), None) if change.part in _PAIR else None

    def _await_builds(self) -> None:
        """Wait until each head was built alone, so that everybody sees what passes alone."""
        states: dict[int, str] = {}
        with self.teller.step("Build each request alone") as step:
            for _ in _until(lambda: len(states) == len(self.requests), "the first builds"):
                step.now(f"{len(states)} of {len(self.requests)}")
                for request in self.requests:
                    if request.number not in states:
                        states.update(self._built(request))
            green = sum(state == "success" for state in states.values())
            step.result = f"{green} green, {len(states) - green} red"

    def _built(self, request: Request) -> dict[int, str]:
        answer = self.alice.get(f"{self._path}/commits/{request.head}/status")
        ended = [s["state"] for s in answer["statuses"] if s["context"] == STATUS]
        return {request.number: ended[0]} if ended and ended[0] != "pending" else {}

    def _approve(self) -> None:
        with self.teller.step("Approve them all as bob") as step:
            for request in self.requests:
                path = f"{self._path}/pulls/{request.number}/reviews"
                self.bob.post(path, {"event": "APPROVE", "body": "Looks right to me."})
            step.result = f"{len(self.requests)} approved"

    def _await_gate(self) -> None:
        began = time.monotonic()
        open_ones = {request.number: request for request in self.requests}
        with self.teller.step("Let the gate work") as step:
            for _ in _until(lambda: not open_ones, "the gate"):
                step.now(f"{len(self.outcomes)} of {len(self.requests)} decided")
                for outcome in self._decided(open_ones, began):
                    self.outcomes.append(outcome)
                    self.teller.outcome(open_ones.pop(outcome.number), outcome)
            landed = sum(o.outcome == "landed" for o in self.outcomes)
            step.result = f"{landed} landed, {len(self.outcomes) - landed} refused"

    def _decided(self, open_ones: Mapping[int, Request], began: float) -> list[Outcome]:
        """What has been decided since the last look, in the order of main."""
        rows = self.alice.get(f"/api/towpath/v1/repos/{self.name}/queue")["requests"]
        ended = [row for row in rows if row["number"] in open_ones and row["ended"]]
        seconds = time.monotonic() - began
        return [self._outcome(row, seconds) for row in sorted(ended, key=lambda r: r["ended"])]

    def _outcome(self, row: Mapping[str, Any], seconds: float) -> Outcome:
        number, said = row["number"], row["sentence"]
        if row["state"] == "landed":
            self.main()
            base = self.git("rev-parse", f"{row['landed']}^1")
            return Outcome(
                number=number, outcome="landed", base=base, commit=row["landed"],
                seconds=seconds, said=said,
            )  # fmt: skip
        return Outcome(
            number=number, outcome="refused", base=row["refused"]["onto"],
            why=row["refused"]["why"], seconds=seconds, said=said,
        )  # fmt: skip


def _until(holds: Callable[[], bool], what: str) -> Iterator[int]:
    """Look again and again until it holds; TooSlow when that takes too long."""
    never, began, looks = threading.Event(), time.monotonic(), 0
    while not holds():
        if time.monotonic() - began > _PATIENCE_SECONDS:
            raise TooSlow(f"Waited {_PATIENCE_SECONDS:.0f} s for {what}.")
        yield looks
        looks += 1
        never.wait(_BETWEEN_LOOKS_SECONDS)


def as_planned(requests: Sequence[Request], outcomes: Sequence[Outcome]) -> bool:
    """Whether every request became what it was expected to."""
    became = {outcome.number: outcome.what for outcome in outcomes}
    return all(became.get(request.number) == request.expected for request in requests)
