"""Pages of long lists and errors, apart from what they are about."""

import json

import pytest
from starlette.requests import Request

from towpath.forge.api import manners
from towpath.forge.api.manners import Page


def asked(query=b""):
    return Request({
        "type": "http", "method": "GET", "scheme": "http", "server": ("x", 80), "path": "/list",
        "query_string": query, "headers": [],
    })  # fmt: skip


def test_a_window_reads_one_more_than_is_shown():
    assert Page(1, 30).window == (0, 31)
    assert Page(3, 10).window == (20, 11)
    assert manners.sliced(Page(2, 2), list("abcdef")) == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("number", "found", "relations"),
    [(1, 2, []), (1, 3, ["next"]), (2, 3, ["first", "prev", "next"]), (3, 1, ["first", "prev"])],
)
def test_links_lead_to_the_neighbours(number, found, relations):
    reply = manners.paged(asked(b"state=all&page=9"), Page(number, 2), ["x"] * found)
    links = reply.headers.get("link", "")
    assert [part.split('rel="')[1].rstrip('"') for part in links.split(", ") if part] == relations
    assert len(json.loads(reply.body)) == min(found, 2)
    assert all("state=all" in part for part in links.split(", ") if part)


def test_a_conflict_is_422_as_at_github(served, hosted):
    again = served.call("POST", "/api/v3/user/repos", json={"name": "boat"})
    assert again.status_code == 422
    assert again.json()["status"] == 422


@pytest.mark.parametrize("query", ["per_page=0", "per_page=101", "page=0", "page=x"])
def test_an_impossible_page_is_refused(served, hosted, query):
    refused = served.call("GET", f"/api/v3/repos/alice/boat/branches?{query}")
    assert (refused.status_code, "Validation failed" in refused.json()["message"]) == (422, True)
