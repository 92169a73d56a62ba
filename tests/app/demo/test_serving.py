"""The demo's server is a process of its own, and people talk to it by HTTP."""

import pytest

from towpath.app.demo import serving
from towpath.app.demo.serving import ServerFailed, add_person, server


@pytest.fixture(scope="module")
def admin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serving")
    with server(folder / "data", 0, folder / "log") as admin:
        yield admin


def test_the_administrator_is_who_bootstrap_names(admin):
    assert admin.get("/api/towpath/v1/me")["login"] == "admin"


def test_a_person_is_made_with_a_token_that_works(admin):
    alice = add_person(admin, "alice", "maintainer")
    assert alice.get("/api/towpath/v1/me")["role"] == "maintainer"


def test_what_the_server_refuses_is_told(admin):
    with pytest.raises(ServerFailed, match="422"):
        admin.post("/api/towpath/v1/users", {"login": "No Body"})


def test_a_server_that_cannot_start_says_why(admin, tmp_path):
    port = int(admin.url.rpartition(":")[2])
    with (
        pytest.raises(ServerFailed, match="Cannot listen"),
        server(tmp_path / "data", port, tmp_path / "log"),
    ):
        pass


def test_the_server_ends_with_the_block(tmp_path):
    with server(tmp_path / "data", 0, tmp_path / "log") as admin:
        url = admin.url
    with pytest.raises(serving.httpx2.ConnectError):
        serving.httpx2.get(url, trust_env=False)
