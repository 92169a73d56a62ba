"""The page of a repository's settings, as a browser without scripts uses it."""

import pytest

from towpath.forge import service
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role

HERE = "/alice/boat/settings"


@pytest.fixture
def boat(boat):
    boat.kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.admin, login="alice"))
    yield boat
    boat.kernel.db.write(lambda tx: access.grant(tx, boat.id, None, login="alice"))


def test_a_repository_is_renamed_and_its_old_pages_lead_on(boat, served, see, send):
    assert 'value="boat"' in see(HERE)
    done = send(HERE, name=" ship ")
    assert (done.status_code, done.headers["location"]) == (303, "/alice/ship/settings")
    moved = served.call("GET", HERE, headers={"Accept": "text/html"})
    assert (moved.status_code, moved.headers["location"]) == (301, "/alice/ship/settings")


def test_a_repository_is_hidden_and_shown_again(boat, served, see, send):
    assert "Everybody with an account reads it" in see(HERE)
    done = send("/alice/boat/visibility", private="1")
    assert (done.status_code, done.headers["location"]) == (303, HERE)
    assert "Private: only those who" in see(HERE)
    assert ">private</span>" in see("/alice/boat")
    assert ">private</span>" in see("/")
    assert served.call("GET", "/alice/boat", user="bob").status_code == 404
    assert "alice/boat" not in see("/", user="bob")
    send("/alice/boat/visibility", private="0")
    assert "alice/boat" in see("/", user="bob")


@pytest.mark.parametrize(("name", "status"), [("..", 422), ("raft", 409)])
def test_a_name_that_cannot_be_is_told_on_the_form(boat, send, name, status):
    service.create_repository(boat.kernel, "alice", "raft")
    page = send(HERE, name=name)
    assert (page.status_code, f'value="{name}"' in page.text) == (status, True)


def test_only_who_administers_it_comes_here_or_sees_the_way(boat, served, see, send):
    assert f'href="{HERE}"' in see("/alice/boat")
    assert f'href="{HERE}"' not in see("/alice/boat", user="bob")
    assert send(HERE, user="bob", name="mine").status_code == 403


def test_it_is_deleted_by_who_types_its_name(boat, served, see, send):
    page = send(f"{HERE}/delete", full_name="boat")
    assert (page.status_code, "alice/boat is still there" in page.text) == (422, True)
    done = send(f"{HERE}/delete", full_name="Alice/Boat")
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert served.call("GET", "/alice/boat").status_code == 404
    assert "alice/boat" not in see("/")


def test_only_who_administers_it_deletes_it(boat, see, send):
    assert send(f"{HERE}/delete", user="bob", full_name="alice/boat").status_code == 403
    see("/alice/boat")
