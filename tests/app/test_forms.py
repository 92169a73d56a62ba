"""Every form of the real application proves that it came from our own page, or changes nothing."""

import re

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from towpath.app.parts import PARTS
from towpath.forge import service as forge
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search
from towpath.kernel.http import csrf
from towpath.kernel.http.app import create_app
from towpath.kernel.http.permissions import entries


@pytest.fixture
def browser(kernel):
    """An administrator's, who is logged in: nothing but the form's proof is missing."""
    forge.create_repository(kernel, "alice", "boat")
    root = kernel.db.write(lambda tx: access.create_user(tx, "root", None, Role.admin))
    session = kernel.db.write(lambda tx: access.open_session(tx, kernel, root))
    with capture_logs(), TestClient(create_app(kernel, PARTS), "http://towpath.test") as client:
        client.cookies.set(csrf.SESSION_COOKIE, session.raw)
        yield client


@pytest.fixture
def forms(browser):
    """Addresses that take a POST and are no API, which knows no sessions, with a repository."""
    here = {"owner": "alice", "name": "boat"}
    paths = {
        re.sub(r"\{(\w+)(?::\w+)?\}", lambda at: here.get(at[1], "1"), each.path)
        for each in entries(browser.app.routes)
        if each.method == "POST" and not each.path.startswith(("/api/", "/twirp/"))
    }
    assert len(paths) > 30
    return sorted(paths)


def entries_made(kernel):
    return len(kernel.db.read(lambda tx: audit.search(tx, Search(), limit=100)))


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({}, {}),
        ({"csrf": csrf.token_for("another")}, {}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        (None, {"Sec-Fetch-Site": "same-site"}),
        (None, {"Origin": "https://evil.test"}),
    ],
)
def test_no_form_is_taken_without_its_proof_or_from_another_site(
    kernel, browser, forms, fields, headers
):
    own = {"csrf": csrf.token_for(browser.cookies[csrf.SESSION_COOKIE])}
    before = entries_made(kernel)
    sent = own if fields is None else fields
    taken = {path: browser.post(path, data=sent, headers=headers).status_code for path in forms}
    assert {path: status for path, status in taken.items() if status != 403} == {}
    assert entries_made(kernel) == before


def test_a_form_with_its_proof_is_taken(browser):
    own = {"csrf": csrf.token_for(browser.cookies[csrf.SESSION_COOKIE])}
    page = browser.post("/settings/teams", data=own | {"slug": "crew"})
    assert (page.status_code, page.url.path) == (200, "/settings/teams/crew")
