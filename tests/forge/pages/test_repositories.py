"""The repository page: lists, first steps, a new repository."""

import re

from towpath.forge import service
from towpath.forge.pages import repositories

BOAT = "/alice/boat"


def test_home_lists_repositories_and_what_waits(see, change):
    page = see("/")
    assert 'href="/alice/boat"' in page
    assert "1 open merge request" in page


def test_an_empty_repository_says_what_to_type(served, see):
    service.create_repository(served.kernel, "alice", "empty", default_branch="trunk")
    page = see("/alice/empty")
    assert f"git remote add towpath {served.url}/alice/empty.git" in page
    assert "git push towpath HEAD:trunk" in page


def test_a_repository_lists_open_requests_first(see, boat, change):
    page = see(BOAT)
    assert "#1 A &lt;b&gt;change&lt;/b&gt;" in page
    assert "1 open" in page
    assert f"git clone {boat.kernel.url}/alice/boat.git" in page
    assert "protected" in page
    closed = see(f"{BOAT}?state=closed")
    assert "No merge request is closed" in closed


def test_long_lists_lead_on(see, boat, monkeypatch):
    monkeypatch.setattr(repositories, "_A_PAGE", 3)
    for number in range(4):
        boat.copy.git("checkout", "--quiet", "-B", f"t{number}", "main")
        boat.copy.commit(f"t{number}")
        boat.put(f"t{number}")
    boat.sync()
    for number in range(4):
        boat.open(f"t{number}")
    page = see(BOAT)
    assert "#4 " in page
    assert "#1 " not in page
    (older,) = re.findall(r'href="([^"]*after=2)"', page)
    assert "#1 " in see(older.replace("&amp;", "&"))


def test_a_repository_is_created_by_form(see, send, served):
    assert 'value="bob"' in see("/new", user="bob")
    made = send("/new", user="bob", owner="bob", name="hut")
    assert (made.status_code, made.headers["location"]) == (303, "/bob/hut")
    assert 'href="/bob/hut/roles"' in see("/bob/hut", user="bob")
    again = send("/new", user="bob", owner="bob", name="hut")
    assert (again.status_code, "exists already" in again.text) == (409, True)
    assert send("/new", user="bob", owner="canal", name="hut").status_code == 403
    assert send("/new", user="bob", owner="bob", name="../x").status_code == 422


def test_pages_of_other_parts_are_not_taken_for_repositories(served):
    for path in ("/runs/run_1", "/settings/tokens", "/static/towpath.css", "/api/nothing"):
        said = served.call("GET", path).text
        assert "There is no repository" not in said


def test_the_address_for_git_leads_a_browser_to_the_page(served, boat):
    page = served.call("GET", f"{BOAT}.git", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, BOAT)


def test_what_a_repository_has_is_one_click_away(see, served, boat):
    page = see(BOAT)
    for there in ("tree/main", "find/main", "commits/main", "branches", "webhooks"):
        assert f'<a href="{BOAT}/{there}">' in page
    assert f'<a href="{BOAT}/webhooks">' not in see(BOAT, user="charlie")
