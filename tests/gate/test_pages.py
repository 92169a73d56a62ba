"""What people see of the queue, and the buttons they may press."""

import re
from dataclasses import dataclass

import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient

from towpath.forge.plugin import PLUGIN as FORGE
from towpath.gate.plugin import PLUGIN as GATE
from towpath.kernel import builtin
from towpath.kernel.access import service as access
from towpath.kernel.http.app import create_app
from towpath.kernel.http.callers import Caller
from towpath.kernel.plugin import Plugin
from towpath.pipelines.plugin import PLUGIN as PIPELINES

FRAME = '{{% extends "kernel/base.html" %}}{{% block main %}}{}{{% endblock %}}'


@dataclass
class Browser:
    """Somebody with a token, looking at pages."""

    web: TestClient
    tokens: dict[str, str]

    def get(self, path, by="bob"):
        return self.web.get(path, headers=self._as(by))

    def post(self, path, by="bob", **form):
        return self.web.post(path, headers=self._as(by), data=form, follow_redirects=False)

    def _as(self, login):
        return {"Authorization": f"Bearer {self.tokens[login]}"} if login else {}


@pytest.fixture
def browser(lock):
    def tokens(tx):
        people = ("alice", "bob", "vera")
        return {login: access.create_token(tx, login, "test")[1] for login in people}

    made = lock.kernel.db.write(tokens)
    parts = (builtin.PLUGIN, FORGE, PIPELINES, GATE)
    with TestClient(create_app(lock.kernel, parts), "http://towpath.test") as web:
        yield Browser(web, made)


def text(page):
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_an_empty_queue_says_how_a_request_gets_in(browser):
    page = text(browser.get("/alice/boat/queue"))
    assert "nothing in line" in page
    assert "A request enters when somebody other than its author approves its head." in page


def test_the_page_shows_place_state_commit_and_expected_time(lock, browser):
    first, second = lock.request("oar", {"oar": "x\n"}), lock.request("sail", {"sail": "x\n"})
    lock.approve(first)
    lock.until_quiet()
    lock.approve(second)
    lock.work()
    page = browser.get("/alice/boat/queue")
    line = lock.line(second)
    assert "1 request in line" in text(page)
    assert f'title="{line.candidate}"' in page.text
    assert f'href="/runs/{line.run}"' in page.text
    assert "any moment" in text(page)
    assert "#1 Add oar by alice landed Landed on main" in text(page)


def test_the_page_says_why_one_was_refused_and_another_is_not_in_line(lock, browser):
    bad, shy = lock.request("bad", {"bad": "x\n"}), lock.request("oar", {"oar": "x\n"})
    lock.approve(bad)
    lock.until_quiet()
    page = text(browser.get("/alice/boat/queue"))
    assert f"#{bad} Add bad by alice refused Tests failed on top of main" in page
    assert f"#{shy} Add oar by alice not approved Waits for an approval of" in page


def test_titles_are_text_and_never_markup(lock, browser):
    lock.request("oar", {"oar": "x\n"}, title="<script>alert(1)</script>")
    assert "<script>alert" not in browser.get("/alice/boat/queue").text


def test_strangers_are_sent_to_the_door(browser):
    assert browser.get("/alice/boat/queue", by=None).status_code == 401
    assert browser.get("/alice/barge/queue").status_code == 404


def test_the_panel_says_what_one_can_do_now(lock, browser):
    number = lock.request("bad", {"bad": "x\n"})
    address = f"/alice/boat/merge_requests/{number}/gate"
    assert "someone other than alice" in text(browser.get(address))
    lock.approve(number)
    lock.until_quiet()
    page = browser.get(address)
    assert "Push a fix, or comment /retry" in text(page)
    assert "Try again" in text(page)
    assert f'hx-trigger="live:merge_request:{lock.id}:{number} from:body"' in page.text


def test_a_button_is_a_comment_that_everybody_sees(lock, browser):
    number = lock.request("oar", {"oar": "x\n"})
    address = f"/alice/boat/merge_requests/{number}/gate"
    pressed = browser.post(address, command="wait")
    assert pressed.headers["location"] == f"/alice/boat/merge_requests/{number}"
    lock.work()
    assert lock.line(number).word == "held"
    assert "Let it go on" in text(browser.get(address))
    browser.post(address, command="resume")
    lock.work()
    assert lock.line(number).word == "not approved"


def test_a_button_that_is_not_there_is_refused(lock, browser):
    number = lock.request("oar", {"oar": "x\n"})
    address = f"/alice/boat/merge_requests/{number}/gate"
    assert browser.post(address, command="sink").status_code == 422
    assert browser.post(address, by="vera", command="wait").status_code == 403


@pytest.fixture
def other_pages(lock):
    """A part below, whose pages have slots."""

    def show(template, **facts):
        def page(request: Request, _: Caller):
            body = request.app.state.pages._jinja.from_string(FRAME.format(template))
            frame = {"request": request, "principal": None, "theme": "", "topics": []}
            return HTMLResponse(body.render(frame | facts))

        routes = APIRouter()
        routes.add_api_route("/page", page)
        below = Plugin(name="quay", package="towpath.gate", routes=lambda _: (routes,))
        token = lock.kernel.db.write(lambda tx: access.create_token(tx, "bob", "page"))[1]
        app = create_app(lock.kernel, (builtin.PLUGIN, below, GATE))
        with TestClient(app, "http://towpath.test") as web:
            return web.get("/page", headers={"Authorization": f"Bearer {token}"})

    return show


def test_other_parts_pages_show_where_a_request_stands(lock, other_pages):
    number = lock.request("oar", {"oar": "x\n"})
    page = other_pages(
        '{{ slot("merge_request", repository=id, number=n) }}', id=lock.id, n=number
    )
    assert "not approved" in text(page)


def test_the_repository_and_the_home_page_show_who_is_in_line(lock, other_pages):
    assert "On the way" not in text(other_pages('{{ slot("home") }}'))
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.work()
    page = text(other_pages('{{ slot("repository", repository=id) }}', id=lock.id))
    assert "1 request in line" in page
    home = text(other_pages('{{ slot("home") }}'))
    assert "On the way to main" in home
    assert f"#{number} Add oar" in home


def test_the_home_page_shows_what_landed_and_was_refused_last(lock, other_pages):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.until_quiet(lambda _: False)
    home = text(other_pages('{{ slot("home") }}'))
    assert "Landed and refused last" in home
    assert f"#{number} Add oar" in home
    assert "refused" in home
