import base64

import pytest

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access.service import Role
from towpath.kernel.clock import after
from towpath.kernel.http.callers import OptionalCaller, presented_token


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer t1", "t1"),
        ("bearer t1", "t1"),
        ("token t1", "t1"),
        (basic("alice", "t1"), "t1"),
        (basic("t1", ""), "t1"),
        (basic("t1", "x-oauth-basic"), "t1"),
        (basic("alice", "a:b"), "a:b"),
        ("Bearer ", None),
        ("Basic ???", None),
        ("Basic /w==", None),
        ("Digest x", None),
        ("", None),
    ],
)
def test_tokens_are_read_from_every_form_that_clients_use(header, token):
    assert presented_token(header) == token


def test_git_and_programs_are_known_by_their_token(web, people):
    alice = people("alice")
    for value in (f"Bearer {alice.token}", f"token {alice.token}", basic("x", alice.token)):
        reply = web.get("/api/towpath/v1/me", headers={"Authorization": value})
        assert reply.json()["login"] == "alice"


def test_nobody_gets_a_problem_that_says_how_to_come_in(web):
    reply = web.get("/api/towpath/v1/me")
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert "/login" in reply.json()["next_step"]


@pytest.mark.parametrize("value", ["Bearer wrong", "Digest x", basic("alice", PASSWORD)])
def test_a_wrong_proof_is_refused_and_never_taken_for_nobody(routes, web_for, people, value):
    def who(caller: OptionalCaller):
        return caller.login if caller else "nobody"

    routes.add_api_route("/who", who)
    people("alice")
    web = web_for()
    assert web.get("/who").json() == "nobody"
    assert web.get("/who", headers={"Authorization": value}).status_code == 401


def test_an_expired_or_revoked_token_lets_nobody_in(web, people, kernel, clock):
    from towpath.kernel.access import service

    people("alice")
    soon = after(clock.now(), 60)
    token_id, raw = kernel.db.write(
        lambda tx: service.create_token(tx, "alice", "short", expires=soon)
    )
    header = {"Authorization": f"Bearer {raw}"}
    assert web.get("/api/towpath/v1/me", headers=header).is_success
    clock.advance(61)
    assert web.get("/api/towpath/v1/me", headers=header).status_code == 401
    _, other = kernel.db.write(lambda tx: service.create_token(tx, "alice", "other"))
    token_id = kernel.db.read(lambda tx: service.tokens(tx, "alice"))[0].id
    kernel.db.write(lambda tx: service.revoke_token(tx, "alice", token_id))
    header = {"Authorization": f"Bearer {other}"}
    assert web.get("/api/towpath/v1/me", headers=header).status_code == 401


def test_the_use_of_a_token_is_noted_at_most_once_a_minute(web, people, kernel, clock):
    from towpath.kernel.access import service

    alice = people("alice")

    def used():
        web.get("/api/towpath/v1/me", headers=alice.bearer)
        kernel.db.write(lambda tx: None)  # after what the request handed in
        return kernel.db.read(lambda tx: service.tokens(tx, "alice"))[0].used

    first = used()
    assert first == clock.now()
    clock.advance(59)
    assert used() == first
    clock.advance(2)
    assert used() == clock.now()


def test_a_session_lives_on_while_it_is_used_and_ends_when_it_is_not(
    web, people, kernel, clock, form_token
):
    people("alice", Role.viewer)
    form = {"login": "alice", "password": PASSWORD, "csrf": form_token(web.get("/login"))}
    assert web.post("/login", data=form, follow_redirects=False).status_code == 303
    hour = 3600
    for _ in range(5):
        clock.advance(0.9 * kernel.settings.session_hours * hour)
        assert web.get("/api/towpath/v1/me").is_success
        kernel.db.write(lambda tx: None)  # after the extension the request handed in
    clock.advance(1.1 * kernel.settings.session_hours * hour)
    assert web.get("/api/towpath/v1/me").status_code == 401
