"""Ranges of versions as workflow files write them, and the best version that lies in one.

The language is that of npm's semver: `3`, `3.12`, `3.x`, `>=3.9 <3.13`, `^20.1`, `~3.10`,
`3.9 - 3.11`, and `||` between ranges. https://github.com/npm/node-semver#ranges
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from towpath.kernel.errors import InvalidInput

_VERSION = re.compile(r"v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-.]?([0-9A-Za-z.-]+))?")
_PARTIAL = re.compile(
    r"[v=\s]*(\d{1,9}|[xX*])(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(?:-?([0-9A-Za-z][\w.-]*))?"
)
_PART = re.compile(r"(>=|<=|>|<|=|~>?|\^)?\s*([\w.*+-]+)")
_HYPHEN = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*")
_LONGEST = 200
_ALL = 3  # numbers of a whole version
_Numbers = tuple[int, int, int]


@dataclass(frozen=True, order=True)
class Version:
    """A whole version. `rank` puts what comes before a release (an alpha, say) in front of it."""

    numbers: _Numbers
    rank: tuple[tuple[int, int, str], ...] = ((2, 0, ""),)

    @property
    def is_early(self) -> bool:
        return self.rank != _RELEASE


_RELEASE = ((2, 0, ""),)
_EARLIEST = ((-1, 0, ""),)
_Test = Callable[[Version], bool]


def version(text: str) -> Version | None:
    """Read a whole version, Python's `3.13.0rc1` too; None when it is none."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    one, two, three, early = found.groups()
    return Version((int(one), int(two), int(three)), _rank(early or ""))


def best(wanted: str, there: Iterable[str], *, early: bool = False) -> str | None:
    """Pick the newest that lies in a range; what comes before a release only if that is asked."""
    fits = in_range(wanted, early=early)
    known = [(found, text) for text in there if (found := version(text))]
    return max(((found, text) for found, text in known if fits(found)), default=(None, None))[1]


def in_range(wanted: str, *, early: bool = False) -> _Test:
    """Read a range; InvalidInput when it is none."""
    if len(wanted) > _LONGEST:
        raise _unreadable(f"{wanted[:40]}…")
    choices = [_choice(part.strip()) for part in wanted.split("||")]

    def fits(found: Version) -> bool:
        return any(
            all(test(found) for test in tests) and (early or not found.is_early or names_early)
            for tests, names_early in choices
        )

    return fits


def _choice(text: str) -> tuple[list[_Test], bool]:
    """Read what stands between `||`: all must hold; and whether it names an early version."""
    if hyphen := _HYPHEN.fullmatch(text):
        parts = [(">=", hyphen[1]), ("<=", hyphen[2])]
    else:
        rest = _PART.sub("", text)
        if rest.strip(" ,"):
            raise _unreadable(text)
        parts = [(found[1] or "", found[2]) for found in _PART.finditer(text)] or [("", "*")]
    return [_test(sign, part) for sign, part in parts], any("-" in part for _, part in parts)


def _test(sign: str, text: str) -> _Test:
    found = _PARTIAL.fullmatch(text)
    if found is None:
        raise _unreadable(text)
    numbers = []
    for group in found.groups()[:3]:
        if group is None or group in "xX*":
            break
        numbers.append(int(group))
    low, above = _low(numbers, found[4] or ""), _above(numbers, _kept(sign, numbers))
    whole = len(numbers) == _ALL
    tests: dict[str, _Test] = {
        ">=": lambda other: other >= low,
        "<": lambda other: other < low,
        ">": lambda other: other > low if whole else above is not None and other >= above,
        "<=": lambda other: other <= low if whole else above is None or other < above,
    }
    if sign in {"", "="} and whole:
        return lambda other: other == low
    return tests.get(sign, lambda other: other >= low and (above is None or other < above))


def _kept(sign: str, numbers: list[int]) -> int:
    """How many of the numbers may not grow."""
    if sign == "^":
        zeros = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
        return zeros + 1
    return min(len(numbers), 2) if sign.startswith("~") else len(numbers)


def _low(numbers: list[int], early: str) -> Version:
    one, two, three = (*numbers, 0, 0, 0)[:3]
    rank = _rank(early) if len(numbers) == _ALL or early else _EARLIEST
    return Version((one, two, three), rank)


def _above(numbers: list[int], kept: int) -> Version | None:
    if not numbers:
        return None
    raised = [*numbers[: kept - 1], numbers[kept - 1] + 1, 0, 0, 0]
    return Version((raised[0], raised[1], raised[2]), _EARLIEST)


def _rank(early: str) -> tuple[tuple[int, int, str], ...]:
    """Rank what follows the numbers: nothing is the release, numbers come before words."""
    if not early:
        return _RELEASE
    words = re.findall(r"\d+|[A-Za-z]+", early)
    return tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in words)


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(
        f"`{text}` is no range of versions.", next_step="Write one such as 3.12 or >=3.9 <3.13."
    )
