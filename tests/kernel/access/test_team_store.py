import pytest

from towpath.kernel.access import store, team_store
from towpath.kernel.access.model import Grant, Role, Team, User


@pytest.fixture
def crew(db):
    made = Team("team_1", "crew", "The crew")
    alice = User("user_1", "alice", "Alice", Role.viewer, system=False, created=1)

    def write(tx):
        team_store.add_team(tx, made)
        store.add_user(tx, alice, None)

    db.write(write)
    return made


def test_a_team_comes_back_as_written_and_goes_with_all_it_has(db, crew):
    def fill(tx):
        team_store.add_member(tx, "team_1", "user_1", "")
        team_store.put_grant(tx, "team_1", "repo_1", Role.member)

    db.write(fill)
    assert db.read(lambda tx: team_store.team(tx, "crew")) == crew
    assert db.read(lambda tx: store.held(tx, "user_1")) == {"repo_1": Role.member}
    db.write(lambda tx: team_store.delete_team(tx, "team_1"))
    assert db.read(team_store.teams) == []
    assert db.read(team_store.grants) == []
    assert db.read(lambda tx: store.held(tx, "user_1")) == {}


def test_memberships_are_kept_by_source(db, crew):
    def write(tx):
        team_store.add_member(tx, "team_1", "user_1", "")
        team_store.add_member(tx, "team_1", "user_1", "ldap")
        team_store.remove_member(tx, "team_1", "user_1", "")
        return team_store.memberships(tx, "user_1", ""), team_store.members(tx)

    assert db.write(write) == (frozenset(), [("crew", "alice", "ldap")])


def test_a_grant_is_replaced_and_taken_away(db, crew):
    def put(role):
        db.write(lambda tx: team_store.put_grant(tx, "user_1", "repo_1", role))
        assert db.read(lambda tx: team_store.granted_role(tx, "user_1", "repo_1")) is role
        return db.read(lambda tx: team_store.grants(tx, "repo_1"))

    assert put(Role.member) == [Grant("repo_1", "user_1", Role.member)]
    assert put(Role.admin) == [Grant("repo_1", "user_1", Role.admin)]
    assert put(None) == []


def test_the_highest_site_role_of_any_source_counts(db, crew):
    def put(source, role):
        db.write(lambda tx: team_store.put_site_role(tx, "user_1", source, role))
        return db.read(lambda tx: store.user(tx, "alice")).role

    assert put("", Role.member) is Role.member
    assert put("ldap", Role.admin) is Role.admin
    assert put("", Role.viewer) is Role.admin
    assert put("ldap", None) is Role.viewer
