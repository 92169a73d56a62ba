"""What a server takes for itself before it starts: its directory, its port, its hook socket."""

import errno
import fcntl
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from towpath.kernel.errors import InvalidInput, Unavailable

_LONGEST_UNIX_PATH = 100


@contextmanager
def prepare(data: Path, *, shared: bool) -> Iterator[None]:
    """Make the data directory ours alone; Unavailable when another server holds it.

    `shared` is for web processes beside a main one: they only need it to be there.
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
    try:
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise Unavailable(
            f"Cannot listen on {host}:{port}: {error.strerror}.",
            next_step="Stop what uses it, or choose another one with --port (0 takes a free one).",
        ) from error
    return taken


def listen_for_hooks(data: Path) -> socket.socket | None:
    """Take DATA/hook.sock, which git hooks of this machine call; it lies behind 0700.

    None when another process of this machine answers there already: it serves our hooks too.
    """
    path = data.resolve() / "hook.sock"
    if len(os.fsencode(path)) > _LONGEST_UNIX_PATH:
        raise InvalidInput(
            f"The path of the data directory is too long for a socket: {path}.",
            next_step=f"Choose a --data directory of at most {_LONGEST_UNIX_PATH - 10} bytes.",
        )
    if _answers(path):
        return None
    path.unlink(missing_ok=True)
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    taken.bind(str(path))
    return taken


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        return caller.connect_ex(str(path)) == 0
