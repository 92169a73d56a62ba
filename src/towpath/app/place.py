"""What a process takes for itself before it starts: its directory, its port, its door."""

import errno
import fcntl
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from towpath.kernel.errors import InvalidInput, Unavailable

_DOORS, _DOOR = "towpath-door-", "hook.sock"
_SILENCE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Seconds, and tries, until a client whose machine or link is gone counts as gone."""


@contextmanager
def prepare(data: Path, *, shared: bool) -> Iterator[None]:
    """Make the data directory ours alone; Unavailable when another server holds it.

    `shared` is for web processes and workers beside others: they only need it to be there.
    """
    _make(data)
    try:
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(data, error) from error
    try:
        if not shared:
            _lock(lock, data)
        yield
    finally:
        os.close(lock)


def _make(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(data, error) from error
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise _unwritable(data, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def _lock(descriptor: int, data: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        raise Unavailable(
            f"Another server uses {data}" + (f" (process {holder})." if holder else "."),
            next_step="Stop it first, or choose another directory with --data.",
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _unwritable(data: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"The data directory {data} cannot be written: {error.strerror}.",
        next_step="Choose another one with --data, or change who owns it.",
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; a name other than localhost may be any."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Take the port without accepting yet, so that nobody is told we are here too early."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, OverflowError) as error:
        raise InvalidInput(
            f"There is no address {host}:{port} here.",
            next_step="Choose another --host or --port.",
        ) from error
    family, _, _, _, address = found[0]
    # asyncio switches Nagle's delay off (40 ms a reply) only where the protocol is named.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # each connection inherits it
    for name, value in _SILENCE.items():
        taken.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    try:
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise Unavailable(
            f"Cannot listen on {host}:{port}: {error.strerror}.",
            next_step="Stop what uses it, or choose another one with --port (0 takes a free one).",
        ) from error
    return taken


@contextmanager
def open_door() -> Iterator[tuple[socket.socket, Path]]:
    """Open a unix socket for programs that this very process starts, such as git's hooks.

    It lies in a folder of its own on this machine's disk, behind 0700, and never in the data
    directory: hosts may share that, and a socket reaches processes of its own host alone. Nor
    do two processes share one, for pushes through one must not end with the other.
    """
    _clear_doors(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_DOORS))
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as taken:
            # The address of a unix socket holds 107 bytes; through the open folder any path fits.
            taken.bind(f"/proc/self/fd/{held}/{_DOOR}")
            yield taken, folder / _DOOR
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _clear_doors(parent: Path) -> None:
    """Remove the folders of dead processes; those of living ones are locked."""
    for folder in parent.glob(f"{_DOORS}*"):
        with suppress(OSError):
            if folder.lstat().st_uid != os.geteuid() or not (folder / _DOOR).exists():
                continue
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)
