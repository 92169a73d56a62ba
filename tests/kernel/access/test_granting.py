"""Nobody gets more on a resource than somebody who administers it gave, in whatever order."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Denied

SITE = {"root": Role.admin, "max": Role.maintainer, "mia": Role.member, "vic": Role.viewer}
BOATS = ("boat", "barge")
TRIES = st.tuples(
    st.sampled_from(sorted(SITE)),
    st.sampled_from(sorted(SITE)),
    st.sampled_from(BOATS),
    st.sampled_from([None, *Role]),
)


@pytest.fixture
def write(kernel):
    kernel.db.write(lambda tx: [service.create_user(tx, *_new(login)) for login in SITE])
    return kernel.db.write


def _new(login):
    return login, None, SITE[login]


def attempt(tx, giver, taker, boat, role):
    by = service.principal_of(tx, service.known(tx, giver))
    service.grant(tx, boat, role, login=taker, by=by)


@given(tries=st.lists(TRIES, min_size=1, max_size=10), owner=st.sampled_from(["mia", "max"]))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_only_who_administers_a_resource_grants_there_and_the_site_stays_as_it_is(
    write, tries, owner
):
    held = {(login, boat): None for login in SITE for boat in BOATS}
    for login, boat in held:
        write(lambda tx: service.grant(tx, boat, None, login=login))  # noqa: B023
    write(lambda tx: service.grant(tx, "boat", Role.admin, login=owner))
    held[owner, "boat"] = Role.admin
    for giver, taker, boat, role in tries:
        allowed = Role.admin in {SITE[giver], held[giver, boat]}
        try:
            write(lambda tx: attempt(tx, giver, taker, boat, role))  # noqa: B023
        except Denied:
            assert not allowed
        else:
            assert allowed
            held[taker, boat] = role
    given_now = {(each.login, each.resource): each.role for each in write(service.grants)}
    assert given_now == {key: role for key, role in held.items() if role is not None}
    assert {each.login: each.role for each in write(service.users)} == SITE


def test_a_demoted_administrator_and_their_tokens_grant_nothing_from_then_on(write):
    write(lambda tx: service.grant(tx, "boat", Role.admin, login="vic"))
    _, raw = write(lambda tx: service.create_token(tx, "vic", "old"))

    def by_token(tx):
        by = service.authenticate_token(tx, raw)
        service.grant(tx, "boat", Role.member, login="mia", by=by)

    write(by_token)
    write(lambda tx: service.grant(tx, "boat", Role.maintainer, login="vic"))
    with pytest.raises(Denied, match="needs the role admin; vic has maintainer here"):
        write(by_token)
