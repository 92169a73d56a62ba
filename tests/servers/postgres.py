"""A real PostgreSQL for the tests: its own data directory, its own socket, gone at the end."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_START_SECONDS = 60.0
_APART: dict[str, Any] = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.PIPE,
    "cwd": "/",
    "env": {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
}
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/bin")


class Missing(Exception):
    """PostgreSQL's server programs are not installed."""


class Cluster:
    """One PostgreSQL in a folder of its own, durable like a real one: fsync is on.

    It listens on a socket in its folder, and on `address` too if there is one. `under` are words
    before each command, such as those that enter another network namespace.
    """

    def __init__(self, *, address: str = "", under: Sequence[str] = ()) -> None:
        # Not TMPDIR: a socket's path has 107 bytes, and PostgreSQL's user must be able to enter.
        self.folder = Path(tempfile.mkdtemp(prefix="towpath-pg-", dir="/tmp"))
        self.data = self.folder / "data"
        self._address, self._under = address, under
        self.process: subprocess.Popen[bytes] | None = None
        self._user = _user()
        if self._user is not None:
            shutil.chown(self.folder, self._user.pw_name)
        words = ("-U", "towpath", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions")
        self._run(program("initdb"), "-D", self.data, *words)
        if address:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {address}/24 trust\n")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        end = time.monotonic() + _START_SECONDS
        while not self.is_ready():
            if not self.is_alive() or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start: {self._said()}")
            time.sleep(0.02)

    def launch(self) -> None:
        """Start it as our own child: an orphan's zombie would look alive to its successor."""
        options = (f"listen_addresses={self._address}", f"unix_socket_directories={self.folder}")
        words = [word for option in options for word in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self._under,
                    *_as_user(self._user),
                    program("postgres"),
                    "-D",
                    self.data,
                    *words,
                ],
                **{**_APART, "stdout": log, "stderr": log},
                start_new_session=True,
            )

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        try:
            psycopg.connect(f"postgresql://towpath@/postgres?host={self.folder}").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, mode: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT at once without a checkpoint, SIGINT with one."""
        if self.is_alive():
            self.process.send_signal(mode)
            self.process.wait(60)

    def _said(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def url(self, database: str) -> str:
        return (
            f"postgresql://towpath@{self._address}/{database}?host={self._address or self.folder}"
        )

    def create(self, database: str) -> None:
        with psycopg.connect(f"postgresql://towpath@/postgres?host={self.folder}") as session:
            session.autocommit = True
            session.execute(f"CREATE DATABASE {database}")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: str | Path) -> None:
        words = [*_as_user(self._user), *(str(word) for word in command)]
        done = subprocess.run(words, **_APART, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


@contextmanager
def server() -> Iterator[str]:
    """Start a server; yields the directory of its socket."""
    made = Cluster()
    try:
        made.start()
        try:
            yield str(made.folder)
        finally:
            made.stop()
    finally:
        made.remove()


def program(name: str) -> str:
    """Where a server program is; Debian keeps them out of PATH."""
    for place in _PLACES:
        for found in sorted(Path("/").glob(f"{place.lstrip('/')}/{name}"), reverse=True):
            return str(found)
    raise Missing(f"{name} is not installed: apt-get install postgresql, or run with PG=0")


def _user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _as_user(user: pwd.struct_passwd | None) -> Sequence[str]:
    """Words that drop root on the way; `ip netns exec` before them still needs it."""
    if user is None:
        return ()
    ids = ("--reuid", str(user.pw_uid), "--regid", str(user.pw_gid))
    return ("setpriv", *ids, "--clear-groups")
