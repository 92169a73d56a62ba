"""Reviews given and dismissed."""

import pytest

from tests.forge.api.github import REPO
from towpath.forge import service

REVIEWS = REPO + "/pulls/{pull_number}/reviews"
HERE = {"pull_number": 1}


def test_a_review_is_given_read_and_dismissed(said, opened):
    made = said("POST", REVIEWS, where=HERE, user="bob", json={"event": "APPROVE"})
    said("GET", REVIEWS, where=HERE)
    one = HERE | {"review_id": made["id"]}
    assert said("GET", REVIEWS + "/{review_id}", where=one)["state"] == "APPROVED"
    path, why = REVIEWS + "/{review_id}/dismissals", {"message": "Too soon."}
    assert said("PUT", path, where=one, json=why)["state"] == "DISMISSED"


def test_a_dismissed_verdict_counts_no_more(said, opened, hosted):
    made = said("POST", REVIEWS, where=HERE, user="bob", json={"event": "APPROVE"})
    one = HERE | {"review_id": made["id"]}
    said("PUT", REVIEWS + "/{review_id}/dismissals", where=one, json={"message": "no"})
    found = hosted.kernel.db.read(lambda tx: service.reviews(tx, hosted.id, 1))
    assert service.current_reviews(found) == {}


def test_what_somebody_else_said_is_dismissed_by_maintainers(said, opened):
    made = said("POST", REVIEWS, where=HERE, json={"event": "REQUEST_CHANGES", "body": "x"})
    path = f"/api/v3/repos/alice/boat/pulls/1/reviews/{made['id']}/dismissals"
    refused = said.served.call("PUT", path, user="bob", json={"message": "no"})
    assert refused.status_code == 403


@pytest.mark.parametrize("number", [7, 2**52])
def test_a_review_that_is_not_there_is_404(said, opened, number):
    said("GET", REVIEWS + "/{review_id}", 404, where=HERE | {"review_id": number})


def begin(said, opened, **more):
    on_line = {"path": "a", "line": 1, "body": "Why?"}
    wish = {"body": "So far", "comments": [on_line]} | more
    return said("POST", REVIEWS, where=HERE, user="bob", json=wish)


def states(said, user):
    return [one["state"] for one in said("GET", REVIEWS, where=HERE, user=user)]


def test_a_review_that_is_begun_is_seen_by_its_author_alone_until_it_is_given(said, opened):
    made = begin(said, opened)
    one, path = HERE | {"review_id": made["id"]}, REVIEWS + "/{review_id}"
    assert (made["state"], "submitted_at" in made) == ("PENDING", False)
    assert (states(said, "bob"), states(said, "alice")) == (["PENDING"], [])
    said("GET", path, 404, where=one)
    (remark,) = said("GET", path + "/comments", where=one, user="bob")
    assert said("GET", REPO + "/pulls/{pull_number}/comments", where=HERE) == []
    told = said("PUT", path, where=one, user="bob", json={"body": "All told"})
    assert (told["body"], said("GET", path, where=one, user="bob")["state"]) == (
        "All told", "PENDING",
    )  # fmt: skip
    given = said("POST", path + "/events", where=one, user="bob", json={"event": "APPROVE"})
    assert (given["id"], given["state"], given["body"]) == (made["id"], "APPROVED", "All told")
    assert states(said, "alice") == ["APPROVED"]
    (shown,) = said("GET", path + "/comments", where=one)
    assert (shown["id"], shown["pull_request_review_id"]) == (remark["id"], made["id"])


def test_one_review_is_begun_at_a_time_and_one_that_was_given_stays(said, opened):
    made = begin(said, opened)
    again = said.served.call(
        "POST", "/api/v3/repos/alice/boat/pulls/1/reviews", user="bob", json={}
    )
    assert (again.status_code, "begun a review" in again.json()["message"]) == (422, True)
    one, path = HERE | {"review_id": made["id"]}, REVIEWS + "/{review_id}"
    assert said("DELETE", path, where=one, user="bob")["state"] == "PENDING"
    assert states(said, "bob") == []
    given = said("POST", REVIEWS, where=HERE, user="bob", json={"event": "APPROVE"})
    gone = f"/api/v3/repos/alice/boat/pulls/1/reviews/{given['id']}"
    for method, body in (("DELETE", None), ("PUT", {"body": "x"})):
        reply = said.served.call(method, gone, user="bob", json=body)
        assert (reply.status_code, "stays as it is" in reply.json()["message"]) == (422, True)
