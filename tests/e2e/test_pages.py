"""The pages, in a real browser: answers in two clicks, live, without scripts, for everybody."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.browsing import ZOOMED

pytestmark = pytest.mark.browser

PAGES = {
    "log-in": lambda town: "/login",
    "home": lambda town: "/",
    "tokens": lambda town: "/settings/tokens",
    "work": lambda town: "/work",
    "missing": lambda town: "/nowhere",
    "repository": lambda town: f"/{town.repository}",
    "new request": lambda town: f"/{town.repository}/merge_requests/new",
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


def open_page(visit, town, name, **options):
    page = visit(None if name == "log-in" else "admin", **options)
    page.goto(PAGES[name](town))
    return page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(visit, town, name, dark):
    found = Axe().run(open_page(visit, town, name, dark=dark))
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_at_400_percent(visit, town, name):
    page = open_page(visit, town, name, viewport=ZOOMED)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= ZOOMED["width"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_what_it_is(visit, town, name):
    page = open_page(visit, town, name)
    assert page.locator("h1").count() == 1
    assert page.title().endswith("Towpath")


def test_log_in_by_keyboard_alone(visit, town):
    page = visit()
    page.goto("/settings/tokens")
    page.wait_for_url("**/login**")
    page.keyboard.type("bob")
    page.keyboard.press("Tab")
    page.keyboard.type(town.password("bob"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/tokens")
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
