"""What the server must hear of one job: log, steps, signs of life, the end. In order, and once.

Whatever cannot be sent is kept and sent again; an offset makes repeated bytes harmless, a lease
everything else. So the server may restart at any moment.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from towpath.pipelines.model.execution import Assignment, Outcome, StepReport
from towpath.pipelines.remote.spool import Spool
from towpath.pipelines.remote.wire import Answer, Away, LeaseLost, Rejected, Wire

T = TypeVar("T")
CHUNK = 2 * 1024 * 1024
BATCH_SECONDS = 0.1
"""How long lines gather while a job keeps talking: each request is an fsync on the server."""
_FIRST_LINES = 0.01  # after silence the first lines go out at once, then ever more together
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0


class Abandoned(Exception):
    """Nobody wants to hear of this job any more, or nobody has answered for too long."""


class Sender:
    """Sends for one job. `cancel` is set when the server wants it to end in order.

    `lost` is called, from any thread, when the job is no longer ours.
    """

    def __init__(
        self,
        wire: Wire,
        assignment: Assignment,
        spool: Spool,
        *,
        cancel: threading.Event,
        lost: Callable[[], None],
        patience: float,
    ) -> None:
        self._wire = wire
        self._job, self._lease = assignment.job, assignment.lease
        self._spool = spool
        self._cancel = cancel
        self._lost = lost
        self._patience = patience
        self._acknowledged = 0
        self._reports: list[StepReport] = []
        self._over = threading.Event()
        self._stopped = threading.Event()
        self._sending = threading.Thread(target=self._send_all, name=f"send {self._job}")
        self._living = threading.Thread(target=self._live, name=f"live {self._job}", daemon=True)

    def start(self) -> None:
        self._sending.start()
        self._living.start()

    def report(self, report: StepReport) -> None:
        self._reports.append(report)
        self._spool.grown.set()

    def finish(self, outcome: Outcome) -> None:
        """Send what is left and then the end; Abandoned when that cannot be done."""
        self._over.set()
        self._spool.grown.set()
        self._sending.join()
        try:
            self._flush()
            self._insistently(lambda: self._wire.finish(self._job, self._lease, outcome))
        finally:
            self._wire.close()

    def stop(self) -> None:
        """Send no more, not even what waits for a server that is away."""
        self._stopped.set()
        self._over.set()
        self._spool.grown.set()
        self._sending.join()

    def _send_all(self) -> None:
        try:
            pause = _FIRST_LINES
            while not self._over.is_set():
                self._spool.grown.wait()
                self._spool.grown.clear()
                self._flush()
                self._over.wait(pause)
                pause = (
                    min(pause * 2, BATCH_SECONDS) if self._spool.grown.is_set() else _FIRST_LINES
                )
        except Abandoned:
            self._over.set()
        finally:
            self._wire.close()

    def _flush(self) -> None:
        """Log first: a step's report names bytes that must be there."""
        reports, self._reports = self._reports, []
        while self._acknowledged < self._spool.size:
            at = self._acknowledged
            chunk = self._spool.read(at, CHUNK)
            answer = self._insistently(
                lambda: self._wire.log(self._job, self._lease, at, chunk)  # noqa: B023
            )
            self._acknowledged = answer.length
            self._heed(answer)
        if reports:
            self._heed(
                self._insistently(lambda: self._wire.steps(self._job, self._lease, reports))
            )

    def _live(self) -> None:
        """Keep the lease; the server holds each answer until it has something to say."""
        try:
            while not self._over.is_set():
                self._heed(self._insistently(lambda: self._wire.heartbeat(self._job, self._lease)))
        except Abandoned:
            pass
        finally:
            self._wire.close()

    def _heed(self, answer: Answer) -> None:
        if answer.cancel:
            self._cancel.set()

    def _insistently(self, send: Callable[[], T]) -> T:
        """Send until it arrives; the server may be restarting."""
        pause, began = _FIRST_PAUSE, time.monotonic()
        while True:
            try:
                return send()
            except (LeaseLost, Rejected) as error:
                self._lost()
                raise Abandoned(str(error)) from error
            except Away as error:
                if time.monotonic() - began > self._patience:
                    self._lost()
                    raise Abandoned(str(error)) from error
            if self._stopped.wait(pause):
                raise Abandoned("Sending was stopped.")
            pause = min(pause * 2, _LONGEST_PAUSE)
