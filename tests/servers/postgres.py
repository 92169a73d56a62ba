"""A real PostgreSQL for the tests: its own data directory, its own socket, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/bin")


class Missing(Exception):
    """PostgreSQL's server programs are not installed."""


@contextmanager
def server() -> Iterator[str]:
    """Start a server; yields the directory of its socket. Durable like a real one: fsync is on."""
    # Not TMPDIR: a socket's path has 107 bytes, and PostgreSQL's user must be able to enter it.
    folder = Path(tempfile.mkdtemp(prefix="towpath-pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        shutil.chown(folder, user.pw_name)
    data = folder / "data"
    try:
        _run(
            user,
            program("initdb"),
            "-D",
            data,
            "-U",
            "towpath",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-instructions",
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        _run(
            user, program("pg_ctl"), "-D", data, "-l", folder / "log", "-o", options, "-w", "start"
        )
        try:
            yield str(folder)
        finally:
            _run(user, program("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def program(name: str) -> str:
    """Where a server program is; Debian keeps them out of PATH."""
    for place in _PLACES:
        for found in sorted(Path("/").glob(f"{place.lstrip('/')}/{name}"), reverse=True):
            return str(found)
    raise Missing(f"{name} is not installed: apt-get install postgresql, or run with PG=0")


def _user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _run(user: pwd.struct_passwd | None, *command: str | Path) -> None:
    identity = (
        {}
        if user is None
        else {
            "user": user.pw_uid,
            "group": user.pw_gid,
            "extra_groups": [],
        }
    )
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        **identity,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")
