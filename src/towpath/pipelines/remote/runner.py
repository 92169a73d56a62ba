"""Claims jobs and runs them, as many at once as it has slots, until it is told to stop.

Three ways to end: `drain` claims no more and lets running jobs finish (its parent is gone);
`stop` gives running jobs back to be run again; and by itself, when no server has answered for
`patience` seconds.
"""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from towpath.kernel import ids, tracing
from towpath.kernel.errors import TowpathError
from towpath.pipelines.model.addresses import Address
from towpath.pipelines.model.execution import Assignment, Outcome
from towpath.pipelines.model.permissions import LIMITED
from towpath.pipelines.model.workflow import Checkout
from towpath.pipelines.remote import box as boxes
from towpath.pipelines.remote import checkout, steps, toolchains
from towpath.pipelines.remote.around import Surround
from towpath.pipelines.remote.directories import remove
from towpath.pipelines.remote.place import python_paths
from towpath.pipelines.remote.relay import Relay
from towpath.pipelines.remote.sending import Abandoned, Sender
from towpath.pipelines.remote.spool import Spool
from towpath.pipelines.remote.wire import Away, LeaseLost, Rejected, Wire

_log = structlog.get_logger("towpath.runner")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_FREE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Options:
    """How this runner behaves. `hidden` must never be shown to a job; `patience` is seconds."""

    name: str
    labels: tuple[str, ...]
    slots: int
    work: Path
    network: bool = False
    tool_paths: tuple[Path, ...] = field(default_factory=python_paths)
    hidden: tuple[Path, ...] = ()
    patience: float = 120.0
    isolation: boxes.Isolation | None = None


class Runner:
    """Runs until it is drained or stopped; `run` returns then."""

    def __init__(self, wire: Wire, options: Options) -> None:
        self._wire = wire
        self._options = options
        self._isolation = options.isolation or boxes.detect()
        self._draining = threading.Event()
        self._stopping = threading.Event()
        self._ends: set[Callable[[], None]] = set()
        self._lock = threading.Lock()
        self._heard = time.monotonic()
        self._running = 0
        self._idle = threading.Event()
        self._idle.set()
        self.rejected = ""

    def run(self) -> None:
        slots = [
            threading.Thread(target=self._slot, name=f"slot {number}", daemon=True)
            for number in range(self._options.slots)
        ]
        for each in slots:
            each.start()
        self._draining.wait()
        self._idle.wait()  # slots that only wait for a job end with the process

    def drain(self) -> None:
        """Claim no more; run() returns when what runs has ended."""
        self._draining.set()

    def stop(self) -> None:
        """End what runs now and give it back."""
        self._draining.set()
        self._stopping.set()
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            end()

    def _slot(self) -> None:
        pause = _FIRST_PAUSE
        lease = ids.secret("lease")
        while not self._draining.is_set():
            try:
                given = self._wire.claim(self._options.name, self._options.labels, lease)
            except Away as error:
                if self._is_forgotten():
                    _log.warning("no server has answered for too long", error=str(error))
                    self.drain()
                    return
                self._draining.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            except (Rejected, LeaseLost) as error:
                self.rejected = str(error)
                self.drain()
                return
            pause, self._heard = _FIRST_PAUSE, time.monotonic()
            if given:
                lease = ids.secret("lease")
                self._take(given)

    def _is_forgotten(self) -> bool:
        return time.monotonic() - self._heard > self._options.patience

    def _take(self, given: Assignment) -> None:
        folder = self._options.work / f"{given.job}-{given.attempt}"
        self._count(+1)
        try:
            folder.mkdir(mode=0o711)
            attempt = Attempt(self._wire, self._options, self._isolation, given, folder)
            with tracing.child("job", given.trace, job=given.job, attempt=given.attempt) as span:
                self._wire.follow(given.job, span.trace if span else given.trace)
                attempt.run(self._attend)
        except Abandoned as error:
            _log.warning("job abandoned", job=given.job, why=str(error))
        except Exception:  # noqa: BLE001 - the job must be given back, whatever it was
            _log.exception("job failed in the runner", job=given.job)
            self._give_back(given)
        finally:
            self._wire.follow(given.job, "")
            remove(folder)
            self._heard = time.monotonic()
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change
            (self._idle.clear if self._running else self._idle.set)()

    def _give_back(self, given: Assignment) -> None:
        with suppress(TowpathError):
            outcome = Outcome(conclusion="released", why="The runner had trouble of its own.")
            self._wire.finish(given.job, given.lease, outcome)

    def _attend(self, end: Callable[[], None], *, begin: bool) -> None:
        """Know how to end a running job at once."""
        with self._lock:
            (self._ends.add if begin else self._ends.discard)(end)
        if begin and self._stopping.is_set():
            end()


class Attempt:
    """One assignment, from an empty folder to the last word to the server."""

    def __init__(
        self,
        wire: Wire,
        options: Options,
        isolation: boxes.Isolation,
        given: Assignment,
        folder: Path,
    ) -> None:
        self._wire = wire
        self._options = options
        self._isolation = isolation
        self._given = given
        self._workspace = folder / "space" / _plain_name(given)
        self._scratch = folder / "scratch"
        self._spool = Spool(folder / "log", given.log_cap)
        self._cancel = threading.Event()
        self._released = threading.Event()
        self._box: boxes.Box | None = None
        self._sender = Sender(
            wire, given, self._spool,
            cancel=self._cancel, lost=self._lose, patience=options.patience,
        )  # fmt: skip

    def run(self, attend: Callable[..., None]) -> None:
        """Run the job and tell the server; Abandoned when there is nobody to tell."""
        self._sender.start()
        attend(self._release, begin=True)
        try:
            outcome = self._outcome()
        except BaseException:
            self._sender.stop()
            raise
        finally:
            attend(self._release, begin=False)
        try:
            if self._released.is_set():
                outcome = Outcome(conclusion="released", why="The runner was stopped.")
            self._sender.finish(outcome)
        finally:
            self._spool.close()

    def _outcome(self) -> Outcome:
        try:
            self._check_room()
            self._workspace.mkdir(parents=True)
            self._scratch.mkdir()
            with boxes.open_box(self._place(), self._isolation) as box:
                self._box = box
                with contextlib.closing(Relay(box.listener, self._wire.url)) as relay:
                    relay.start()
                    return steps.Job(self._given, self._around(box, relay)).run()
        except TowpathError as error:
            self._spool.note(f"\x1b[31m{error}\x1b[0m")
            return Outcome(conclusion="failure", why=str(error), log_bytes=self._spool.size)

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._options.work).free
        if free < _FREE_BYTES:
            raise TowpathError(
                f"The runner's disk is nearly full: {free // 1_000_000} MB are left.",
                next_step="Make room there and run this again.",
            )

    def _place(self) -> boxes.Place:
        return boxes.Place(
            self._workspace,
            tool_paths=self._options.tool_paths,
            shown=toolchains.shown() if self._given.spec.uses_actions else (),
            network=self._options.network,
            hidden=(*self._options.hidden,),
            scratch=self._scratch,
        )

    def _around(self, box: boxes.Box, relay: Relay) -> Surround:
        return Surround(
            box=box,
            log=self._spool,
            fetch=self._fetch,
            report=self._sender.report,
            cancel=self._cancel,
            environment=checkout.job_environment(),
            bring=self._bring,
            runtime=self._runtime(relay),
        )

    def _bring(self, address: Address) -> bytes:
        return self._wire.action(self._given.job, self._given.lease, str(address))

    def _runtime(self, relay: Relay) -> dict[str, str]:
        """What actions see beside all that a step sees: where they find the server."""
        given = self._given
        asks = (given.spec.permissions or LIMITED).of("id-token") == "write"
        return {
            **relay.variables(given.runtime),
            **(relay.identity(given.runtime) if asks else {}),
            "TOWPATH_URL": str(given.github.get("server_url", "")),
        }

    def _fetch(self, wanted: Checkout, cancel: threading.Event, seconds: float) -> None:
        source = self._given.source
        sha = None if wanted.ref else str(self._given.github["sha"])
        checkout.checkout(
            self._workspace,
            checkout.Source(
                url=self._wire.url + source.path,
                sha=sha,
                ref=wanted.ref or None,
                depth=wanted.depth,
                path=wanted.path or ".",
                token=source.token,
            ),
            self._spool.write,
            timeout=min(seconds, checkout.TIMEOUT),
            cancelled=cancel,
        )

    def _release(self) -> None:
        self._released.set()
        self._lose()

    def _lose(self) -> None:
        """Nobody wants the result: end the job now, without ceremony."""
        self._cancel.set()
        if self._box is not None:
            self._box.close()


def _plain_name(given: Assignment) -> str:
    """Name the workspace after the repository, as on GitHub."""
    name = str(given.github["repository"]).rsplit("/", 1)[-1]
    return name if name not in {"", ".", ".."} else "repository"


def default_slots() -> int:
    return max(1, min(4, os.cpu_count() or 1))
