import asyncio

import structlog.testing

from towpath.kernel.http import tasks


def test_a_task_has_its_name_and_gives_its_result():
    async def scene():
        task = tasks.spawn(asyncio.sleep(0, "done"), "nap")
        assert task.get_name() == "nap"
        return await task

    assert asyncio.run(scene()) == "done"


def test_a_task_that_fails_is_logged_with_its_name():
    async def fail():
        raise ValueError("no wind")

    async def scene():
        await asyncio.wait({tasks.spawn(fail(), "sail")})

    with structlog.testing.capture_logs() as lines:
        asyncio.run(scene())
    assert [(line["event"], line["task"]) for line in lines] == [("task failed", "sail")]


def test_cancel_all_waits_until_every_task_has_cleaned_up():
    cleaned = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("yes")

    async def scene():
        tasks.spawn(work(), "one")
        tasks.spawn(work(), "two")
        await asyncio.sleep(0)
        await tasks.cancel_all()

    asyncio.run(scene())
    assert cleaned == ["yes", "yes"]
