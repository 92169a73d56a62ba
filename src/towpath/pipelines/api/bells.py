"""Coroutines wait for the database's wakes, without a thread for each of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from towpath.kernel.db.interface import ANYTHING, Database


class Bells:
    """One listener for all who wait; a channel rings each of its bells.

    A bell is set, not counted: who waits looks again at what may have changed.
    """

    def __init__(self, db: Database) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.close = db.on_wake(self._heard)

    @contextmanager
    def bell(self, *channels: str) -> Iterator[asyncio.Event]:
        """Listen from now on; look at the state only afterwards, and nothing is missed."""
        self._loop = asyncio.get_running_loop()
        made = asyncio.Event()
        for channel in channels:
            self._waiting.setdefault(channel, set()).add(made)
        try:
            yield made
        finally:
            for channel in channels:
                self._forget(channel, made)

    def _forget(self, channel: str, bell: asyncio.Event) -> None:
        left = self._waiting.get(channel, set())
        left.discard(bell)
        if not left:
            self._waiting.pop(channel, None)

    def ring(self, channel: str) -> None:
        """Wake those who wait on `channel`; call it on the event loop."""
        for bell in self._waiting.get(channel, ()):
            bell.set()

    def _ring_all(self) -> None:
        for channel in self._waiting:
            self.ring(channel)

    def _heard(self, channel: str) -> None:
        loop = self._loop
        if loop is None or not (channel in self._waiting or channel == ANYTHING):
            return
        try:
            if channel == ANYTHING:
                loop.call_soon_threadsafe(self._ring_all)
            else:
                loop.call_soon_threadsafe(self.ring, channel)
        except RuntimeError:
            self._loop = None  # the loop has closed between the two lines: nobody waits


async def rung(bell: asyncio.Event, ends: asyncio.Event, seconds: float) -> bool:
    """Wait until the bell rings; False when time is up or the server stops."""
    waits = [asyncio.ensure_future(bell.wait()), asyncio.ensure_future(ends.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bell.is_set() and not ends.is_set()
    finally:
        for each in waits:
            each.cancel()
        bell.clear()
