"""Bytes to a server and what came back; packs, trees and pkt-lines made by hand."""

import contextlib
import hashlib
import json
import socket
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from tests.kill.harness import NAME, OWNER

PATIENCE_SECONDS = 20
NOTHING = "0" * 40


@dataclass(frozen=True)
class Answer:
    """Every status the server sent on one connection, and all its bytes; none: it hung up."""

    statuses: tuple[int, ...]
    raw: bytes

    @property
    def body(self):
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def headers(self):
        return self.raw.partition(b"\r\n\r\n")[0]


@dataclass
class Harbour:
    """The server under attack; each request goes over a connection of its own."""

    server: object
    world: object
    number: int

    @property
    def repository(self):
        return f"{OWNER}/{NAME}"

    def send(self, data, *, whole=True):
        """Send bytes as they are, and read until the server hangs up.

        It waits for the rest of what is not `whole`; then we hang up first.
        """
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE_SECONDS) as taken:
            # A server that has heard enough may hang up while we still talk.
            with contextlib.suppress(ConnectionError):
                taken.sendall(data)
            if not whole:
                taken.settimeout(0.5)
            raw = self._read(taken)
        return Answer(tuple(_statuses(raw)), raw)

    @staticmethod
    def _read(taken):
        raw = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            while piece := taken.recv(65_536):
                raw += piece
        return raw

    def request(self, method, target, headers=(), body=b"", *, token=None):
        """A request with one thing wrong, all else as it should be."""
        lines = [f"{method} {target} HTTP/1.1", "Host: towpath.test", "Connection: close"]
        lines += [f"Authorization: Bearer {token or self.world.alice.token}"]
        lines += [*headers, f"Content-Length: {len(body)}"] if body else [*headers]
        head = "\r\n".join(lines).encode("utf-8", "surrogateescape")
        return self.send(head + b"\r\n\r\n" + body)

    def json(self, method, target, body, *, by_admin=False):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        token = self.world.admin.token if by_admin else None
        return self.request(method, target, ("Content-Type: application/json",), raw, token=token)

    def push(self, commands, pack=b"", capabilities=b"report-status"):
        """One push by hand: (old, new, ref) in bytes, then a pack; the server's words."""
        lines = b"".join(
            pkt(old.encode() + b" " + new.encode() + b" " + ref + (b"\0" + capabilities) * (not n))
            for n, (old, new, ref) in enumerate(commands)
        )
        return self.receive(lines + b"0000" + pack)

    def receive(self, body, headers=()):
        kind = "Content-Type: application/x-git-receive-pack-request"
        path = f"/{self.repository}.git/git-receive-pack"
        return self.request("POST", path, (kind, *headers), body)

    def fetch(self, body, headers=()):
        kind = "Content-Type: application/x-git-upload-pack-request"
        path = f"/{self.repository}.git/git-upload-pack"
        return self.request("POST", path, (kind, *headers), body)

    def is_well(self):
        return self.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").statuses

    def peak_memory(self):
        """Most bytes of memory the server process ever held."""
        text = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) * 1024


def _statuses(raw):
    for part in raw.split(b"HTTP/1.1 ")[1:]:
        word = part[:3]
        if word.isdigit():
            yield int(word)


def pkt(data):
    return f"{len(data) + 4:04x}".encode() + data


@dataclass(frozen=True)
class Object:
    """A git object; `name` is what git calls it."""

    kind: str
    data: bytes

    @property
    def name(self):
        return hashlib.sha1(f"{self.kind} {len(self.data)}\0".encode() + self.data).hexdigest()


KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


def blob(data=b"x\n"):
    return Object("blob", data)


def tree(*entries):
    """Entries are (mode, name, object name), written in the order given."""
    made = b"".join(m.encode() + b" " + n + b"\0" + bytes.fromhex(o) for m, n, o in entries)
    return Object("tree", made)


def commit(of, *, author=b"A <a@b> 1 +0000", parents=(), message=b"m\n"):
    lines = [b"tree " + of.encode(), *(b"parent " + p.encode() for p in parents)]
    lines += [b"author " + author, b"committer " + author]
    return Object("commit", b"\n".join(lines) + b"\n\n" + message)


def entry(kind, size, payload):
    """One entry of a pack: its number of a kind, the size that it claims, what follows."""
    byte, size = kind << 4 | size & 15, size >> 4
    head = b""
    while size:
        head += bytes([byte | 0x80])
        byte, size = size & 0x7F, size >> 7
    return head + bytes([byte]) + payload


def pack(*entries, count=None, version=2, trailer=None):
    """A pack of raw entries; the count and the checksum may lie."""
    head = b"PACK" + struct.pack(">II", version, len(entries) if count is None else count)
    body = head + b"".join(entries)
    return body + (hashlib.sha1(body).digest() if trailer is None else trailer)


def packed(*objects, **options):
    made = [entry(KINDS[o.kind], len(o.data), zlib.compress(o.data)) for o in objects]
    return pack(*made, **options)
