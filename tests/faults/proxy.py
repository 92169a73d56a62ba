"""A TCP proxy of our own that breaks connections where a test wants them broken."""

import contextlib
import socket
import threading


class Proxy:
    """Passes bytes on to `target`, an address or the path of a unix socket.

    `lose_commit_of` names bytes: on the connection that carries them, the answer to the next
    COMMIT never comes. `after` is how many bytes pass, (to the target, back), before a cut.
    """

    def __init__(self, target):
        self.target = target
        self.lose_commit_of = b""
        self.after = None
        self.lost = 0
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def drop_all(self):
        """Break every connection, without a word to either side."""
        for one in list(self._open):
            _break(one)

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.drop_all()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                family = socket.AF_UNIX if isinstance(self.target, str) else socket.AF_INET
                server = socket.socket(family)
                try:
                    server.connect(self.target)
                except OSError:
                    _break(client)
                    continue
                Pair(self, client, server).start()


class Pair:
    """One connection and its other half."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.left = list(proxy.after) if proxy.after else None
        self.is_marked = self.is_losing = False
        proxy._open |= {client, server}

    def start(self):
        for direction, one, other in (
            (0, self.client, self.server),
            (1, self.server, self.client),
        ):
            words = (direction, one, other)
            threading.Thread(target=self._pass, args=words, daemon=True).start()

    def _pass(self, direction, one, other):
        with contextlib.suppress(OSError):
            while chunk := one.recv(65_536):
                if direction == 0:
                    self._listen(chunk)
                elif self.is_losing:
                    self.proxy.lost += 1
                    break
                other.sendall(self._allowed(direction, chunk))
        for each in (one, other):
            self.proxy._open.discard(each)
            _break(each)

    def _listen(self, chunk):
        mark = self.proxy.lose_commit_of
        self.is_marked |= bool(mark) and mark in chunk
        if self.is_marked and b"COMMIT" in chunk:
            self.proxy.lose_commit_of = b""
            self.is_losing = True

    def _allowed(self, direction, chunk):
        if self.left is None:
            return chunk
        self.left[direction] -= len(chunk)
        if self.left[direction] <= 0:
            raise ConnectionAbortedError
        return chunk


def _break(one):
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
