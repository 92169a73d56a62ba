"""Nobody without a role on a private repository learns that there is one, whatever they ask.

The same server answers every stranger at every address before the repository exists and after:
all that it says must be the same.
"""

import re
from dataclasses import dataclass, field

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.pipelines.conftest import WORKFLOW, Canal
from tests.pipelines.trees import run_git
from towpath.app.parts import PARTS
from towpath.forge import service as forge
from towpath.forge.model.threads import require_anchor
from towpath.kernel import outbox
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.http import permissions
from towpath.kernel.http.app import create_app
from towpath.kernel.http.permissions import Needs, entries
from towpath.kernel.work.worker import Worker
from towpath.pipelines import service as pipelines

SITE = {
    "viewer": Role.viewer,
    "member": Role.member,
    "maintainer": Role.maintainer,
    "narrow": Role.admin,
    "program": Role.maintainer,
}
STRANGERS = (*SITE, "outsider")
CI = "on: [push, pull_request, merge_group]\njobs:\n  t: {runs-on: linux, steps: [{run: make}]}\n"
FORGED = {"run": "run_1", "job": "job_1"}  # ids that nobody has, for what has none yet
COUNTS = {"/metrics", "/health"}  # sums of the whole site, without a name: looked at apart
SECRET = "galleon"
LISTS = (
    "/", "/api/towpath/v1/runs", "/api/v3/user/repos", "/api/v3/users/alice/repos",
    "/api/v3/orgs/alice/repos", f"/api/towpath/v1/runs?repository=alice/{SECRET}",
)  # fmt: skip


@dataclass
class Harbour:
    """A server, those who ask it, and the repository that it hides."""

    kernel: object
    folder: object
    app: object
    tokens: dict
    names: dict = field(default_factory=dict)

    @property
    def db(self):
        return self.kernel.db

    async def ask(self, method, address, actor, body=b""):
        """What an actor hears, without what differs by the time and the request."""
        heard = _Heard()
        path, _, query = address.partition("?")
        headers = [(b"host", b"towpath.test"), (b"content-type", b"application/json")]
        if actor != "outsider":
            headers.append((b"authorization", f"Bearer {self.tokens[actor]}".encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("towpath.test", 80),
        }  # fmt: skip
        async with anyio.create_task_group() as group:
            group.start_soon(self.app, scope, heard.receive(body), heard.send)
            with anyio.fail_after(60):
                await heard.over.wait()
            group.cancel_scope.cancel()
        assert heard.status not in {429, 500}, (method, address, actor, heard.body)
        return heard.told()

    def addresses(self):
        """Every address of the application, filled in with what will be hidden."""
        for entry in entries(self.app.routes):
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda at: self.names.get(at[1], "1"), entry.path)
            yield entry.method, path

    async def walk(self, strangers):
        return {
            (method, path, actor): await self.ask(method, path, actor)
            for method, path in dict.fromkeys((*self.addresses(), *_got(LISTS)))
            for actor in strangers
            if path not in COUNTS
        }

    def work(self):
        reactions = [each for part in PARTS for each in part.reactions(self.kernel)]
        mine = [each for part in PARTS for each in part.handlers(self.kernel)]
        Worker(self.db, [*mine, *outbox.handlers(reactions)], 1).run_until_idle()


def _got(addresses):
    return [("GET", each) for each in addresses]


class _Heard:
    """One answer; of a stream without an end only its beginning."""

    def __init__(self):
        self.over, self.status, self.headers, self.body = anyio.Event(), 0, {}, b""

    def receive(self, body):
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive():
            for message in messages:
                return message
            await self.over.wait()
            return {"type": "http.disconnect"}

        return receive

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self.body += message.get("body", b"")
        stream = self.headers.get("content-type", "").startswith("text/event-stream")
        if message["type"] == "http.response.body" and (stream or not message.get("more_body")):
            self.over.set()

    def told(self):
        left = {
            "x-request-id",
            "x-github-request-id",
            "etag",
            "set-cookie",
            "content-length",
            "traceparent",
        }
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in left and not name.lower().startswith("x-ratelimit")
        }
        body = self.body.decode("utf-8", "replace")
        body = re.sub(r"req_\w+|csrf\" value=\"[^\"]*|content=\"[^\"]{40,}", "", body)
        return str(self.status), str(kept), re.sub(r"\"(remaining|used|reset)\":\s*\d+", "", body)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def harbour(kernel, tmp_path):
    def begin(tx):
        for name, role in SITE.items():
            if name != "program":
                access.create_user(tx, name, None, role)
        access.create_user(tx, "alice", None, Role.member)
        access.add_team(tx, "crew")
        access.create_service_account(tx, "program", "", "crew", SITE["program"])

    kernel.db.write(begin)
    folder = tmp_path / "copy"
    folder.mkdir()
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    raft = forge.create_repository(kernel, "bob", "raft", creator="maintainer")
    narrow = (f"repo:read:{raft.id}",)

    def tokens(tx):
        scopes = {"narrow": narrow}
        return {
            name: access.create_token(tx, name, "walk", scopes=scopes.get(name, ()))[1]
            for name in (*SITE, "alice")
        }

    names = {"owner": "alice", "name": SECRET, "repo": SECRET, "org": "alice", "login": "alice"}
    with capture_logs():
        made = Harbour(kernel, folder, create_app(kernel, PARTS), kernel.db.write(tokens), names)
        forge.install_hook(kernel)
        yield made


def hide(harbour):
    """Make a private repository in which something of every kind has happened."""
    kernel = harbour.kernel
    hidden = forge.create_repository(kernel, "alice", SECRET, creator="alice", private=True)
    canal = Canal(kernel, harbour.folder, hidden)
    sha = canal.commit(**{WORKFLOW: CI, "README": "hello\n"})
    canal.commit("topic", more="x\n")
    forge.sync_refs(kernel, hidden.id)
    suite = canal.trigger(sha)
    request = forge.open_merge_request(
        kernel, hidden.id, source="topic", title="A", body="", author="alice", target="main"
    )
    canal.work()
    taken = canal.claim()
    held = harbour.db.read(lambda tx: pipelines.held(tx, taken.job, taken.lease))
    pipelines.append_log(kernel, held, 0, b"hello\n")
    forge.add_webhook(kernel, hidden.id, "https://a.example/x", ["*"], "", active=True)
    anchor = require_anchor("more", "new", 1, request.head)
    forge.start_thread(kernel, hidden.id, request.number, "alice", "why", anchor)
    harbour.db.write(lambda tx: forge.comment(tx, hidden.id, request.number, "alice", "/wait"))
    harbour.db.write(lambda tx: forge.add_label(tx, hidden.id, "bug", None, None))
    harbour.work()
    run = harbour.db.read(lambda tx: pipelines.runs_of(tx, [suite]))[0]
    return hidden, {"run": run.id, "job": taken.job, "sha": sha, "number": "1"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "strangers", [("maintainer",), pytest.param(STRANGERS, marks=pytest.mark.slow)]
)
async def test_for_strangers_all_is_as_if_a_private_repository_had_never_been(harbour, strangers):
    harbour.names |= FORGED
    before = await harbour.walk(strangers)
    hidden, found = await anyio.to_thread.run_sync(hide, harbour)
    harbour.names |= found
    after = await harbour.walk(strangers)
    assert len(after) == len(before)
    told_more = [
        (method, path, actor)
        for (method, path, actor), told in after.items()
        if before[method, _as(path, found), actor] != _as(told, found)
    ]
    assert told_more == []
    assert len(before) > 150 * len(strangers)
    for path in COUNTS:
        for actor in strangers:
            _, _, body = await harbour.ask("GET", path, actor)
            assert SECRET not in body
            assert hidden.id not in body
    mine = [await harbour.ask("GET", each, "alice") for each in LISTS]
    assert [SECRET in body for _, _, body in mine] == [True] * len(LISTS)


def _as(told, found):
    """What was heard, in the words of before there was anything."""
    if isinstance(told, tuple):
        return tuple(_as(each, found) for each in told)
    for name in ("run", "job", "sha"):
        told = str(told).replace(found[name], FORGED.get(name, "1"))
    return told


@pytest.mark.anyio
async def test_its_old_name_leads_strangers_nowhere(harbour):
    before = [await harbour.ask("GET", f"/alice/{SECRET}", actor) for actor in STRANGERS]
    hidden = await anyio.to_thread.run_sync(
        lambda: forge.create_repository(harbour.kernel, "alice", SECRET, private=True)
    )
    forge.edit_repository(harbour.kernel, hidden.id, name="sloop")
    after = [await harbour.ask("GET", f"/alice/{SECRET}", actor) for actor in STRANGERS]
    assert after == before
    assert "sloop" not in str(after)


@pytest.mark.anyio
async def test_a_check_that_forgets_who_may_know_is_found(harbour, monkeypatch):
    before = await harbour.ask("GET", f"/alice/{SECRET}", "maintainer")
    await anyio.to_thread.run_sync(
        lambda: forge.create_repository(harbour.kernel, "alice", SECRET, private=True)
    )
    assert await harbour.ask("GET", f"/alice/{SECRET}", "maintainer") == before
    monkeypatch.setattr(permissions, "knows", lambda *_: True)
    assert await harbour.ask("GET", f"/alice/{SECRET}", "maintainer") != before


def test_every_address_inside_a_repository_declares_in_which(harbour):
    """So that a route to come cannot forget to ask who may know of it."""
    inside = re.compile(r"\{owner(?::\w+)?\}/\{(?:name|repo)\}|\{run\}|/jobs/\{job\}")
    loose = [
        f"{entry.method} {entry.path}"
        for entry in entries(harbour.app.routes)
        if inside.search(entry.path)
        and "/runner/" not in entry.path
        and not any(isinstance(one, Needs) and one.on for one in entry.declared)
    ]
    assert loose == ["GET /{owner:owner}/{name}.git"]  # it leads on, whatever is there


STEPS = st.sampled_from(["hide", "show", "grant", "take", "join", "leave", "talk"])


@given(steps=st.lists(STEPS, min_size=1, max_size=8))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whoever_holds_no_role_at_the_moment_sees_the_same_lists_whatever_happens(harbour, steps):
    kernel, db = harbour.kernel, harbour.db
    made = db.read(forge.repositories)
    if not any(each.name == SECRET for each in made):
        forge.create_repository(kernel, "alice", SECRET, creator="alice")
        db.write(lambda tx: access.grant(tx, _id(db), Role.viewer, team_slug="crew"))
    asked = [*LISTS, f"/alice/{SECRET}", f"/api/v3/repos/alice/{SECRET}"]

    async def heard():
        return [await harbour.ask("GET", each, "viewer") for each in asked]

    db.write(lambda tx: forge.set_private(tx, _id(db), private=True))
    _take_all(db)
    unseen = anyio.run(heard)
    state = {"private": True, "granted": False, "joined": False}
    for step in steps:
        _do(db, step, state)
        visible = not state["private"] or state["granted"] or state["joined"]
        assert (anyio.run(heard) != unseen) == visible, (step, state)


def _id(db):
    return db.read(lambda tx: forge.find_repository(tx, "alice", SECRET)).id


def _take_all(db):
    db.write(lambda tx: access.grant(tx, _id(db), None, login="viewer"))
    db.write(lambda tx: access.set_memberships(tx, access.known(tx, "viewer").id, "ldap", {}))


def _do(db, step, state):
    here = _id(db)
    if step in {"hide", "show"}:
        state["private"] = step == "hide"
        db.write(lambda tx: forge.set_private(tx, here, private=state["private"]))
    elif step in {"grant", "take"}:
        state["granted"] = step == "grant"
        role = Role.viewer if state["granted"] else None
        db.write(lambda tx: access.grant(tx, here, role, login="viewer"))
    elif step in {"join", "leave"}:
        state["joined"] = step == "join"
        teams = {"crew": ""} if state["joined"] else {}
        db.write(
            lambda tx: access.set_memberships(tx, access.known(tx, "viewer").id, "ldap", teams)
        )
    else:
        name = f"l{len(db.read(lambda tx: forge.labels(tx, here, (0, 100))))}"
        db.write(lambda tx: forge.add_label(tx, here, name, None, None))
