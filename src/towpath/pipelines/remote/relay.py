"""The one thing a job without a network may reach: its own server, through its runner.

The listening socket was opened inside the box, in the box's own network, and handed out; so the
job finds it at 127.0.0.1 there, and nobody else does. Each connection carries one request: its
head is read here, looked at and passed on, what follows is passed on unread.
"""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

_OWN = "/api/towpath/v1"
ALLOWED = ("/twirp/", f"{_OWN}/uploads/", f"{_OWN}/id-token", "/api/v3/")
"""What a job may ask for: where artifacts, caches and id tokens are, and GitHub's dialect."""
NAME = "towpath.localhost"
"""GitHub's clients refuse hosts that they do not know, but for names such as this."""
_MOST_AT_ONCE = 64
_LONGEST_HEAD = 64 * 1024
_BUFFER = 256 * 1024
_SILENCE = 300.0  # seconds without a byte in either direction until a connection is given up
_REQUEST = re.compile(rb"[A-Z]{3,8} (/[!-~]*) HTTP/1\.[01]")
_OURS = frozenset(
    {
        b"connection", b"keep-alive", b"host", b"forwarded", b"traceparent", b"tracestate",
        b"towpath-relay", b"upgrade", b"cookie",
    }
)  # fmt: skip
"""Headers that a job may not choose, beside all that begin with x-forwarded."""


class Relay:
    """Answers at `listener` for the server at `url` until it is closed."""

    def __init__(self, listener: socket.socket, url: str) -> None:
        self._listener = listener
        self._server = urlsplit(url)
        self._room = threading.Semaphore(_MOST_AT_ONCE)
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        self.named = f"http://{NAME}:{listener.getsockname()[1]}"

    def variables(self, token: str) -> dict[str, str]:
        """Tell actions where they find artifacts and caches, and what to show there."""
        if not token:
            return {}
        return {
            "ACTIONS_RUNTIME_TOKEN": token,
            "ACTIONS_RUNTIME_URL": f"http://{self.address}/",
            "ACTIONS_RESULTS_URL": f"http://{self.address}/",
            "ACTIONS_CACHE_URL": f"http://{self.address}/",
            "ACTIONS_CACHE_SERVICE_V2": "true",
            "GITHUB_SERVER_URL": self.named,
            "GITHUB_API_URL": f"{self.named}/api/v3",
        }

    def identity(self, token: str) -> dict[str, str]:
        """Tell actions where they may ask for tokens that say who the job is."""
        url = f"http://{self.address}{_OWN}/id-token?api-version=2.0"
        named = {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token}
        return named if token else {}

    def start(self) -> None:
        threading.Thread(target=self._serve, name="relay", daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more; what is under way ends with the box."""
        # Shut down, not only close: another thread waits for connections.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                job, _ = self._listener.accept()
            except OSError:
                return
            self._room.acquire()
            threading.Thread(target=self._one, args=(job,), daemon=True).start()

    def _one(self, job: socket.socket) -> None:
        try:
            with job, contextlib.suppress(OSError):
                job.settimeout(_SILENCE)
                head, rest = _head(job)
                passed = rewritten(
                    head, {"Host": self._server.netloc, "Towpath-Relay": self.address}
                )
                if passed is None:
                    job.sendall(_refusal(head))
                    return
                with self._connect() as server:
                    server.sendall(passed + rest)
                    _both_ways(job, server)
        finally:
            self._room.release()

    def _connect(self) -> socket.socket:
        host = self._server.hostname or ""
        secure = self._server.scheme == "https"
        plain = socket.create_connection(
            (host, self._server.port or (443 if secure else 80)), timeout=_SILENCE
        )
        if not secure:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def rewritten(head: bytes, ours: Mapping[str, str]) -> bytes | None:
    """Put our headers in the place of a job's; None when it asks for what is not its business."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    request = _REQUEST.fullmatch(first)
    if not request or not _may_ask(request[1].decode()):
        return None
    kept = []
    for line in lines:
        name, colon, _ = line.partition(b":")
        if not colon or name != name.strip() or not name or b"\n" in line or b"\r" in line:
            return None
        lower = name.lower()
        if lower not in _OURS and not lower.startswith(b"x-forwarded"):
            kept.append(line)
    added = [f"{name}: {value}".encode() for name, value in ours.items()]
    return b"\r\n".join([first, *added, *kept, b"Connection: close", b"", b""])


def _may_ask(target: str) -> bool:
    """Judge a path also as a proxy might read it, which may lead elsewhere."""
    path = unquote(target.partition("?")[0])
    return path.startswith(ALLOWED) and not {"..", "."} & set(path.split("/"))


def _head(job: socket.socket) -> tuple[bytes, bytes]:
    """Read up to the end of a request's head; what came beyond it stands apart."""
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        piece = job.recv(_LONGEST_HEAD)
        received += piece
        if not piece or len(received) > _LONGEST_HEAD:
            return b"", b""
    return bytes(received[: end + 4]), bytes(received[end + 4 :])


def _refusal(head: bytes) -> bytes:
    told = b'{"code":"permission_denied","msg":"A job reaches only what its actions need."}'
    status = b"403 Forbidden" if head else b"400 Bad Request"
    length = str(len(told)).encode()
    return (
        b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: " + length + b"\r\n\r\n" + told
    )


def _both_ways(job: socket.socket, server: socket.socket) -> None:
    """Pass bytes on until the server has said all."""
    server.settimeout(_SILENCE)
    sending = threading.Thread(target=_pass_on, args=(job, server), daemon=True)
    sending.start()
    with contextlib.suppress(OSError):
        while piece := server.recv(_BUFFER):
            job.sendall(piece)
    for each in (server, job):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
    sending.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(_BUFFER):
            target.sendall(piece)
