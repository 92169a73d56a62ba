"""The server as the runner sees it: six requests over one kept connection per thread.

Standard library alone, so that a runner starts at once. Trouble is Away (try again), LeaseLost
(the job is no longer ours) or Rejected (no use trying).
"""

import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

import towpath
from towpath.kernel.errors import TowpathError
from towpath.pipelines.model.execution import Assignment, Outcome, StepReport

_PREFIX = "/api/towpath/v1/runner"
_CONFLICT, _REFUSED = 409, {400, 401, 403, 404, 405, 413, 422}
_NO_CONTENT = 204
_SECONDS = 10.0
"""Longer than the server holds any answer but that to a claim: a lost peer must be noticed before
a lease ends."""
_CLAIM, _CLAIM_SECONDS = "/claim", 40.0
_ACTION, _ACTION_SECONDS = "action", 330.0
"""The server may have to fetch it first."""


class Away(TowpathError):
    """The server cannot be reached, or not just now: what it was to be told is kept."""


class LeaseLost(TowpathError):
    """The job was given to another, or is over: whatever we have of it is worthless."""


class Rejected(TowpathError):
    """The server understood, and will not."""


@dataclass(frozen=True)
class Answer:
    """What a job's request is answered with; `length` of the log is on disk for good."""

    cancel: bool = False
    length: int = 0


class Wire:
    """May be used by any number of threads."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Rejected(f"{url!r} is not the address of a server.", next_step="Use http(s)://…")
        self.url = url.rstrip("/")
        self._parts = parts
        self._token = token
        self._local = threading.local()
        self._traces: dict[str, str] = {}

    def claim(self, runner: str, labels: tuple[str, ...], lease: str) -> Assignment | None:
        """Wait for a job; None after a while without one."""
        body = _encode({"runner": runner, "labels": labels, "version": towpath.__version__})
        status, answer = self._send("POST", _CLAIM, body, lease)
        if status == _NO_CONTENT:
            return None
        return msgspec.json.decode(answer, type=Assignment)

    def follow(self, job: str, trace: str) -> None:
        """Let every request about a job say what it is part of; empty: no longer."""
        self._traces.pop(job, None)
        if trace:
            self._traces[job] = trace

    def log(self, job: str, lease: str, offset: int, chunk: bytes) -> Answer:
        return self._about(job, lease, f"log?offset={offset}", chunk, method="PUT")

    def steps(self, job: str, lease: str, reports: list[StepReport]) -> Answer:
        return self._about(job, lease, "steps", _encode({"steps": reports}))

    def heartbeat(self, job: str, lease: str) -> Answer:
        return self._about(job, lease, "heartbeat", b"")

    def finish(self, job: str, lease: str, outcome: Outcome) -> None:
        self._about(job, lease, "finish", _encode(outcome))

    def action(self, job: str, lease: str, uses: str) -> bytes:
        """Fetch the files of an action of others, as a tar archive."""
        what = f"{_ACTION}?{urlencode({'uses': uses})}"
        return self._send("GET", f"/jobs/{job}/{what}", b"", lease)[1]

    def close(self) -> None:
        """Let go of this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _about(
        self, job: str, lease: str, what: str, body: bytes, *, method: str = "POST"
    ) -> Answer:
        trace = self._traces.get(job, "")
        _, answer = self._send(method, f"/jobs/{job}/{what}", body, lease, trace)
        try:
            return msgspec.json.decode(answer, type=Answer)
        except msgspec.MsgspecError as error:
            raise Away(f"The server's answer makes no sense: {error}") from error

    def _send(
        self, method: str, path: str, body: bytes, lease: str, trace: str = ""
    ) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token}", "Towpath-Lease": lease}
        if trace:
            headers["traceparent"] = trace
        try:
            status, answer = self._exchange(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(f"The server cannot be reached: {error}") from error
        if status == _CONFLICT:
            raise LeaseLost(_said(answer))
        if status in _REFUSED:
            raise Rejected(_said(answer))
        if status >= http.client.BAD_REQUEST:
            raise Away(_said(answer))
        return status, answer

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        seconds = _CLAIM_SECONDS if path == _CLAIM else _SECONDS
        seconds = _ACTION_SECONDS if f"/{_ACTION}?" in path else seconds
        connection = self._connection(seconds)
        try:
            connection.request(method, self._address(path), body, dict(headers))
        except (ConnectionError, http.client.HTTPException):
            # A kept connection may have been closed meanwhile; everything here may be repeated.
            self.close()
            connection = self._connection(seconds)
            connection.request(method, self._address(path), body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read()

    def _address(self, path: str) -> str:
        return f"{self._parts.path.rstrip('/')}{_PREFIX}{path}"

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        """Take this thread's connection, or make it; a silence of `seconds` ends it."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        connection.timeout = seconds
        if connection.sock:
            connection.sock.settimeout(seconds)
        return connection

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, context=context)


def _encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _said(answer: bytes) -> str:
    """What a problem document says, or what came instead of one."""
    try:
        return str(json.loads(answer)["detail"])
    except (ValueError, KeyError, TypeError):
        return answer[:200].decode("utf-8", "replace") or "The server gave no reason."
