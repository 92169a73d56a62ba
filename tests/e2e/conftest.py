"""A Chromium, a server in a state worth looking at, and pages in it."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.browsing import FLAGS, Visitor
from tests.e2e.town import Town


@pytest.fixture(scope="module")
def chromium():
    """One browser for a module: its event loop must not outlive it, others run theirs."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def town():
    with Town() as made:
        yield made


@pytest.fixture
def visit(chromium, town):
    """visit("bob", dark=True) gives a page that bob is logged in to; visit() a stranger's."""
    visitor = Visitor(chromium, town)
    yield visitor
    visitor.close()
