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
