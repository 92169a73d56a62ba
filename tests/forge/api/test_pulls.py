"""Merge requests as a program for GitHub sees them."""

import pytest

from tests.forge.api.github import REPO
from towpath.forge import service

PULLS = "/api/v3/repos/alice/boat/pulls"
COMMENTS = "/api/v3/repos/alice/boat/issues/1/comments"


@pytest.fixture
def boat(served, hosted):
    """alice/boat with a branch `topic` that adds a file."""
    hosted.branch("topic", a="1\n2\n")
    hosted.sync()
    return hosted


@pytest.fixture
def pull(served, boat):
    wish = {"title": "A change", "head": "topic", "base": "main", "body": "Why"}
    made = served.call("POST", PULLS, json=wish)
    assert made.status_code == 201
    return made.json()


def test_a_pull_request_has_githubs_fields(served, boat, pull):
    assert (pull["number"], pull["state"], pull["title"], pull["body"]) == (
        1, "open", "A change", "Why",
    )  # fmt: skip
    assert pull["user"]["login"] == "alice"
    assert (pull["head"]["ref"], pull["head"]["sha"]) == ("topic", boat.request().head)
    assert (pull["base"]["ref"], pull["base"]["label"]) == ("main", "alice:main")
    assert pull["html_url"] == f"{served.url}/alice/boat/merge_requests/1"
    whole = served.call("GET", f"{PULLS}/1").json()
    assert whole.items() >= pull.items()
    assert (whole["commits"], whole["additions"], whole["changed_files"]) == (1, 2, 1)
    assert whole["merged"] is False


def test_the_head_may_name_its_owner_but_no_fork(served, boat):
    wish = {"title": "A change", "head": "alice:topic", "base": "main"}
    assert served.call("POST", PULLS, json=wish | {"head": "mallory:topic"}).status_code == 422
    assert served.call("POST", PULLS, json=wish).status_code == 201


def test_the_same_change_is_asked_for_once(served, boat, pull):
    again = served.call("POST", PULLS, json={"title": "x", "head": "topic", "base": "main"})
    assert again.status_code == 422
    assert "already asks to merge topic" in again.json()["message"]


def test_a_viewer_asks_for_nothing(served, boat):
    wish = {"title": "A change", "head": "topic", "base": "main"}
    assert served.call("POST", PULLS, user="charlie", json=wish).status_code == 403


@pytest.mark.parametrize(
    "wish",
    [
        {"title": "", "head": "topic", "base": "main"},
        {"title": "x" * 300, "head": "topic", "base": "main"},
        {"title": "x\0", "head": "topic", "base": "main"},
        {"title": "x", "head": "--upload-pack=x", "base": "main"},
        {"title": "x", "head": "topic", "base": "../main"},
        {"title": "x", "head": "topic", "base": "main", "body": "y" * 70_000},
        {"title": "x", "head": "main", "base": "main"},
    ],
)
def test_what_cannot_be_a_request_is_refused(served, boat, wish):
    assert served.call("POST", PULLS, json=wish).status_code == 422


def test_requests_are_listed_by_state_and_branch(served, boat, pull):
    boat.branch("other", b="1\n")
    boat.sync()
    served.call("POST", PULLS, json={"title": "Other", "head": "other", "base": "main"})
    served.call("PATCH", f"{PULLS}/1", json={"state": "closed"})

    def listed(query):
        return [one["number"] for one in served.call("GET", f"{PULLS}?{query}").json()]

    assert listed("") == [2]
    assert listed("state=closed") == [1]
    assert listed("state=all") == [2, 1]
    assert listed("state=all&per_page=1&page=2") == [1]
    assert listed("state=all&head=alice:topic") == [1]
    assert listed("base=elsewhere") == []


def test_a_request_is_edited_closed_and_reopened(served, boat, pull):
    changed = served.call(
        "PATCH", f"{PULLS}/1", json={"title": "Better", "state": "closed"}
    ).json()
    assert (changed["title"], changed["state"], changed["merged_at"]) == ("Better", "closed", None)
    assert changed["closed_at"]
    opened = served.call("PATCH", f"{PULLS}/1", json={"state": "open"}).json()
    assert (opened["state"], opened["closed_at"]) == ("open", None)
    moved = served.call("PATCH", f"{PULLS}/1", json={"base": "elsewhere"})
    assert moved.status_code == 422


def test_a_merged_request_says_as_what(served, boat, pull):
    landed = boat.land(pull["head"]["sha"])
    said = served.call("GET", f"{PULLS}/1").json()
    assert (said["state"], said["merged"], said["merge_commit_sha"]) == ("closed", True, landed)
    assert said["merged_at"]
    assert served.call("PATCH", f"{PULLS}/1", json={"state": "open"}).json()["merged_at"]


def test_files_and_commits_are_told(served, boat, pull):
    (file,) = served.call("GET", f"{PULLS}/1/files").json()
    assert (file["filename"], file["status"], file["changes"]) == ("a", "added", 2)
    assert file["patch"] == "@@ -0,0 +1,2 @@\n+1\n+2"
    (commit,) = served.call("GET", f"{PULLS}/1/commits").json()
    assert commit["commit"]["message"] == "work on topic"


def test_a_review_is_about_a_commit(served, boat, pull):
    wish = {"event": "APPROVE", "commit_id": pull["head"]["sha"]}
    made = served.call("POST", f"{PULLS}/1/reviews", user="bob", json=wish)
    assert made.status_code == 200
    assert (made.json()["state"], made.json()["user"]["login"]) == ("APPROVED", "bob")
    assert served.call("GET", f"{PULLS}/1/reviews").json() == [made.json()]
    own = served.call("POST", f"{PULLS}/1/reviews", json=wish)
    assert (own.status_code, "their own" in own.json()["message"]) == (422, True)
    mute = {"event": "REQUEST_CHANGES"}
    assert served.call("POST", f"{PULLS}/1/reviews", user="bob", json=mute).status_code == 422


def test_a_comment_is_said_and_listed(served, boat, pull):
    made = served.call("POST", COMMENTS, user="bob", json={"body": "/status"})
    assert made.status_code == 201
    assert served.call("GET", COMMENTS).json() == [made.json()]
    assert served.call("POST", COMMENTS, json={"body": " "}).status_code == 422
    assert served.call("GET", COMMENTS.replace("/1/", "/9/")).status_code == 404


def test_the_same_key_comments_once(served, boat, pull):
    for _ in range(2):
        said = served.call(
            "POST", COMMENTS, json={"body": "once"}, headers={"Idempotency-Key": "k1"}
        )
        assert said.status_code == 201
    assert len(boat.kernel.db.read(lambda tx: service.comments(tx, boat.id, 1))) == 1


def test_pulls_are_as_github_describes_them(said, opened):
    said("GET", REPO + "/pulls")
    here = {"pull_number": 1}
    said("GET", REPO + "/pulls/{pull_number}", where=here)
    said("PATCH", REPO + "/pulls/{pull_number}", where=here, json={"title": "Better"})
    said("GET", REPO + "/pulls/{pull_number}/files", where=here)
    said("GET", REPO + "/pulls/{pull_number}/commits", where=here)
    said("POST", REPO + "/pulls", 422, json={"title": "x", "head": "topic", "base": "main"})


def test_the_gate_merges_and_a_call_does_not(said, opened, hosted):
    path, here = REPO + "/pulls/{pull_number}/merge", {"pull_number": 1}
    said("GET", path, 404, where=here)
    refused = said("PUT", path, 405, where=here, json={})
    assert "Nobody but its author" in refused["message"]
    assert "Approve" in refused["next_step"]
    reviews = {"event": "APPROVE"}
    said("POST", REPO + "/pulls/{pull_number}/reviews", where=here, user="bob", json=reviews)
    asked = said("PUT", path, 405, where=here, json={"sha": opened.head})
    assert "moves by the gate alone" in asked["message"]
    assert "webhook" in asked["next_step"]
    said("PUT", path, 409, where=here, json={"sha": "a" * 40})
    hosted.land(opened.head)
    said("GET", path, 204, where=here)
    said("PUT", path, 405, where=here, json={})


def test_a_pull_is_given_as_diff_and_as_mails(served, boat, pull):
    for address in (pull["diff_url"], f"{PULLS}/1"):
        reply = served.call(
            "GET", address.removeprefix(served.url),
            headers={"Accept": "application/vnd.github.diff"},
        )  # fmt: skip
        assert reply.text.startswith("diff --git a/a b/a")
    mails = served.call("GET", pull["patch_url"].removeprefix(served.url))
    assert mails.text.count("Subject: [PATCH]") == 1
