"""The arithmetic of a canal: a small module, and the changes that people propose to it.

Every change is made from the module below, never from the project it is added to, so it cannot
rot. The seed deals the parts: which file is changed by whom, who comes first, who is guilty.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

FOLDER = "examples/demo"
WORKFLOW = ".towpath/workflows/demo.yml"
Expected = Literal["landed", "conflict", "red"]
Part = Literal["measures", "measures again", "breaks", "fixes", "renames", "relies"]


@dataclass(frozen=True)
class Unit:
    """One file of the module: a constant and a function that multiplies by it.

    `figures` are the value the constant starts with and the two that people measure later;
    `floor`, once somebody adds it, is what the answer never goes below.
    """

    name: str
    title: str
    constant: str
    figures: tuple[int, int, int]
    function: str
    argument: str
    says: str
    floor: str = ""

    @property
    def figure(self) -> int:
        return self.figures[0]


UNITS = (
    Unit(
        "volume",
        "Water that a lock takes",
        "CUBIC_METRES_PER_METRE",
        (48, 50, 53),
        "lockage",
        "fall",
        "Cubic metres for one passage through a lock with this fall in metres.",
    ),
    Unit(
        "passage",
        "Time spent in locks",
        "MINUTES_PER_LOCK",
        (12, 14, 11),
        "delay",
        "locks",
        "Minutes that a boat spends in so many locks.",
    ),
    Unit(
        "traffic",
        "Boats on a flight of locks",
        "BOATS_PER_HOUR",
        (4, 5, 3),
        "boats",
        "hours",
        "Boats that pass in so many hours, both ways together.",
    ),
    Unit(
        "toll",
        "Toll of a loaded boat",
        "PENCE_PER_MILE",
        (30, 36, 24),
        "toll",
        "miles",
        "Pence for a loaded boat that goes so many miles.",
    ),
    Unit(
        "haul",
        "Load that a horse draws",
        "TONS_PER_HORSE",
        (25, 30, 28),
        "load",
        "horses",
        "Tons that so many horses draw on still water.",
    ),
)


@dataclass(frozen=True)
class Change:
    """One merge request to be: the files it writes, and what must become of it."""

    part: Part
    branch: str
    title: str
    body: str
    files: Mapping[str, str]
    expected: Expected


@dataclass(frozen=True)
class Plan:
    """What the demo adds on top of the project, and the changes in the order of their opening."""

    seed: int
    files: Mapping[str, str]
    changes: Sequence[Change]


def plan(seed: int) -> Plan:
    """Deal the parts by `seed`: the same seed gives the same requests in the same order."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable shuffle, nothing secret
    measured, clamped, renamed, relying, tried = chance.sample(UNITS, len(UNITS))
    figures = chance.sample(measured.figures[1:], 2)
    changes = [
        _measures(measured, figures[0]),
        _measures(measured, figures[1]),
        _breaks(clamped),
        _fixes(clamped),
        _renames(renamed),
        _relies(relying, renamed),
        _measures(tried, chance.choice(tried.figures[1:])),
    ]
    return Plan(seed, _files(UNITS), _judged(_shuffled(changes, chance)))


def _shuffled(changes: list[Change], chance: random.Random) -> list[Change]:
    order = chance.sample(changes, len(changes))
    broken, fixed = (
        next(at for at, change in enumerate(order) if change.part == part)
        for part in ("breaks", "fixes")
    )
    if fixed < broken:
        order[fixed], order[broken] = order[broken], order[fixed]
    return order


def _judged(order: Sequence[Change]) -> tuple[Change, ...]:
    """Say what must become of each: of two that cannot both be, the later one is guilty."""
    judged: list[Change] = []
    for change in order:
        expected, part = change.expected, change.part
        if any(_same_line(change, earlier) for earlier in judged):
            expected, part = "conflict", "measures again"
        if part in {"renames", "relies"} and any(c.part in {"renames", "relies"} for c in judged):
            expected = "red"
        judged.append(replace(change, part=part, expected=expected))
    return tuple(judged)


def _same_line(change: Change, other: Change) -> bool:
    return change.part == other.part == "measures" and set(change.files) == set(other.files)


def _measures(unit: Unit, figure: int) -> Change:
    measured = replace(unit, figures=(figure, *unit.figures[1:]))
    return Change(
        "measures",
        f"measure-{unit.name}-{figure}",
        f"{unit.title}: {figure} instead of {unit.figure}",
        f"Measured again: `{unit.constant}` is {figure}, not {unit.figure}.",
        _files([measured]),
        "landed",
    )


def _breaks(unit: Unit) -> Change:
    wrong = replace(unit, floor=unit.constant)
    tests = _test_path(unit)
    return Change(
        "breaks",
        f"clamp-{unit.name}",
        f"{unit.title}: never below nothing",
        f"A negative number of {unit.argument} makes no sense.",
        {**_files([wrong]), tests: _tests(unit)},
        "red",
    )


def _fixes(unit: Unit) -> Change:
    return Change(
        "fixes",
        f"clamp-{unit.name}-again",
        f"{unit.title}: never below nothing, tested",
        "The first try answered wrongly for nothing at all; this one holds the line at zero.",
        _files([replace(unit, floor="0")]),
        "landed",
    )


def _renames(unit: Unit) -> Change:
    return Change(
        "renames",
        f"rename-{unit.function}",
        f"Call it {unit.function}_for",
        f"`{unit.function}` reads like a thing; `{unit.function}_for` says that it computes.",
        _files([replace(unit, function=f"{unit.function}_for")]),
        "landed",
    )


def _relies(unit: Unit, used: Unit) -> Change:
    module = f"{unit.name}_with_{used.name}"
    call = f"{unit.function}(amount), {used.function}(amount)"
    source = f'''"""{unit.title}, beside: {used.title[0].lower()}{used.title[1:]}."""

from canal.{used.name} import {used.function}
from canal.{unit.name} import {unit.function}


def both(amount: float) -> tuple[float, float]:
    """The two answers for the same amount, side by side."""
    return {call}
'''
    tests = f'''"""Both answers at once."""

import unittest

from canal.{module} import both


class Both(unittest.TestCase):
    def test_both_answers_belong_to_the_same_amount(self) -> None:
        self.assertEqual(both(2), ({2 * unit.figure}, {2 * used.figure}))
'''
    return Change(
        "relies",
        f"compare-{unit.name}-{used.name}",
        f"{unit.title}: compare with {used.name}",
        f"Two answers side by side; it uses `{used.function}` as it is called today.",
        {
            f"{FOLDER}/canal/{module}.py": _imports_in_order(source),
            f"{FOLDER}/test_{module}.py": tests,
        },
        "landed",
    )


def _imports_in_order(source: str) -> str:
    lines = source.splitlines()
    at = [number for number, line in enumerate(lines) if line.startswith("from ")]
    for number, line in zip(at, sorted(lines[number] for number in at), strict=True):
        lines[number] = line
    return "\n".join(lines) + "\n"


def _files(units: Sequence[Unit]) -> dict[str, str]:
    sources = {f"{FOLDER}/canal/{unit.name}.py": _source(unit) for unit in units}
    return sources | {_test_path(unit): _tests(unit) for unit in units}


def _test_path(unit: Unit) -> str:
    return f"{FOLDER}/test_{unit.name}.py"


def _source(unit: Unit) -> str:
    product = f"{unit.constant} * {unit.argument}"
    answer = f"max({product}, {unit.floor})" if unit.floor else product
    return f'''"""{unit.title}."""

{unit.constant} = {unit.figure}


def {unit.function}({unit.argument}: float) -> float:
    """{unit.says}"""
    return {answer}
'''


def _tests(unit: Unit) -> str:
    below = f"""
    def test_less_than_nothing_is_nothing(self) -> None:
        self.assertEqual({unit.function}(-1), 0)
"""
    return f'''"""{unit.title}."""

import unittest

from canal.{unit.name} import {unit.function}


class {unit.name.capitalize()}(unittest.TestCase):
    def test_nothing_gives_nothing(self) -> None:
        self.assertEqual({unit.function}(0), 0)

    def test_a_worked_example(self) -> None:
        self.assertEqual({unit.function}(3), {3 * unit.figure})
{below if unit.floor else ""}'''
