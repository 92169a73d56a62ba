"""What the gate hands to the composition root."""

from collections.abc import Sequence

from fastapi import APIRouter

from towpath.gate import api, loops, pages, reactions
from towpath.gate.store import METADATA
from towpath.kernel.context import Kernel
from towpath.kernel.plugin import Plugin


def _routes(_: Kernel) -> Sequence[APIRouter]:
    return api.router(), pages.router()


PLUGIN = Plugin(
    name="gate",
    package="towpath.gate",
    metadata=METADATA,
    revision="0001",
    routes=_routes,
    handlers=loops.handlers,
    reactions=lambda _: reactions.reactions(),
    schedules=loops.SCHEDULES,
    heal=loops.heal,
    slots=pages.SLOTS,
)
