"""Commits, comparisons and statuses."""

import pytest

from tests.forge.api.github import REPO


def test_commits(said, hosted):
    hosted.branch("topic", a="1\n")
    said("GET", REPO + "/commits")
    assert len(said("GET", REPO + "/commits", query="?sha=topic&path=a")) == 1
    told = said("GET", REPO + "/commits/{ref}", where={"ref": "topic"})
    assert told["stats"] == {"additions": 1, "deletions": 0, "total": 1}
    first = said("GET", REPO + "/commits/{ref}", where={"ref": "main"})
    assert [file["filename"] for file in first["files"]] == ["README"]
    path = REPO + "/compare/{basehead}"
    ahead = said("GET", path, where={"basehead": "main...topic"})
    assert (ahead["status"], ahead["ahead_by"], ahead["behind_by"]) == ("ahead", 1, 0)
    behind = said("GET", path, where={"basehead": "topic...main"})
    assert (behind["status"], behind["behind_by"]) == ("behind", 1)
    same = said("GET", path, where={"basehead": "main...main"})
    assert (same["status"], same["commits"]) == ("identical", [])


def test_statuses(said, hosted):
    sha = hosted.copy.sha("main")
    wish = {"state": "success", "context": "build"}
    said("POST", REPO + "/statuses/{sha}", 201, where={"sha": sha}, json=wish)
    said("GET", REPO + "/commits/{ref}/status", where={"ref": "main"})
    said("GET", REPO + "/commits/{ref}/statuses", where={"ref": sha})


def test_a_change_is_given_as_diff_and_as_mails(served, hosted):
    hosted.branch("topic", a="1\n")
    path = "/api/v3/repos/alice/boat/compare/main...topic"
    diff = served.call("GET", path, headers={"Accept": "application/vnd.github.diff"})
    assert diff.text.startswith("diff --git a/a b/a")
    mails = served.call("GET", path, headers={"Accept": "application/vnd.github.v3.patch"})
    assert "Subject: [PATCH] work on topic" in mails.text
    assert mails.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "ends", ["main..main", "main", "...", "--all...main", "main...none", "a:main...b:main"]
)
def test_what_cannot_be_compared_is_refused(served, hosted, ends):
    reply = served.call("GET", f"/api/v3/repos/alice/boat/compare/{ends}")
    assert reply.status_code in {404, 422}
    assert reply.json()["message"]


@pytest.mark.parametrize("path", ["../x", "a//b", "%00", ":(top)x", "-x"])
def test_a_hostile_path_lists_nothing(served, hosted, path):
    reply = served.call("GET", f"/api/v3/repos/alice/boat/commits?path={path}")
    assert (reply.status_code, reply.json() == []) in {(200, True), (422, False)}


def test_pages_of_commits_lead_on(served, hosted):
    for number in range(4):
        hosted.copy.commit(f"c{number}")
    hosted.put("main")
    first = served.call("GET", "/api/v3/repos/alice/boat/commits?per_page=2")
    assert [one["commit"]["message"] for one in first.json()] == ["c3", "c2"]
    assert 'page=2>; rel="next"' in first.headers["link"]
    last = served.call("GET", "/api/v3/repos/alice/boat/commits?per_page=2&page=3")
    assert [one["commit"]["message"] for one in last.json()] == ["first"]
