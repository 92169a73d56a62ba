"""A server of the demo's own, as a process apart, and how one person talks to it."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from towpath.kernel import ids

_SERVE = "from towpath.app.cli import main; main()"
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_ANSWER_SECONDS = 60.0


class ServerFailed(Exception):
    """The server did not start, or refused what was asked of it; the text is what it said."""


@dataclass(frozen=True)
class Person:
    """Somebody with a log-in and a token, who speaks HTTP."""

    login: str
    password: str
    token: str
    url: str

    def get(self, path: str, **query: str) -> Any:
        return self._ask("GET", path, None, query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask("POST", path, body, {})

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, query: Mapping[str, str]
    ) -> Any:
        answer = httpx2.request(
            method,
            self.url + path,
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
            timeout=_ANSWER_SECONDS,
            trust_env=False,
        )
        if answer.is_error:
            raise ServerFailed(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


@contextmanager
def server(data: Path, port: int, log: Path) -> Iterator[Person]:
    """Run `towpath serve` on `data` while the block lasts; yields its administrator."""
    command = [sys.executable, "-c", _SERVE, "serve", "--data", str(data), "--port", str(port)]
    # A session of its own: Ctrl-C reaches the demo alone, which then stops the server in order.
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        _await_ready(process, log)
        said = json.loads((data / "bootstrap.json").read_text())
        yield Person(said["user"], said["password"], said["token"], said["url"])
    finally:
        _stop(process)


def add_person(admin: Person, login: str, role: str) -> Person:
    """Make a user with a password and a token, as an administrator does by the API."""
    password = ids.secret(login)[:24]
    admin.post("/api/towpath/v1/users", {"login": login, "password": password, "role": role})
    made = admin.post("/api/towpath/v1/tokens", {"login": login, "name": "demo"})
    return Person(login, password, made["token"], admin.url)


def _await_ready(process: subprocess.Popen[str], log: Path) -> None:
    """Read on until the server says that it is ready; drain what it prints after that."""
    heard: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def listen() -> None:
        assert process.stdout is not None  # noqa: S101 - told to mypy
        for line in process.stdout:
            if line.startswith("ready "):
                heard.put(True)
        heard.put(False)

    threading.Thread(target=listen, name="server-output", daemon=True).start()
    with suppress(queue.Empty):
        if heard.get(timeout=_START_SECONDS):
            return
    last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise ServerFailed(f"The server did not start. It said:\n{last}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
