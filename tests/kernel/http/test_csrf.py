import pytest

from tests.kernel.conftest import PASSWORD
from towpath.kernel.http import csrf
from towpath.kernel.http.callers import Caller

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(routes, web_for, people, form_token):
    """Alice's browser, logged in; `/boats` changes something."""

    def sink(caller: Caller):
        return {"by": caller.login}

    routes.add_api_route("/boats", sink, methods=["POST", "GET"])
    people("alice")
    web = web_for()
    page = web.get("/login")
    web.post("/login", data={"login": "alice", "password": PASSWORD, "csrf": form_token(page)})
    return web


def token(browser):
    return csrf.token_for(browser.cookies[csrf.SESSION_COOKIE])


def test_a_form_of_ours_passes(browser):
    reply = browser.post("/boats", data={"csrf": token(browser)}, headers=SAME)
    assert reply.json() == {"by": "alice"}


def test_a_script_of_ours_sends_the_token_as_header(browser):
    reply = browser.post("/boats", json={}, headers=SAME | {csrf.HEADER: token(browser)})
    assert reply.status_code == 200


@pytest.mark.parametrize("sent", [{}, {"csrf": ""}, {"csrf": "x" * 64}, {"csrf": "é"}])
def test_a_form_without_the_right_token_is_refused(browser, sent):
    reply = browser.post("/boats", data=sent, headers=SAME)
    assert reply.status_code == 403
    assert "out of date" in reply.json()["detail"]


def test_the_token_of_another_session_does_not_fit(browser):
    other = csrf.token_for("ses_of_somebody_else")
    assert browser.post("/boats", data={"csrf": other}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://towpath.test:81"},
    ],
)
def test_another_site_is_refused_even_with_the_right_token(browser, headers):
    reply = browser.post("/boats", data={"csrf": token(browser)}, headers=headers)
    assert reply.status_code == 403
    assert "Another site" in reply.json()["detail"]


def test_our_own_origin_passes_where_the_browser_is_too_old_to_say_more(browser):
    headers = {"Origin": "http://towpath.test"}
    assert browser.post("/boats", data={"csrf": token(browser)}, headers=headers).is_success


def test_reading_needs_no_token(browser):
    assert browser.get("/boats", headers={"Sec-Fetch-Site": "cross-site"}).is_success


def test_an_api_token_needs_no_form_token_but_never_comes_from_another_site(
    routes, web_for, people
):
    def sink(caller: Caller):
        return {"by": caller.login}

    routes.add_api_route("/boats", sink, methods=["POST"])
    web, bob = web_for(), people("bob")
    assert web.post("/boats", headers=bob.bearer).json() == {"by": "bob"}
    cross = bob.bearer | {"Sec-Fetch-Site": "cross-site"}
    assert web.post("/boats", headers=cross).status_code == 403


def test_log_in_itself_is_guarded(web):
    reply = web.post("/login", data={"login": "alice", "password": PASSWORD})
    assert reply.status_code == 403
