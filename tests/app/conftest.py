"""The whole application in this process, and the first administrator's client."""

import httpx2
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from towpath.app.cli import main
from towpath.app.parts import PARTS
from towpath.app.server import VOICES
from towpath.kernel.access.bootstrap import bootstrap
from towpath.kernel.http.app import create_app


@pytest.fixture
def admin(kernel):
    """A client that is the first administrator, as a program would be."""
    made = bootstrap(kernel, VOICES)
    with TestClient(create_app(kernel, PARTS), "http://towpath.test") as client:
        client.headers["Authorization"] = f"Bearer {made.token}"
        yield client


@pytest.fixture
def towpath(admin, monkeypatch):
    """Run a command as the first administrator would; give its exit code and what it printed."""

    def request(method, url, **options):
        options.pop("timeout")
        return admin.request(method, url.replace("http://127.0.0.1:8080", ""), **options)

    monkeypatch.setattr(httpx2, "request", request)
    token = admin.headers["Authorization"].split()[1]

    def run(*words, typed=None):
        with capture_logs():  # the server's, which is in this process
            done = CliRunner().invoke(main, list(words), env={"TOWPATH_TOKEN": token}, input=typed)
        return done.exit_code, done.output

    return run
