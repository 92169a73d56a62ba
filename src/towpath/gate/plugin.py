"""What the gate hands to the composition root."""

from towpath.gate import loops, reactions
from towpath.gate.store import METADATA
from towpath.kernel.plugin import Plugin

PLUGIN = Plugin(
    name="gate",
    package="towpath.gate",
    metadata=METADATA,
    revision="0001",
    handlers=loops.handlers,
    reactions=lambda _: reactions.reactions(),
    schedules=loops.SCHEDULES,
    heal=loops.heal,
)
