"""Following a log: whole lines, offsets that resume, and readers who fall behind."""

import asyncio

import pytest

from towpath.pipelines import service
from towpath.pipelines.api import tails
from towpath.pipelines.api.bells import Bells
from towpath.pipelines.api.tails import Tail, log_channel

FILE = ".towpath/workflows/ci.yml"
TEXT = "on: push\njobs:\n  a: {runs-on: linux, steps: [{run: echo}]}\n"


@pytest.fixture
def taken(canal):
    canal.trigger(canal.commit(**{FILE: TEXT}))
    canal.work()
    return canal.claim()


@pytest.fixture
def tail(canal, taken):
    bells = Bells(canal.kernel.db)
    yield Tail(canal.kernel, bells, taken.job, lambda _job, _at, lines: lines.decode())
    bells.close()


def append(canal, taken, data):
    job = canal.kernel.db.read(lambda tx: service.job(tx, taken.job))
    service.append_log(canal.kernel, job, service.log_size(canal.kernel, job), data)


async def take(events, count):
    return [await asyncio.wait_for(anext(events), 10) for _ in range(count)]


def test_lines_come_whole_and_as_they_are_written(canal, taken, tail):
    async def follow():
        append(canal, taken, b"one\nha")
        events = tail.events(0)
        (first,) = await take(events, 1)
        append(canal, taken, b"lf\nmore\n")
        tail.bells.ring(log_channel(taken.job))
        (second,) = await take(events, 1)
        canal.finish(taken)
        tail.bells.ring(log_channel(taken.job))
        (end,) = await take(events, 1)
        return first, second, end

    first, second, end = asyncio.run(follow())
    assert b"data: one\n" in first
    assert b"id: 4\n" in first
    assert b"data: half\ndata: more\n" in second
    assert b"event: end" in end


def test_a_reader_goes_on_from_where_it_was(canal, taken, tail):
    append(canal, taken, b"one\ntwo\n")
    canal.finish(taken)

    async def follow():
        return [event async for event in tail.events(4)]

    events = asyncio.run(follow())
    assert b"data: two" in events[0]
    assert len(events) == 2


def test_a_reader_far_behind_goes_on_near_the_end_at_the_beginning_of_a_line(
    canal, taken, tail, monkeypatch
):
    monkeypatch.setattr(tails, "_BEHIND", 1_000)
    monkeypatch.setattr(tails, "_KEPT", 100)
    append(canal, taken, b"".join(b"line %04d\n" % n for n in range(1_000)))
    canal.finish(taken)

    async def follow():
        return [event async for event in tail.events(0)]

    first = asyncio.run(follow())[0].decode()
    shown = [line for line in first.splitlines() if line.startswith("data: line")]
    assert shown[-1] == "data: line 0999"
    assert 5 <= len(shown) <= 12


def test_a_line_without_an_end_is_shown_piece_by_piece(canal, taken, tail, monkeypatch):
    monkeypatch.setattr(tails, "_PIECE", 10)
    append(canal, taken, "é".encode() * 20)
    canal.finish(taken)

    async def follow():
        return b"".join([event async for event in tail.events(0)]).decode()

    assert asyncio.run(follow()).count("é") == 20
