"""What pages say about time, sizes and numbers."""

from towpath.kernel.clock import SECOND, Micros, to_datetime

_UNITS = (
    (365 * 86_400, "year"),
    (30 * 86_400, "month"),
    (86_400, "day"),
    (3_600, "hour"),
    (60, "minute"),
)


def ago(at: Micros, now: Micros) -> str:
    """Say how far `at` lies from `now`: "just now", "3 minutes ago", "in 2 hours"."""
    seconds = abs(now - at) // SECOND
    for size, unit in _UNITS:
        if seconds >= size:
            words = _count(seconds // size, unit)
            return f"{words} ago" if at <= now else f"in {words}"
    return "just now" if at <= now else "in a moment"


def duration(seconds: float | None) -> str:
    """Say a length of time with its units: "0.4 s", "12 s", "3 min 5 s", "2 h 4 min"."""
    if seconds is None:
        return "unknown"
    if seconds < 10:  # noqa: PLR2004 - below that, tenths matter
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(count: int) -> str:
    """Say a number of bytes: "740 B", "12.3 kB", "4.0 MB"."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:  # noqa: PLR2004 - SI prefixes
            break
        amount, unit = amount / 1000, larger
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"


def instant(at: Micros) -> str:
    """Write an instant for machines and for the tooltip: 2026-11-23 08:15:02 UTC."""
    return to_datetime(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(at: Micros) -> str:
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _count(number: int, unit: str) -> str:
    return plural(number, unit)
