import pytest

from towpath.kernel.access import service
from towpath.kernel.access.ldap.bringing import bring
from towpath.kernel.access.ldap.model import Found
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Conflict, InvalidInput

ANN = Found("ann", "Ann", {"crew": "The Crew"})
BOB, CAT, DAN = (Found(login, login.title(), {}) for login in ("bob", "cat", "dan"))


@pytest.fixture
def say(kernel):
    def go(*people, apply=True, force=False):
        return kernel.db.write(lambda tx: bring(tx, people, apply=apply, force=force))

    return go


def state(kernel):
    users = {each.login: each for each in kernel.db.read(service.users)}
    teams = {each.team.slug: each.members for each in kernel.db.read(service.teams)}
    return users, teams


def test_a_dry_run_says_everything_and_changes_nothing(say, kernel):
    assert say(ANN, apply=False) == ["add ann (Ann)", "put ann into crew"]
    assert state(kernel) == ({}, {})
    say(ANN)
    assert state(kernel)[1] == {"crew": ("ann",)}
    assert say(ANN) == []


def test_names_and_teams_follow_the_directory(say, kernel):
    say(ANN)
    assert say(Found("ann", "Ann B.", {"dock": "Dock"})) == [
        "call ann 'Ann B.' instead of 'Ann'",
        "put ann into dock",
        "take ann out of crew",
    ]
    users, teams = state(kernel)
    assert (users["ann"].name, teams) == ("Ann B.", {"crew": (), "dock": ("ann",)})


def test_whoever_vanished_is_shut_out_and_only_if_they_came_from_there(say, kernel):
    kernel.db.write(lambda tx: service.create_user(tx, "local", None, Role.admin))
    say(ANN, BOB, CAT, DAN)
    assert say(BOB, CAT, DAN) == ["shut out ann, whom the directory does not know any more"]
    users, teams = state(kernel)
    assert users["ann"].deactivated
    assert not users["local"].deactivated
    assert teams["crew"] == ()
    assert "leave ann shut out" in say(ANN, BOB, CAT, DAN)[0]


def test_the_last_administrator_stays_even_by_force_and_the_words_say_so(say, kernel):
    say(ANN, BOB)
    for login in ("ann", "bob"):
        kernel.db.write(lambda tx: service.set_role(tx, login, Role.admin))  # noqa: B023
    said = [
        "shut out ann, whom the directory does not know any more",
        "leave bob in, the last administrator, whom it does not know",
    ]
    assert say(force=True, apply=False) == said
    assert say(force=True) == said
    assert [each.login for each in kernel.db.read(service.admins)] == ["bob"]


def test_more_than_half_vanish_only_by_force(say, kernel):
    say(ANN, BOB, CAT)
    for apply in (False, True):
        with pytest.raises(Conflict, match="2 of 3 users"):
            say(CAT, apply=apply)
    assert not any(user.deactivated for user in state(kernel)[0].values())
    assert len(say(CAT, force=True)) == 2


def test_a_local_user_of_the_same_login_stays_as_they_are(say, kernel):
    kernel.db.write(lambda tx: service.create_user(tx, "ann", None, Role.admin, name="Mine"))
    assert say(ANN) == ["leave ann alone, who does not come from ldap"]
    users, teams = state(kernel)
    assert (users["ann"].name, users["ann"].role, teams) == ("Mine", Role.admin, {})


def test_one_login_that_cannot_be_stops_all(say, kernel):
    with pytest.raises(InvalidInput, match="cannot be a login"):
        say(ANN, Found("NO", "No", {}))
    assert state(kernel) == ({}, {})
