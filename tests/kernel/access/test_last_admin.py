"""Somebody always administers, whatever is changed, by whom, through which door."""

import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from towpath.kernel.access import service, tables
from towpath.kernel.access.oidc import service as oidc
from towpath.kernel.access.oidc.service import Answer
from towpath.kernel.access.service import Role
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search
from towpath.kernel.errors import Conflict, TowpathError

API = "/api/towpath/v1"
LOGINS = ("ann", "bob", "cat")
logins = st.sampled_from(LOGINS)
roles = st.sampled_from([each.name for each in Role])
CHANGES = st.one_of(
    st.tuples(st.just("role"), logins, roles),
    st.tuples(st.just("active"), logins, st.booleans()),
    st.tuples(st.just("page"), logins, roles),
    st.tuples(st.just("csv"), st.dictionaries(logins, roles, min_size=1)),
    st.tuples(st.just("ldap"), st.sets(logins)),
    st.tuples(st.just("oidc"), logins, st.sampled_from(["admins", "crew"])),
)


class Provider:
    """Says of whoever comes that they are in one group."""

    issuer = "https://id.test"

    def address(self, state, _):
        self.state = state
        return self.issuer

    def names_itself(self):
        return False

    def claims(self, code, _):
        login, group = code.split("/")
        return {"sub": login, "preferred_username": login, "groups": [group]}


@pytest.fixture
def kernel(kernel):
    chosen = replace(kernel.settings, oidc_groups="admins=admin,crew=member", oidc_adopts="ldap")
    return replace(kernel, settings=chosen)


class Doors:
    """Every way to another role or out: each tells nothing but its answer's status."""

    def __init__(self, kernel, web, token):
        self.kernel, self.web, self.provider = kernel, web, Provider()
        self.headers = {"Authorization": f"Bearer {token}"}

    def send(self, method, path, **body):
        return self.web.request(method, path, headers=self.headers, **body).status_code

    def role(self, login, role):
        return self.send("PATCH", f"{API}/users/{login}", json={"role": role})

    def active(self, login, active):
        return self.send("PATCH", f"{API}/users/{login}", json={"active": active})

    def page(self, login, role):
        return self.send("POST", f"/settings/people/{login}", data={"role": role})

    def csv(self, rows):
        text = "login,role\n" + "".join(f"{login},{role}\n" for login, role in rows.items())
        return self.send("POST", f"{API}/people/import", json={"csv": text, "apply": True})

    def ldap(self, people):
        found = [{"login": login, "name": login} for login in sorted(people)]
        body = {"people": found, "apply": True, "force": True}
        return self.send("POST", f"{API}/people/ldap", json=body)

    def oidc(self, login, group):
        begun = oidc.begin(self.kernel, self.provider, "/")
        answer = Answer(self.provider.state, code=f"{login}/{group}")
        with suppress(TowpathError):  # shut out, or the login of somebody from elsewhere
            oidc.finish(self.kernel, self.provider, answer, begun.browser, ("192.0.2.1", ""))
        return 200


@pytest.fixture
def doors(kernel, people, web):
    """The caller is a service account: it may do all that, and counts as no administrator."""
    people("first", Role.admin)

    def write(tx):
        service.add_team(tx, "keepers")
        service.create_service_account(tx, "keeper", "", "keepers", Role.admin)
        return service.create_token(tx, "keeper", "t")[1]

    return Doors(kernel, web, kernel.db.write(write))


def begin_again(tx):
    keeper = service.known(tx, "keeper").id
    for table in (tables.SITE_ROLE, tables.SESSION, tables.IDENTITY, tables.MEMBER):
        tx.execute(delete(table))
    tx.execute(delete(tables.TOKEN).where(tables.TOKEN.c.user_id != keeper))
    tx.execute(delete(tables.USER).where(tables.USER.c.id != keeper))
    service.create_user(tx, "ann", None, Role.admin)
    service.create_user(tx, "bob", None, Role.member)
    service.create_user(tx, "cat", None, Role.admin, source="ldap")


def standing(kernel):
    return {
        (each.login, each.role, each.deactivated is None) for each in kernel.db.read(service.users)
    }


@given(changes=st.lists(CHANGES, min_size=2, max_size=8))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_order_of_changes_leaves_nobody_to_administer(doors, changes):
    doors.kernel.db.write(begin_again)
    for door, *words in changes:
        before = standing(doors.kernel)
        status = getattr(doors, door)(*words)
        assert status < 500
        assert doors.kernel.db.read(service.admins) != []
        if status >= 400:
            assert standing(doors.kernel) == before


def test_the_last_administrator_logs_in_with_the_role_kept_and_that_is_told(doors):
    doors.kernel.db.write(begin_again)
    doors.oidc("dan", "admins")
    for login in ("ann", "cat"):
        assert doors.active(login, active=False) == 200
    doors.oidc("dan", "crew")
    assert [each.login for each in doors.kernel.db.read(service.admins)] == ["dan"]
    (kept,) = doors.kernel.db.read(
        lambda tx: audit.search(tx, Search(what="user.role.keep", subject="user:dan"))
    )
    assert kept.after == {"source": "oidc", "by_source": "member", "role": "admin"}
    assert doors.role("bob", "admin") == 200
    doors.oidc("dan", "crew")
    assert [each.login for each in doors.kernel.db.read(service.admins)] == ["bob"]


@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_two_administrators_who_demote_each_other_at_once_do_not_both_succeed(make_kernel, store):
    db = make_kernel(store).db
    for login in ("ann", "bob"):
        db.write(lambda tx: service.create_user(tx, login, None, Role.admin))  # noqa: B023
    both = threading.Barrier(2)
    refused = []

    def demote(login):
        both.wait()
        try:
            db.write(lambda tx: service.set_role(tx, login, Role.member))
        except Conflict:
            refused.append(login)

    for _ in range(5):
        hands = [threading.Thread(target=demote, args=(login,)) for login in ("ann", "bob")]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        assert [each.login for each in db.read(service.admins)] == refused
        db.write(lambda tx: [service.set_role(tx, each, Role.admin) for each in ("ann", "bob")])
        refused.clear()
