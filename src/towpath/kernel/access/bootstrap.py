"""The first administrator, made once, and what its owner needs to know, kept in one file."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from towpath.kernel import ids
from towpath.kernel.access import service
from towpath.kernel.access.passwords import hashed
from towpath.kernel.access.service import Role
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.disk import replace_file

FIRST_LOGIN = "admin"


@dataclass(frozen=True)
class FirstAdmin:
    """What DATA/bootstrap.json (mode 0600) says."""

    url: str
    user: str
    password: str
    token: str


def bootstrap(kernel: Kernel, voices: Mapping[str, str]) -> FirstAdmin | None:
    """Make the first administrator and the system users (login to name) where they are missing.

    Returns the administrator when this call made it. DATA/bootstrap.json is on disk before the
    user is, so a crash in between cannot lock its owner out; later starts only correct the
    address in it.
    """
    kernel.db.write(lambda tx: _system_users(tx, voices))
    with _alone(kernel.data):
        return _bootstrap(kernel, kernel.data / "bootstrap.json")


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Let processes that start together on one directory pass one after another."""
    lock = os.open(data / "bootstrap.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _bootstrap(kernel: Kernel, path: Path) -> FirstAdmin | None:
    if kernel.db.read(service.has_admin):
        _correct(path, kernel.url)
        return None
    made = FirstAdmin(kernel.url, FIRST_LOGIN, ids.secret("pw"), ids.secret("tow"))
    write(path, made)
    password_hash = hashed(made.password)
    if kernel.db.write(lambda tx: _first_admin(tx, made.token, password_hash)):
        return made
    path.unlink()  # a process with another directory was first, and wrote its own file
    return None


def write(path: Path, said: FirstAdmin) -> None:
    """Replace the file in one step, for good; it is never readable by others."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(asdict(said))) + b"\n", 0o600)


def _first_admin(tx: Tx, token: str, password_hash: str) -> bool:
    if service.has_admin(tx):
        return False
    service.create_user(tx, FIRST_LOGIN, password_hash, Role.admin, name="First administrator")
    service.create_token(tx, FIRST_LOGIN, "bootstrap", raw=token)
    return True


def _system_users(tx: Tx, voices: Mapping[str, str]) -> None:
    for login, name in voices.items():
        service.ensure_system_user(tx, login, name)


def _correct(path: Path, url: str) -> None:
    if not path.exists():
        return
    said = msgspec.json.decode(path.read_bytes(), type=FirstAdmin)
    if said.url != url:
        write(path, FirstAdmin(url, said.user, said.password, said.token))
