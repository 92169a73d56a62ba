"""Planning as work: tried again while that may help, and ended in words when it does not.

A piece of work that is parked waits for an administrator. A suite must not wait with it: the gate
would hold its merge request, and nobody would tell the author why.
"""

from functools import partial

from towpath.kernel.context import Kernel
from towpath.kernel.errors import PermanentError
from towpath.kernel.work.model import Handler, Item, Then
from towpath.pipelines import service

MOST_ATTEMPTS = 10
"""Some eight minutes, by the back-off between them."""


def planner(kernel: Kernel) -> Handler:
    """What plans suites."""
    return Handler(kind=service.PLAN, run=partial(_plan, kernel), max_attempts=MOST_ATTEMPTS)


def _plan(kernel: Kernel, item: Item) -> Then | None:
    try:
        return service.plan(kernel, item)
    except Exception as error:
        if item.attempt < MOST_ATTEMPTS and not isinstance(error, PermanentError):
            raise
        why = f"{type(error).__name__}: {error}"
        return lambda tx: service.unplannable(tx, item.payload["suite"], why)
