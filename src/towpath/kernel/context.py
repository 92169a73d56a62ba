"""What one running process knows: handed to every verb that has an effect outside the database."""

from dataclasses import dataclass
from pathlib import Path

from towpath.kernel.clock import Clock
from towpath.kernel.db.interface import Database
from towpath.kernel.settings import Settings


@dataclass(frozen=True)
class Kernel:
    """The database, the clock, the settings, the data directory and our address for others.

    `door` is a unix socket on which programs of this machine, such as git's hooks, reach this
    very process; a process that starts none has none.
    """

    db: Database
    clock: Clock
    settings: Settings
    data: Path
    url: str
    door: Path | None = None
