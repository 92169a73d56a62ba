"""The forms on the lines of a diff: say something there, answer, settle it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.model.threads import SIDES, Side, require_anchor
from towpath.forge.pages.visiting import HERE, Changes, Line, Text, Visit
from towpath.forge.service import Diff, DiffFile, Placed, Row

Where = tuple[str, Side, int]


class Begun(BaseModel):
    path: str
    side: Line
    line: int
    commit: Line
    body: Text


class Answer(BaseModel):
    body: Text


@dataclass(frozen=True)
class Talks:
    """Threads by the line that they stand at; those whose line the page does not show apart.

    `asked` is the line whose number somebody clicked on.
    """

    inline: dict[Where, list[Placed]]
    apart: list[Placed]
    asked: Where | None

    def lively(self, file: DiffFile) -> bool:
        """Whether anything but lines stands in this file; most have nothing."""
        paths = {file.path, file.old_path}
        wheres = [*self.inline, *([self.asked] if self.asked else [])]
        return any(path in paths for path, _, _ in wheres)

    def at(self, file: DiffFile, row: Row) -> list[Placed]:
        return [one for where in _places(file, row) for one in self.inline.get(where, [])]

    def asks(self, file: DiffFile, row: Row) -> bool:
        return self.asked in _places(file, row)


def talks(placed: Iterable[Placed], diff: Diff, asked: str) -> Talks:
    """Sort threads to the lines of a diff; `asked` is the end of an address: side:line:path."""
    rows = ((file, row) for file in diff.files for hunk in file.hunks for row in hunk.rows)
    shown = {where for file, row in rows for where in _places(file, row)}
    inline: dict[Where, list[Placed]] = {}
    apart = []
    for one in placed:
        anchor = one.thread.anchor
        where = None if one.line is None else (anchor.path, anchor.side, one.line)
        if where in shown:
            inline.setdefault(where, []).append(one)
        else:
            apart.append(one)
    return Talks(inline, apart, _asked(asked))


def _places(file: DiffFile, row: Row) -> list[Where]:
    found: list[Where] = []
    if row.old:
        found.append((file.old_path or file.path, "old", row.old))
    if row.new:
        found.append((file.path, "new", row.new))
    return found


def _asked(text: str) -> Where | None:
    side, _, rest = text.partition(":")
    line, _, path = rest.partition(":")
    known = next((one for one in SIDES if one == side), None)
    return (path, known, int(line)) if known and line.isdecimal() else None


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    base = f"{HERE}/merge_requests/{{number:int}}/threads"
    routes.add_api_route(base, begin, methods=["POST"])
    routes.add_api_route(f"{base}/{{thread}}/reply", reply, methods=["POST"])
    routes.add_api_route(f"{base}/{{thread}}/resolve", resolve, methods=["POST"])
    routes.add_api_route(f"{base}/{{thread}}/reopen", reopen, methods=["POST"])
    return routes


def begin(here: Changes, number: int, given: Annotated[Begun, Form()]) -> Response:
    """Say something about a line of the diff that was on the page."""
    anchor = require_anchor(given.path, given.side, given.line, given.commit)
    made = service.start_thread(
        here.kernel, here.id, number, here.caller.login, given.body, anchor
    )
    return _back(here, number, made.id)


def reply(here: Changes, number: int, thread: str, given: Annotated[Answer, Form()]) -> Response:
    who = here.caller.login
    here.kernel.db.write(lambda tx: service.reply(tx, here.id, number, thread, who, given.body))
    return _back(here, number, thread)


def resolve(here: Changes, number: int, thread: str) -> Response:
    return _settle(here, number, thread, here.caller.login)


def reopen(here: Changes, number: int, thread: str) -> Response:
    return _settle(here, number, thread, None)


def _settle(here: Visit, number: int, thread: str, by: str | None) -> Response:
    here.kernel.db.write(lambda tx: service.resolve_thread(tx, here.id, number, thread, by=by))
    return _back(here, number, thread)


def _back(here: Visit, number: int, thread: str) -> Response:
    address = f"/{here.repository.full_name}/merge_requests/{number}#{thread}"
    return RedirectResponse(address, status_code=303)
