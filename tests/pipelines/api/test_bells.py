"""Waiting for wakes on the event loop."""

import asyncio

import pytest

from towpath.kernel.db.interface import ANYTHING
from towpath.pipelines.api.bells import Bells, rung


@pytest.fixture
def bells(kernel):
    made = Bells(kernel.db)
    yield made
    made.close()


def test_a_wake_of_either_store_rings_its_bell(db):
    bells = Bells(db)

    async def wait():
        with bells.bell("a") as one:
            await asyncio.to_thread(db.write, lambda tx: tx.wake("a"))
            assert await rung(one, asyncio.Event(), 5)

    asyncio.run(wait())
    bells.close()


def test_other_bells_stay_silent_unless_wakes_may_have_been_missed(bells):
    async def wait():
        with bells.bell("a") as one, bells.bell("b") as other:
            bells._heard("a")
            assert await rung(one, asyncio.Event(), 5)
            assert not other.is_set()
            bells._heard(ANYTHING)
            assert await rung(other, asyncio.Event(), 5)

    asyncio.run(wait())


def test_time_and_the_end_of_the_server_both_end_the_wait(bells):
    async def wait():
        with bells.bell("a") as one:
            assert not await rung(one, asyncio.Event(), 0.01)
            ends = asyncio.Event()
            ends.set()
            assert not await rung(one, ends, 60)

    asyncio.run(wait())


def test_a_ring_between_listening_and_waiting_is_not_missed(bells):
    async def wait():
        with bells.bell("a") as one:
            bells.ring("a")
            assert await rung(one, asyncio.Event(), 0)
            assert not one.is_set()

    asyncio.run(wait())


def test_nothing_is_kept_of_those_who_have_left(kernel, bells):
    async def wait():
        with bells.bell("a"):
            pass
        bells.ring("a")

    asyncio.run(wait())
    kernel.db.write(lambda tx: tx.wake("a"))
    assert bells._waiting == {}
