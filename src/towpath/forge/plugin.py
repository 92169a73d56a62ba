"""What forge hands to the composition root."""

from towpath.forge import loops
from towpath.forge.store.tables import METADATA
from towpath.kernel.plugin import Plugin

PLUGIN = Plugin(
    name="forge",
    package="towpath.forge",
    metadata=METADATA,
    revision="0001",
    handlers=loops.handlers,
    schedules=loops.SCHEDULES,
    heal=loops.heal,
)
