"""The data directory as a place: who may read it, what lies in it, who uses it."""

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from towpath.app.doctor.finding import Finding, ok, problem, warning
from towpath.app.place import open_door
from towpath.kernel.errors import TowpathError
from towpath.kernel.secrets import keys

_OPEN_TO_OTHERS = 0o077
_PRIVATE = ("bootstrap.json", "towpath.db", "towpath.db-wal", "hooks/key", keys.FILE)


def server_at(data: Path) -> int | None:
    """The process that serves this directory now, if one does; it holds the lock."""
    try:
        descriptor = os.open(data / "lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        return int(said) if said.isdigit() else None
    finally:
        os.close(descriptor)
    return None


def directory(data: Path) -> Iterator[Finding]:
    """Whether it is there, ours, and closed to others."""
    if not data.is_dir():
        yield problem(
            "data", f"{data} is not there", "Rows, repositories and logs are kept in it.",
            "Name the directory after --data as for serve; a first serve makes it.",
        )  # fmt: skip
        return
    about = data.stat()
    if about.st_uid != os.geteuid():
        yield warning(
            "data-owner", f"{data} belongs to user {about.st_uid}, and you are {os.geteuid()}",
            "Files that one of you makes may be closed to the other.",
            "Run the doctor as the user who serves.",
        )  # fmt: skip
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield problem(
            "data", f"{data} cannot be written by you", "A server of yours could not start.",
            "Change who owns it, or become that user.",
        )  # fmt: skip
    else:
        yield ok("data", f"{data} is there")
    yield _permissions(data)


def _permissions(data: Path) -> Finding:
    places = [data, *(data / name for name in _PRIVATE)]
    loose = [
        path
        for path in places
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & _OPEN_TO_OTHERS
    ]
    if loose:
        names = ", ".join(str(path) for path in loose)
        return problem(
            "permissions", f"others may enter or read {names}",
            "There are hashes of passwords, keys and private code.", f"chmod -R go= {data}",
        )  # fmt: skip
    return ok("permissions", "nobody else may read the data")


def leftovers(data: Path) -> Iterator[Finding]:
    if (data / "bootstrap.json").exists():
        yield warning(
            "bootstrap", f"{data / 'bootstrap.json'} still lies there",
            "It holds a password and a token of the first administrator in clear text.",
            "Once you have logged in and made tokens of your own, delete it.",
        )  # fmt: skip
    else:
        yield ok("bootstrap", "no clear-text password lies about")
    partial = sorted(data.parent.glob(f".{data.resolve().name}.restoring"))
    if partial:
        yield warning(
            "restore", f"{partial[0]} is left of a restore that was cut short",
            "It takes room and is of no use.", f"rm -r {partial[0]}, and restore again.",
        )  # fmt: skip


def hooks() -> Iterator[Finding]:
    """Git asks the server through a socket before it moves a branch: try to have one."""
    try:
        with open_door() as (listening, _):
            listening.listen()
    except (OSError, TowpathError) as error:
        yield problem(
            "hook-socket", f"no socket can be made in {tempfile.gettempdir()}: {error}",
            "Git asks through it what a push may do, so no push could be taken.",
            "Set TMPDIR to a short path of a local directory that the server may write to.",
        )  # fmt: skip
    else:
        yield ok("hook-socket", f"sockets can be made in {tempfile.gettempdir()}")


def running(server: int | None) -> Iterator[Finding]:
    if server is None:
        yield ok("server", "no server uses this directory now")
        return
    said = re.search(r"^Umask:\s*(\d+)", Path(f"/proc/{server}/status").read_text(), re.MULTILINE)
    umask = int(said[1], 8) if said else _OPEN_TO_OTHERS
    if umask & _OPEN_TO_OTHERS != _OPEN_TO_OTHERS:
        yield warning(
            "umask", f"process {server} makes files that others may read (umask {umask:03o})",
            "Logs and repositories are private.",
            "Restart it with `towpath serve`, which sets 077.",
        )  # fmt: skip
    else:
        yield ok("server", f"process {server} serves, and what it makes is its own (umask 077)")
