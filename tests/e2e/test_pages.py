"""The pages, in a real browser: answers in two clicks, live, without scripts, for everybody."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.browsing import ZOOMED

pytestmark = pytest.mark.browser

PATIENCE = 60_000
PAGES = {
    "log-in": lambda town: "/login",
    "home": lambda town: "/",
    "tokens": lambda town: "/settings/tokens",
    "sessions": lambda town: "/settings",
    "people": lambda town: "/settings/people",
    "person": lambda town: "/settings/people/bob",
    "team": lambda town: f"/settings/teams/{town.crew()}",
    "work": lambda town: "/work",
    "audit log": lambda town: "/audit",
    "audit log without a match": lambda town: "/audit?who=nobody",
    "new repository": lambda town: "/new",
    "health": lambda town: "/health",
    "missing": lambda town: "/nowhere",
    "repository": lambda town: f"/{town.repository}",
    "new request": lambda town: f"/{town.repository}/merge_requests/new",
    "files": lambda town: f"/{town.repository}/tree/main",
    "file": lambda town: f"/{town.repository}/blob/main/check.sh?lines=2-3",
    "history": lambda town: f"/{town.repository}/commits/main",
    "commit": lambda town: town.newest_commit(),
    "found files": lambda town: f"/{town.repository}/find/main?find=sh",
    "origins of lines": lambda town: f"/{town.repository}/blame/main/check.sh",
    "changed file": lambda town: f"{request(town, town.red)}/files/leak",
    "branches": lambda town: f"/{town.repository}/branches",
    "webhooks": lambda town: f"/{town.repository}/webhooks",
    "roles": lambda town: f"/{town.repository}/roles",
    "secrets": lambda town: f"/{town.repository}/secrets",
    "queue": lambda town: f"/{town.repository}/queue",
    "landed request": lambda town: request(town, town.landed),
    "refused request": lambda town: request(town, town.red),
    "conflicting request": lambda town: request(town, town.conflict),
    "open request": lambda town: request(town, town.waiting),
    "run": lambda town: town.red_run(),
    "log": lambda town: town.red_log(),
}


def request(town, number):
    return f"/{town.repository}/merge_requests/{number}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_suits_everybody(visit, town, name):
    """It says what it is; axe finds nothing in light and dark; 400 % zoom cuts nothing off."""
    page = visit(None if name == "log-in" else "admin")
    page.goto(PAGES[name](town))
    assert page.locator("h1").count() == 1
    assert page.title().endswith("Towpath")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    page.set_viewport_size(ZOOMED)
    assert page.evaluate("document.documentElement.scrollWidth") <= ZOOMED["width"]


def test_log_in_by_keyboard_alone(visit, town):
    page = visit()
    page.goto("/settings/tokens")
    page.keyboard.type("bob")
    page.keyboard.press("Tab")
    page.keyboard.type(town.password("bob"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{town.url}/settings/tokens")
    assert page.get_by_text("bob", exact=True).is_visible()


def test_the_first_tab_skips_to_the_content(visit):
    page = visit("bob")
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_wrong_password_says_so_and_keeps_the_login(visit):
    page = visit()
    page.goto("/login")
    page.get_by_label("Login").fill("bob")
    page.get_by_label("Password").fill("not the password of bob")
    page.get_by_role("button", name="Log in", exact=True).click()
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_label("Login").input_value() == "bob"


def walk(page, *clicks):
    """From home, follow links by their words; each is one click."""
    page.goto("/")
    for words in clicks:
        page.get_by_role("main").get_by_role("link", name=words).first.click()
    return page.get_by_role("main")


def test_what_is_open_is_one_click_from_home(visit, town):
    shown = walk(visit("bob"), town.repository)
    expect(shown.get_by_role("link", name="Paint the balance beams")).to_be_visible()


def test_where_a_request_stands_is_two_clicks_from_home(visit, town):
    shown = walk(visit("bob"), town.repository, "Paint the balance beams")
    expect(shown.get_by_text("not approved", exact=True).first).to_be_visible()
    expect(shown.get_by_text("Waits for an approval").first).to_be_visible()


def test_why_it_was_refused_and_what_to_do_is_two_clicks_from_home(visit, town):
    shown = walk(visit("bob"), town.repository, "Widen lock three")
    expect(shown.get_by_text("refused", exact=True).first).to_be_visible()
    expect(shown.get_by_text("Look at the gates").first).to_be_visible()
    expect(shown.get_by_text("Push a fix").first).to_be_visible()


def test_which_files_conflict_is_two_clicks_from_home(visit, town):
    shown = walk(visit("bob"), town.repository, "Lower the sill")
    expect(shown.get_by_text("Conflicts with main in depth.").first).to_be_visible()


def test_a_line_of_a_file_is_found_from_home(visit, town):
    shown = walk(visit("bob"), town.repository, "Files", "README.md")
    expect(shown.get_by_text("Built 1794.")).to_be_visible()


def test_who_changed_it_last_is_three_clicks_from_home(visit, town):
    shown = walk(visit("bob"), town.repository, "History")
    expect(shown.get_by_role("listitem").first).to_contain_text(re.compile("ago|just now"))


def test_the_queue_is_two_clicks_from_home(visit, town):
    shown = walk(visit("bob"), town.repository, "Queue")
    expect(shown.get_by_role("heading", name="Queue")).to_be_visible()
    expect(shown.get_by_role("link", name="Deepen the summit pound")).to_be_visible()


def test_the_log_is_two_clicks_from_a_refused_request(visit, town):
    page = visit("bob")
    page.goto(request(town, town.red))
    page.get_by_role("link", name="Read the log").first.click()
    page.get_by_role("link", name="Read the log").first.click()
    shown = page.get_by_role("main")
    expect(shown.get_by_text("leak: water comes through")).to_be_visible()
    expect(shown.get_by_text("failed", exact=True).first).to_be_visible()


def test_colours_of_a_log_come_from_classes_never_from_the_log(visit, town):
    page = visit("bob")
    page.goto(town.red_log())
    assert page.locator(".log [style]").count() == 0
    assert "\x1b" not in page.locator(".log").first.inner_text()


def test_comment_and_approve_without_scripts(visit, town):
    number = town.world.open("reeds", {"reeds": "cut\n"}, "Cut the reeds")
    page = visit("bob", scripts=False)
    page.goto(request(town, number))
    page.get_by_role("textbox").fill("The reeds are **high**.")
    page.get_by_role("button", name="Comment").click()
    assert page.locator("strong", has_text="high").is_visible()
    page.get_by_role("button", name="Approve").click()
    town.until_ended(number)
    page.goto(request(town, number))
    assert page.get_by_text("landed", exact=True).first.is_visible()


def test_a_large_file_is_shown_in_its_place_and_without_scripts_on_a_page_of_its_own(visit, town):
    number = town.world.open("ledger", {"ledger": "paid\n" * 120_000}, "Write the ledger")
    page, plain = visit("bob"), visit("bob", scripts=False)
    for one in (page, plain):
        one.goto(request(town, number))
    page.evaluate("window.mark = true")
    page.get_by_role("link", name="Show this file").click()
    page.get_by_text("+paid").first.wait_for(timeout=PATIENCE)
    assert page.evaluate("window.mark")
    plain.get_by_role("link", name="Show this file").click()
    plain.get_by_text("+paid").first.wait_for(timeout=PATIENCE)
    assert plain.url.endswith(f"{request(town, number)}/files/ledger")


def test_log_in_and_read_a_log_without_scripts(visit, town):
    page = visit("bob", scripts=False)
    page.goto(town.red_log())
    assert page.get_by_text("leak: water comes through").is_visible()


def test_a_request_lands_before_ones_eyes(visit, town):
    """No reload: the mark set on the window is still there when the page says that it landed."""
    number = town.world.open("lamp", {"lamp": "lit\n"}, "Light the lamp")
    page = visit("bob")
    page.goto(request(town, number))
    page.evaluate("window.mark = true")
    town.world.approve(number)
    page.get_by_role("main").get_by_text("landed", exact=True).first.wait_for()
    assert page.evaluate("window.mark")


def test_home_and_queue_follow_without_reload(visit, town):
    home, queue = visit("bob"), visit("bob")
    home.goto("/")
    queue.goto(f"/{town.repository}/queue")
    for page in (home, queue):
        page.evaluate("window.mark = true")
    number = town.world.open("slow", {"slow": "x\n"}, "Mend the paddle gear")
    town.world.approve(number)
    for page in (home, queue):
        page.get_by_role("link", name="Mend the paddle gear").first.wait_for()
    town.until_ended(number)
    queue.get_by_text("Landed on main").first.wait_for()
    assert home.evaluate("window.mark")
    assert queue.evaluate("window.mark")


def test_a_log_grows_while_it_is_read_and_a_run_can_be_stopped(visit, town):
    town.world.open("endless", {"endless": "x\n", "slow": "x\n"}, "Watch the weir for ever")
    town.until(lambda: town.runs(ref="refs/heads/endless"))
    run = town.runs(ref="refs/heads/endless")[0]
    page = visit("bob")
    page.goto(town.job_of(run, "gates"))
    page.get_by_text("lower gate").wait_for()
    page.goto(f"/runs/{run['id']}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("cancelled", exact=True).first.wait_for()
    town.until(lambda: town.runs(id=run["id"])[0]["conclusion"] == "cancelled")
