"""What the demo says on the terminal: each step with its result and its time, a table at the end.

On a terminal the step under way turns and colours help; elsewhere the same lines come out plain.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from towpath.app.demo.record import Outcome, Request

_WORDS = {
    "landed": "[green]landed[/]",
    "conflict": "[yellow]refused: conflict[/]",
    "red": "[red]refused: red[/]",
}
_WIDTH = 110
PROMISED_SECONDS = 180
"""How long a demo may take on two cores; a slower machine is told, not failed."""


class Step:
    """One step under way: `now` is shown while it lasts, `result` once it has ended."""

    def __init__(self, teller: "Teller", what: str) -> None:
        self._teller = teller
        self.what = what
        self.result = ""

    def now(self, text: str) -> None:
        self._teller.turn(f"{self.what}: {text}")


class Teller:
    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console = Console(file=self.console.file, highlight=False, width=_WIDTH)
        self._status = self.console.status("")
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Time what happens inside; the line is printed when it ends well."""
        step, began = Step(self, what), time.monotonic()
        self.turn(what)
        try:
            with self._status:
                yield step
        except BaseException:
            self.console.print(f"[red]✗[/] {escape(what)}")
            raise
        took = time.monotonic() - began
        self.say(f"[green]✓[/] {escape(what)}", escape(step.result), took)

    def turn(self, text: str) -> None:
        self._status.update(escape(text))

    def say(self, what: str, result: str = "", seconds: float | None = None) -> None:
        took = "" if seconds is None else f"[dim]{seconds:6.1f} s[/]"
        self.console.print(" · ".join(filter(None, [what, result, took])), soft_wrap=True)

    def print(self, what: RenderableType) -> None:
        self.console.print(what)

    def lines(self, text: str) -> None:
        """Text of others, as it is."""
        for line in text.splitlines():
            self.console.print(f"  {escape(line)}", overflow="ellipsis", no_wrap=True)

    def outcome(self, request: Request, outcome: Outcome) -> None:
        what = f"  #{request.number} {escape(request.title)}"
        self.say(what, _WORDS[outcome.what], outcome.seconds)

    def address(self, url: str, users: Sequence[tuple[str, str]]) -> None:
        self.console.print(f"\n  Open [bold]{url}[/]")
        for login, password in users:
            self.console.print(f"  log in as [bold]{login}[/] with {escape(password)}")
        self.console.print()


@dataclass(frozen=True)
class Row:
    request: Request
    outcome: Outcome

    @property
    def as_expected(self) -> bool:
        return self.outcome.what == self.request.expected


def against_promise(seconds: float) -> str:
    """How long it took, beside the three minutes that were promised."""
    kept = seconds <= PROMISED_SECONDS
    judged = "within" if kept else "longer than"
    return f"{seconds:.0f} s, {judged} the {PROMISED_SECONDS // 60} minutes promised for two cores"


def table(rows: Sequence[Row], seconds: float) -> Table:
    """What became of each request and why, in the order of their opening, and how long it took."""
    made = Table(title="What became of the requests", title_justify="left", box=SIMPLE_HEAD)
    made.caption, made.caption_justify = f"All of it took {against_promise(seconds)}.", "left"
    made.add_column("#", justify="right")
    made.add_column("request", ratio=4)
    made.add_column("became")
    made.add_column("why", ratio=5)
    made.add_column("s", justify="right")
    made.add_column("expected")
    for row in sorted(rows, key=lambda row: row.request.number):
        made.add_row(
            str(row.request.number),
            escape(row.request.title),
            _WORDS[row.outcome.what],
            escape(row.outcome.said),
            f"{row.outcome.seconds:.1f}",
            "[green]yes[/]" if row.as_expected else f"[red]no: {row.request.expected}[/]",
        )
    return made
