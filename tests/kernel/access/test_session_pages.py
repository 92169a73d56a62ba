"""Two browsers of one person, and somebody who guesses."""

import pytest
from sqlalchemy import update

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access.service import Role
from towpath.kernel.access.tables import USER

BROWSER = {"Accept": "text/html"}
API = "/api/towpath/v1"


@pytest.fixture
def two(browser, people):
    people("alice")
    return browser("alice", "Firefox"), browser("alice", "Lynx")


@pytest.fixture
def mine():
    """The session that a browser is in, as the API tells it."""
    return lambda client: next(
        each for each in client.get(f"{API}/sessions").json() if each["this"]
    )


def press(client, form_token, address, page="/settings"):
    csrf = form_token(client.get(page))
    return client.post(address, data={"csrf": csrf}, follow_redirects=False)


def is_in(client):
    return client.get("/settings", headers=BROWSER).url.path == "/settings"


def test_the_page_says_since_when_from_where_and_which_is_this_one(two):
    page = two[0].get("/settings").text
    for words in ("Firefox", "Lynx", "from 192.0.2.1", "just now"):
        assert words in page
    assert page.count("this one") == 1


def test_a_session_that_is_ended_is_out_with_its_next_request(two, form_token, mine):
    here, there = two
    reply = press(here, form_token, f"/settings/sessions/{mine(there)['id']}/end")
    assert reply.headers["location"] == "/settings"
    assert [is_in(here), is_in(there)] == [True, False]


def test_logging_out_everywhere_ends_this_one_too_but_no_token(two, form_token, people, web):
    bob = people("bob")
    reply = press(two[0], form_token, "/settings/sessions/end")
    assert reply.headers["location"] == "/login"
    assert [is_in(each) for each in two] == [False, False]
    assert web.get(f"{API}/me", headers=bob.bearer).status_code == 200


def test_nobody_ends_the_session_of_another_by_its_id(two, browser, people, form_token, mine):
    people("bob", Role.viewer)
    bob, (alice, _) = browser("bob"), two
    guessed = mine(alice)["id"]
    assert press(bob, form_token, f"/settings/sessions/{guessed}/end").status_code == 404
    token = form_token(bob.get("/settings"))
    for path in (f"sessions/{guessed}", "users/alice/sessions", f"users/alice/sessions/{guessed}"):
        status = bob.delete(f"{API}/{path}", headers={"Towpath-CSRF": token}).status_code
        assert status == (404 if path.startswith("sessions") else 403)
    assert bob.get(f"{API}/users/alice/sessions").status_code == 403
    assert is_in(alice)


def test_an_administrator_sees_and_ends_the_sessions_of_a_person(
    two, browser, people, form_token, mine
):
    people("root", Role.admin)
    root, (here, there) = browser("root"), two
    page = root.get("/settings/people/alice").text
    assert "Lynx" in page
    assert "this one" not in page
    base = "/settings/people/alice"
    press(root, form_token, f"{base}/sessions/{mine(there)['id']}/end", base)
    assert [is_in(here), is_in(there)] == [True, False]
    press(root, form_token, f"{base}/sessions/end", base)
    assert [is_in(here), is_in(root)] == [False, True]


def test_a_session_from_before_a_log_in_is_not_the_one_after(browser, people, form_token, mine):
    """Session fixation: whoever plants a cookie knows nothing about the session that follows."""
    people("alice")
    planted = browser("alice").cookies["towpath_session"]
    for known in (planted, "ses_" + "a" * 43):
        victim = browser("alice", session=known)
        token = form_token(victim.get("/settings", headers=BROWSER))
        form = {"login": "alice", "password": PASSWORD, "csrf": token}
        reply = victim.post("/login", data=form, follow_redirects=False)
        assert reply.status_code == 303
        assert known not in reply.headers["set-cookie"]
        victim.cookies.clear()
        victim.cookies.set("towpath_session", reply.cookies["towpath_session"])
        assert mine(victim)["agent"] == "Firefox"


def send(client, form_token, **fields):
    csrf = form_token(client.get("/settings"))
    return client.post("/settings/password", data={"csrf": csrf, **fields})


def test_a_password_is_changed_on_the_page_and_other_browsers_are_out(two, form_token):
    here, there = two
    page = send(here, form_token, old=PASSWORD, new="a bridge over quiet water")
    assert "Your password is changed, and 1 other session of yours ended" in page.text
    assert [is_in(here), is_in(there)] == [True, False]


def test_a_change_of_password_that_is_refused_says_why_and_shows_no_password(two, form_token):
    page = send(two[0], form_token, old="not the right one", new="a bridge over quiet water")
    assert page.status_code == 403
    assert "The old password is not right" in page.text
    for typed in ("not the right one", "quiet water"):
        assert typed not in page.text
    assert [is_in(each) for each in two] == [True, True]


def test_whoever_comes_from_outside_is_told_where_the_password_lives(two, kernel):
    kernel.db.write(lambda tx: tx.execute(update(USER).values(source="ldap")))
    page = two[0].get("/settings").text
    assert "You come from ldap, where your password is kept" in page
    assert 'action="/settings/password"' not in page
