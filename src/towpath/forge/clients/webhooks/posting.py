"""One POST to a stranger's server: no redirect is followed, no private address is asked.

The name is looked up once, every address it has is judged, and the connection goes to one of
those, so that a second answer of the name's owner changes nothing (DNS rebinding).
"""

import json
import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore2

from towpath.forge.model.webhooks import Answer, is_inside, shortened
from towpath.kernel.clock import Clock

_SECONDS = 10.0
_MOST_BYTES = 65_536


class Refused(OSError):
    """The name leads to an address that we do not ask."""


class _Judging(httpcore2.SyncBackend):
    """Connects only to an address that it has judged."""

    def __init__(self, *, inside: bool) -> None:
        self._inside = inside

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        address = judged(host, port, inside=self._inside)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def judged(host: str, port: int, *, inside: bool) -> str:
    """Look a host up; Refused when any of its addresses is one that we do not ask."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    private = [each for each in addresses if is_inside(each)]
    if private and not inside:
        raise Refused(
            f"{host} leads to {private[0]}, a private address; an administrator can allow that"
            " with TOWPATH_WEBHOOKS_INSIDE=yes"
        )
    return addresses[0]


def post(
    url: str, headers: Mapping[str, str], body: bytes, clock: Clock, *, inside: bool
) -> Answer:
    """Send once and read a little of the answer; whatever goes wrong becomes its `error`."""
    began, at = time.monotonic(), clock.now()
    try:
        status, told, said = _ask(url, headers, body, inside=inside)
        error = ""
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as failed:
        status, told, said, error = None, {}, b"", _words(failed)
    except (OSError, UnicodeError) as failed:
        status, told, said, error = None, {}, b"", _words(failed)
    return Answer(
        status=status,
        headers=shortened(json.dumps(told)),
        body=shortened(said.decode("utf-8", "replace")),
        error=shortened(error),
        seconds=time.monotonic() - began,
        at=at,
    )


def _ask(
    url: str, headers: Mapping[str, str], body: bytes, *, inside: bool
) -> tuple[int, dict[str, str], bytes]:
    given: dict[str, Any] = {"headers": list(headers.items()), "content": body}
    given["extensions"] = {
        "timeout": dict.fromkeys(("connect", "read", "write", "pool"), _SECONDS)
    }
    with (
        httpcore2.ConnectionPool(network_backend=_Judging(inside=inside)) as pool,
        pool.stream("POST", url, **given) as answer,
    ):
        told = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
        return answer.status, told, _beginning(answer.iter_stream())


def _beginning(pieces: Iterable[bytes]) -> bytes:
    """Read no more than is kept, and no longer than one attempt may take."""
    gathered, until = bytearray(), time.monotonic() + _SECONDS
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _MOST_BYTES or time.monotonic() > until:
            break
    return bytes(gathered[:_MOST_BYTES])


def _words(error: Exception) -> str:
    name = type(error).__name__
    return f"{error}" if isinstance(error, Refused) else f"{name}: {error}".rstrip(": ")
