"""People who should be out: their open streams, their old tokens, and guesses at who is here."""

import asyncio

import pytest
from fastapi import Depends

from tests.kernel.http.test_live import Page
from towpath.kernel.access import passwords, service
from towpath.kernel.access.model import Named
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Unauthenticated
from towpath.kernel.http import callers
from towpath.kernel.http.live import live
from towpath.kernel.http.permissions import Needs

API = "/api/towpath/v1"


@pytest.fixture
def session(kernel, people):
    """A session of alice, who has a token too."""
    people("root", Role.admin)
    alice = people("alice")

    def write(tx):
        return service.open_session(tx, kernel, service.known(tx, "alice"))

    opened = kernel.db.write(write)
    opened_by = {"Cookie": f"towpath_session={opened.raw}"}
    return {"session": opened_by, "token": alice.bearer, "raw": opened.raw}


def end_one(tx, raw):
    service.end_session(tx, "alice", service.session_id(raw))


def revoke(tx, _):
    (token,) = service.tokens(tx, "alice")
    service.revoke_token(tx, "alice", token.id)


@pytest.mark.parametrize(
    ("proof", "happens"),
    [
        ("session", lambda tx, _: service.deactivate(tx, "alice")),
        ("token", lambda tx, _: service.deactivate(tx, "alice")),
        ("session", lambda tx, _: service.end_sessions(tx, "alice")),
        ("session", end_one),
        ("session", service.log_out),
        ("token", revoke),
    ],
)
def test_an_open_stream_ends_for_who_is_out_and_for_nobody_else(
    kernel, app_for, people, session, proof, happens
):
    bob = people("bob")

    async def scene():
        app = app_for()
        async with (
            Page(app, "topic=boats", session[proof]).open() as theirs,
            Page(app, "topic=boats", bob.bearer).open() as others,
        ):
            for page in (theirs, others):
                assert await page.topics(1) == ["boats"]
            await asyncio.to_thread(kernel.db.write, lambda tx: happens(tx, session["raw"]))
            await theirs.ended()
            await asyncio.to_thread(kernel.db.write, lambda tx: tx.wake("live:boats"))
            assert await others.topics(1) == ["boats"]

    asyncio.run(scene())


ALONE, BY_TEAM = {"login": "alice"}, {"team_slug": "crew"}


@pytest.mark.parametrize(
    ("whose", "happens"),
    [
        (ALONE, lambda tx: service.grant(tx, "boat_1", None, login="alice")),
        (BY_TEAM, lambda tx: service.remove_member(tx, "crew", "alice")),
        (BY_TEAM, lambda tx: service.remove_team(tx, "crew")),
    ],
)
def test_an_open_stream_about_what_is_private_ends_when_the_role_there_does(
    kernel, app_for, routes, session, whose, happens
):
    def begin(tx):
        service.add_team(tx, "crew")
        service.add_member(tx, "crew", "alice")
        service.grant(tx, "boat_1", Role.viewer, **whose)

    needs = Needs(Role.viewer, lambda *_: Named("boat_1", private=True))
    routes.add_api_route("/of/a/boat", live, methods=["GET"], dependencies=[Depends(needs)])
    kernel.db.write(begin)

    async def scene():
        page = Page(app_for(), "topic=boats", session["token"])
        page._scope["path"] = "/of/a/boat"
        async with page.open() as theirs:
            assert await theirs.topics(1) == ["boats"]
            await asyncio.to_thread(kernel.db.write, happens)
            await theirs.ended()

    asyncio.run(scene())


def test_an_open_stream_ends_when_its_session_expires(
    kernel, app_for, session, clock, monkeypatch
):
    monkeypatch.setattr(callers, "_LOOK_AGAIN_SECONDS", 0.01)

    async def scene():
        async with Page(app_for(), "topic=boats", session["session"]).open() as page:
            assert await page.topics(1) == ["boats"]
            clock.advance(kernel.settings.session_hours * 3600 + 1)
            await page.ended()

    asyncio.run(scene())


def test_a_stream_that_was_opened_while_one_was_being_shut_out_ends_as_well(
    kernel, app_for, session, monkeypatch
):
    """Between the check at the door and the first wake heard nobody may slip through."""
    opened = service.authenticate_session

    def too_late(tx, raw):
        monkeypatch.setattr(service, "authenticate_session", opened)
        found = opened(tx, raw)
        kernel.db.submit(lambda tx: service.end_sessions(tx, "alice")).result()
        return found

    monkeypatch.setattr(service, "authenticate_session", too_late)

    async def scene():
        async with Page(app_for(), "topic=boats", session["session"]).open() as page:
            await page.ended()

    asyncio.run(scene())


def test_what_a_token_may_do_shrinks_with_its_holders_role_at_once(kernel, web, people):
    people("root", Role.admin)
    anna = people("anna", Role.admin)
    assert web.get(f"{API}/users", headers=anna.bearer).status_code == 200
    kernel.db.write(lambda tx: service.set_role(tx, "anna", Role.viewer))
    assert web.get(f"{API}/users", headers=anna.bearer).status_code == 403
    assert web.get(f"{API}/me", headers=anna.bearer).json()["role"] == "viewer"
    made = web.post(f"{API}/tokens", json={"name": "x", "login": "root"}, headers=anna.bearer)
    assert made.status_code == 403


class Counted:
    """A hasher that notes against what it compared."""

    def __init__(self, real):
        self._real, self.against = real, []

    def verify(self, kept, password):
        self.against.append(kept)
        return self._real.verify(kept, password)

    def hash(self, password):
        return self._real.hash(password)


def test_a_log_in_costs_one_comparison_of_one_price_whoever_it_names(kernel, people, monkeypatch):
    """Time tells nothing about who is here: not a wrong password, nobody, a program, one out."""
    people("root", Role.admin)
    for login in ("alice", "gone"):
        people(login)

    def write(tx):
        service.deactivate(tx, "gone")
        service.add_team(tx, "crew")
        service.create_service_account(tx, "bot", "", "crew", Role.viewer)
        service.create_user(tx, "elsewhere", None, Role.viewer)

    kernel.db.write(write)
    counted = Counted(passwords._HASHER)
    monkeypatch.setattr(passwords, "_HASHER", counted)
    told = set()
    for login in ("alice", "nobody", "gone", "bot", "elsewhere"):
        with pytest.raises(Unauthenticated) as refused:
            service.log_in(kernel, login, "not the password", "192.0.2.1")
        told.add(str(refused.value))
    assert len(told) == 1
    assert len(counted.against) == 5
    assert len({kept.rsplit("$", 2)[0] for kept in counted.against}) == 1
