"""Every way into the real application, walked by everybody, against the table in the docs."""

import re
from pathlib import Path

import anyio
import pytest
from fastapi import Depends
from structlog.testing import capture_logs

from towpath.app.parts import PARTS
from towpath.app.server import require_declared
from towpath.forge import service as forge
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.errors import PermanentError
from towpath.kernel.http import csrf
from towpath.kernel.http.app import create_app
from towpath.kernel.http.callers import Caller
from towpath.kernel.http.permissions import Anybody, Needs, entries
from towpath.pipelines import service as pipelines
from towpath.pipelines.model import workflow
from towpath.pipelines.model.run import Job, Run
from towpath.pipelines.store import jobs, suites

TABLE = Path("docs/reference/permissions.md")
SITE = {
    "viewer": Role.viewer,
    "member": Role.member,
    "maintainer": Role.maintainer,
    "admin": Role.admin,
    "maintainer here": Role.viewer,
    "narrow token": Role.admin,
    "stranger": Role.maintainer,
}
FORMS = {"/login", "/logout", "/login/recover"}  # a visitor's cookie proves the form


@pytest.fixture(scope="module")
def told():
    """What the docs say: (method, path) to the columns by actor."""
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| `")]
    head = next(line for line in TABLE.read_text().splitlines() if line.startswith("| method"))
    names = [cell.strip() for cell in head.strip("|").split("|")][3:]
    table = {}
    for line in lines:
        cells = [cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        table[cells[0], cells[1]] = dict(zip(names, cells[3:], strict=True))
    return table


@pytest.fixture
def town(kernel, monkeypatch):
    """Two repositories with a run each, somebody of each kind, and the application."""
    # Whoever may delete the repository does: it must be there for those who come after.
    monkeypatch.setattr(forge, "delete_repository", lambda _tx, _repository: None)
    repository = forge.create_repository(kernel, "alice", "boat")
    forge.install_hook(kernel)
    tokens = {name: kernel.db.write(lambda tx: _person(tx, name, repository.id)) for name in SITE}  # noqa: B023
    hidden = forge.create_repository(kernel, "alice", "hull", private=True)
    kernel.db.write(lambda tx: _run(tx, repository.id, "1"))
    kernel.db.write(lambda tx: _run(tx, hidden.id, "2"))
    here = {"owner": "alice", "name": "boat", "run": "run_1", "job": "job_1"}
    with capture_logs():  # hundreds of refusals, each of them a line
        yield Town(create_app(kernel, PARTS), tokens, here)


def _person(tx, name, repository):
    login = name.replace(" ", "-")
    access.create_user(tx, login, None, SITE[name])
    if name == "maintainer here":
        access.grant(tx, repository, Role.maintainer, login=login)
    scopes = ("another",) if name == "narrow token" else ()
    return access.create_token(tx, login, "walk", scopes=scopes)[1]


def _run(tx, repository, which):
    asked = (repository, "0" * 40, "refs/heads/main", "push")
    suite = pipelines.trigger(tx, *asked, key="k", payload={})
    made = Run(
        id=f"run_{which}", suite=suite, repository=repository, sha=asked[1], ref=asked[2],
        event="push", path="ci.yml", workflow="ci", title="", github={"repository": "alice/boat"},
        state="finished", conclusion="success", created=tx.now,
    )  # fmt: skip
    suites.add_run(tx, made)
    spec = workflow.Job(id="t", line=1)
    ended = {"state": "finished", "conclusion": "success"}
    jobs.add_jobs(
        tx, [Job(id=f"job_{which}", run=made.id, position=0, name="t", spec=spec, **ended)]
    )


class Town:
    def __init__(self, app, tokens, here):
        self.app = app
        self._tokens = tokens
        self._here = {"repo": here["name"], **here}
        self._there = self._here | {"repo": "hull", "name": "hull", "run": "run_2", "job": "job_2"}

    async def status(self, method, path, actor):
        """Ask as `actor` and hear only the status: some answers are streams without an end."""
        heard = anyio.Event()
        statuses = []

        bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive():
            for message in bodies:
                return message
            await heard.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                heard.set()

        scope = self._scope(method, path, actor)
        async with anyio.create_task_group() as group:
            group.start_soon(self.app, scope, receive, send)
            with anyio.fail_after(30):
                await heard.wait()
            group.cancel_scope.cancel()
        return statuses[0]

    def _scope(self, method, path, actor):
        where = self._there if actor == "stranger" else self._here
        address = re.sub(r"\{(\w+)(?::\w+)?\}", lambda at: where.get(at[1], "1"), path)
        headers = [(b"host", b"towpath.test")]
        if path in FORMS:
            proof = csrf.token_for("visitor").encode()
            headers += [(b"cookie", b"towpath_visitor=visitor"), (b"towpath-csrf", proof)]
        elif actor != "outsider":
            headers += [(b"authorization", f"Bearer {self._tokens[actor]}".encode())]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": method, "path": address, "raw_path": address.encode(), "root_path": "",
            "query_string": b"service=git-upload-pack&topic=boats", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("towpath.test", 80),
        }  # fmt: skip


def refusals(entry, actor):
    """Inside a private repository a stranger is not even refused."""
    inside = any(isinstance(one, Needs) and one.on for one in entry.declared)
    return {404} if inside and actor == "stranger" else {401, 403}


async def walked(town, told, only=""):
    """Say every difference between what the table promises and what happens, one each."""
    wrong = []
    for entry in entries(town.app.routes):
        if only not in entry.path:
            continue
        promised = told.get((entry.method, entry.path))
        if promised is None:
            wrong.append(f"{entry.method} {entry.path} is not in the table")
            continue
        for actor, allowed in promised.items():
            status = await town.status(entry.method, entry.path, actor)
            if status >= 500 or (status not in refusals(entry, actor)) != (allowed == "yes"):
                wrong.append(f"{entry.method} {entry.path} as {actor}: {status}, told {allowed}")
    return wrong


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_every_route_lets_in_exactly_whom_the_table_says(town, told):
    assert len(told) > 60
    assert await walked(town, told) == []


@pytest.mark.anyio
async def test_a_planted_declaration_that_says_too_little_is_found(town, told):
    def open_by_word(_: Caller) -> None:
        """Declared for anybody; asks for a caller all the same."""

    town.app.add_api_route("/planted", open_by_word, dependencies=[Depends(Anybody("planted"))])
    told = told | {("GET", "/planted"): dict.fromkeys([*SITE, "outsider"], "yes")}
    assert await walked(town, told, "/planted") == ["GET /planted as outsider: 401, told yes"]


@pytest.mark.anyio
async def test_a_planted_declaration_that_says_too_much_is_found(town, told):
    town.app.add_api_route(
        "/planted", lambda: None, dependencies=[Depends(Needs(Role.viewer, any_token=True))]
    )
    told = told | {
        ("GET", "/planted"): dict.fromkeys(SITE, "yes") | {"viewer": "no", "outsider": "no"}
    }
    assert await walked(town, told, "/planted") == ["GET /planted as viewer: 200, told no"]


def test_a_server_with_a_route_of_which_nobody_said_who_may_use_it_does_not_start(town):
    require_declared(town.app)
    town.app.add_api_route("/planted", lambda: None)
    with pytest.raises(PermanentError, match="GET /planted declares no permission"):
        require_declared(town.app)
