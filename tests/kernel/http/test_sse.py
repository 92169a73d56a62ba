import asyncio
from types import SimpleNamespace

import pytest

from towpath.kernel.http import sse


class Server:
    """As much of a request as a stream needs."""

    def __init__(self):
        self.ends = asyncio.Event()
        state = SimpleNamespace(stopping=self.ends)
        asked_by_nobody = SimpleNamespace(principal=None)
        self.request = SimpleNamespace(app=SimpleNamespace(state=state), state=asked_by_nobody)

    def stream(self, source):
        return sse.EventStream(self.request, source).body_iterator


def test_an_event_has_its_name_its_id_and_every_line_of_its_data():
    assert sse.event("one\ntwo", id=7, event="log") == (
        b"event: log\nid: 7\ndata: one\ndata: two\n\n"
    )


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_no_line_break_in_the_data_can_begin_a_field(end):
    assert sse.event(f"x{end}event: forged") == b"data: x\ndata: event: forged\n\n"


def test_an_event_without_data_is_still_one():
    assert sse.event("", event="home") == b"event: home\ndata: \n\n"


def test_a_stream_gives_all_its_source_gives_and_ends_with_it():
    async def source():
        yield b"one"
        yield b"two"

    async def scene():
        return [piece async for piece in Server().stream(source())]

    assert asyncio.run(scene()) == [b"retry: 1000\n\n", b"one", b"two"]


def test_silence_is_broken_by_comments(monkeypatch):
    monkeypatch.setattr(sse, "KEEP_ALIVE_SECONDS", 0.01)

    async def source():
        await asyncio.Event().wait()
        yield b""

    async def scene():
        stream = Server().stream(source())
        pieces = [await anext(stream) for _ in range(3)]
        await stream.aclose()
        return pieces

    assert asyncio.run(scene())[1:] == [b": still here\n\n"] * 2


def test_when_the_server_stops_the_stream_ends_and_its_source_is_closed():
    closed = []

    async def source():
        try:
            yield b"one"
            await asyncio.Event().wait()
        finally:
            closed.append("yes")

    async def scene():
        server = Server()
        stream = server.stream(source())
        assert [await anext(stream), await anext(stream)][1] == b"one"
        server.ends.set()
        return [piece async for piece in stream]

    assert asyncio.run(scene()) == []
    assert closed == ["yes"]


def test_when_the_reader_leaves_the_source_is_closed():
    closed = asyncio.Event()

    async def source():
        try:
            while True:
                yield b"again"
        finally:
            closed.set()

    async def scene():
        stream = Server().stream(source())
        await anext(stream)
        await anext(stream)
        await stream.aclose()
        await asyncio.wait_for(closed.wait(), 5)

    asyncio.run(scene())
