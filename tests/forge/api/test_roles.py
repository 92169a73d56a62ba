"""Roles on one repository, given by whoever administers it, and what that never opens."""

import pytest

from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role

API, V3 = "/api/towpath/v1", "/api/v3"
BOAT = f"{API}/repos/alice/boat/grants"


@pytest.fixture
def ask(served, hosted):
    """Alice created the boat and is a member everywhere else; bob is one; charlie only reads."""

    def begin(tx):
        access.create_user(tx, "root", None, Role.admin) if not access.user(tx, "root") else None
        access.set_role(tx, "alice", Role.member)
        for each in access.grants(tx):
            access.grant(
                tx, each.resource, None, login=each.login or "", team_slug=each.team or ""
            )
        access.grant(tx, hosted.id, Role.admin, login="alice")

    served.kernel.db.write(begin)
    yield (
        lambda method, path, user="alice", **body: (
            served.call(method, path, user=user, json=body or None).status_code
        )
    )
    served.kernel.db.write(lambda tx: access.set_role(tx, "alice", Role.maintainer))


@pytest.fixture
def bot(served):
    def make(tx):
        if access.user(tx, "bot") is None:
            access.add_team(tx, "robots")
            access.create_service_account(tx, "bot", "", "robots", Role.viewer)
        return "bot"

    return served.kernel.db.write(make)


def test_who_administers_one_repository_grants_there_and_nowhere_else(ask, served):
    assert ask("PUT", BOAT, login="charlie", role="admin") == 204
    assert ask("PUT", BOAT, user="charlie", login="bob", role="maintainer") == 204
    listed = served.call("GET", BOAT, user="alice").json()
    assert {each["login"]: each["role"] for each in listed} == {
        "alice": "admin",
        "bob": "maintainer",
        "charlie": "admin",
    }
    assert ask("PUT", BOAT, user="charlie", login="bob", role=None) == 204
    assert ask("PATCH", f"{API}/users/alice", role="admin") == 403
    assert ask("PUT", f"{API}/grants", resource="alice/boat", login="bob", role="admin") == 403
    assert ask("POST", f"{V3}/user/repos", user="bob", name="barge") == 201
    assert ask("PUT", f"{API}/repos/bob/barge/grants", login="alice", role="admin") == 403


@pytest.mark.parametrize("role", ["viewer", "member", "maintainer"])
def test_a_lesser_role_grants_nothing_not_even_its_own(ask, role):
    assert ask("PUT", BOAT, login="bob", role=role) == 204
    for body in ({"login": "bob", "role": "admin"}, {"login": "charlie", "role": "viewer"}):
        assert ask("PUT", BOAT, user="bob", **body) == 403
    assert ask("GET", BOAT, user="bob") == 403


def test_a_token_that_is_narrowed_to_the_repository_grants_nothing(ask, served, hosted):
    scopes = (f"repo:read:{hosted.id}", f"repo:write:{hosted.id}")
    made = served.kernel.db.write(
        lambda tx: access.create_token(tx, "alice", "narrow", scopes=scopes)
    )
    served.tokens["narrow"] = made[1]
    assert ask("PUT", BOAT, user="narrow", login="bob", role="admin") == 403


def test_programs_get_roles_from_administrators_of_the_site_alone(ask, served, bot):
    """Or their keeper could let them approve what the keeper wrote."""
    assert ask("PUT", BOAT, login=bot, role="member") == 403
    served.tokens["root"] = served.kernel.db.write(
        lambda tx: access.create_token(tx, "root", "t")
    )[1]
    assert ask("PUT", BOAT, user="root", login=bot, role="member") == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"login": "ghost", "role": "member"}, 404),
        ({"team": "ghosts", "role": "member"}, 404),
        ({"role": "member"}, 422),
        ({"login": "bob", "team": "robots", "role": "member"}, 422),
        ({"login": "bob", "role": "king"}, 422),
        ({"login": "bob"}, 422),
    ],
)
def test_what_cannot_be_granted_is_refused(ask, bot, body, status):
    assert ask("PUT", BOAT, **body) == status
