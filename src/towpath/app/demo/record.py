"""What a demo leaves behind: claims in record.jsonl, the evidence in a bare repository beside it.

One JSON object a line, told apart by `what`:

start     seed, bare (folder of the repository), branch, base (main when requests were opened),
          workflow (path in the tree), python (what $PYTHON was), version
request   number, title, part, branch, head, expected; `together`: the number of the other half
          of a pair of which each passes alone
outcome   number, outcome "landed" (commit, base: main just before) or "refused" (why "conflict"
          or "red", base: main it was judged on), seconds since its approval, said
end       main, seconds
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

FILE = "record.jsonl"


@dataclass(frozen=True, kw_only=True)
class Start:
    seed: int
    bare: str
    branch: str
    base: str
    workflow: str
    python: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Request:
    number: int
    title: str
    part: str
    branch: str
    head: str
    expected: str
    together: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`seconds` count from the approval; `base` is the commit that was main when it was judged."""

    number: int
    outcome: Literal["landed", "refused"]
    base: str
    seconds: float
    said: str
    why: Literal["conflict", "red"] | None = None
    commit: str | None = None

    @property
    def what(self) -> str:
        """In one word, as `expected` says it."""
        return self.why or self.outcome


@dataclass(frozen=True, kw_only=True)
class End:
    main: str
    seconds: float


Line = Start | Request | Outcome | End


def write(folder: Path, lines: Iterable[Line], bare: Path) -> None:
    """Replace what an earlier demo left in `folder`; anything else that lies there is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    start, *rest = lines
    if not isinstance(start, Start):
        raise TypeError("a record begins with how it started")
    shutil.rmtree(folder / start.bare, ignore_errors=True)
    shutil.copytree(bare, folder / start.bare, symlinks=True)
    text = "".join(json.dumps(_plain(line)) + "\n" for line in (start, *rest))
    (folder / FILE).write_text(text)


def _plain(line: Line) -> Mapping[str, Any]:
    values = {name: value for name, value in asdict(line).items() if value is not None}
    return {"what": type(line).__name__.lower(), **values}
