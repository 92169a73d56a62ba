"""A web application of the kernel and one made-up part, and the people who use it."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from fastapi import APIRouter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from towpath.kernel import builtin, tracing
from towpath.kernel.access import passwords, service
from towpath.kernel.access.service import Role
from towpath.kernel.http.app import create_app
from towpath.kernel.plugin import Plugin

PASSWORD = "correct horse battery"


@dataclass
class Person:
    login: str
    token: str

    @property
    def bearer(self):
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="session")
def password_hash():
    """Hash once: argon2id is slow on purpose."""
    return passwords.hashed(PASSWORD)


@pytest.fixture
def people(kernel, password_hash):
    """Add a person: people("alice"), people("root", Role.admin, scopes=("runner",))."""

    def add(login, role=Role.member, scopes=()):
        def write(tx):
            service.create_user(tx, login, password_hash, role)
            return service.create_token(tx, login, "for tests", scopes=scopes)[1]

        return Person(login, kernel.db.write(write))

    return add


@pytest.fixture
def routes():
    """Routes of the made-up part; a test adds its own before it asks for `web`."""
    return APIRouter()


@pytest.fixture
def app_for(kernel, routes):
    """Build the application now, with the routes the test has added."""
    part = Plugin(
        name="made_up",
        package="towpath.kernel",
        routes=lambda _: (routes,),
        streams=lambda path: path.startswith("/stream/"),
    )
    return lambda: create_app(kernel, (builtin.PLUGIN, part))


@pytest.fixture
def web_for(app_for):
    """A client of the application built now; it keeps no cookies between tests."""
    with ExitStack() as stack:

        def build():
            client = TestClient(app_for(), "http://towpath.test", raise_server_exceptions=False)
            return stack.enter_context(client)

        yield build


@pytest.fixture
def web(web_for):
    return web_for()


@pytest.fixture
def form_token():
    """Find the form token in a page."""

    def find(page):
        return page.text.split('name="csrf" value="')[1].split('"')[0]

    return find


@pytest.fixture
def browser(app_for, kernel):
    """browser("alice", "Lynx") is a browser of its own in which alice is logged in."""
    app = app_for()

    def open_one(login, agent="Firefox", session=None):
        def write(tx):
            user = service.known(tx, login)
            return service.open_session(tx, kernel, user, "192.0.2.1", agent)

        client = TestClient(app, "http://towpath.test", headers={"User-Agent": agent})
        client.cookies.set("towpath_session", session or kernel.db.write(write).raw)
        return client

    return open_one


@pytest.fixture
def spans(monkeypatch):
    """What was sent, while tracing is on."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    yield kept.get_finished_spans
    provider.shutdown()
