"""A program holds what site administrators granted to itself, in any order, by any door.

Somebody who could bring a program a role in another way could let it approve what they wrote.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from towpath.kernel.access import importing, service, team_store
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Denied, InvalidInput

BOATS = ("boat", "barge")
TEAMS = ("crew", "dock")


@pytest.fixture
def write(kernel):
    def begin(tx):
        service.create_user(tx, "root", None, Role.admin)
        service.create_user(tx, "mia", None, Role.member)
        for slug in TEAMS:
            service.add_team(tx, slug)
        service.create_service_account(tx, "bot", "Bot", "crew", Role.member)
        for boat in BOATS:
            service.grant(tx, boat, Role.admin, login="mia")

    kernel.db.write(begin)
    return kernel.db.write


def grant_by(giver, boat, role, **whom):
    def act(tx):
        by = service.principal_of(tx, service.known(tx, giver))
        service.grant(tx, boat, role, by=by, **whom)

    return act


def bring_file(slug):
    rows = importing.parse(f"login,teams\nbot,{slug}\n")
    return lambda tx: importing.bring(tx, rows, apply=True)


def by_a_source(slug):
    def act(tx):
        service.set_memberships(tx, service.known(tx, "bot").id, "ldap", {slug: ""})

    return act


def as_an_older_release(slug):
    """Rows that are there from before programs were kept out of teams."""

    def act(tx):
        bot, team = service.known(tx, "bot"), service.team(tx, slug)
        if team.id not in team_store.memberships(tx, bot.id, "older"):
            team_store.add_member(tx, team.id, bot.id, "older")

    return act


ROLES = st.sampled_from([None, *Role])
ON = st.sampled_from(BOATS)
OF = st.sampled_from(TEAMS)
DOORS = st.one_of(
    st.builds(lambda boat, role: grant_by("mia", boat, role, login="bot"), ON, ROLES),
    st.builds(lambda boat, role, slug: grant_by("mia", boat, role, team_slug=slug), ON, ROLES, OF),
    st.builds(lambda slug: lambda tx: service.add_member(tx, slug, "bot"), OF),
    st.builds(bring_file, OF),
    st.builds(by_a_source, OF),
    st.builds(as_an_older_release, OF),
)


@given(
    tries=st.lists(DOORS, max_size=10), given_by_root=st.dictionaries(ON, st.sampled_from(Role))
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_by_no_door_a_program_gets_more_than_an_administrator_of_the_site_gave_it(
    write, tries, given_by_root
):
    for boat in BOATS:
        write(grant_by("root", boat, given_by_root.get(boat), login="bot"))
    for attempt in tries:
        try:
            write(attempt)
        except (Denied, InvalidInput):
            continue
    bot = write(lambda tx: service.principal_of(tx, service.known(tx, "bot")))
    assert dict(bot.held) == given_by_root
    assert bot.role is Role.member


@pytest.mark.parametrize("door", [lambda tx: service.add_member(tx, "dock", "bot"),
                                  bring_file("dock"), by_a_source("dock")])  # fmt: skip
def test_every_door_into_a_team_refuses_programs_and_says_why(write, door):
    with pytest.raises(InvalidInput, match=r"program|not a person"):
        write(door)
    assert write(lambda tx: tx.scalar(text("SELECT count(*) FROM access_member"))) == 0


def test_a_program_of_an_older_release_can_still_be_taken_out_of_a_team(write):
    def put(tx):
        bot, team = service.known(tx, "bot"), service.team(tx, "dock")
        team_store.add_member(tx, team.id, bot.id, "")

    write(put)
    write(lambda tx: service.remove_member(tx, "dock", "bot"))
    assert write(lambda tx: tx.scalar(text("SELECT count(*) FROM access_member"))) == 0
