"""What every benchmark shares: interleaved rounds, a table for people, one line of JSON.

The last line is {"name", "figures": [{"name", "value", "unit", "op", "bar", "ok", "samples",
"peers"}], "ok"}; `ok` is null where a needed peer is absent.
"""

import importlib.metadata
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number that is judged: `value op bar`, or only told when there is no bar."""

    name: str
    value: float | None
    unit: str
    samples: Sequence[float] = ()
    peers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    op: str | None = None
    bar: float | None = None
    source: str = ""

    @property
    def ok(self) -> bool | None:
        if self.bar is None:
            return True
        if self.value is None:
            return None
        return self.value <= self.bar if self.op == "<=" else self.value >= self.bar

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": None if self.value is None else round(self.value, 4),
            "unit": self.unit,
            "op": self.op,
            "bar": self.bar,
            "ok": self.ok,
            "samples": [round(each, 4) for each in self.samples],
            "peers": {
                name: [round(each, 4) for each in all_] for name, all_ in self.peers.items()
            },
        }


def interleave(
    contestants: Mapping[str, Callable[[], Mapping[str, float]]], rounds: int = ROUNDS
) -> dict[str, dict[str, list[float]]]:
    """Run each contestant once per round, the order turning; {contestant: {measure: samples}}."""
    samples: dict[str, dict[str, list[float]]] = {name: {} for name in contestants}
    names = list(contestants)
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}, load average {os.getloadavg()[0]:.2f}")
        for name in names[number % len(names) :] + names[: number % len(names)]:
            for measure, value in contestants[name]().items():
                samples[name].setdefault(measure, []).append(value)
    return samples


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' own ratios: what shook the machine shook both."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def report(name: str, figures: Sequence[Figure], *packages: str) -> int:
    """Print table and JSON; returns the exit status: 1 when a bar is missed."""
    print(f"\n{name}: {machine()}; {', '.join(versions(packages))}")
    print(f"load average {', '.join(f'{each:.2f}' for each in os.getloadavg())}\n")
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(f"  {figure.name:<{width}}  {_told(figure)}")
    verdicts = [figure.ok for figure in figures]
    ok = False if False in verdicts else None if None in verdicts else True
    print(json.dumps({"name": name, "figures": [f.as_json() for f in figures], "ok": ok}))
    return 0 if ok is not False else 1


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"


def versions(packages: Sequence[str]) -> list[str]:
    found = [f"{each} {importlib.metadata.version(each)}" for each in packages]
    return [f"Python {platform.python_version()}", *found]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _told(figure: Figure) -> str:
    parts = [_number(figure.value, figure.unit)]
    if figure.samples:
        parts.append(f"ours {_spread(figure.samples)}")
    parts += [f"{name} {_spread(samples)}" for name, samples in figure.peers.items()]
    if figure.bar is not None:
        verdict = {True: "holds", False: "MISSED", None: "not judged"}[figure.ok]
        parts.append(f"bar {figure.op} {figure.bar:g} {verdict}")
        parts.append(figure.source)
    return "; ".join(part for part in parts if part)


def _number(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.3g} {unit}".strip()


def _spread(samples: Sequence[float]) -> str:
    middle = statistics.median(samples)
    return f"{middle:.4g} ({min(samples):.4g} to {max(samples):.4g})"
