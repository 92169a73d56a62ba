import pytest
from starlette.testclient import TestClient

from towpath.kernel import builtin
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, Stale, TooLarge, Unavailable
from towpath.kernel.http.app import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def failing(routes):
    """Let /fail raise what the test says."""

    def fail_with(error):
        def fail():
            raise error

        routes.add_api_route("/fail", fail)
        routes.add_api_route("/api/fail", fail)

    return fail_with


@pytest.mark.parametrize("kind", [Conflict, InvalidInput, NotFound, Stale, TooLarge, Unavailable])
def test_an_error_leaves_as_a_problem_with_its_status_and_next_step(failing, web_for, kind):
    failing(kind("It broke.", next_step="Mend it."))
    reply = web_for().get("/fail")
    assert reply.status_code == kind.status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json() | {"request_id": ""} == {
        "type": "about:blank",
        "title": kind.title,
        "status": kind.status,
        "detail": "It broke.",
        "next_step": "Mend it.",
        "request_id": "",
    }


def test_a_problem_names_the_request(failing, web_for):
    failing(NotFound("Gone."))
    reply = web_for().get("/fail", headers={"X-Request-ID": "trace-7"})
    assert reply.json()["request_id"] == "trace-7" == reply.headers["x-request-id"]


def test_a_browser_gets_a_page_and_an_api_path_never_does(failing, web_for):
    failing(NotFound("There is no such boat.", next_step="Look at the quay."))
    web = web_for()
    page = web.get("/fail", headers=BROWSER)
    assert page.status_code == 404
    assert "There is no such boat." in page.text
    assert "Look at the quay." in page.text
    assert web.get("/api/fail", headers=BROWSER).json()["status"] == 404


def test_an_address_with_nothing_behind_it_says_so(web):
    assert web.get("/nowhere").json()["detail"] == "There is nothing at /nowhere."
    assert web.put("/healthz").json()["detail"] == "/healthz does not take PUT."


def test_an_unexpected_error_tells_nothing_of_its_inside(failing, web_for):
    failing(RuntimeError("the password is hunter2"))
    reply = web_for().get("/fail")
    assert reply.status_code == 500
    assert "hunter2" not in reply.text
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


def test_an_unknown_address_says_where_to_start(web):
    reply = web.get("/no/such/address")
    assert reply.status_code == 404
    assert "/no/such/address" in reply.json()["detail"]
    assert reply.json()["next_step"]


def test_a_wrong_method_is_a_problem_that_lists_the_right_one(web):
    reply = web.post("/healthz")
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET"
    assert reply.json()["title"] == "Method Not Allowed"


def test_fields_that_do_not_validate_are_named(routes, web_for):
    def take(count: int) -> int:
        return count

    routes.add_api_route("/take", take)
    reply = web_for().get("/take?count=many")
    assert reply.status_code == 422
    assert reply.json()["detail"].startswith("count: ")


def test_a_browser_without_session_is_sent_to_log_in_and_back(web):
    reply = web.get("/settings/tokens?a=b&c", headers=BROWSER, follow_redirects=False)
    assert reply.status_code == 303
    assert reply.headers["location"] == "/login?next=/settings/tokens%3Fa%3Db%26c"


def test_a_part_of_a_page_without_session_sends_the_whole_page_to_log_in(web):
    reply = web.get("/settings/tokens", headers=BROWSER | {"HX-Request": "true"})
    assert reply.headers["hx-redirect"] == "/login"


def test_a_script_of_a_page_whose_session_ended_raises_no_dialogue_of_the_browser(web):
    inside = web.get("/live?topic=home", headers={"Sec-Fetch-Mode": "cors"})
    assert inside.headers["www-authenticate"].startswith("Bearer")
    assert web.get("/live?topic=home").headers["www-authenticate"].startswith("Basic")


@pytest.mark.postgres
def test_what_postgresql_cannot_store_is_the_callers_mistake(make_kernel):
    kernel = make_kernel("postgresql")
    with TestClient(create_app(kernel, (builtin.PLUGIN,)), raise_server_exceptions=False) as web:
        for token in ("a\0b", "ok"):
            form = {"login": token, "password": "x"}
            page = web.get("/login")
            form["csrf"] = page.text.split('name="csrf" value="')[1].split('"')[0]
            reply = web.post("/login", data=form)
            assert reply.status_code == (422 if "\0" in token else 401)
