import pytest

from towpath.kernel.access import service
from towpath.kernel.access.model import Named
from towpath.kernel.access.service import Given, Role
from towpath.kernel.errors import Conflict, InvalidInput, NotFound


@pytest.fixture
def write(kernel):
    return kernel.db.write


@pytest.fixture
def alice(write):
    write(lambda tx: service.add_team(tx, "crew", "The crew"))
    return write(lambda tx: service.create_user(tx, "alice", None, Role.viewer))


def members(write):
    return {each.team.slug: each.members for each in write(service.teams)}


def test_a_slug_is_given_once(write, alice):
    with pytest.raises(Conflict, match="a team crew already"):
        write(lambda tx: service.add_team(tx, "crew"))
    assert write(lambda tx: service.rename_team(tx, "crew", "Crew")).name == "Crew"


def test_members_come_and_go(write, alice):
    for _ in range(2):
        write(lambda tx: service.add_member(tx, "crew", "alice"))
    assert members(write) == {"crew": ("alice",)}
    write(lambda tx: service.remove_member(tx, "crew", "alice"))
    assert members(write) == {"crew": ()}
    with pytest.raises(NotFound, match="not in the team"):
        write(lambda tx: service.remove_member(tx, "crew", "alice"))
    with pytest.raises(NotFound, match="no team"):
        write(lambda tx: service.add_member(tx, "ghosts", "alice"))


def test_a_source_replaces_only_what_it_said_itself(write, alice):
    def say(source, **teams):
        write(lambda tx: service.set_memberships(tx, alice.id, source, teams))
        return {slug for slug, logins in members(write).items() if logins}

    write(lambda tx: service.add_member(tx, "crew", "alice"))
    assert say("ldap", dock="The dock", crew="") == {"crew", "dock"}
    assert say("oidc", lock="The lock") == {"crew", "dock", "lock"}
    assert say("ldap") == {"crew", "lock"}
    assert say("oidc", crew="") == {"crew"}
    write(lambda tx: service.remove_member(tx, "crew", "alice"))
    assert members(write)["crew"] == ("alice",), "another source still puts her there"
    view = next(each for each in write(service.teams) if each.team.slug == "crew")
    assert view.brought == ("alice",)
    with pytest.raises(InvalidInput, match="source outside"):
        say("")


def test_a_grant_to_a_team_reaches_its_members_with_their_next_request(kernel, write, alice):
    _, raw = write(lambda tx: service.create_token(tx, "alice", "t"))

    def may():
        caller = kernel.db.read(lambda tx: service.authenticate_token(tx, raw))
        return service.may(caller, Role.maintainer, resource=Named("repo_1"))

    assert not may()
    write(lambda tx: service.grant(tx, "repo_1", Role.maintainer, team_slug="crew"))
    assert not may()
    write(lambda tx: service.add_member(tx, "crew", "alice"))
    assert may()
    write(lambda tx: service.grant(tx, "repo_1", None, team_slug="crew"))
    assert not may()


def test_grants_are_listed_by_whom_they_are_for(write, alice):
    write(lambda tx: service.grant(tx, "repo_1", Role.member, login="alice"))
    write(lambda tx: service.grant(tx, "repo_2", Role.admin, team_slug="crew"))
    assert write(service.grants) == [
        Given("repo_1", Role.member, "alice", None),
        Given("repo_2", Role.admin, None, "crew"),
    ]
    assert len(write(lambda tx: service.grants(tx, "repo_2"))) == 1
    for both in ({}, {"login": "alice", "team_slug": "crew"}):
        with pytest.raises(InvalidInput, match="one user or one team"):
            write(lambda tx: service.grant(tx, "repo_1", Role.member, **both))  # noqa: B023


def test_a_team_that_answers_for_a_program_stays(write, alice):
    write(lambda tx: service.create_service_account(tx, "bot", "Bot", "crew", Role.viewer))
    with pytest.raises(Conflict, match="answers for bot"):
        write(lambda tx: service.remove_team(tx, "crew"))
    write(lambda tx: service.add_team(tx, "other"))
    write(lambda tx: service.remove_team(tx, "other"))
    assert list(members(write)) == ["crew"]
