"""No secret is anywhere but where it belongs: a real server, every way out of it, every dress.

What may hold what: bootstrap.json holds the first administrator's token and password, the start
prints that password once, and the reply that makes a token shows it once.
"""

import re
import time

import httpx2
import pytest

from tests.leaks.searching import find
from tests.leaks.serving import SERVE, Place

API = "/api/towpath/v1"
PASSWORD = 'pä"ss<wörd>&/ +?~1 of alice'
WRONG = 'wröng"<pass>&/ +?~2 of alice'
NEXT = 'nëxt"<word>&/ +?~4 of alice'
SITE_SECRET = 'cliënt"<secret>&/ +?~3'
ALLOWED = {("bootstrap.json", "first password"), ("bootstrap.json", "first token")}
ALLOWED_PRINTED = ("log", "first password")
A_TOKEN = re.compile(rb"(?:tow|ses|pw)_[A-Za-z0-9_-]{40,}")
PLANT = """
import structlog
from towpath.kernel.access import service
kept = service.matches
def leak(stored, password):
    structlog.get_logger("towpath").info("trying", what=password.encode().hex())
    return kept(stored, password)
service.matches = leak
"""


@pytest.fixture
def place(tmp_path, stores, store):
    database = stores.url(store, tmp_path) if store == "postgresql" else None
    yield Place(tmp_path, database)
    if database:
        stores.drop(database)


class Visitor:
    """Does with a server what people do, and keeps every reply that should hold no secret."""

    def __init__(self, url, admin):
        self.http = httpx2.Client(base_url=url, timeout=30, trust_env=False)
        self.bearer = {"Authorization": f"Bearer {admin['token']}"}
        self.secrets = {"first password": admin["password"], "first token": admin["token"]}
        self.seen = {}
        self.statuses = set()

    def ask(self, method, path, *, quiet=False, **more):
        reply = self.http.request(method, path, **more)
        self.statuses.add(reply.status_code)
        if not quiet:
            headers = str({k: v for k, v in reply.headers.items() if k != "set-cookie"})
            self.seen[f"{method} {path} {len(self.seen)}"] = reply.content + headers.encode()
        return reply

    def make_secrets(self):
        self.secrets |= {
            "password": PASSWORD,
            "wrong password": WRONG,
            "next": NEXT,
            "site": SITE_SECRET,
        }
        new = {"login": "alice", "password": PASSWORD, "role": "admin"}
        once = self.bearer | {"Idempotency-Key": "once"}
        assert self.ask("POST", f"{API}/users", json=new, headers=self.bearer).is_success
        body = {"login": "alice", "name": "cli"}
        made = self.ask("POST", f"{API}/tokens", json=body, headers=once, quiet=True)
        self.secrets["token"] = made.json()["token"]
        value = {"value": SITE_SECRET}
        set_ = self.ask("PUT", f"{API}/secrets/site/oidc", json=value, headers=self.bearer)
        assert set_.status_code == 204

    def log_in(self):
        for password in (WRONG, PASSWORD):
            page = self.ask("GET", "/login").text
            form = {"csrf": page.split('name="csrf" value="')[1].split('"')[0]}
            self.ask("POST", "/login", data=form | {"login": "alice", "password": password})
        self.ask("POST", "/login", data=form | {"login": PASSWORD, "password": "x"})
        self.secrets["session"] = self.http.cookies["towpath_session"]

    def change_passwords(self):
        """One's own to another and back, refused once, and somebody else's."""
        page = self.ask("GET", "/settings", headers={"Accept": "text/html"}).text
        form = {"csrf": page.split('name="csrf" value="')[1].split('"')[0]}
        for old, new in ((WRONG, NEXT), (PASSWORD, NEXT), (NEXT, PASSWORD)):
            self.ask("POST", "/settings/password", data=form | {"old": old, "new": new})
        assert (
            self.ask(
                "PUT",
                f"{API}/users/alice/password",
                json={"password": [NEXT]},
                headers=self.bearer,
            ).status_code
            == 422
        )

    def look_around(self):
        for path in ("/", "/settings/tokens", "/work", "/health", "/audit", "/nowhere"):
            self.ask("GET", path, headers={"Accept": "text/html"})
        for path in ("/openapi.json", "/metrics", "/readyz"):
            self.ask("GET", path)
        bearer = {"Authorization": f"Bearer {self.secrets['token']}"}
        for path in ("me", "tokens", "secrets", "secrets/keys", "audit?format=jsonl"):
            self.ask("GET", f"{API}/{path}", headers=bearer)

    def ask_for_trouble(self, data):
        """Requests that carry secrets and are refused, and one that meets a bug or a ruin."""
        bearer = {"Authorization": f"Bearer {self.secrets['token']}"}
        new = {"login": "Not Ok", "password": PASSWORD, "more": PASSWORD}
        self.ask("POST", f"{API}/users", json=new, headers=bearer)
        self.ask("POST", f"{API}/users", content=PASSWORD.encode(), headers=bearer)
        broken = {"value": [SITE_SECRET]}
        self.ask("PUT", f"{API}/secrets/site/oidc", json=broken, headers=bearer)
        self.ask("GET", f"{API}/me", headers={"Authorization": f"Basic {WRONG!a}"})
        made = self.ask("POST", "/api/v3/user/repos", json={"name": "ruin"}, headers=bearer)
        assert made.status_code == 201
        (data / "repositories").rename(data / "away")
        self.ask("GET", "/alice/ruin", headers={"Accept": "text/html"})
        self.ask("GET", "/api/v3/repos/alice/ruin/branches", headers=bearer)
        (data / "away").rename(data / "repositories")
        assert 500 in self.statuses


def leaks(place, program=SERVE):
    """Where which secret lies in which dress, but for where it belongs."""
    with place.running(program) as url:
        visitor = Visitor(url, place.admin)
        with visitor.http:
            visitor.make_secrets()
            visitor.log_in()
            visitor.change_passwords()
            visitor.look_around()
            visitor.ask_for_trouble(place.data)
        time.sleep(1)  # the local runner has asked for work by now
        processes = place.processes()
        everything = visitor.seen | processes | place.kept()
    found = {
        (where, name, shape)
        for where, bytes_ in everything.items()
        for name, shape in find(visitor.secrets, bytes_)
        if (where, name) not in ALLOWED and (where, name) != ALLOWED_PRINTED
    }
    named = {
        (where, "a token of ours", "plain")
        for where, bytes_ in processes.items()
        if A_TOKEN.search(bytes_)
    }
    return found | named


def test_no_secret_is_where_it_does_not_belong(place):
    assert leaks(place) == set()


def test_a_planted_leak_is_found(tmp_path):
    found = leaks(Place(tmp_path, None), PLANT + SERVE)
    assert {("log", "password", "hex"), ("log", "wrong password", "hex")} <= found
