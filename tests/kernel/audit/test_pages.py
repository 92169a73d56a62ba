import pytest

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access.service import Role


@pytest.fixture
def root(people, web, form_token):
    """The administrator's browser."""
    people("root", Role.admin)
    form = {"login": "root", "password": PASSWORD, "csrf": form_token(web.get("/login"))}
    assert web.post("/login", data=form, follow_redirects=False).status_code == 303
    return web


def page(web, **query):
    return web.get("/audit", params=query, headers={"Accept": "text/html"})


def test_it_shows_who_did_what_to_whom_and_from_where(root, people):
    people("alice")
    shown = page(root)
    assert shown.status_code == 200
    assert "<code>user:alice</code>" in shown.text
    assert "logged in" in shown.text
    assert "<dt>role</dt><dd><ins>member</ins>" in shown.text


def test_it_is_narrowed_and_what_was_asked_stays_in_the_form(root, people):
    people("alice")
    shown = page(root, subject="user:alice", what="user.add", who="towpath")
    assert shown.text.count("<code>user:alice</code>") == 1
    assert '<option value="user.add" selected>' in shown.text
    assert 'value="user:alice"' in shown.text
    assert "subject=user%3Aalice&amp;format=csv" in shown.text


def test_where_nothing_fits_it_says_what_to_do(root):
    assert "No change fits" in page(root, who="nobody").text


def test_older_changes_are_a_link_away(root, kernel, people, monkeypatch):
    monkeypatch.setattr("towpath.kernel.audit.pages._A_PAGE", 1)
    first = page(root, what="user.")
    assert "<code>user:root</code>" in first.text
    people("alice")
    newest = page(root, what="user.")
    older = newest.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "<code>user:root</code>" in root.get(older).text


def test_a_date_that_is_none_is_explained_in_the_form(root):
    shown = page(root, since="soon")
    assert shown.status_code == 422
    assert "is no date or time" in shown.text
    assert 'role="alert"' in shown.text


def test_what_strangers_send_is_shown_as_text(root, form_token):
    form = {"login": "root", "password": "<b>wrong", "csrf": form_token(root.get("/audit"))}
    root.post("/login", data=form, headers={"User-Agent": "<script>alert(1)</script>"})
    shown = page(root, what="session.refuse")
    assert "&lt;script&gt;alert(1)" in shown.text
    assert "<script>alert(1)" not in shown.text


def test_others_do_not_see_it(web, people):
    assert page(web).history
    assert web.get("/audit", headers=people("alice").bearer).status_code == 403
