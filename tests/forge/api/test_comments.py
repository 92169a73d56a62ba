"""What is said on merge requests."""

import pytest

from tests.forge.api.github import REPO
from towpath.forge import service

ONE = REPO + "/issues/comments/{comment_id}"


@pytest.fixture
def word(said, opened):
    there = REPO + "/issues/{issue_number}/comments"
    return said("POST", there, 201, where={"issue_number": 1}, user="bob", json={"body": "Hm."})


def test_a_comment_is_changed_and_deleted(said, word):
    one = {"comment_id": word["id"]}
    assert said("GET", ONE, where=one) == word
    changed = said("PATCH", ONE, where=one, user="bob", json={"body": "Oh."})
    assert changed["body"] == "Oh."
    at = said.served.call("GET", f"/api/v3/repos/alice/boat/issues/comments/{word['id']}").headers
    assert at["last-modified"]
    assert [each["body"] for each in said("GET", REPO + "/issues/comments")] == ["Oh."]
    said("DELETE", ONE, 204, where=one, user="bob")
    said("GET", ONE, 404, where=one)


def test_what_somebody_else_said_is_changed_by_maintainers_alone(served, said, opened):
    there = REPO + "/issues/{issue_number}/comments"
    made = said("POST", there, 201, where={"issue_number": 1}, json={"body": "mine"})
    path = f"/api/v3/repos/alice/boat/issues/comments/{made['id']}"
    assert served.call("PATCH", path, user="bob", json={"body": "x"}).status_code == 403
    assert served.call("DELETE", path, user="bob").status_code == 403


def test_a_comment_of_another_repository_is_not_found_here(served, said, word):
    service.create_repository(served.kernel, "alice", "other")
    path = f"/api/v3/repos/alice/other/issues/comments/{word['id']}"
    assert served.call("GET", path).status_code == 404
    assert served.call("DELETE", path).status_code == 404
