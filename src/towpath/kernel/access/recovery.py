"""A door that opens once, for an administrator, by the word of who may write the data directory.

The command leaves only a hash and a time in a file; the server that finds the key behind it takes
the file away before it opens a session. So it works while a server holds the database.
"""

import hashlib
import hmac
import json
import os
import stat
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel import ids
from towpath.kernel.access import auditing, pages, service
from towpath.kernel.access.service import Role, Session
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Denied, TowpathError, Unauthenticated
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.pages.rendering import render

MINUTES = 10
_FILE = "recover.json"


def offer(data: Path, login: str, now: Micros) -> str:
    """Leave word that whoever brings this key is `login`; a later word replaces it."""
    key = ids.secret("door")
    said = {"login": login, "hash": _digest(key), "until": now + MINUTES * 60 * SECOND}
    fresh = data / f"{_FILE}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(said, file)
    os.chown(fresh, data.stat().st_uid, -1)  # root may ask for the user who serves
    fresh.replace(data / _FILE)
    return key


def use(kernel: Kernel, key: str, where: tuple[str, str]) -> Session:
    """Open a session by a key, once; Unauthenticated when there is no such word any more."""
    login = _taken(kernel, key)

    def admit(tx: Tx) -> Session:
        user = service.known(tx, login)
        if user.role < Role.admin:
            raise Denied(f"{login} is no administrator.", next_step="Name one with --login.")
        auditing.of_user(tx, auditing.RECOVERED, login)
        return service.open_session(tx, kernel, user, *where)

    return kernel.db.write(admit)


def router() -> APIRouter:
    routes = APIRouter(prefix="/login/recover", include_in_schema=False, dependencies=[pages.DOOR])
    routes.add_api_route("", page, methods=["GET"])
    routes.add_api_route("", enter, methods=["POST"], dependencies=[pages.Checked])
    return routes


def page(request: Request, key: str = "") -> Response:
    """Ask for one press of a button, so that no program that looks ahead uses up the key."""
    return render(request, "kernel/recover.html", key=key)


def enter(request: Request, kernel: TheKernel, key: pages.Text) -> Response:
    address = request.client.host if request.client else ""
    try:
        session = use(kernel, key, (address, request.headers.get("user-agent", "")))
    except TowpathError as error:
        return pages.form(request, "/", problem=error)
    return pages.let_in(kernel, session, "/")


def _taken(kernel: Kernel, key: str) -> str:
    path = kernel.data / _FILE
    try:
        about = path.lstat()
        said = json.loads(path.read_text())
        ours = stat.S_ISREG(about.st_mode) and not about.st_mode & 0o077
        fits = hmac.compare_digest(str(said["hash"]), _digest(key))
        if ours and fits and kernel.clock.now() < said["until"]:
            path.unlink()  # of two who bring the key at once, one fails here
            return str(said["login"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no word, or none of ours: refused like a wrong key
    raise Unauthenticated(
        "This link was used, is over ten minutes old, or was never made.",
        next_step="Run `towpath recover --data DIR` on the server's machine again.",
    )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
