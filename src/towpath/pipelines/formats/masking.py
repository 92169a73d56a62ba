"""Values that no log may show, as they are and in the encodings that programs print."""

import base64
import json
import re
import shlex
from collections.abc import Iterator
from html import escape
from urllib.parse import quote, quote_plus

STARS = "***"
MOST_FORMS = 10_000
_SHORTEST_ENCODED = 5
"""Characters below which an encoded form would hide words that only look like it."""


class Masks:
    """Grows as a job goes on; a value of several lines hides each of them."""

    def __init__(self) -> None:
        self._hidden: set[bytes] = set()
        self._pattern: re.Pattern[bytes] | None = None
        self._longest = 0

    def add(self, value: str) -> bool:
        """Hide a value from now on; False when there is nothing in it to hide, or no room."""
        lines = {line.strip() for line in re.split(r"[\r\n]+", value)} - {""}
        new = {form for line in lines for form in _forms(line)} - self._hidden
        if not lines or len(self._hidden) + len(new) > MOST_FORMS:
            return False
        self._hidden |= new
        self._pattern = None
        self._longest = max(self._longest, *map(len, new), 0)
        return True

    def hide(self, data: bytes) -> bytes:
        """Put stars in place of every hidden value; to look for each first is far cheaper."""
        if not any(form in data for form in self._hidden):
            return data
        if self._pattern is None:
            ordered = sorted(self._hidden, key=len, reverse=True)
            self._pattern = re.compile(b"|".join(map(re.escape, ordered)))
        return self._pattern.sub(STARS.encode(), data)

    def text(self, text: str) -> str:
        return self.hide(text.encode()).decode("utf-8", "replace") if self._hidden else text

    def open_end(self, data: bytes) -> int:
        """Count the last bytes that may be the beginning of a value of which the rest follows."""
        for length in range(min(self._longest - 1, len(data)), 0, -1):
            end = data[-length:]
            if any(form.startswith(end) for form in self._hidden):
                return length
        return 0


def _forms(value: str) -> set[bytes]:
    raw = value.encode()
    found = {form.encode() for form in _encoded(value, raw) if len(form) >= _SHORTEST_ENCODED}
    return found | {raw}


def _encoded(value: str, raw: bytes) -> Iterator[str]:
    for shift in range(3):
        # What stands in base64 whatever comes before and after the value.
        whole = base64.b64encode(bytes(shift) + raw).decode()
        core = whole[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        yield from (core, core.translate(str.maketrans("+/", "-_")))
    yield from (raw.hex(), raw.hex().upper())
    yield from (quote(value), quote(value, ""), quote_plus(value), quote_plus(value, "/"))
    for written in (json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)):
        yield written[1:-1]
    marked = escape(value, quote=False)
    yield from (marked, marked.replace("\t", "&#9;"), marked.replace('"', "&quot;"))
    yield from (escape(value), escape(value).replace("&#x27;", "&#39;"))
    yield from (shlex.quote(value), value.replace("'", "''"))
    yield value.replace("\\", "\\\\").replace('"', '\\"')
