"""Background tasks with a name, a reference that keeps them alive, and a log line if they fail."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
_running: set[asyncio.Task[Any]] = set()
_log = structlog.get_logger("towpath.tasks")


def spawn(coro: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """Start `coro` on the running loop; asyncio itself keeps only a weak reference to tasks."""
    task = asyncio.create_task(coro, name=name)  # noqa: TID251 - the one place
    _running.add(task)
    task.add_done_callback(_ended)
    return task


async def cancel_all() -> None:
    """Cancel what this loop still runs and wait until it has cleaned up: last in a stop."""
    loop = asyncio.get_running_loop()
    left = [task for task in _running if task.get_loop() is loop]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task failed", task=task.get_name(), exc_info=error)
