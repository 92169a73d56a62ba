"""Pages of long lists and errors, apart from what they are about."""

import json

import pytest
from sqlalchemy import select
from starlette.requests import Request

from towpath.forge.api import manners
from towpath.forge.api.limits import Limits
from towpath.forge.api.manners import Page
from towpath.kernel.access import people
from towpath.kernel.access.service import Role
from towpath.kernel.http.idempotency import REPLY
from towpath.kernel.secrets import service as secrets


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


def test_an_address_beyond_latin_letters_has_links_too(served, hosted):
    reply = served.call("GET", "/api/v3/users/%F1%84%A1%A2%20%C2%B9/repos?page=148")
    assert reply.status_code == 200
    assert "/users/%F1%84%A1%A2%20%C2%B9/repos?page=147" in reply.headers["link"]


def test_a_list_whose_length_is_known_leads_to_its_last_page():
    wanted = Page(2, 2)
    reply = manners.paged(asked(b"page=2"), wanted, manners.sliced(wanted, list("abcdefg")))
    assert 'page=4>; rel="last"' in reply.headers["link"]
    last = Page(4, 2)
    reply = manners.paged(asked(), last, manners.sliced(last, list("abcdefg")))
    assert "last" not in reply.headers["link"]


def test_what_the_caller_has_already_costs_no_request_of_the_hour(served, hosted):
    first = served.call("GET", "/api/v3/repos/alice/boat").headers
    known = {"If-None-Match": first["etag"]}
    same = served.call("GET", "/api/v3/repos/alice/boat", headers=known)
    assert same.status_code == 304
    after = served.call("GET", "/api/v3/user")
    used = [int(one.headers["x-ratelimit-used"]) for one in (same, after)]
    assert used == [int(first["x-ratelimit-used"]), int(first["x-ratelimit-used"]) + 1]
    assert same.headers["x-ratelimit-resource"] == "core"


def test_what_never_changes_unseen_says_when_it_did(served, hosted):
    sha = hosted.copy.sha("main")
    commit = f"/api/v3/repos/alice/boat/commits/{sha}"
    at = served.call("GET", commit).headers["last-modified"]
    assert at.endswith("GMT")
    since = {"If-Modified-Since": at}
    assert served.call("GET", commit, headers=since).status_code == 304
    assert served.call("GET", commit, headers=since | {"If-None-Match": '"x"'}).status_code == 200
    for other in ("Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "Thu, 01 Jan 1970 00:00:00"):
        told = served.call("GET", commit, headers={"If-Modified-Since": other})
        assert told.status_code == 200
    assert "last-modified" not in served.call("GET", commit.replace(sha, "main")).headers


def test_a_conflict_is_422_as_at_github(served, hosted):
    again = served.call("POST", "/api/v3/user/repos", json={"name": "boat"})
    assert again.status_code == 422
    assert again.json()["status"] == "422"
    assert again.json()["errors"][0]["code"] == "custom"


@pytest.mark.parametrize("query", ["per_page=0", "per_page=101", "page=0", "page=x"])
def test_an_impossible_page_is_refused(served, hosted, query):
    refused = served.call("GET", f"/api/v3/repos/alice/boat/branches?{query}")
    assert (refused.status_code, "Validation failed" in refused.json()["message"]) == (422, True)


def test_every_answer_says_who_and_how_many_are_left(served, hosted):
    first = served.call("GET", "/api/v3/user").headers
    second = served.call("GET", "/api/v3/repos/alice/boat/pulls/9")
    assert second.status_code == 404
    assert second.headers["x-github-request-id"] == second.headers["x-request-id"]
    assert second.headers["x-github-media-type"] == "github.v3; format=json"
    left = [int(one["x-ratelimit-remaining"]) for one in (first, second.headers)]
    assert left[0] - left[1] == 1
    assert int(first["x-ratelimit-reset"]) % 3600 == 0


def test_a_missing_field_is_named_as_at_github(served, hosted):
    refused = served.call("POST", "/api/v3/user/repos", json={"title": "x"}).json()
    assert refused["errors"] == [
        {"resource": "request", "field": "name", "code": "missing_field",
         "message": "Field required"},
    ]  # fmt: skip


def test_who_calls_too_often_is_told_when_to_come_back(served, hosted):
    app = served.app
    kept = getattr(app.state, "api_limits", None)
    app.state.api_limits = Limits(100, 1)
    try:
        replies = [served.call("GET", "/api/v3/user", user="bob") for _ in range(4)]
        other = served.call("GET", "/api/v3/user", user="charlie")
    finally:
        app.state.api_limits = kept or Limits(60_000, 6_000)
    refused = next(one for one in replies if one.status_code == 403)
    assert "secondary rate limit" in refused.json()["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert other.status_code == 200


@pytest.mark.parametrize("value", [2**63, 2**64, "9" * 400, -1, "x", "1%00"])
def test_a_number_that_is_none_is_refused(served, hosted, value):
    for path in (f"issues/comments/{value}", f"pulls/{value}", f"check-runs/{value}"):
        reply = served.call("GET", f"/api/v3/repos/alice/boat/{path}")
        assert reply.status_code in {404, 422}
        assert reply.json()["message"]


def test_a_body_that_is_no_text_is_refused_as_all_else(served, hosted):
    """By the message first, in the type that the dialect documents."""
    body = b'{"name": "\xff\xfe"}'
    kind = {"Content-Type": "application/json"}
    told = served.call("POST", "/api/v3/user/repos", content=body, headers=kind)
    assert told.status_code == 422
    assert told.headers["content-type"].startswith("application/json")
    assert told.json()["message"] == "The body cannot be read."


def keyed(served, path, body, key="k1", user="alice"):
    headers = {"Idempotency-Key": key}
    return served.call("POST", f"/api/v3{path}", user=user, json=body, headers=headers)


def test_what_is_created_with_a_key_is_created_once(served, hosted):
    """A pull request, which takes git and a transaction, and what is a transaction alone."""
    hosted.branch("topic", a="1")
    hosted.sync()
    here, sha = "/repos/alice/boat", hosted.copy.sha("topic")
    asked = [
        (f"{here}/pulls", {"title": "A change", "head": "topic", "base": "main"}),
        (f"{here}/issues/1/comments", {"body": "Hello."}),
        (f"{here}/pulls/1/reviews", {"event": "COMMENT", "body": "Hm."}),
        (f"{here}/labels", {"name": "bug"}),
        (f"{here}/check-runs", {"name": "ci", "head_sha": sha}),
        (f"{here}/git/refs", {"ref": "refs/heads/other", "sha": sha}),
        ("/user/repos", {"name": "canoe"}),
    ]
    for number, (path, body) in enumerate(asked):
        first, again = (keyed(served, path, body, f"k{number}") for _ in range(2))
        assert first.status_code == again.status_code in {200, 201}, (path, first.text, again.text)
        assert first.json() == again.json(), path
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "X-RateLimit-Remaining" in again.headers
    comments = served.call("GET", f"/api/v3{here}/issues/1/comments").json()
    assert len(comments) == 1


def test_a_key_for_something_else_is_refused_and_what_failed_may_be_asked_again(served, hosted):
    path = "/repos/alice/boat/pulls"
    wanted = {"title": "A change", "head": "topic", "base": "main"}
    assert keyed(served, path, wanted).status_code == 422
    hosted.branch("topic", a="1")
    hosted.sync()
    assert keyed(served, path, wanted).status_code == 201
    assert keyed(served, path, wanted | {"title": "Another"}).status_code == 422


def test_whoever_may_no_longer_write_gets_no_reply_of_before(served, hosted):
    asked = (served, "/repos/alice/boat/labels", {"name": "bug"}, "k1", "bob")
    assert keyed(*asked).status_code == 201
    served.kernel.db.write(lambda tx: people.set_role(tx, "bob", Role.viewer))
    try:
        assert keyed(*asked).status_code == 403
    finally:
        served.kernel.db.write(lambda tx: people.set_role(tx, "bob", Role.member))


def test_of_the_secret_of_a_webhook_not_even_a_hash_is_kept(served, hosted):
    secrets.prepare(served.kernel)
    hook = {"config": {"url": "https://ci.example/hook", "secret": "s3cret"}}
    first = keyed(served, "/repos/alice/boat/hooks", hook)
    hook["config"]["secret"] = "another"
    again = keyed(served, "/repos/alice/boat/hooks", hook)
    assert first.json()["id"] == again.json()["id"]
    assert first.status_code == again.status_code == 201
    kept = served.kernel.db.read(lambda tx: tx.rows(select(REPLY)))
    assert "s3cret" not in str(kept)
