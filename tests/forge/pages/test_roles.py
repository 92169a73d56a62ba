"""The page of roles, as a browser without scripts uses it."""

import pytest

from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role

HERE = "/alice/boat/roles"


@pytest.fixture
def boat(boat):
    boat.kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.admin, login="alice"))
    yield boat
    for login in ("alice", "bob", "charlie"):
        boat.kernel.db.write(lambda tx: access.grant(tx, boat.id, None, login=login))  # noqa: B023


def test_a_role_is_given_shown_and_taken_away(boat, see, send):
    assert send(HERE, login="charlie", role="member").status_code == 303
    assert "charlie" in see(HERE)
    assert "New merge request" in see("/alice/boat", user="charlie")
    assert send(HERE, login="charlie", role="none").status_code == 303
    assert "charlie" not in see(HERE)
    assert "New merge request" not in see("/alice/boat", user="charlie")


def test_an_empty_list_tells_what_to_do(boat, see, send):
    boat.kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.admin, login="bob"))
    send(HERE, user="bob", login="alice", role="none")
    send(HERE, user="bob", login="bob", role="none")
    boat.kernel.db.write(lambda tx: access.set_role(tx, "alice", Role.admin))
    try:
        assert "Nobody was granted more here" in see(HERE)
    finally:
        boat.kernel.db.write(lambda tx: access.create_user(tx, "keeper", None, Role.admin))
        boat.kernel.db.write(lambda tx: access.set_role(tx, "alice", Role.maintainer))


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"login": "ghost", "role": "member"}, 404, "There is no user ghost"),
        ({"team": "ghosts", "role": "member"}, 404, "There is no team"),
        ({"login": "bob", "role": "king"}, 422, "There is no role"),
        ({"role": "member"}, 422, "one user or one team"),
    ],
)
def test_what_cannot_be_is_told_on_the_form(boat, send, form, status, words):
    page = send(HERE, **form)
    assert (page.status_code, words in page.text) == (status, True)


def test_only_who_administers_it_comes_here_or_sees_the_way(boat, served, see, send):
    assert 'href="/alice/boat/roles"' in see("/alice/boat")
    assert 'href="/alice/boat/roles"' not in see("/alice/boat", user="bob")
    assert served.call("GET", HERE, user="bob").status_code == 403
    assert send(HERE, user="bob", login="bob", role="admin").status_code == 403
