"""Who wants to hear of wakes in this process."""

import threading
from collections.abc import Callable, Iterable

import structlog

Listener = Callable[[str], None]
_log = structlog.get_logger(__name__)


class Listeners:
    """A set of callbacks that may change while it is being told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> Callable[[], None]:
        """Returns how to stop listening; stopping twice is harmless."""
        with self._lock:
            self._listeners = (*self._listeners, listener)
        return lambda: self._remove(listener)

    def tell(self, channels: Iterable[str]) -> None:
        """Call each listener once per channel, whatever another listener does."""
        for channel in dict.fromkeys(channels):
            for listener in self._listeners:
                self._tell(listener, channel)

    def _tell(self, listener: Listener, channel: str) -> None:
        try:
            listener(channel)
        except Exception:  # noqa: BLE001 - the commit is done, nobody could handle it
            _log.exception("wake_listener_failed", channel=channel)

    def _remove(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each is not listener)
