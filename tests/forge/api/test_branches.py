"""Branches and their protection."""

from tests.forge.api.github import REPO
from towpath.forge import service


def test_branches_and_their_protection(said, hosted):
    hosted.branch("topic", a="1")
    said("GET", REPO + "/branches")
    said("GET", REPO + "/branches/{branch}", where={"branch": "main"})
    path = REPO + "/branches/{branch}/protection"
    said("GET", path, where={"branch": "main"})
    said("GET", path, 404, where={"branch": "topic"})
    said("PUT", path, where={"branch": "topic"}, json=PROTECTION)
    said("GET", path, where={"branch": "topic"})
    said("DELETE", path, 204, where={"branch": "topic"})


PROTECTION = {
    "required_status_checks": {"strict": True, "contexts": ["build"]},
    "enforce_admins": True,
    "required_pull_request_reviews": None,
    "restrictions": None,
}


def test_a_branch_that_is_protected_moves_by_no_call(said, hosted):
    topic = hosted.branch("topic", a="1")
    said("PUT", REPO + "/branches/{branch}/protection", where={"branch": "topic"}, json={})
    wish = {"sha": hosted.copy.sha("main"), "force": True}
    refused = said("PATCH", REPO + "/git/refs/{ref}", 422, where={"ref": "heads/topic"}, json=wish)
    assert "protected" in refused["message"]
    said("DELETE", REPO + "/git/refs/{ref}", 422, where={"ref": "heads/topic"})
    assert service.resolve(hosted.kernel, hosted.id, "refs/heads/topic") == topic


def test_the_main_branch_stays_protected(served, hosted):
    path = "/api/v3/repos/alice/boat/branches/main/protection"
    assert served.call("DELETE", path).status_code == 422
    assert served.call("GET", path).status_code == 200


def test_protection_is_for_maintainers(said, hosted):
    path = "/api/v3/repos/alice/boat/branches/main/protection"
    assert said.served.call("PUT", path, user="bob", json={}).status_code == 403
    assert said.served.call("DELETE", path, user="bob").status_code == 403


def test_a_branch_with_a_name_like_a_route_is_still_a_branch(said, hosted):
    hosted.put("x/y")
    told = said("GET", REPO + "/branches/{branch}", where={"branch": "x/y"})
    assert told["protection_url"].endswith("/branches/x%2Fy/protection")
    assert len(said("GET", REPO + "/branches", query="?protected=true")) == 1
