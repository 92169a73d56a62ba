"""A thread that hears what other processes NOTIFY, and connects again when cut off."""

import selectors
import socket
import threading
from collections.abc import Mapping
from typing import Any

import psycopg
import structlog

from towpath.kernel.db.interface import ANYTHING
from towpath.kernel.db.listeners import Listeners

CHANNEL = "towpath"
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_log = structlog.get_logger(__name__)


class Notifications:
    """Tells `listeners` the channels that other processes wake; our own were told at commit."""

    def __init__(
        self, conninfo: str, me: str, listeners: Listeners, parameters: Mapping[str, Any]
    ) -> None:
        """`parameters` are what to connect with besides `conninfo`."""
        self._conninfo = conninfo
        self._parameters = parameters
        self._me = me
        self._listeners = listeners
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._alarm, self._sleeper = socket.socketpair()

    def start(self) -> None:
        """Listen from now on; done once, at the first listener."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="postgres-listen")
                self._thread.daemon = True
                self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._alarm.send(b"x")
        if self._thread is not None:
            self._thread.join()
        self._alarm.close()
        self._sleeper.close()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                with psycopg.connect(
                    self._conninfo, autocommit=True, **self._parameters
                ) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._listeners.tell([ANYTHING])
                    pause = _FIRST_PAUSE
                    self._listen(connection)
            except psycopg.Error as error:
                _log.warning("listen_lost", error=str(error), again_in_seconds=pause)
                self._closed.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _listen(self, connection: psycopg.Connection) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._sleeper, selectors.EVENT_READ)
            while not self._closed.is_set():
                selector.select()
                self._listeners.tell(
                    channel
                    for each in connection.notifies(timeout=0)
                    for sender, _, channel in [each.payload.partition(" ")]
                    if sender != self._me
                )
