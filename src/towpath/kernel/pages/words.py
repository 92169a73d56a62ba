"""What pages say about time, sizes and text from strangers."""

import functools

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

from towpath.kernel.clock import SECOND, Micros, to_datetime

_UNITS = (
    (365 * 86_400, "year"),
    (30 * 86_400, "month"),
    (86_400, "day"),
    (3_600, "hour"),
    (60, "minute"),
)
_MARKDOWN_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


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


def markdown(text: str) -> Markup:
    """Turn Markdown from strangers into HTML without scripts, styles, images or odd links."""
    html = _renderer().render(text)
    clean = nh3.clean(
        html,
        tags=_MARKDOWN_TAGS,
        attributes={"a": {"href", "title"}, "code": {"class"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


@functools.cache
def _renderer() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True})
    made.core.ruler.push("demote", _demote)
    return made.enable(["table", "strikethrough"])


def _demote(state: StateCore) -> None:
    """A page has its own title, so the largest heading within is one smaller."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, 6)}"


def _count(number: int, unit: str) -> str:
    return plural(number, unit)
