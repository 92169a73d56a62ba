import pytest
from markupsafe import Markup
from starlette.requests import Request
from starlette.testclient import TestClient

from towpath.kernel import builtin
from towpath.kernel.http.app import create_app
from towpath.kernel.http.callers import OptionalCaller
from towpath.kernel.pages import rendering
from towpath.kernel.plugin import Plugin

PART = '{% import "kernel/parts.html" as parts %}'


@pytest.fixture
def show(kernel, routes, tmp_path, monkeypatch):
    """Render a template given as text in the frame, as alice or nobody would see it."""
    (tmp_path / "quay" / "templates" / "quay").mkdir(parents=True)
    monkeypatch.setattr(rendering, "_folder", lambda _: tmp_path / "quay")

    def filler(_kernel, request, facts):
        return rendering.fragment(request, "quay/slot.html", facts=facts)

    def build(template, *, slot="", headers=None, **context):
        folder = tmp_path / "quay" / "templates" / "quay"
        (folder / "page.html").write_text(template)
        (folder / "slot.html").write_text(slot)

        def page(request: Request, _: OptionalCaller):
            return rendering.render(request, "quay/page.html", **context)

        routes.add_api_route("/page", page)
        part = Plugin(
            name="quay",
            package="towpath.quay",
            routes=lambda _: (routes,),
            slots={"below": filler},
        )
        app = create_app(kernel, (builtin.PLUGIN, part))
        with TestClient(app, "http://towpath.test") as web:
            return web.get("/page", headers=headers)

    return build


def framed(body):
    return '{% extends "kernel/base.html" %}{% block main %}' + body + "{% endblock %}"


def test_a_page_stands_in_the_frame_with_landmarks_and_a_way_past_the_menu(show):
    page = show(framed("<h1>Quay</h1>")).text
    for mark in ("<header", "<nav", '<main id="main"', "<footer", 'href="#main"', 'lang="en"'):
        assert mark in page


def test_no_page_holds_inline_scripts_or_styles(show):
    page = show(framed("<h1>Quay</h1>")).text
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script src=")
    assert " onclick" not in page


def test_what_a_template_is_given_is_text_unless_it_is_markup(show):
    page = show(framed("{{ a }}{{ b }}"), a="<b>", b=Markup("<i></i>")).text
    assert "&lt;b&gt;<i></i>" in page


def test_states_are_words_and_their_kind_only_colours_them(show):
    page = show(framed('{{ parts.state("Landed", "good") }}')).text
    assert '<span class="state good">Landed</span>' in page


def test_times_are_relative_with_the_instant_on_hover(show, clock):
    at = clock.now()
    clock.advance(180)
    page = show(framed("{{ parts.ago(at) }}{{ parts.ago(none) }}"), at=at).text
    assert 'datetime="2023-11-14T22:13:20Z" title="2023-11-14 22:13:20 UTC">3 minutes ago' in page
    assert "never" in page


def test_an_empty_place_says_what_to_do_next(show):
    page = show(framed('{{ parts.empty("No boats", "Build one.") }}')).text
    assert "No boats" in page
    assert "Build one." in page


def test_a_button_is_a_form_with_the_token_of_this_visitor(show):
    button = '{{ parts.button(request, "/go", "Go", kind="primary", fields={"a": "<1>"}) }}'
    reply = show(framed(button))
    assert '<form method="post" action="/go"' in reply.text
    assert 'name="a" value="&lt;1&gt;"' in reply.text
    assert 'name="csrf" value="' in reply.text
    assert "towpath_visitor=" in reply.headers["set-cookie"]


def test_topics_are_followed_once_each_and_only_where_there_are_any(show):
    page = show(framed('{{ live("home") }}{{ live("run:1") }}{{ live("home") }}')).text
    assert 'data-topics="home run:1"' in page


def test_a_page_without_topics_follows_nothing(show):
    assert "data-topics" not in show(framed("")).text


def test_a_slot_is_filled_by_the_parts_that_know_it(show):
    template = framed('[{{ slot("below", number=3) }}][{{ slot("unknown") }}]')
    page = show(template, slot="<p>{{ facts.number }}</p>").text
    assert "[<p>3</p>][]" in page


@pytest.mark.parametrize(
    ("cookie", "sign"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"')]
)
def test_the_theme_one_chose_comes_with_the_page(show, cookie, sign):
    assert sign in show(framed(""), headers={"Cookie": f"towpath_theme={cookie}"}).text


def test_a_theme_that_is_none_is_ignored(show):
    page = show(framed(""), headers={"Cookie": 'towpath_theme="><script>'})
    assert "data-theme" not in page.text


def test_a_static_file_is_kept_for_good_under_an_address_made_of_its_content(web):
    address = rendering.static_url("mark.svg")
    assert web.get(address).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert web.get("/static/mark.svg").headers["cache-control"] == "public, max-age=60"
    assert web.get("/static/../rendering.py").status_code == 404
    assert web.get("/static/%2e%2e/rendering.py").status_code == 404


def test_a_file_that_was_not_built_does_not_break_the_page():
    assert rendering.static_url("nothing.js") == "/static/nothing.js?v=missing"


def test_an_error_leads_back_to_the_page_before_if_that_was_ours(web):
    def shown(before):
        headers = {"Accept": "text/html", "Referer": before}
        return web.get("/nowhere", headers=headers).text

    ours = str(web.base_url) + "/login"
    assert f'href="{ours}">Back to where you were' in shown(ours)
    assert "Back to where" not in shown("https://elsewhere.test/")
    assert "Back to where" not in shown(str(web.base_url) + "/nowhere")
