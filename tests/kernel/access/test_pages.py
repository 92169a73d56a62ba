import pytest

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access.pages import local

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def log_in(web, people, form_token):
    people("alice")

    def submit(password=PASSWORD, goes_to="/settings/tokens"):
        form = {"login": "alice", "password": password, "next": goes_to}
        csrf = form_token(web.get("/login"))
        return web.post("/login", data=form | {"csrf": csrf}, follow_redirects=False)

    return submit


def test_logging_in_leads_to_where_one_wanted_to_go(web, log_in):
    reply = log_in()
    assert (reply.status_code, reply.headers["location"]) == (303, "/settings/tokens")
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "alice" in web.get("/settings/tokens", headers=BROWSER).text


def test_a_page_that_is_not_there_is_shown_in_the_session_one_has(web, log_in):
    assert "Log out" not in web.get("/nowhere", headers=BROWSER).text
    log_in()
    page = web.get("/nowhere", headers=BROWSER)
    assert page.status_code == 404
    assert "Log out" in page.text


def test_a_wrong_password_shows_the_form_again_with_the_login_kept(log_in):
    reply = log_in("wrong")
    assert reply.status_code == 401
    assert "do not belong together" in reply.text
    assert 'value="alice"' in reply.text
    assert "towpath_session" not in reply.headers.get("set-cookie", "")


def test_who_is_logged_in_needs_no_log_in_page(web, log_in):
    log_in()
    reply = web.get("/login?next=/settings/tokens", follow_redirects=False)
    assert reply.headers["location"] == "/settings/tokens"


def test_logging_out_ends_the_session_for_good(web, log_in, form_token):
    log_in()
    kept = web.cookies["towpath_session"]
    csrf = form_token(web.get("/settings/tokens"))
    assert web.post("/logout", data={"csrf": csrf}).url.path == "/login"
    web.cookies.set("towpath_session", kept)
    assert web.get("/settings/tokens", headers=BROWSER).url.path == "/login"


@pytest.mark.parametrize(
    "address", ["//evil.test", "/\\evil.test", "http://evil.test", "evil", "", "/a\r\nX: y"]
)
def test_a_log_in_never_leads_elsewhere(address):
    assert local(address) == "/"


def test_local_addresses_stay():
    assert local("/a/b?c=d") == "/a/b?c=d"


def test_a_token_made_in_the_browser_is_shown_once_and_works(web, log_in, form_token):
    log_in()
    csrf = form_token(web.get("/settings/tokens"))
    page = web.post("/settings/tokens", data={"csrf": csrf, "name": "laptop", "life": "30"})
    raw = page.text.split('class="secret">')[1].split("<")[0]
    web.cookies.clear()
    bearer = {"Authorization": f"Bearer {raw}"}
    assert web.get("/api/towpath/v1/me", headers=bearer).json()["login"] == "alice"
    again = web.get("/settings/tokens", headers=bearer)
    assert "laptop" in again.text
    assert raw not in again.text


def test_a_token_that_cannot_be_shows_why_and_keeps_the_name(web, log_in, form_token):
    log_in()
    csrf = form_token(web.get("/settings/tokens"))
    sent = {"csrf": csrf, "name": "laptop", "scopes": "NOT ok"}
    page = web.post("/settings/tokens", data=sent)
    assert page.status_code == 422
    assert "cannot be a scope" in page.text
    assert 'value="laptop"' in page.text


def test_a_token_is_revoked_from_the_page(web, log_in, form_token, kernel):
    from towpath.kernel.access import service

    log_in()
    csrf = form_token(web.get("/settings/tokens"))
    (token,) = kernel.db.read(lambda tx: service.tokens(tx, "alice"))
    reply = web.post(f"/settings/tokens/{token.id}/revoke", data={"csrf": csrf})
    assert "No tokens yet" in reply.text


def test_what_people_type_is_shown_as_text(web, log_in, form_token):
    log_in()
    csrf = form_token(web.get("/settings/tokens"))
    page = web.post("/settings/tokens", data={"csrf": csrf, "name": "<script>alert(1)</script>"})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
