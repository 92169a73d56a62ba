"""Terminal output to HTML: SGR colours become classes, everything else is escaped or dropped.

Only select-graphic-rendition sequences change how text looks; cursor movement and the like mean
nothing in a log. A carriage return within a line keeps what was drawn last, as a terminal would.
https://ecma-international.org/publications-and-standards/standards/ecma-48/ (8.3.117)
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # the colours
    r"|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"  # other sequences
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # bare control characters, the escape too
)
_INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 9: "struck"}
_OFF = {22: {"bold", "dim"}, 23: {"italic"}, 24: {"underline"}, 29: {"struck"}}
_EXTENDED = {38, 48}


@dataclass(frozen=True)
class Look:
    """What the sequences so far ask for."""

    front: str = ""
    back: str = ""
    flags: frozenset[str] = frozenset()

    @property
    def classes(self) -> str:
        fore = [f"fg-{self.front}"] if self.front else []
        ground = [f"bg-{self.back}"] if self.back else []
        return " ".join([*fore, *ground, *sorted(self.flags)])


def line_html(text: str, look: Look = Look()) -> tuple[str, Look]:
    """Make one line safe HTML; also returns the look that the next line begins with."""
    parts = []
    drawn = _after_return(text)
    for piece, now in _pieces(drawn, look):
        look = now
        shown = html.escape(_INVISIBLE.sub(_spelled, piece))
        if shown:
            parts.append(f'<span class="{now.classes}">{shown}</span>' if now.classes else shown)
    return "".join(parts), look


def plain(text: str) -> str:
    """Drop every sequence."""
    return _SEQUENCE.sub("", _after_return(text))


def _after_return(text: str) -> str:
    drawn = text.rstrip("\r")
    return drawn.rsplit("\r", 1)[-1] if "\r" in drawn else drawn


def _spelled(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"


def _pieces(text: str, look: Look) -> Iterator[tuple[str, Look]]:
    at = 0
    for found in _SEQUENCE.finditer(text):
        yield text[at : found.start()], look
        if found[1] is not None:
            look = _changed(look, found[1])
        at = found.end()
    yield text[at:], look


def _changed(look: Look, parameters: str) -> Look:
    codes = [int(code[:4] or 0) for code in re.split("[;:]", parameters)] if parameters else [0]
    position = 0
    while position < len(codes):
        code = codes[position]
        if code in _EXTENDED:
            look, used = _extended(look, codes[position:])
            position += used
        else:
            look = _simple(look, code)
            position += 1
    return look


def _simple(look: Look, code: int) -> Look:  # noqa: PLR0911 - one line for each row of the table
    if code == 0:
        return Look()
    if code in _FLAGS:
        return replace(look, flags=look.flags | {_FLAGS[code]})
    if code in _OFF:
        return replace(look, flags=look.flags - _OFF[code])
    if 30 <= code <= 39:  # noqa: PLR2004 - ECMA-48
        return replace(look, front=_NAMES[code - 30] if code < 38 else "")  # noqa: PLR2004
    if 40 <= code <= 49:  # noqa: PLR2004
        return replace(look, back=_NAMES[code - 40] if code < 48 else "")  # noqa: PLR2004
    if 90 <= code <= 97:  # noqa: PLR2004 - the bright ones, which xterm added
        return replace(look, front=f"bright-{_NAMES[code - 90]}")
    if 100 <= code <= 107:  # noqa: PLR2004
        return replace(look, back=f"bright-{_NAMES[code - 100]}")
    return look


def _extended(look: Look, codes: list[int]) -> tuple[Look, int]:
    """Read 38;5;N and 38;2;R;G;B: shown as the nearest of the sixteen that pages know."""
    kind = codes[1] if len(codes) > 1 else 0
    if kind == 5 and len(codes) > 2:  # noqa: PLR2004
        return _placed(look, codes[0], _indexed(codes[2])), 3
    if kind == 2 and len(codes) > 4:  # noqa: PLR2004
        return _placed(look, codes[0], _nearest(*codes[2:5])), 5
    return look, len(codes)


def _placed(look: Look, code: int, name: str) -> Look:
    return replace(look, front=name) if code == 38 else replace(look, back=name)  # noqa: PLR2004


def _indexed(number: int) -> str:
    if number < 16:  # noqa: PLR2004 - the first sixteen are the named ones
        return _NAMES[number] if number < 8 else f"bright-{_NAMES[number - 8]}"  # noqa: PLR2004
    if number >= 232:  # noqa: PLR2004 - the last 24 are greys
        level = (number - 232) * 10 + 8
        return _nearest(level, level, level)
    cube = number - 16
    return _nearest(*(channel * 51 for channel in (cube // 36 % 6, cube // 6 % 6, cube % 6)))


def _nearest(red: int, green: int, blue: int) -> str:
    brightest = max(red, green, blue)
    if brightest < 64:  # noqa: PLR2004 - too dark to tell a hue
        return "bright-black"
    bits = sum(1 << bit for bit, value in enumerate((red, green, blue)) if value * 2 > brightest)
    return f"bright-{_NAMES[bits]}" if brightest > 170 else _NAMES[bits]  # noqa: PLR2004
