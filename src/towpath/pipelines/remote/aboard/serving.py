"""The services of artifacts and caches, and the storage behind them, as GitHub's clients use them.

Trouble of the network and of a server that restarts is waited out; a refusal is Failed.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from towpath.pipelines.remote.aboard.speaking import Failed, say, variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK = 8 * 1024 * 1024
_SERVICES = "/twirp/github.actions.results.api.v1."
_SECONDS = 120.0
_ATTEMPTS = 6
_AGAIN = frozenset({429, 500, 502, 503, 504})
_NOT_FOUND, _GONE, _CONFLICT = 404, 410, 409
_PIECE = 1 << 20


class Absent(Failed):
    """What was asked for is not there."""


class Taken(Failed):
    """Something of that name is there already."""


def call(method: str, **body: Any) -> dict[str, Any]:
    """Call SERVICE/METHOD; Absent, Taken, or Failed with the server's own words."""
    sent = json.dumps({**(ids() if method.startswith("Artifact") else {}), **body}).encode()
    headers = {
        "Authorization": f"Bearer {variable('ACTIONS_RUNTIME_TOKEN')}",
        "Content-Type": "application/json",
    }
    url = f"{_base()}{_SERVICES}{method}"
    status, answer = _patiently(lambda: _exchange("POST", url, sent, headers))
    try:
        said = json.loads(answer)
    except ValueError:
        said = {}
    if status < http.client.BAD_REQUEST and isinstance(said, dict):
        return said
    kind = {_NOT_FOUND: Absent, _GONE: Absent, _CONFLICT: Taken}.get(status, Failed)
    told = said.get("msg") if isinstance(said, dict) else None
    raise kind(str(told or f"The server answered {status} to {method}."))


def ids() -> dict[str, str]:
    """Read from our token which run and job we are, as every request about artifacts says."""
    try:
        part = variable("ACTIONS_RUNTIME_TOKEN").split(".")[1]
        scopes = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["scp"]
        _, run, job = next(s for s in scopes.split() if s.startswith("Actions.Results:")).split(
            ":"
        )
    except (IndexError, KeyError, ValueError, StopIteration) as error:
        raise Failed("There is no server for artifacts and caches here.") from error
    return {"workflow_run_backend_id": run, "workflow_job_run_backend_id": job}


def _base() -> str:
    url = urlsplit(variable("ACTIONS_RESULTS_URL"))
    if not url.hostname:
        raise Failed("There is no server for artifacts and caches here.")
    return f"{url.scheme}://{url.netloc}"


class Sending:
    """A file that writes what it is given as blocks to a signed address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting = bytearray()
        self._names: list[str] = []
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.size += len(data)
        self._waiting += data
        while len(self._waiting) >= BLOCK:
            self._send(bytes(self._waiting[:BLOCK]))
            del self._waiting[:BLOCK]
        return len(data)

    def flush(self) -> None:
        """Nothing is sent before there is a block of it."""

    def close(self) -> None:
        """It is not over before end() says so."""

    def end(self) -> str:
        """Send the rest, and say in which order it all is; the SHA-256 of it."""
        if self._waiting:
            self._send(bytes(self._waiting))
        listed = "".join(f"<Latest>{name}</Latest>" for name in self._names)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
        self._put(f"{self._url}&comp=blocklist", body.encode())
        return self._digest.hexdigest()

    def _send(self, block: bytes) -> None:
        name = base64.b64encode(f"{len(self._names):08}".encode()).decode()
        self._put(f"{self._url}&comp=block&blockid={quote(name)}", block)
        self._names.append(name)

    def _put(self, url: str, body: bytes) -> None:
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        status, answer = _patiently(lambda: _exchange("PUT", url, body, headers))
        if status >= http.client.BAD_REQUEST:
            raise Failed(f"The storage answered {status}: {_told(answer)}")


class Fetching:
    """What lies at a signed address: its type, and its bytes as they come."""

    def __init__(self, url: str) -> None:
        self._connection = _connection(url)
        parts = urlsplit(url)
        try:
            self._connection.request("GET", f"{parts.path}?{parts.query}")
            self._answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"The storage cannot be reached: {error}") from error
        if self._answer.status != http.client.OK:
            raise Failed(
                f"The storage answered {self._answer.status}: {_told(self._answer.read())}"
            )
        self.type = self._answer.headers.get_content_type()

    def pieces(self) -> Iterator[bytes]:
        """Read it all; Failed when less comes than was announced."""
        try:
            while piece := self._answer.read(_PIECE):
                yield piece
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"The storage ended in the middle: {error}") from error
        finally:
            self._connection.close()


def _patiently(ask: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    """Ask again while that may help: everything here may be sent twice."""
    pause = 0.5
    for left in range(_ATTEMPTS - 1, -1, -1):
        try:
            status, answer = ask()
            if status not in _AGAIN or not left:
                return status, answer
            why = f"{status} {_told(answer)}"
        except (OSError, http.client.HTTPException) as error:
            if not left:
                raise Failed(f"The server cannot be reached: {error}") from error
            why = str(error)
        say(f"The server does not take it now ({why}); trying again in {pause:g} s.")
        wait(pause)
        pause *= 2
    raise AssertionError("the last attempt returns or raises")


def wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def _exchange(method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = _connection(url)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.netloc, timeout=_SECONDS)


def _told(answer: bytes) -> str:
    """Take the words out of what the storage says."""
    text = answer[:2000].decode("utf-8", "replace")
    _, found, rest = text.partition("<Message>")
    return rest.partition("</Message>")[0] if found else text[:200]
