"""When a five-field cron expression fires, in a time zone.

Where local time jumps ahead, a job at a fixed time that the jump skips fires right after it;
where local time repeats an hour, it fires once, the first time. Jobs with `*` in the minute or
hour field follow the clock through both. This is what Debian's cron does, and cronsim after it.
"""

import zlib
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from towpath.kernel.clock import Micros, from_datetime, to_datetime
from towpath.kernel.errors import InvalidInput


def check(cron: str, zone: str) -> None:
    """Raise InvalidInput for what `next_time` could not follow."""
    next_time(cron, zone, 0, "", Micros(0))


def next_time(cron: str, zone: str, jitter: int, name: str, after: Micros) -> Micros:
    """The first time strictly after `after`, moved back by the schedule's own part of `jitter`.

    The part depends on the name alone, so the instances of one schedule keep their distance.
    """
    shift = zlib.crc32(name.encode()) % (jitter + 1)
    local = to_datetime(Micros(after - shift)).astimezone(_zone(zone))
    try:
        return Micros(from_datetime(next(CronSim(cron, local))) + shift)
    except (CronSimError, StopIteration):
        raise InvalidInput(
            f"{cron!r} is not a cron expression that ever fires.",
            next_step="Give minute, hour, day of month, month and day of week, as in 30 4 * * 1.",
        ) from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"{name!r} is not a time zone.", next_step="Use an IANA name such as Europe/Paris."
        ) from None
