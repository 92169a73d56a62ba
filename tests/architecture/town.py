"""A whole application with something of everything in it that there is to change."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

from starlette.testclient import TestClient

from tests.forge.api.test_sealed import sealed
from tests.forge.conftest import Copy, Hosted
from tests.pipelines.model.test_results import ARTIFACT, entry
from towpath.app.parts import PARTS
from towpath.app.server import VOICES
from towpath.forge import service as forge
from towpath.forge.model.names import handle_of
from towpath.forge.model.threads import require_anchor
from towpath.kernel.access import passwords, recovery
from towpath.kernel.access import service as access
from towpath.kernel.access.bootstrap import bootstrap
from towpath.kernel.access.service import Role
from towpath.kernel.errors import PermanentError
from towpath.kernel.http.app import create_app
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker
from towpath.pipelines.model.run import Run, Suite
from towpath.pipelines.store import artifacts, caches, suites, uploads

PASSWORD = "correct horse battery"
API, V3 = "/api/towpath/v1", "/api/v3"
BOAT = f"{V3}/repos/alice/boat"
RESULTS = "/twirp/github.actions.results.api.v1."


@dataclass
class Town:
    """What there is to change, and an administrator's client."""

    web: TestClient
    hosted: Hosted
    count: int = 0

    @property
    def db(self):
        return self.hosted.kernel.db

    def door(self):
        kernel = self.hosted.kernel
        return recovery.offer(kernel.data, "admin", kernel.clock.now())

    def call(self, method, path, **body):
        return self.web.request(method, path, json=body or None)

    def form(self, path, /, **fields):
        return self.web.post(path, data=fields, follow_redirects=False)

    def post(self, path, **fields):
        """As a browser without a token: the form's token comes with the page."""
        with TestClient(self.web.app, "http://towpath.test") as browser:
            browser.cookies = self.web.cookies
            page = browser.get("/login" if path == "/login" else "/")
            token = page.text.split('name="csrf" value="')[1].split('"')[0]
            reply = browser.post(path, data=fields | {"csrf": token}, follow_redirects=False)
            self.web.cookies = browser.cookies
            return reply

    def log_in(self):
        assert self.post("/login", login="alice", password=PASSWORD).status_code == 303

    def token(self):
        return self.db.write(lambda tx: access.create_token(tx, "admin", "old"))[0]

    def own_password(self):
        access.set_password(self.hosted.kernel, "admin", PASSWORD)
        return PASSWORD

    def session(self, login):
        def write(tx):
            made = access.open_session(tx, self.hosted.kernel, access.known(tx, login))
            return access.session_id(made.raw)

        return self.db.write(write)

    def old_key(self):
        Worker(self.db, [secrets.handler(self.hosted.kernel)]).run_until_idle()
        ring = secrets.load(self.hosted.kernel)
        states = self.db.read(lambda tx: secrets.key_states(tx, ring))
        return next(each.id for each in states if not each.encrypts)

    def team(self, slug, *members):
        self.db.write(lambda tx: access.add_team(tx, slug))
        for login in members:
            self.db.write(lambda tx: access.add_member(tx, slug, login))  # noqa: B023
        return slug

    def parked(self):
        def fail(_):
            raise PermanentError("no")

        self.db.write(lambda tx: work.add(tx, "test.fail", {}))
        Worker(self.db, [Handler(kind="test.fail", run=fail)]).run_until_idle()
        return self.db.read(work.parked)[0].id

    def hosted_by(self, owner):
        self.count += 1
        return forge.create_repository(self.hosted.kernel, owner, f"boat{self.count}").name

    def branch(self):
        self.count += 1
        self.hosted.branch(f"topic{self.count}", **{f"f{self.count}": "x\n"})
        self.hosted.sync()
        return f"topic{self.count}"

    def request(self):
        return self.hosted.open(self.branch()).number

    def closed(self):
        number = self.request()
        self.db.write(lambda tx: forge.close(tx, self.hosted.id, number))
        return number

    def kept(self):
        branch = self.branch()
        self.db.write(lambda tx: forge.protect(tx, self.hosted.id, branch))
        return branch

    def label(self):
        self.count += 1
        name = f"label{self.count}"
        self.db.write(lambda tx: forge.add_label(tx, self.hosted.id, name, None, None))
        return name

    def labelled(self):
        number = self.request()
        self.db.write(lambda tx: forge.put_labels(tx, self.hosted.id, number, ["bug"]))
        return number

    def comment(self):
        number = self.request()
        said = self.db.write(lambda tx: forge.comment(tx, self.hosted.id, number, "bob", "x"))
        return handle_of(said.id)

    def reacted(self, at):
        made = self.call("POST", f"{at}/reactions", content="heart").json()
        return f"{at}/reactions/{made['id']}"

    def sent(self, place):
        hook = self.webhook(place)
        self.call("POST", f"{BOAT}/hooks/{hook.rpartition('/')[2]}/pings")
        told = self.web.get(f"{BOAT}/hooks/{hook.rpartition('/')[2]}/deliveries").json()
        return f"{hook}/deliveries/{told[0]['id']}"

    def check(self):
        made = self.call(
            "POST", f"{BOAT}/check-runs", name="test", head_sha=self.hosted.copy.sha("main")
        )
        return made.json()["id"]

    def draft(self):
        reviews = f"{BOAT}/pulls/{self.request()}/reviews"
        return f"{reviews}/{self.call('POST', reviews, body='begun').json()['id']}"

    def boxed(self):
        return sealed(self.web.get(f"{BOAT}/actions/secrets/public-key").json(), "hunter2")

    def checked(self):
        self.count += 1
        sha = self.hosted.copy.sha(self.branch())
        wish = {"name": "done", "head_sha": sha, "conclusion": "success"}
        return self.call("POST", f"{BOAT}/check-runs", **wish).json()

    def review(self):
        number = self.request()
        made = self.db.write(lambda tx: forge.review(tx, self.hosted.id, number, "bob", "approve"))
        return f"{number}/reviews/{handle_of(made.id)}"

    def begun(self):
        number = self.request()
        head = self.hosted.request(number).head
        anchor = require_anchor("README", "new", 1, head)
        kernel, here = self.hosted.kernel, self.hosted.id
        return number, forge.start_thread(kernel, here, number, "bob", "x", anchor)

    def thread(self):
        number, begun = self.begun()
        return f"/alice/boat/merge_requests/{number}/threads/{begun.id}"

    def answered(self):
        number, begun = self.begun()
        return f"{number}/comments/{begun.remarks[0].handle}/replies"

    def say_on_line(self):
        number = self.request()
        said = {"path": f"f{self.count}", "line": 1, "body": "x"}
        said["commit_id"] = self.hosted.request(number).head
        return self.web.post(f"{BOAT}/pulls/{number}/comments", json=said)

    def remark(self):
        return self.begun()[1].remarks[0].handle

    def webhook(self, place):
        url = "https://a.example/x"
        made = forge.add_webhook(
            self.hosted.kernel, self.hosted.id, url, ["push"], "", active=True
        )
        return f"{place}/{made.handle}"

    def left(self):
        """An artifact of a run; where it is."""
        made = replace(
            ARTIFACT, repository=self.hosted.id, run=self.run(), number=self.count, whole=True,
            upload=self.db.write(uploads.begin).id,
        )  # fmt: skip
        self.db.write(lambda tx: artifacts.add(tx, made))
        return f"/runs/{made.run}/artifacts/{made.number}"

    def cached(self):
        """An entry of the cache; its number."""
        made = replace(entry(7, "key"), repository=self.hosted.id)
        self.db.write(lambda tx: caches.add(tx, made))
        return made.number

    def run(self):
        self.count += 1
        where = {"repository": self.hosted.id, "sha": "a" * 40, "ref": "refs/heads/main"}
        asked = Suite(
            id=f"suite_{self.count}", key=str(self.count), payload={}, actor="", state="running",
            event="push", conclusion=None, summary="", run=None, created=1, finished=None, **where,
        )  # fmt: skip
        made = Run(
            id=f"run_{self.count}", suite=asked.id, workflow="w", title="t", path="p",
            event="push", created=1, **where,
            github={"repository": "alice/boat", "server_url": "http://towpath.test"},
        )  # fmt: skip
        self.db.write(lambda tx: suites.add_suite(tx, asked))
        self.db.write(lambda tx: suites.add_run(tx, made))
        return made.id


@contextmanager
def founded(kernel, tmp_path):
    """Build it for an administrator's client."""
    made = bootstrap(kernel, VOICES)
    secrets.prepare(kernel)
    password = passwords.hashed(PASSWORD)
    kernel.db.write(lambda tx: access.create_user(tx, "alice", password, Role.member))
    copy = Copy(tmp_path / "copy")
    copy.path.mkdir()
    copy.git("init", "--quiet", "--initial-branch=main")
    copy.commit("first", README="hello\n")
    hosted = Hosted(kernel, forge.create_repository(kernel, "alice", "boat"), copy)
    hosted.put("main")
    hosted.sync()
    with TestClient(create_app(kernel, PARTS), "http://towpath.test") as web:
        web.headers["Authorization"] = f"Bearer {made.token}"
        yield Town(web, hosted)
