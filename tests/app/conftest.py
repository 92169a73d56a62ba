"""The whole application in this process, and the first administrator's client."""

import pytest
from starlette.testclient import TestClient

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
